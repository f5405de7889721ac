"""Redshift's views of databases, schemas, tables and columns across kinds: SVV_ALL_… and SVV_REDSHIFT_….

Columns as in the developer guide, SVV metadata views. There is one database.
"""

from tidegate.model.tables import SqlType
from tidegate.warehouse.embedded import external_catalog
from tidegate.warehouse.embedded import system_relations as relations
from tidegate.warehouse.embedded.bootstrap import ENGINE
from tidegate.warehouse.embedded.context import Context
from tidegate.warehouse.embedded.emitter import text
from tidegate.warehouse.embedded.system_view import SystemView
from tidegate.warehouse.embedded.values import BOOLEAN, INTEGER, TEXT

ISOLATION = "Snapshot Isolation"

_NOTHING = "CAST(NULL AS VARCHAR)"
_TABLE_REMARK = (
    f"(SELECT o.comment FROM {ENGINE}.comments AS o WHERE o.object = 'relation ' || schema_name || '.' || name)"
)
_COLUMN_REMARK = (
    f"(SELECT o.comment FROM {ENGINE}.comments AS o "
    "WHERE o.object = 'column ' || schema_name || '.' || name || '.' || c.name)"
)
_NULLABLE = "CASE WHEN c.nullable THEN 'YES' ELSE 'NO' END"


def _databases(ctx: Context) -> str:
    return f"""SELECT {text(ctx.facts.database)} AS database_name, 100 AS database_owner, 'local' AS database_type,
        {_NOTHING} AS database_acl, {_NOTHING} AS database_options, '{ISOLATION}' AS database_isolation_level"""


def _redshift_schemas(ctx: Context) -> str:
    return f"""SELECT {text(ctx.facts.database)} AS database_name, name AS schema_name, 100 AS schema_owner,
        'local' AS schema_type, {_NOTHING} AS schema_acl, {_NOTHING} AS schema_option FROM {relations.SCHEMAS}"""


def _all_schemas(ctx: Context) -> str:
    database = text(ctx.facts.database)
    return f"""SELECT {database} AS database_name, name AS schema_name, 100 AS schema_owner,
        'local' AS schema_type, {_NOTHING} AS schema_acl, {_NOTHING} AS source_database,
        {_NOTHING} AS schema_option FROM {relations.SCHEMAS}
        UNION ALL SELECT {database}, schemaname, esowner, 'external', NULL, databasename, NULL
        FROM ({external_catalog.svv_external_schemas()})"""


def _redshift_tables(ctx: Context) -> str:
    return f"""SELECT {text(ctx.facts.database)} AS database_name, schema_name, name AS table_name,
        CASE kind WHEN 'table' THEN 'TABLE' ELSE 'VIEW' END AS table_type, {_NOTHING} AS table_acl,
        {_TABLE_REMARK} AS remarks FROM {ENGINE}.relations"""


def _all_tables(ctx: Context) -> str:
    external = external_catalog.svv_external_tables(ctx.settings)
    return f"""SELECT database_name, schema_name, table_name, table_acl, table_type, remarks
        FROM ({_redshift_tables(ctx)}) UNION ALL SELECT {text(ctx.facts.database)}, schemaname, tablename, NULL,
        'EXTERNAL TABLE', NULL FROM ({external})"""


def _redshift_columns(ctx: Context) -> str:
    return f"""SELECT {text(ctx.facts.database)} AS database_name, schema_name, name AS table_name,
        c.name AS column_name, CAST(ordinal AS INTEGER) AS ordinal_position, c.shown AS data_type,
        {relations.DEFAULT} AS column_default, {_NULLABLE} AS is_nullable,
        CASE kind WHEN 'table' THEN {relations.ENCODING} END AS encoding,
        kind = 'table' AND {relations.IS_DIST_KEY} AS distkey,
        CAST(CASE kind WHEN 'table' THEN {relations.SORT_ORDER} ELSE 0 END AS INTEGER) AS sortkey,
        {_NOTHING} AS column_acl, {_COLUMN_REMARK} AS remarks FROM {relations.columns("table", "view")}"""


def _all_columns(ctx: Context) -> str:
    external = external_catalog.svv_external_columns()
    database = text(ctx.facts.database)
    return f"""SELECT {database} AS database_name, schema_name, name AS table_name, c.name AS column_name,
        CAST(ordinal AS INTEGER) AS ordinal_position, {relations.DEFAULT} AS column_default,
        {_NULLABLE} AS is_nullable, {relations.DATA_TYPE} AS data_type,
        CAST({relations.LENGTH} AS INTEGER) AS character_maximum_length,
        CAST({relations.PRECISION} AS INTEGER) AS numeric_precision,
        CAST({relations.SCALE} AS INTEGER) AS numeric_scale, {_COLUMN_REMARK} AS remarks
        FROM {relations.columns("table", "view")}
        UNION ALL SELECT {database}, schemaname, tablename, columnname, CAST(columnnum AS INTEGER), NULL, 'YES',
        regexp_replace(external_type, '\\(.*', ''), NULL, NULL, NULL, NULL FROM ({external})"""


def _texts(*names: str) -> dict[str, SqlType | None]:
    return dict.fromkeys(names, TEXT)


_TABLE = _texts("database_name", "schema_name", "table_name")
_PLACE = {**_TABLE, "column_name": TEXT, "ordinal_position": INTEGER}

SVV_VIEWS: dict[str, SystemView] = {
    "svv_redshift_databases": SystemView(
        {
            **{"database_name": TEXT, "database_owner": INTEGER},
            **_texts("database_type", "database_acl", "database_options", "database_isolation_level"),
        },
        _databases,
    ),
    "svv_redshift_schemas": SystemView(
        {
            **_texts("database_name", "schema_name"),
            "schema_owner": INTEGER,
            **_texts("schema_type", "schema_acl", "schema_option"),
        },
        _redshift_schemas,
    ),
    "svv_all_schemas": SystemView(
        {
            **_texts("database_name", "schema_name"),
            "schema_owner": INTEGER,
            **_texts("schema_type", "schema_acl", "source_database", "schema_option"),
        },
        _all_schemas,
    ),
    "svv_redshift_tables": SystemView({**_TABLE, **_texts("table_type", "table_acl", "remarks")}, _redshift_tables),
    "svv_all_tables": SystemView({**_TABLE, **_texts("table_acl", "table_type", "remarks")}, _all_tables),
    "svv_redshift_columns": SystemView(
        {
            **_PLACE,
            **_texts("data_type", "column_default", "is_nullable", "encoding"),
            **{"distkey": BOOLEAN, "sortkey": INTEGER},
            **_texts("column_acl", "remarks"),
        },
        _redshift_columns,
    ),
    "svv_all_columns": SystemView(
        {
            **_PLACE,
            **_texts("column_default", "is_nullable", "data_type"),
            **dict.fromkeys(("character_maximum_length", "numeric_precision", "numeric_scale"), INTEGER),
            "remarks": TEXT,
        },
        _all_columns,
    ),
}
