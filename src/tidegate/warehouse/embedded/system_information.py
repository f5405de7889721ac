"""The information schema (SQL standard; PostgreSQL 8.0, chapter 30), as far as clients of Redshift read it."""

from tidegate.warehouse.embedded import system_relations as relations
from tidegate.warehouse.embedded.bootstrap import ENGINE
from tidegate.warehouse.embedded.context import Context
from tidegate.warehouse.embedded.emitter import text
from tidegate.warehouse.embedded.system_view import SystemView
from tidegate.warehouse.embedded.values import INTEGER, TEXT

_KEY_TYPES = "CASE contype WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' ELSE 'FOREIGN KEY' END"


def _schemata(ctx: Context) -> str:
    return f"""SELECT {text(ctx.facts.database)} AS catalog_name, name AS schema_name,
        {text(ctx.facts.user)} AS schema_owner FROM {relations.SCHEMAS}"""


def _tables(ctx: Context) -> str:
    return f"""SELECT {text(ctx.facts.database)} AS table_catalog, schema_name AS table_schema, name AS table_name,
        CASE kind WHEN 'table' THEN 'BASE TABLE' ELSE 'VIEW' END AS table_type FROM {ENGINE}.relations"""


def _columns(ctx: Context) -> str:
    return f"""SELECT {text(ctx.facts.database)} AS table_catalog, schema_name AS table_schema, name AS table_name,
        c.name AS column_name, CAST(ordinal AS INTEGER) AS ordinal_position, {relations.DEFAULT} AS column_default,
        CASE WHEN c.nullable THEN 'YES' ELSE 'NO' END AS is_nullable, {relations.DATA_TYPE} AS data_type,
        CAST({relations.LENGTH} AS INTEGER) AS character_maximum_length,
        CAST({relations.PRECISION} AS INTEGER) AS numeric_precision,
        CAST({relations.SCALE} AS INTEGER) AS numeric_scale FROM {relations.columns("table", "view")}"""


def _constraints(ctx: Context) -> str:
    database = text(ctx.facts.database)
    return f"""SELECT {database} AS constraint_catalog, schema_name AS constraint_schema, name AS constraint_name,
        {database} AS table_catalog, schema_name AS table_schema, table_name, {_KEY_TYPES} AS constraint_type
        FROM {relations.CONSTRAINTS}"""


def _key_columns(ctx: Context) -> str:
    database = text(ctx.facts.database)
    return f"""SELECT {database} AS constraint_catalog, schema_name AS constraint_schema, name AS constraint_name,
        {database} AS table_catalog, schema_name AS table_schema, table_name, unnest(key) AS column_name,
        CAST(generate_subscripts(key, 1) AS INTEGER) AS ordinal_position FROM {relations.CONSTRAINTS}"""


_TABLE = dict.fromkeys(("table_catalog", "table_schema", "table_name"), TEXT)
_CONSTRAINT = dict.fromkeys(("constraint_catalog", "constraint_schema", "constraint_name"), TEXT)
_PLACE = {"column_name": TEXT, "ordinal_position": INTEGER}

INFORMATION_VIEWS: dict[str, SystemView] = {
    "schemata": SystemView(dict.fromkeys(("catalog_name", "schema_name", "schema_owner"), TEXT), _schemata),
    "tables": SystemView({**_TABLE, "table_type": TEXT}, _tables),
    "columns": SystemView(
        {
            **_TABLE,
            **_PLACE,
            **dict.fromkeys(("column_default", "is_nullable", "data_type"), TEXT),
            **dict.fromkeys(("character_maximum_length", "numeric_precision", "numeric_scale"), INTEGER),
        },
        _columns,
    ),
    "table_constraints": SystemView({**_CONSTRAINT, **_TABLE, "constraint_type": TEXT}, _constraints),
    "key_column_usage": SystemView({**_CONSTRAINT, **_TABLE, **_PLACE}, _key_columns),
}
