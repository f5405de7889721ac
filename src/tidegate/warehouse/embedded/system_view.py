"""One system view."""

from collections.abc import Callable
from dataclasses import dataclass

from tidegate.warehouse.embedded.context import Context
from tidegate.warehouse.embedded.scope import Columns


@dataclass(frozen=True)
class SystemView:
    """`query` is DuckDB's text for the context of the statement; its columns are `columns`, in order."""

    columns: Columns
    query: Callable[[Context], str]
