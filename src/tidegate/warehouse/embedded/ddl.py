"""CREATE and DROP of schemas and tables."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from tidegate.errors import StatementError, StatementRefused
from tidegate.model.names import TableName
from tidegate.model.tables import Column, Table
from tidegate.redshift.identifiers import TEMPORARY_SCHEMA
from tidegate.warehouse.base import Result
from tidegate.warehouse.embedded import catalog, external, external_catalog, transpile
from tidegate.warehouse.embedded.bootstrap import ENGINE
from tidegate.warehouse.embedded.casts import column_value
from tidegate.warehouse.embedded.context import Context, Statement
from tidegate.warehouse.embedded.ddl_syntax import CreateTable, parse_create_table
from tidegate.warehouse.embedded.definitions import StoredTable, View
from tidegate.warehouse.embedded.dialect import parse
from tidegate.warehouse.embedded.token_reader import TokenReader
from tidegate.warehouse.embedded.types import declared_type, duckdb_type
from tidegate.warehouse.embedded.values import Projected
from tidegate.warehouse.embedded.views import drop_dependents

_T = TypeVar("_T")
MAX_COLUMNS = 1600
"""Quotas and limits."""


def handle_create_schema(ctx: Context, statement: Statement) -> Result:
    reader = TokenReader(statement.tokens, "CREATE SCHEMA")
    reader.expect("CREATE", "SCHEMA")
    if_not_exists = reader.accept("IF", "NOT", "EXISTS")
    name = catalog.checked_schema(reader.identifier("a schema name"))
    if reader.accept("AUTHORIZATION"):
        raise StatementRefused("AUTHORIZATION is not supported by the embedded warehouse", hint="Leave it out.")
    reader.end()
    if catalog.schema_exists(ctx, name) or external_catalog.has_schema(ctx, name):
        if not if_not_exists:
            raise StatementError(f'schema "{name}" already exists', hint="Choose another name, or IF NOT EXISTS.")
        return Result()
    ctx.writes(catalog.CATALOG, False)
    ctx.cursor.execute(f"CREATE SCHEMA {catalog.quoted(name)}")
    return Result()


def handle_drop_schema(ctx: Context, statement: Statement) -> Result:
    reader = TokenReader(statement.tokens, "DROP SCHEMA")
    reader.expect("DROP", "SCHEMA")
    if_exists = reader.accept("IF", "EXISTS")
    names = _list(reader, lambda: catalog.checked_schema(reader.identifier("a schema name")))
    cascade = _cascade(reader)
    for name in names:
        if external_catalog.has_schema(ctx, name):
            external.drop_schema(ctx, name, cascade)
        elif catalog.schema_exists(ctx, name):
            _drop_schema(ctx, name, cascade)
        elif not if_exists:
            raise StatementError(f'schema "{name}" does not exist', hint="Check the name, or write IF EXISTS.")
    return Result()


def _drop_schema(ctx: Context, name: str, cascade: bool) -> None:
    inside = catalog.relations_in(ctx, name)
    if inside and not cascade:
        first = inside[0].name if isinstance(inside[0], View) else inside[0].table.name
        raise StatementError(
            f'schema "{name}" is not empty: it has {first}', hint="Drop what it holds first, or write CASCADE."
        )
    for each in inside:
        if isinstance(each, View):
            catalog.remove(ctx, each.name)
        else:
            drop_stored(ctx, each, cascade=True)
    ctx.writes(catalog.CATALOG, False)
    ctx.cursor.execute(f"DROP SCHEMA {catalog.quoted(name)}")


def handle_create_table(ctx: Context, statement: Statement) -> Result:
    made = parse_create_table(statement)
    if not made.temporary:
        catalog.checked_schema(made.name.schema)
    ctx.writes(made.name, False)
    if _exists(ctx, made.name):
        if made.if_not_exists:
            return Result()
        raise StatementError(f'relation "{made.name}" already exists', hint="Choose another name, or IF NOT EXISTS.")
    if made.query is not None:
        return _create_as(ctx, made)
    _create(ctx, made.table(_like(ctx, made) if made.like is not None else made.columns))
    return Result()


def _exists(ctx: Context, name: TableName) -> bool:
    if name.schema != TEMPORARY_SCHEMA and not catalog.schema_exists(ctx, name.schema):
        if external_catalog.has_schema(ctx, name.schema):
            raise StatementError(f'schema "{name.schema}" is external', hint="Use CREATE EXTERNAL TABLE.")
        raise StatementError(f'schema "{name.schema}" does not exist', hint="Create the schema first.")
    return catalog.relation(ctx, name) is not None


def _like(ctx: Context, made: CreateTable) -> tuple[Column, ...]:
    """The columns of another table with their NOT NULL, without keys and IDENTITY (CREATE TABLE, LIKE)."""
    assert made.like is not None
    source = catalog.existing_table(ctx, catalog.resolve(ctx, *made.like)).table
    return tuple(replace(c, identity=None, default=c.default if made.like_defaults else None) for c in source.columns)


def _create(ctx: Context, definition: Table) -> StoredTable:
    if len(definition.columns) > MAX_COLUMNS:
        raise StatementRefused(f"a table has at most {MAX_COLUMNS} columns", hint="Split the table.")
    stored = StoredTable(catalog.new_id(ctx, definition.name), definition)
    kind = "TEMP " if definition.name.schema == TEMPORARY_SCHEMA else ""
    for column in definition.columns:
        if column.identity is not None:
            ctx.cursor.execute(
                f"CREATE {kind}SEQUENCE {_sequence(stored)} START WITH {column.identity.seed} "
                f"INCREMENT BY {column.identity.step} MINVALUE {-(2**63)} MAXVALUE {2**63 - 1}"
            )
    columns = ", ".join(_column_definition(ctx, stored, c) for c in definition.columns)
    ctx.cursor.execute(f"CREATE {kind}TABLE {catalog.physical(definition.name)} ({columns})")
    return catalog.add_table(ctx, stored.id, definition)


def _column_definition(ctx: Context, stored: StoredTable, column: Column) -> str:
    """A column as DuckDB declares it. It also has the default, for statements that leave the column out."""
    sql = f"{catalog.quoted(column.name)} {duckdb_type(column.type)}"
    if column.identity is not None:
        sequence = _sequence(stored).replace("'", "''")
        sql += f" DEFAULT (CAST(nextval('{sequence}') AS {duckdb_type(column.type)}))"
    elif column.default is not None:
        sql += f" DEFAULT ({default_value(ctx, column)})"
    return sql if column.nullable else f"{sql} NOT NULL"


def default_value(ctx: Context, column: Column) -> str:
    """A column's default as DuckDB computes it, converted to the column's type."""
    return column_value(transpile.constant(ctx, column.default or "NULL"), column)


def _sequence(stored: StoredTable) -> str:
    """The DuckDB sequence behind a table's IDENTITY column; a temporary table has one of its session."""
    if stored.table.name.schema == TEMPORARY_SCHEMA:
        return f'"temp"."main"."identity_{-stored.id}"'
    return f'{ENGINE}."identity_{stored.id}"'


def _create_as(ctx: Context, made: CreateTable) -> Result:
    """CREATE TABLE AS: column types come from the query; constraints, defaults and IDENTITY do not."""
    assert made.query is not None
    compiled = transpile.compiled(ctx, parse(made.query))
    ctx.cursor.execute(f"SELECT * FROM ({compiled.sql}) AS q LIMIT 0")
    shapes = [(str(d[0]), str(d[1])) for d in ctx.cursor.description or ()]
    projected = compiled.columns()
    columns = tuple(_output_column(made, at, shape, projected) for at, shape in enumerate(shapes))
    for at, column in enumerate(columns):
        if column.name in [c.name for c in columns[:at]]:
            raise StatementError(f'column "{column.name}" is specified twice', hint="Give each column an alias.")
    definition = made.table(columns)
    _create(ctx, definition)
    names = ", ".join(catalog.quoted(f"c{at}") for at in range(len(columns)))
    values = ", ".join(f"CAST({catalog.quoted(f'c{at}')} AS {duckdb_type(c.type)})" for at, c in enumerate(columns))
    counted = ctx.cursor.execute(
        f"INSERT INTO {catalog.physical(made.name)} SELECT {values} FROM ({compiled.sql}) AS q({names})"
    ).fetchone()
    return Result(rowcount=int(counted[0]) if counted else 0)


def _output_column(made: CreateTable, at: int, shape: tuple[str, str], projected: list[Projected]) -> Column:
    name, duck = shape
    if made.names:
        if at >= len(made.names):
            raise StatementError("CREATE TABLE AS names fewer columns than its query has", hint="Name them all.")
        name = made.names[at]
    known = projected[at].value.type if at < len(projected) else None
    if known is not None and duckdb_type(known) == duck and known.length is not None:
        return Column(name, known)
    return Column(name, declared_type(duck))


def handle_drop_table(ctx: Context, statement: Statement) -> Result:
    reader = TokenReader(statement.tokens, "DROP TABLE")
    reader.expect("DROP", "TABLE")
    if_exists = reader.accept("IF", "EXISTS")
    names = _list(reader, lambda: _table_name(ctx, reader))
    cascade = _cascade(reader)
    for name in names:
        ctx.writes(name, True)
        found = catalog.relation(ctx, name)
        if isinstance(found, View):
            raise StatementError(f'"{name}" is a view', hint="Use DROP VIEW.")
        if found is not None:
            drop_stored(ctx, found, cascade)
        elif not external.drop_table(ctx, name) and not if_exists:
            raise StatementError(f'relation "{name}" does not exist', hint="Check the name, or write IF EXISTS.")
    return Result()


def drop_stored(ctx: Context, stored: StoredTable, cascade: bool) -> None:
    """Drop a table, and with `cascade` the bound views that read it."""
    name = stored.table.name
    ctx.writes(name, True)
    if name.schema != TEMPORARY_SCHEMA:
        drop_dependents(ctx, name, cascade)
    ctx.cursor.execute(f"DROP TABLE {catalog.physical(name)}")
    if any(c.identity is not None for c in stored.table.columns):
        ctx.cursor.execute(f"DROP SEQUENCE {_sequence(stored)}")
    catalog.remove(ctx, name)


def _table_name(ctx: Context, reader: TokenReader) -> TableName:
    first = reader.identifier("a table name")
    if reader.accept("."):
        return catalog.resolve(ctx, first, reader.identifier("a table name"))
    return catalog.resolve(ctx, None, first)


def _list(reader: TokenReader, one: Callable[[], _T]) -> list[_T]:
    items = [one()]
    while reader.accept(","):
        items.append(one())
    return items


def _cascade(reader: TokenReader) -> bool:
    cascade = reader.accept("CASCADE")
    if not cascade:
        reader.accept("RESTRICT")
    reader.end()
    return cascade
