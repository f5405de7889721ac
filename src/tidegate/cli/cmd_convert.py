"""`tidegate convert`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.frame import Run, add
from tidegate.cli.output import counted
from tidegate.errors import PartialFailure, UsageError
from tidegate.model.route import FileFormat, FormatOptions

if TYPE_CHECKING:
    from tidegate.flows.convert import Converted


def register(app: typer.Typer) -> None:
    add(app, "convert", convert, exits=(3, 5, 7))


def convert(
    run: Run,
    source: Annotated[str, typer.Argument(metavar="SRC", help="A file, a folder, or a pattern in quotes.")],
    target: Annotated[Path, typer.Argument(metavar="DST", help="A folder, or one file that ends with .parquet.")],
    rule: Annotated[
        list[str] | None,
        typer.Option("--rule", metavar="RULE", help="summary, items, flattened, or a TOML file; may be repeated."),
    ] = None,
    format: Annotated[
        str | None, typer.Option("--format", metavar="json|csv", help="What the files are.  [default: by their names]")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", metavar="NAME", help="latin-1, …  [default: utf-8, or by the mark]")
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option("--delimiter", metavar="C", help="Of CSV.  [default: as the file begins]")
    ] = None,
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Without a rule: objects become columns, lists files of their own.")
    ] = False,
) -> None:
    """Write nested JSON or CSV as Parquet, every value checked against its type.

    Without a rule the columns are written as they are found over all rows. Neither a configuration nor a warehouse
    is needed. A file is written whole or not at all.
    """
    from tidegate.app.converting import convert as converting

    if format not in (None, "json", "csv"):
        raise UsageError(f"--format {format}: only json and csv are converted", hint="Give --format json or csv.")
    done = converting(
        source,
        target,
        rule or (),
        FileFormat(format) if format else None,
        FormatOptions(delimiter=delimiter, encoding=encoding, flatten=flatten),
        on_file=lambda one: None if one.error else _tell(run, one),
    )
    failed = [one.error for one in done if one.error is not None]
    if len(done) == 1 and failed:
        raise failed[0]
    for one in done:
        if one.error is not None:
            _tell(run, one)
    read, written = sum(one.records for one in done), sum(output.rows for one in done for output in one.outputs)
    summary = f"{counted(len(done) - len(failed), 'file')}, {counted(read, 'record')} in, {counted(written, 'row')} out"
    run.output.result(
        {"message_type": "result", "files": len(done) - len(failed), "failed": len(failed), "rows_in": read}
        | {"rows_out": written},
        [summary],
    )
    if failed:
        raise PartialFailure(
            f"{counted(len(failed), 'file')} could not be converted", hint="Correct them and convert them again."
        )


def _tell(run: Run, one: "Converted") -> None:
    document: dict[str, object] = {
        "message_type": "file",
        "source": str(one.source),
        "rows_in": one.records,
        "outputs": [{"path": str(output.path), "rows_out": output.rows} for output in one.outputs],
    }
    lines = [f"{one.source}: {counted(one.records, 'record')}"]
    lines += [f"  {output.path}: {counted(output.rows, 'row')}" for output in one.outputs]
    if one.error is not None:
        document["error"] = {"code": one.error.code, "message": one.error.message, "hint": one.error.hint}
        lines = [f"{one.source}: not converted: {one.error.message}"]
    run.output.result(document, lines)
