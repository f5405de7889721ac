"""Conversion of files: no warehouse, lake or configuration is needed."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.model.route import FileFormat, FormatOptions

if TYPE_CHECKING:
    from tidegate.flows.convert import Converted


def convert(
    source: str | Path,
    target: str | Path,
    rules: Sequence[str] = (),
    format: FileFormat | None = None,
    options: FormatOptions | None = None,
    on_file: Callable[["Converted"], None] = lambda done: None,
) -> "tuple[Converted, ...]":
    """Write the files of `source` as Parquet below `target`, by the rules or as their columns are found.

    A file that cannot be converted has an `error` in its Converted; the others are written.
    """
    from tidegate.flows.convert import ConvertRequest, plan_convert, run_convert

    request = ConvertRequest(str(source), Path(target), tuple(rules), format, options or FormatOptions())
    return run_convert(plan_convert(request), on_file)
