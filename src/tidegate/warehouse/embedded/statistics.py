"""What DuckDB knows about the size of tables."""

import itertools
from collections.abc import Sequence

from tidegate.model.names import TableName
from tidegate.model.tables import SqlType, Table, TableStats, TypeKind
from tidegate.warehouse.embedded import catalog
from tidegate.warehouse.embedded.bootstrap import FILE
from tidegate.warehouse.embedded.context import Context
from tidegate.warehouse.embedded.definitions import StoredTable

_TOGETHER = 500
"""Tables that one query counts."""

_WIDTHS = {
    TypeKind.BOOLEAN: 1,
    TypeKind.SMALLINT: 2,
    TypeKind.INTEGER: 4,
    TypeKind.REAL: 4,
    TypeKind.DATE: 4,
    TypeKind.BIGINT: 8,
    TypeKind.DOUBLE: 8,
    TypeKind.TIME: 8,
    TypeKind.TIMETZ: 8,
    TypeKind.TIMESTAMP: 8,
    TypeKind.TIMESTAMPTZ: 8,
    TypeKind.SUPER: 256,
}
_TEXT_WIDTH = 32
"""Bytes that a longer VARCHAR, CHAR or VARBYTE is taken to fill."""


def table_stats(ctx: Context, names: Sequence[TableName]) -> dict[TableName, TableStats]:
    """Of those tables that exist: rows as counted, bytes by the widths of the columns before compression, and the
    fraction of rows that are deleted but still take space.
    """
    known = catalog.relations(ctx, names) if names else {}
    tables = {name: found.table for name, found in known.items() if isinstance(found, StoredTable)}
    held = _held(ctx)
    found: dict[TableName, TableStats] = {}
    waiting = iter(tables)
    while part := list(itertools.islice(waiting, _TOGETHER)):
        for name, rows in _counted(ctx, part).items():
            stored = max(rows, held.get(name, 0))
            deleted = (stored - rows) / stored if stored else 0.0
            found[name] = TableStats(rows=rows, bytes=rows * row_width(tables[name]), deleted=deleted)
    return found


def row_width(table: Table) -> int:
    """Bytes of one row before compression, as the types suggest."""
    return sum(_width(column.type) for column in table.columns)


def _width(type: SqlType) -> int:
    if type.kind is TypeKind.DECIMAL:
        return 8 if (type.precision or 18) <= 18 else 16
    return _WIDTHS.get(type.kind) or min(_TEXT_WIDTH, type.length or _TEXT_WIDTH)


def width_of(column: str) -> str:
    """The same of one column, as DuckDB's text over the struct of its definition."""
    known = " ".join(f"WHEN '{kind.value}' THEN {width}" for kind, width in _WIDTHS.items())
    wide = f"WHEN 'DECIMAL' THEN CASE WHEN {column}.type.precision <= 18 THEN 8 ELSE 16 END"
    return f"CASE {column}.type.kind {known} {wide} ELSE least({_TEXT_WIDTH}, {column}.type.length) END"


def _held(ctx: Context) -> dict[TableName, int]:
    """Rows that take space, deleted ones included until a checkpoint has reclaimed them."""
    rows = ctx.cursor.execute(
        "SELECT schema_name, table_name, estimated_size FROM duckdb_tables() WHERE database_name = ?", [FILE]
    ).fetchall()
    return {TableName(schema, name): int(size) for schema, name, size in rows}


def _counted(ctx: Context, names: Sequence[TableName]) -> dict[TableName, int]:
    counts = " UNION ALL ".join(f"SELECT {at}, COUNT(*) FROM {catalog.physical(name)}" for at, name in enumerate(names))
    return {names[at]: count for at, count in ctx.cursor.execute(counts).fetchall()}
