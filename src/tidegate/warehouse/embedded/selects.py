"""SELECT, and the cursor of a query that is read in chunks."""

from collections.abc import Sequence

import duckdb

from tidegate.warehouse.base import Result, ResultColumn, Row
from tidegate.warehouse.embedded import transpile
from tidegate.warehouse.embedded.context import Context, Statement
from tidegate.warehouse.embedded.types import result_type


def handle_select(ctx: Context, statement: Statement) -> Result:
    sql = transpile.query(ctx, statement.text)
    ctx.cursor.execute(sql)
    columns = result_columns(ctx.cursor)
    rows = shown(columns, ctx.cursor.fetchall())
    return Result(columns, tuple(rows), len(rows))


def described_columns(ctx: Context, statement: Statement) -> tuple[ResultColumn, ...]:
    """The columns that a query would return."""
    rows = ctx.cursor.execute(f"DESCRIBE {transpile.query(ctx, statement.text)}").fetchall()
    return tuple(ResultColumn(str(row[0]), result_type(str(row[1]))) for row in rows)


def result_columns(cursor: duckdb.DuckDBPyConnection) -> tuple[ResultColumn, ...]:
    """The columns of the result that the cursor holds, as Redshift names their types."""
    return tuple(ResultColumn(str(d[0]), result_type(str(d[1]))) for d in cursor.description or ())


def shown(columns: Sequence[ResultColumn], rows: list[Row]) -> list[Row]:
    """Rows as every driver returns them: VARBYTE as hexadecimal text (VARBYTE type)."""
    binary = [at for at, column in enumerate(columns) if column.type.startswith("varbyte")]
    if not binary:
        return rows
    return [tuple(_hexadecimal(v) if at in binary else v for at, v in enumerate(row)) for row in rows]


def _hexadecimal(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value
