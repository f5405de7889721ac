"""External schemas, tables and partitions in the driver's control tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tidegate.config.settings import EmbeddedSettings
from tidegate.model.names import TableName
from tidegate.model.tables import SqlType
from tidegate.redshift import types
from tidegate.warehouse.embedded.context import Context
from tidegate.warehouse.embedded.external_layout import ENGINE
from tidegate.warehouse.embedded.external_shapes import Shape
from tidegate.warehouse.embedded.paths import LAKE_MARK, restored, stored

CHANGES = TableName(ENGINE, "external_tables")
"""Stands for these control tables as a whole where changes are announced."""

_SHOWN_LOCATION = 128
"""`location` is cut to this many characters in SVV_EXTERNAL_PARTITIONS (developer guide)."""


@dataclass(frozen=True)
class ExternalTable:
    """`location` is absolute. `columns` are those of the files, `partitions` the partition columns, in order."""

    id: int
    name: TableName
    location: str
    columns: tuple[tuple[str, SqlType], ...]
    partitions: tuple[tuple[str, SqlType], ...]


Bounds = tuple[str, datetime, datetime]
"""A column, and its earliest and latest time."""


@dataclass(frozen=True)
class PartitionFiles:
    """A partition to be added: `values` as canonical text, `location` absolute, files relative to it, by shape."""

    values: tuple[str | None, ...]
    location: str
    files: tuple[tuple[str, Shape], ...]
    bounds: tuple[Bounds, ...] = ()


def has_schema(ctx: Context, schema: str) -> bool:
    """Is this the name of an external schema?"""
    found = ctx.cursor.execute(f"SELECT 1 FROM {ENGINE}.external_schemas WHERE name = ?", [schema])
    return found.fetchone() is not None


def add_schema(ctx: Context, schema: str, database: str) -> None:
    ctx.cursor.execute(f"INSERT INTO {ENGINE}.external_schemas VALUES (?, ?)", [schema, database])


def remove_schema(ctx: Context, schema: str) -> None:
    ctx.cursor.execute(f"DELETE FROM {ENGINE}.external_schemas WHERE name = ?", [schema])


def tables_in(ctx: Context, schema: str) -> list[TableName]:
    """The external tables of a schema, by name."""
    rows = ctx.cursor.execute(
        f"SELECT name FROM {ENGINE}.external_tables WHERE schema_name = ? ORDER BY name", [schema]
    ).fetchall()
    return [TableName(schema, name) for (name,) in rows]


def find(ctx: Context, name: TableName) -> ExternalTable | None:
    """The external table of that name, or None."""
    row = ctx.cursor.execute(
        f"SELECT id, location, columns FROM {ENGINE}.external_tables WHERE schema_name = ? AND name = ?",
        [name.schema, name.name],
    ).fetchone()
    if row is None:
        return None
    id, location, columns = row
    typed = [(c["name"], types.parse(c["type"]), c["part_key"]) for c in columns]
    return ExternalTable(
        id,
        name,
        restored(ctx.settings, location),
        tuple((column, type) for column, type, key in typed if key == 0),
        tuple((column, type) for column, type, key in typed if key > 0),
    )


def add_table(
    ctx: Context,
    name: TableName,
    columns: Sequence[tuple[str, SqlType]],
    partitions: Sequence[tuple[str, SqlType]],
    location: str,
    properties: dict[str, str],
) -> None:
    """Record a table; `location` is absolute."""
    described = [
        {"name": column, "type": types.render(type), "part_key": key}
        for column, type, key in [
            *((column, type, 0) for column, type in columns),
            *((column, type, key) for key, (column, type) in enumerate(partitions, 1)),
        ]
    ]
    ctx.cursor.execute(
        f"INSERT INTO {ENGINE}.external_tables VALUES "
        f"(nextval('{ENGINE}.external_ids'), $1, $2, $3, $4, map($5::VARCHAR[], $6::VARCHAR[]))",
        [
            name.schema,
            name.name,
            stored(ctx.settings, location),
            described,
            list(properties),
            list(properties.values()),
        ],
    )


def remove_table(ctx: Context, table: ExternalTable) -> None:
    """Forget a table and its partitions; the files stay."""
    ctx.cursor.execute(
        f"DELETE FROM {ENGINE}.external_bounds WHERE partition_id IN "
        f"(SELECT id FROM {ENGINE}.external_partitions WHERE table_id = ?)",
        [table.id],
    )
    for relation in ("files", "shapes", "partitions"):
        ctx.cursor.execute(f"DELETE FROM {ENGINE}.external_{relation} WHERE table_id = ?", [table.id])
    ctx.cursor.execute(f"DELETE FROM {ENGINE}.external_tables WHERE id = ?", [table.id])


def known_partitions(
    ctx: Context, table: ExternalTable, values: Iterable[tuple[str | None, ...]]
) -> dict[tuple[str | None, ...], int]:
    """Those of the partitions that exist, with their ids."""
    rows = ctx.cursor.execute(
        f'SELECT "values", id FROM {ENGINE}.external_partitions '
        'WHERE table_id = $1 AND "values" IN (SELECT unnest($2::VARCHAR[][]))',
        [table.id, [list(v) for v in values]],
    ).fetchall()
    return {tuple(known): id for known, id in rows}


def add_partitions(ctx: Context, table: ExternalTable, partitions: Sequence[PartitionFiles]) -> None:
    """Record partitions and the files that each has now."""
    if not partitions:
        return
    rows = ctx.cursor.execute(f"SELECT nextval('{ENGINE}.external_ids') FROM range({len(partitions)})").fetchall()
    ids = [id for (id,) in rows]
    ctx.cursor.execute(
        f"INSERT INTO {ENGINE}.external_partitions SELECT unnest($1::BIGINT[]), $2, unnest($3::VARCHAR[][]), "
        "unnest($4::VARCHAR[])",
        [ids, table.id, [list(p.values) for p in partitions], [stored(ctx.settings, p.location) for p in partitions]],
    )
    shapes = _shape_ids(ctx, table, {shape for p in partitions for _, shape in p.files})
    files = [(id, shapes[shape], path) for id, p in zip(ids, partitions, strict=True) for path, shape in p.files]
    ctx.cursor.execute(
        f"INSERT INTO {ENGINE}.external_files SELECT $1, unnest($2::BIGINT[]), unnest($3::BIGINT[]), "
        "unnest($4::VARCHAR[])",
        [table.id, *([file[i] for file in files] for i in range(3))],
    )
    bounds = [(id, *each) for id, p in zip(ids, partitions, strict=True) for each in p.bounds]
    ctx.cursor.execute(
        f"INSERT INTO {ENGINE}.external_bounds SELECT unnest($1::BIGINT[]), unnest($2::VARCHAR[]), "
        "unnest($3::TIMESTAMP[]), unnest($4::TIMESTAMP[])",
        [[each[i] for each in bounds] for i in range(4)],
    )


def remove_partitions(ctx: Context, ids: Sequence[int]) -> None:
    """Forget partitions; their files stay."""
    for relation in ("files", "bounds"):
        ctx.cursor.execute(
            f"DELETE FROM {ENGINE}.external_{relation} WHERE partition_id IN (SELECT unnest($1::BIGINT[]))", [ids]
        )
    ctx.cursor.execute(f"DELETE FROM {ENGINE}.external_partitions WHERE id IN (SELECT unnest($1::BIGINT[]))", [ids])


def _shape_ids(ctx: Context, table: ExternalTable, shapes: set[Shape]) -> dict[Shape, int]:
    rows = ctx.cursor.execute(
        f"SELECT id, columns FROM {ENGINE}.external_shapes WHERE table_id = ?", [table.id]
    ).fetchall()
    known = {tuple((c["name"], c["type"]) for c in columns): id for id, columns in rows}
    for shape in sorted(shapes - set(known)):
        row = ctx.cursor.execute(
            f"INSERT INTO {ENGINE}.external_shapes VALUES (nextval('{ENGINE}.external_ids'), ?, ?) RETURNING id",
            [table.id, [{"name": name, "type": type} for name, type in shape]],
        ).fetchone()
        assert row is not None
        known[shape] = row[0]
    return known


def svv_external_schemas() -> str:
    """DuckDB SQL of the rows of SVV_EXTERNAL_SCHEMAS."""
    return (
        "SELECT 1 AS eskind, name AS schemaname, 100 AS esowner, database_name AS databasename, '{}' AS esoptions "
        f"FROM {ENGINE}.external_schemas"
    )


def svv_external_tables(settings: EmbeddedSettings) -> str:
    """DuckDB SQL of the rows of SVV_EXTERNAL_TABLES."""
    return (
        f"SELECT schema_name AS schemaname, name AS tablename, {_absolute(settings, 'location')} AS location, "
        f"{_FORMATS}, '' AS serde_parameters, 0 AS compressed, CAST(to_json(properties) AS VARCHAR) AS parameters "
        f"FROM {ENGINE}.external_tables"
    )


def svv_external_columns() -> str:
    """DuckDB SQL of the rows of SVV_EXTERNAL_COLUMNS: data columns, then partition columns."""
    return (
        "SELECT schema_name AS schemaname, name AS tablename, c.name AS columnname, "
        "lower(c.type) AS external_type, ordinal AS columnnum, c.part_key AS part_key, 'true' AS is_nullable "
        "FROM (SELECT schema_name, name, unnest(columns) AS c, generate_subscripts(columns, 1) AS ordinal "
        f"FROM {ENGINE}.external_tables)"
    )


def svv_external_partitions(settings: EmbeddedSettings) -> str:
    """DuckDB SQL of the rows of SVV_EXTERNAL_PARTITIONS; `location` is cut to 128 characters, as on Redshift."""
    location = f"left({_absolute(settings, 'p.location')}, {_SHOWN_LOCATION})"
    return (
        'SELECT t.schema_name AS schemaname, t.name AS tablename, CAST(to_json(p."values") AS VARCHAR) AS "values", '
        f"{location} AS location, {_FORMATS}, '' AS serde_parameters, 0 AS compressed, '{{}}' AS parameters "
        f"FROM {ENGINE}.external_partitions AS p JOIN {ENGINE}.external_tables AS t ON t.id = p.table_id"
    )


_FORMATS = (
    "'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat' AS input_format, "
    "'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat' AS output_format, "
    "'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' AS serialization_lib"
)


def _absolute(settings: EmbeddedSettings, location: str) -> str:
    """The SQL of a stored location's absolute path; below a lake that is not configured, its path in the lake."""
    root = "" if settings.lake_root is None else f"{settings.lake_root}/"
    return (
        f"CASE WHEN starts_with({location}, '{LAKE_MARK}') "
        f"THEN {_literal(root)} || substr({location}, {len(LAKE_MARK) + 1}) ELSE {location} END"
    )


def absolute_file(settings: EmbeddedSettings, location: str, path: str) -> str:
    """The SQL of a file's absolute path from the SQL of its partition's location and its path below it."""
    return f"rtrim({_absolute(settings, location)}, '/') || '/' || {path}"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
