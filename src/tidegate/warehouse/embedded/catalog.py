"""The driver's record of what DuckDB cannot hold: declared types, keys, distribution, the text of views.

Rows live in the hidden schema and are read and changed in the statement's own transaction. A temporary table is
known to its session alone.
"""

import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from tidegate.errors import StatementError, StatementRefused
from tidegate.model.names import TableName
from tidegate.model.tables import Column, ForeignKey, Identity, SqlType, Table, TypeKind
from tidegate.redshift.identifiers import TEMPORARY_SCHEMA
from tidegate.warehouse.embedded.bootstrap import ENGINE, FILE
from tidegate.warehouse.embedded.context import Context
from tidegate.warehouse.embedded.definitions import Relation, StoredTable, View
from tidegate.warehouse.embedded.types import catalog_text

CATALOG = TableName(ENGINE, "relations")
"""Stands for the catalog as a whole where changes are announced."""

_RESERVED_SCHEMAS = frozenset({ENGINE, FILE, "main", "temp", "system", "memory", "pg_temp"})
_temporary_ids = itertools.count(1)
_SYSTEM_SCHEMAS = frozenset({"information_schema", "pg_catalog", "pg_internal"})


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def physical(table: TableName) -> str:
    """The name of a table in DuckDB."""
    if table.schema == TEMPORARY_SCHEMA:
        return f'"temp"."main".{quoted(table.name)}'
    return f"{quoted(table.schema)}.{quoted(table.name)}"


def checked_schema(schema: str) -> str:
    """Return the schema's name, or refuse one that user statements may not touch."""
    if schema in _RESERVED_SCHEMAS:
        raise StatementRefused(f'the schema "{schema}" is reserved', hint="Use another schema name.")
    if schema in _SYSTEM_SCHEMAS:
        raise StatementRefused(
            f'the schema "{schema}" is not available in the embedded warehouse',
            hint="Read svv_tables, svv_columns, svv_table_info or pg_table_def instead.",
        )
    return schema


def resolve(ctx: Context, schema: str | None, name: str) -> TableName:
    """The table that a reference means: without a schema a temporary one comes first, then `public`."""
    if schema is not None:
        return TableName(checked_schema(schema), name)
    return TableName(TEMPORARY_SCHEMA if name in ctx.definitions.temporary else "public", name)


def relation(ctx: Context, name: TableName) -> Relation | None:
    """The table or view of that name, None when there is none (it may still be an external table)."""
    if name.schema == TEMPORARY_SCHEMA:
        return ctx.definitions.temporary.get(name.name)
    return ctx.definitions.get(name) or relations(ctx, [name]).get(name)


def relations(ctx: Context, names: Sequence[TableName]) -> dict[TableName, Relation]:
    """Those of the names that exist, in one request."""
    wanted = set(names)
    rows = ctx.cursor.execute(
        f"SELECT id, schema_name, name, kind, definition FROM {ENGINE}.relations "
        f"WHERE name IN ({', '.join('?' * len(wanted))})",
        [name.name for name in wanted],
    ).fetchall()
    found: dict[TableName, Relation] = {}
    for row in rows:
        name = TableName(row[1], row[2])
        if name in wanted:
            found[name] = _relation(name, row)
            ctx.definitions.put(name, found[name])
    return found


def table(ctx: Context, name: TableName) -> Table | None:
    """The definition of a table, None when there is no table of that name."""
    found = relation(ctx, name)
    return found.table if isinstance(found, StoredTable) else None


def existing_table(ctx: Context, name: TableName) -> StoredTable:
    """The table of that name, to be changed.

    Raises:
        StatementError: there is none, or it is a view.
    """
    found = relation(ctx, name)
    if found is None:
        raise StatementError(f'relation "{name}" does not exist', hint="Check the schema and the name.")
    if isinstance(found, View):
        raise StatementError(f'"{name}" is a view', hint="Name a table.")
    return found


def schema_exists(ctx: Context, schema: str) -> bool:
    rows = ctx.cursor.execute(
        "SELECT 1 FROM duckdb_schemas() WHERE database_name = ? AND schema_name = ?", [FILE, schema]
    ).fetchall()
    return bool(rows)


def relations_in(ctx: Context, schema: str) -> list[Relation]:
    """Every table and view of a schema."""
    rows = ctx.cursor.execute(
        f"SELECT id, schema_name, name, kind, definition FROM {ENGINE}.relations WHERE schema_name = ?", [schema]
    ).fetchall()
    return [_relation(TableName(row[1], row[2]), row) for row in rows]


def views(ctx: Context) -> list[View]:
    """Every view of the warehouse."""
    rows = ctx.cursor.execute(
        f"SELECT id, schema_name, name, kind, definition FROM {ENGINE}.relations WHERE kind = 'view'"
    ).fetchall()
    return [found for row in rows if isinstance(found := _relation(TableName(row[1], row[2]), row), View)]


def new_id(ctx: Context, name: TableName) -> int:
    if name.schema == TEMPORARY_SCHEMA:
        return -next(_temporary_ids)
    row = ctx.cursor.execute(f"SELECT nextval('{ENGINE}.relation_ids')").fetchone()
    assert row is not None
    return int(row[0])


def add_table(ctx: Context, id: int, definition: Table) -> StoredTable:
    """Record a table under an id from `new_id`."""
    stored = StoredTable(id, definition)
    _put(ctx, stored)
    return stored


def replace_table(ctx: Context, old: StoredTable, new: Table) -> StoredTable:
    """Record another definition, or another name, of a table."""
    stored = StoredTable(old.id, new)
    if new.name.schema == TEMPORARY_SCHEMA:
        ctx.definitions.temporary.pop(old.table.name.name, None)
        ctx.definitions.temporary[new.name.name] = stored
        return stored
    ctx.writes(CATALOG, False)
    ctx.cursor.execute(
        f"UPDATE {ENGINE}.relations SET schema_name = ?, name = ?, definition = ? WHERE id = ?",
        [new.name.schema, new.name.name, _table_text(new), old.id],
    )
    return stored


def late_binding_views(ctx: Context) -> list[View]:
    """The views that are not bound to what they read, by name."""
    rows = ctx.cursor.execute(
        f"SELECT id, schema_name, name, kind, definition FROM {ENGINE}.relations "
        "WHERE kind = 'view' AND (definition->>'late_binding')::BOOLEAN ORDER BY schema_name, name"
    ).fetchall()
    found = [_relation(TableName(row[1], row[2]), row) for row in rows]
    return [each for each in found if isinstance(each, View)]


def put_view(ctx: Context, view: View) -> None:
    """Record a view, in place of one of the same name, which keeps its privileges."""
    ctx.writes(CATALOG, False)
    body = {
        "text": view.text,
        "late_binding": view.late_binding,
        "columns": [_described(c) for c in view.columns],
        "reads": [asdict(name) for name in view.reads],
    }
    replaced = ctx.cursor.execute(
        f"UPDATE {ENGINE}.relations SET definition = ? WHERE schema_name = ? AND name = ? RETURNING id",
        [json.dumps(body), view.name.schema, view.name.name],
    ).fetchall()
    if not replaced:
        _insert(ctx, new_id(ctx, view.name), view.name, "view", json.dumps(body))


def remove(ctx: Context, name: TableName) -> None:
    """Forget a table or view, and the privileges on it."""
    if name.schema == TEMPORARY_SCHEMA:
        ctx.definitions.temporary.pop(name.name, None)
        return
    ctx.writes(CATALOG, False)
    gone = f"{ENGINE}.relations WHERE schema_name = ? AND name = ?"
    named = [name.schema, name.name]
    ctx.cursor.execute(f"DELETE FROM {ENGINE}.privileges WHERE relation_id IN (SELECT id FROM {gone})", named)
    ctx.cursor.execute(f"DELETE FROM {gone}", named)


def _put(ctx: Context, stored: StoredTable) -> None:
    name = stored.table.name
    if name.schema == TEMPORARY_SCHEMA:
        ctx.definitions.temporary[name.name] = stored
        return
    ctx.writes(CATALOG, False)
    _insert(ctx, stored.id, name, "table", _table_text(stored.table))


def _insert(ctx: Context, id: int, name: TableName, kind: str, definition: str) -> None:
    ctx.cursor.execute(
        f"INSERT INTO {ENGINE}.relations VALUES (?, ?, ?, ?, ?, now() AT TIME ZONE 'UTC')",
        [id, name.schema, name.name, kind, definition],
    )


def _relation(name: TableName, row: Sequence[object]) -> Relation:
    id, kind, body = int(str(row[0])), row[3], json.loads(str(row[4]))
    columns = _columns(body["columns"])
    if kind == "view":
        reads = tuple(TableName(**each) for each in body["reads"])
        return View(name, body["text"], body["late_binding"], columns, reads)
    keys = tuple(
        ForeignKey(tuple(k["columns"]), TableName(**k["references"]), tuple(k["referenced_columns"]))
        for k in body["foreign_keys"]
    )
    return StoredTable(
        id,
        Table(
            name,
            columns,
            primary_key=tuple(body["primary_key"]),
            unique_keys=tuple(tuple(k) for k in body["unique_keys"]),
            foreign_keys=keys,
            dist_style=body["dist_style"],
            dist_key=body["dist_key"],
            sort_keys=tuple(body["sort_keys"]),
            interleaved=body["interleaved"],
        ),
    )


def _columns(items: Iterable[dict[str, object]]) -> tuple[Column, ...]:
    return tuple(_column(item) for item in items)


def _column(item: dict[str, object]) -> Column:
    measures = dict(item["type"])  # type: ignore[call-overload]
    identity = item["identity"]
    return Column(
        name=str(item["name"]),
        type=SqlType(TypeKind(measures.pop("kind")), **measures),
        nullable=bool(item["nullable"]),
        default=None if item["default"] is None else str(item["default"]),
        identity=Identity(**identity) if isinstance(identity, dict) else None,
        encoding=None if item["encoding"] is None else str(item["encoding"]),
    )


def _table_text(definition: Table) -> str:
    body = asdict(definition)
    del body["name"]
    body["columns"] = [_described(column) for column in definition.columns]
    return json.dumps(body)


def _described(column: Column) -> dict[str, object]:
    """A column as it is stored; `shown` is its type for the system views."""
    return {**asdict(column), "shown": catalog_text(column.type)}
