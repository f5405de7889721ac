"""Redshift's system views that Tidegate reads, as queries over the control tables and DuckDB's statistics.

Columns as in the developer guide, System tables and views; what DuckDB has no measure of is NULL.
"""

from tidegate.model.names import TableName
from tidegate.model.tables import SqlType, TypeKind
from tidegate.warehouse.embedded import catalog, external_catalog
from tidegate.warehouse.embedded import system_relations as relations
from tidegate.warehouse.embedded.bootstrap import ENGINE, FILE
from tidegate.warehouse.embedded.context import Context
from tidegate.warehouse.embedded.emitter import refused, text
from tidegate.warehouse.embedded.statistics import width_of
from tidegate.warehouse.embedded.system_activity import ACTIVITY_VIEWS
from tidegate.warehouse.embedded.system_information import INFORMATION_VIEWS
from tidegate.warehouse.embedded.system_objects import OBJECT_VIEWS
from tidegate.warehouse.embedded.system_pg import PG_VIEWS
from tidegate.warehouse.embedded.system_privileges import PRIVILEGE_VIEWS
from tidegate.warehouse.embedded.system_svv import ISOLATION, SVV_VIEWS
from tidegate.warehouse.embedded.system_view import SystemView
from tidegate.warehouse.embedded.values import BIGINT, BOOLEAN, INTEGER, TEXT, TIMESTAMP

_FRACTION = SqlType(TypeKind.DECIMAL, precision=10, scale=4)
_PERCENT = SqlType(TypeKind.DECIMAL, precision=5, scale=2)


def find(schema: str | None, name: str) -> SystemView | None:
    """The system view that a reference means, None when it means something else.

    Raises:
        StatementRefused: a system view that the embedded warehouse does not have.
    """
    if schema == "information_schema":
        return _information(name)
    if schema not in (None, "pg_catalog"):
        return None
    known = _VIEWS.get(name)
    if known is None and (name.startswith(("svv_", "svl_", "stl_", "stv_", "sys_")) or schema == "pg_catalog"):
        raise refused(f"the system view {name}", hint=f"It has {', '.join(sorted(_VIEWS))}.")
    return known


def _information(name: str) -> SystemView:
    known = INFORMATION_VIEWS.get(name)
    if known is None:
        raise refused(
            f"the system view information_schema.{name}", hint=f"It has {', '.join(sorted(INFORMATION_VIEWS))}."
        )
    return known


def _visible(ctx: Context) -> str:
    """Rows `id` and `n`: how many rows each table has, deleted ones left out."""
    rows = ctx.cursor.execute(f"SELECT id, schema_name, name FROM {ENGINE}.relations WHERE kind = 'table'").fetchall()
    counts = [
        f"SELECT {id} AS id, (SELECT COUNT(*) FROM {catalog.physical(TableName(schema, name))}) AS n"
        for id, schema, name in rows
    ]
    return " UNION ALL ".join(counts) or "SELECT 0 AS id, 0 AS n"


def _table_info(ctx: Context) -> str:
    """`size` as the types suggest, in whole megabytes of rows before compression; tables without rows are absent."""
    shaped = f"from_json(definition->'columns', '{relations.SHAPE}')"
    width = f"(SELECT max(c.type.length) FROM (SELECT unnest({shaped}) AS c) WHERE c.type.kind = 'VARCHAR')"
    row = f"list_sum(list_transform({shaped}, lambda c: {width_of('c')}))"
    dist = (
        "CASE definition->>'dist_style' WHEN 'KEY' THEN 'KEY(' || (definition->>'dist_key') || ')' "
        "WHEN 'AUTO' THEN 'AUTO(ALL)' ELSE definition->>'dist_style' END"
    )
    return f"""SELECT {text(ctx.facts.database)} AS "database", r.schema_name AS "schema",
        CAST(r.id AS INTEGER) AS table_id, r.name AS "table", 'Y' AS encoded, {dist} AS diststyle,
        coalesce(definition->>'$.sort_keys[0]', 'AUTO(SORTKEY)') AS sortkey1,
        CAST(coalesce({width}, 0) AS INTEGER) AS max_varchar, 'none' AS sortkey1_enc,
        CAST(json_array_length(definition->'sort_keys') AS INTEGER) AS sortkey_num,
        CAST(n * {row} // 1048576 + 1 AS BIGINT) AS size,
        CAST(NULL AS DECIMAL(10,4)) AS pct_used, CAST(0 AS BIGINT) AS empty, CAST(NULL AS DECIMAL(5,2)) AS unsorted,
        CAST(NULL AS DECIMAL(5,2)) AS stats_off, CAST(greatest(t.estimated_size, n) AS DECIMAL(38,0)) AS tbl_rows,
        CAST(NULL AS DECIMAL(19,2)) AS skew_sortkey1, CAST(NULL AS DECIMAL(19,2)) AS skew_rows,
        CAST(n AS DECIMAL(38,0)) AS estimated_visible_rows, CAST(NULL AS VARCHAR) AS risk_event,
        CAST(0 AS DECIMAL(12,2)) AS vacuum_sort_benefit, r.created_at AS create_time
        FROM {ENGINE}.relations AS r JOIN duckdb_tables() AS t
        ON t.database_name = '{FILE}' AND t.schema_name = r.schema_name AND t.table_name = r.name
        JOIN ({_visible(ctx)}) AS v ON v.id = r.id
        WHERE r.kind = 'table' AND greatest(t.estimated_size, n) > 0"""


def _columns(ctx: Context) -> str:
    database, external = text(ctx.facts.database), external_catalog.svv_external_columns()
    comment = f"(SELECT o.comment FROM {ENGINE}.comments AS o WHERE o.object = 'column ' || "
    return f"""SELECT {database} AS table_catalog, schema_name AS table_schema, name AS table_name,
        c.name AS column_name, CAST(ordinal AS INTEGER) AS ordinal_position, c."default" AS column_default,
        CASE WHEN c.nullable THEN 'YES' ELSE 'NO' END AS is_nullable, CAST(NULL AS VARCHAR) AS domain_name,
        {relations.DATA_TYPE} AS data_type, CAST({relations.LENGTH} AS INTEGER) AS character_maximum_length,
        CAST({relations.PRECISION} AS INTEGER) AS numeric_precision,
        CAST({relations.SCALE} AS INTEGER) AS numeric_scale,
        {comment} schema_name || '.' || name || '.' || c.name) AS remarks
        FROM {relations.columns("table", "view")}
        UNION ALL SELECT {database}, schemaname, tablename, columnname, CAST(columnnum AS INTEGER), NULL, 'YES', NULL,
        regexp_replace(external_type, '\\(.*', ''), NULL, NULL, NULL, NULL FROM ({external})"""


def _tables(ctx: Context) -> str:
    external = external_catalog.svv_external_tables(ctx.settings)
    return f"""SELECT {text(ctx.facts.database)} AS table_catalog, schema_name AS table_schema, name AS table_name,
        CASE kind WHEN 'table' THEN 'BASE TABLE' ELSE 'VIEW' END AS table_type,
        (SELECT o.comment FROM {ENGINE}.comments AS o WHERE o.object = 'relation ' || schema_name || '.' || name)
        AS remarks FROM {ENGINE}.relations
        UNION ALL SELECT {text(ctx.facts.database)}, schemaname, tablename, 'EXTERNAL TABLE', NULL FROM ({external})"""


def _table_def(ctx: Context) -> str:
    """Only schemas on the search path, which is `public` (PG_TABLE_DEF)."""
    return f"""SELECT schema_name AS schemaname, name AS tablename, c.name AS "column", c.shown AS "type",
        {relations.ENCODING} AS encoding, {relations.IS_DIST_KEY} AS distkey,
        CAST({relations.SORT_ORDER} AS INTEGER) AS sortkey, NOT c.nullable AS "notnull"
        FROM {relations.columns("table")} WHERE schema_name = 'public'"""


def _isolation(ctx: Context) -> str:
    return f"SELECT {text(ctx.facts.database)} AS db_name, '{ISOLATION}' AS isolation_level"


_VIEWS: dict[str, SystemView] = {
    **SVV_VIEWS,
    **PG_VIEWS,
    **OBJECT_VIEWS,
    **ACTIVITY_VIEWS,
    **PRIVILEGE_VIEWS,
    "svv_table_info": SystemView(
        {
            **{"database": TEXT, "schema": TEXT, "table_id": INTEGER, "table": TEXT, "encoded": TEXT},
            **{"diststyle": TEXT, "sortkey1": TEXT, "max_varchar": INTEGER, "sortkey1_enc": TEXT},
            **{"sortkey_num": INTEGER, "size": BIGINT, "pct_used": _FRACTION, "empty": BIGINT},
            **{"unsorted": _PERCENT, "stats_off": _PERCENT},
            "tbl_rows": SqlType(TypeKind.DECIMAL, precision=38, scale=0),
            "skew_sortkey1": SqlType(TypeKind.DECIMAL, precision=19, scale=2),
            "skew_rows": SqlType(TypeKind.DECIMAL, precision=19, scale=2),
            "estimated_visible_rows": SqlType(TypeKind.DECIMAL, precision=38, scale=0),
            "risk_event": TEXT,
            "vacuum_sort_benefit": SqlType(TypeKind.DECIMAL, precision=12, scale=2),
            "create_time": TIMESTAMP,
        },
        _table_info,
    ),
    "svv_columns": SystemView(
        {
            **{"table_catalog": TEXT, "table_schema": TEXT, "table_name": TEXT, "column_name": TEXT},
            **{
                "ordinal_position": INTEGER,
                "column_default": TEXT,
                "is_nullable": TEXT,
                "domain_name": TEXT,
                "data_type": TEXT,
            },
            **{"character_maximum_length": INTEGER, "numeric_precision": INTEGER, "numeric_scale": INTEGER},
            "remarks": TEXT,
        },
        _columns,
    ),
    "svv_tables": SystemView(
        {"table_catalog": TEXT, "table_schema": TEXT, "table_name": TEXT, "table_type": TEXT, "remarks": TEXT}, _tables
    ),
    "pg_table_def": SystemView(
        {
            **{"schemaname": TEXT, "tablename": TEXT, "column": TEXT, "type": TEXT, "encoding": TEXT},
            **{"distkey": BOOLEAN, "sortkey": INTEGER, "notnull": BOOLEAN},
        },
        _table_def,
    ),
    "stv_db_isolation_level": SystemView({"db_name": TEXT, "isolation_level": TEXT}, _isolation),
    "svv_external_schemas": SystemView(
        {"eskind": INTEGER, "schemaname": TEXT, "esowner": INTEGER, "databasename": TEXT, "esoptions": TEXT},
        lambda ctx: external_catalog.svv_external_schemas(),
    ),
    "svv_external_tables": SystemView(
        {
            **{"schemaname": TEXT, "tablename": TEXT, "location": TEXT, "input_format": TEXT, "output_format": TEXT},
            **{"serialization_lib": TEXT, "serde_parameters": TEXT, "compressed": INTEGER, "parameters": TEXT},
        },
        lambda ctx: external_catalog.svv_external_tables(ctx.settings),
    ),
    "svv_external_columns": SystemView(
        {
            **{"schemaname": TEXT, "tablename": TEXT, "columnname": TEXT, "external_type": TEXT},
            **{"columnnum": INTEGER, "part_key": INTEGER, "is_nullable": TEXT},
        },
        lambda ctx: external_catalog.svv_external_columns(),
    ),
    "svv_external_partitions": SystemView(
        {
            **{"schemaname": TEXT, "tablename": TEXT, "values": TEXT, "location": TEXT, "input_format": TEXT},
            **{"output_format": TEXT, "serialization_lib": TEXT, "serde_parameters": TEXT, "compressed": INTEGER},
            "parameters": TEXT,
        },
        lambda ctx: external_catalog.svv_external_partitions(ctx.settings),
    ),
}
