"""One system view, and how those with fixed columns are written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tidegate.model.tables import SqlType, TypeKind
from tidegate.warehouse.embedded.context import Context
from tidegate.warehouse.embedded.emitter import text
from tidegate.warehouse.embedded.scope import Columns
from tidegate.warehouse.embedded.values import BIGINT, BOOLEAN, INTEGER, SMALLINT, TEXT, TIMESTAMP

REAL = SqlType(TypeKind.REAL)
_DUCKDB = {SMALLINT: "SMALLINT", INTEGER: "INTEGER", BIGINT: "BIGINT", BOOLEAN: "BOOLEAN", TEXT: "VARCHAR"}
_DUCKDB |= {REAL: "FLOAT", TIMESTAMP: "TIMESTAMP"}
Described = Mapping[str, tuple[SqlType, str]]
"""Columns by name, with their type and the SQL of their value over the rows of the view."""


@dataclass(frozen=True)
class SystemView:
    """`query` is DuckDB's text for the context of the statement; its columns are `columns`, in order."""

    columns: Columns
    query: Callable[[Context], str]


def view(columns: Described, rows: str) -> SystemView:
    """`rows` is the text after FROM; `{user}` and `{database}` in the columns are the session's, as literals."""
    cast = [f'CAST({sql} AS {_DUCKDB[type]}) AS "{name}"' for name, (type, sql) in columns.items()]
    query = f"SELECT {', '.join(cast)} FROM {rows}"

    def write(ctx: Context) -> str:
        return query.replace("{user}", text(ctx.facts.user)).replace("{database}", text(ctx.facts.database))

    return SystemView({name: type for name, (type, _) in columns.items()}, write)


def integers(sql: str, *names: str) -> dict[str, tuple[SqlType, str]]:
    return dict.fromkeys(names, (INTEGER, sql))


def texts(*names: str) -> dict[str, tuple[SqlType, str]]:
    return dict.fromkeys(names, (TEXT, "NULL"))


def flags(value: str, *names: str) -> dict[str, tuple[SqlType, str]]:
    return dict.fromkeys(names, (BOOLEAN, value))
