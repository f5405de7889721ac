"""ALTER TABLE of local tables (ALTER TABLE)."""

from collections.abc import Callable
from dataclasses import replace

from tidegate.errors import StatementError, StatementRefused
from tidegate.model.names import TableName
from tidegate.model.tables import Column, ForeignKey, Table, TypeKind
from tidegate.redshift.identifiers import TEMPORARY_SCHEMA
from tidegate.warehouse.base import Result
from tidegate.warehouse.embedded import catalog, transpile
from tidegate.warehouse.embedded.catalog import physical, quoted
from tidegate.warehouse.embedded.context import Context, Statement
from tidegate.warehouse.embedded.ddl import default_value
from tidegate.warehouse.embedded.ddl_syntax import read_column, read_type
from tidegate.warehouse.embedded.definitions import StoredTable, View
from tidegate.warehouse.embedded.dialect import parse
from tidegate.warehouse.embedded.dml import known_column
from tidegate.warehouse.embedded.emitter import text
from tidegate.warehouse.embedded.token_reader import TokenReader
from tidegate.warehouse.embedded.types import duckdb_type

_Change = Callable[[Context, StoredTable, TokenReader, Statement], None]


def handle_alter_table(ctx: Context, statement: Statement) -> Result:
    reader = TokenReader(statement.tokens, "ALTER TABLE")
    reader.expect("ALTER", "TABLE")
    first = reader.identifier("a table name")
    second = reader.identifier("a table name") if reader.accept(".") else None
    name = catalog.resolve(ctx, first if second else None, second or first)
    ctx.writes(name, True)
    stored = catalog.existing_table(ctx, name)
    if change := _change(reader):
        change(ctx, stored, reader, statement)
        return Result()
    token = reader.peek()
    raise StatementRefused(
        f"ALTER TABLE … {token.text.upper() if token else ''} is not supported by the embedded warehouse",
        hint="It can add, drop, rename and widen columns, rename the table, and change keys and sort order.",
    )


def _change(reader: TokenReader) -> _Change | None:
    """What the words after the table's name ask for; COLUMN may be left out."""
    for words, change in _CHANGES:
        if reader.accept(*words):
            return change
    if reader.accept("ADD"):
        return _add_constraint if any(map(reader.looking_at, _CONSTRAINTS)) else _add_column
    if reader.accept("DROP"):
        return None if reader.looking_at("CONSTRAINT") else _drop_column
    if reader.accept("RENAME"):
        return _rename_column
    if reader.accept("ALTER"):
        return _alter_layout if any(map(reader.looking_at, _LAYOUTS)) else _alter_column
    return None


def _add_constraint(ctx: Context, stored: StoredTable, reader: TokenReader, statement: Statement) -> None:
    if reader.accept("CONSTRAINT"):
        reader.identifier("a constraint name")
    table = stored.table
    if reader.accept("PRIMARY", "KEY"):
        changed = replace(table, primary_key=reader.identifiers("a column name"))
        named = changed.primary_key
    elif reader.accept("UNIQUE"):
        named = reader.identifiers("a column name")
        changed = replace(table, unique_keys=(*table.unique_keys, named))
    else:
        reader.expect("FOREIGN", "KEY")
        named = reader.identifiers("a column name")
        reader.expect("REFERENCES")
        target = reader.table()
        referenced = reader.identifiers("a column name") if reader.looking_at("(") else ()
        changed = replace(table, foreign_keys=(*table.foreign_keys, ForeignKey(named, target, referenced)))
    reader.end()
    for column in named:
        known_column(table, column)
    catalog.replace_table(ctx, stored, changed)


def _add_column(ctx: Context, stored: StoredTable, reader: TokenReader, statement: Statement) -> None:
    """ADD COLUMN; rows that exist get the default, which NOT NULL needs. Keys and IDENTITY cannot be added so."""
    column = read_column(reader, statement)
    reader.end()
    table = stored.table
    if table.column(column.name) is not None:
        raise StatementError(f'column "{column.name}" of {table.name} already exists', hint="Choose another name.")
    if column.identity is not None:
        raise StatementRefused("ADD COLUMN cannot add an IDENTITY column", hint="Create a new table and copy the rows.")
    if not column.nullable and column.default is None:
        raise StatementError(
            f'column "{column.name}" is NOT NULL and has no default', hint="Give it a DEFAULT for the rows that exist."
        )
    _add_to_duckdb(ctx, table.name, column)
    catalog.replace_table(ctx, stored, replace(table, columns=(*table.columns, column)))


def _add_to_duckdb(ctx: Context, name: TableName, column: Column) -> None:
    """Rows that exist get the default as it is now; DuckDB takes NOT NULL only after a constant one."""
    type, alter = duckdb_type(column.type), f"ALTER TABLE {physical(name)}"
    default = None if column.default is None else default_value(ctx, column)
    if default is None:
        ctx.cursor.execute(f"{alter} ADD COLUMN {quoted(column.name)} {type}")
        return
    row = ctx.cursor.execute(f"SELECT CAST(({default}) AS VARCHAR)").fetchone()
    now = "NULL" if row is None or row[0] is None else f"CAST({text(str(row[0]))} AS {type})"
    ctx.cursor.execute(f"{alter} ADD COLUMN {quoted(column.name)} {type} DEFAULT {now}")
    if not column.nullable:
        ctx.cursor.execute(f"{alter} ALTER COLUMN {quoted(column.name)} SET NOT NULL")
    ctx.cursor.execute(f"{alter} ALTER COLUMN {quoted(column.name)} SET DEFAULT ({default})")


def _drop_column(ctx: Context, stored: StoredTable, reader: TokenReader, statement: Statement) -> None:
    table = stored.table
    column = known_column(table, reader.identifier("a column name"))
    if reader.accept("CASCADE"):
        raise StatementRefused("DROP COLUMN … CASCADE is not supported here", hint="Drop the views that read it.")
    reader.accept("RESTRICT")
    reader.end()
    keys = {table.dist_key, *table.sort_keys, *table.primary_key}
    keys |= {c for k in table.unique_keys for c in k} | {c for k in table.foreign_keys for c in k.columns}
    if column.name in keys:
        raise StatementError(f'column "{column.name}" of {table.name} is part of a key', hint="Change the key first.")
    if len(table.columns) == 1:
        raise StatementError(f"{table.name} has no other column", hint="Drop the table instead.")
    if column.identity is not None:
        raise StatementRefused("DROP COLUMN of an IDENTITY column", hint="Create a new table and copy the rows.")
    ctx.cursor.execute(f"ALTER TABLE {physical(table.name)} DROP COLUMN {quoted(column.name)}")
    rest = tuple(c for c in table.columns if c is not column)
    catalog.replace_table(ctx, stored, replace(table, columns=rest))
    _check_views(ctx, table.name, f'column "{column.name}"')


def _rename_column(ctx: Context, stored: StoredTable, reader: TokenReader, statement: Statement) -> None:
    table = stored.table
    column = known_column(table, reader.identifier("a column name"))
    reader.expect("TO")
    name = reader.identifier("a column name")
    reader.end()
    if table.column(name) is not None:
        raise StatementError(f'column "{name}" of {table.name} already exists', hint="Choose another name.")
    ctx.cursor.execute(f"ALTER TABLE {physical(table.name)} RENAME COLUMN {quoted(column.name)} TO {quoted(name)}")
    catalog.replace_table(ctx, stored, _renamed(table, column.name, name))
    _check_views(ctx, table.name, f'column "{column.name}"')


def _renamed(table: Table, old: str, new: str) -> Table:
    def names(keys: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(new if key == old else key for key in keys)

    return replace(
        table,
        columns=tuple(replace(c, name=new) if c.name == old else c for c in table.columns),
        primary_key=names(table.primary_key),
        unique_keys=tuple(names(key) for key in table.unique_keys),
        foreign_keys=tuple(replace(key, columns=names(key.columns)) for key in table.foreign_keys),
        dist_key=new if table.dist_key == old else table.dist_key,
        sort_keys=names(table.sort_keys),
    )


def _rename_table(ctx: Context, stored: StoredTable, reader: TokenReader, statement: Statement) -> None:
    name = TableName(stored.table.name.schema, reader.identifier("a table name"))
    reader.end()
    if catalog.relation(ctx, name) is not None:
        raise StatementError(f'relation "{name}" already exists', hint="Choose another name.")
    ctx.writes(name, True)
    ctx.cursor.execute(f"ALTER TABLE {physical(stored.table.name)} RENAME TO {quoted(name.name)}")
    catalog.replace_table(ctx, stored, replace(stored.table, name=name))
    _check_views(ctx, stored.table.name, "its name")


def _check_views(ctx: Context, table: TableName, what: str) -> None:
    """Bound views read the table as it was: if one of them no longer can, the change is refused."""
    for view in catalog.views(ctx) if table.schema != TEMPORARY_SCHEMA else ():
        if not view.late_binding and table in view.reads:
            _check_view(ctx, view, table, what)


def _check_view(ctx: Context, view: View, table: TableName, what: str) -> None:
    try:
        transpile.compiled(ctx, parse(view.text))
    except StatementError as error:
        raise StatementError(
            f"cannot change {what} of {table}: view {view.name} depends on it", hint="Drop the view first."
        ) from error


def _alter_column(ctx: Context, stored: StoredTable, reader: TokenReader, statement: Statement) -> None:
    column = known_column(stored.table, reader.identifier("a column name"))
    if reader.accept("ENCODE"):
        changed = replace(column, encoding=reader.word("an encoding").lower())
    else:
        reader.expect("TYPE")
        changed = _resized(ctx, stored.table, column, reader)
    reader.end()
    columns = tuple(changed if c is column else c for c in stored.table.columns)
    catalog.replace_table(ctx, stored, replace(stored.table, columns=columns))


def _resized(ctx: Context, table: Table, column: Column, reader: TokenReader) -> Column:
    """Another length of a VARCHAR; a shorter one must hold what is there."""
    if ctx.in_block:
        raise StatementRefused(
            "ALTER COLUMN … TYPE cannot run inside a transaction block", hint="Run it on its own (ALTER TABLE)."
        )
    type = read_type(reader)
    if TypeKind.VARCHAR not in (column.type.kind, type.kind) or column.type.kind is not type.kind:
        raise StatementRefused(
            f'ALTER COLUMN "{column.name}" TYPE: only the length of a VARCHAR can change', hint="Add a column instead."
        )
    row = ctx.cursor.execute(f"SELECT max(strlen({quoted(column.name)})) FROM {physical(table.name)}").fetchone()
    if row is not None and row[0] is not None and row[0] > (type.length or 0):
        raise StatementError(
            f'column "{column.name}" holds values of {row[0]} bytes, more than VARCHAR({type.length})',
            hint="Choose a longer type.",
        )
    return replace(column, type=type)


def _alter_layout(ctx: Context, stored: StoredTable, reader: TokenReader, statement: Statement) -> None:
    """Distribution and sort order, which DuckDB does not have: they are recorded."""
    table = stored.table
    if reader.accept("DISTSTYLE"):
        style = reader.word("AUTO, EVEN, ALL or KEY")
        key = table.dist_key if style == "KEY" else None
        if style == "KEY":
            reader.expect("DISTKEY")
            key = reader.identifier("a column name")
        changed = replace(table, dist_style=style, dist_key=key)
    elif reader.accept("DISTKEY"):
        changed = replace(table, dist_style="KEY", dist_key=reader.identifier("a column name"))
    else:
        reader.accept("COMPOUND")
        reader.expect("SORTKEY")
        plain = reader.accept("AUTO") or reader.accept("NONE")
        changed = replace(table, sort_keys=() if plain else reader.identifiers("a column name"), interleaved=False)
    reader.end()
    for name in filter(None, (changed.dist_key, *changed.sort_keys)):
        known_column(table, name)
    catalog.replace_table(ctx, stored, changed)


_CONSTRAINTS = ("CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN")
_LAYOUTS = ("DISTSTYLE", "DISTKEY", "SORTKEY", "COMPOUND")
_CHANGES: tuple[tuple[tuple[str, ...], _Change], ...] = (
    (("ADD", "COLUMN"), _add_column),
    (("RENAME", "COLUMN"), _rename_column),
    (("RENAME", "TO"), _rename_table),
    (("DROP", "COLUMN"), _drop_column),
    (("ALTER", "COLUMN"), _alter_column),
)
