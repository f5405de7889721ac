"""A column of a table that stands gets a wider type: Redshift changes the length of a VARCHAR in place, nothing else.

So a new column takes the values, the old one goes, and the new one takes its name: one transaction, since ordinary DDL
is transactional (developer guide, ALTER TABLE; Serializable isolation). The column is the last one then.
"""

from dataclasses import replace

from tidegate.model.names import TableName
from tidegate.model.tables import Column, SqlType
from tidegate.redshift.catalog import guard_column
from tidegate.redshift.ddl import add_column
from tidegate.redshift.guard import guard_none
from tidegate.redshift.identifiers import qualified, quote
from tidegate.redshift.types import render

WIDER = "tg_wider"
"""The name of the new column until it takes that of the old one."""

RETYPED = "the column changed meanwhile"
_LOST = "values would change"
_ENCODINGS = frozenset({"az64", "bytedict", "lzo", "none", "raw", "runlength", "zstd"})
"""Those that every wider type takes, too (developer guide, Compression encodings)."""


def retype_column(table: TableName, column: Column, type: SqlType) -> tuple[str, ...]:
    """Statements of one transaction; before them nothing but LOCK. They fail where the column is no longer `column`,
    or a value would be another one.
    """
    wider = replace(column, name=WIDER, type=type, encoding=column.encoding if column.encoding in _ENCODINGS else None)
    old, new, target = quote(column.name), quote(WIDER), qualified(table)
    same = f"({old} IS NULL AND {new} IS NULL) OR COALESCE({old} = {new}, FALSE)"
    return (
        guard_column(table, column, RETYPED),
        add_column(table, wider),
        f"UPDATE {target} SET {new} = CAST({old} AS {render(type)})",
        guard_none(f"{target} WHERE NOT ({same})", _LOST),
        f"ALTER TABLE {target} DROP COLUMN {old}",
        f"ALTER TABLE {target} RENAME COLUMN {new} TO {old}",
    )


def select_bounds(source: TableName, columns: tuple[str, ...]) -> str:
    """One row: the least and the greatest value of each column; 0 where it has none."""
    names = [quote(column) for column in columns]
    bounds = ", ".join(
        f"COALESCE(MIN({name}), 0) AS tg_least_{at}, COALESCE(MAX({name}), 0) AS tg_most_{at}"
        for at, name in enumerate(names)
    )
    return f"SELECT {bounds} FROM {qualified(source)}"
