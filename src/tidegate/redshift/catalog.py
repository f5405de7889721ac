"""Queries on the warehouse's own catalog (reference: introspecting a table)."""

from collections.abc import Sequence

from tidegate.errors import UsageError
from tidegate.model.names import TableName, fold
from tidegate.model.tables import Column, SqlType, Table, TypeKind
from tidegate.redshift.guard import guard
from tidegate.redshift.identifiers import literal

DATA_TYPES = {
    TypeKind.SMALLINT: "smallint",
    TypeKind.INTEGER: "integer",
    TypeKind.BIGINT: "bigint",
    TypeKind.DECIMAL: "numeric",
    TypeKind.REAL: "real",
    TypeKind.DOUBLE: "double precision",
    TypeKind.BOOLEAN: "boolean",
    TypeKind.CHAR: "character",
    TypeKind.VARCHAR: "character varying",
    TypeKind.DATE: "date",
    TypeKind.TIME: "time without time zone",
    TypeKind.TIMETZ: "time with time zone",
    TypeKind.TIMESTAMP: "timestamp without time zone",
    TypeKind.TIMESTAMPTZ: "timestamp with time zone",
    TypeKind.SUPER: "super",
    TypeKind.VARBYTE: "binary varying",
}
"""`data_type` of SVV_COLUMNS for each type that can be archived."""

_OTHER_NAMES = {TypeKind.VARBYTE: "varbyte"}
"""Names that are seen too: VARBYTE and BINARY VARYING are the same type (developer guide, VARBYTE type)."""


def select_external_table(name: TableName) -> str:
    return (
        f"SELECT tablename FROM svv_external_tables WHERE schemaname = {literal(name.schema)} "
        f"AND tablename = {literal(name.name)}"
    )


def select_external_partitions(name: TableName) -> str:
    """Values only: `location` is cut to 128 characters there (SVV_EXTERNAL_PARTITIONS)."""
    return (
        f'SELECT "values" FROM svv_external_partitions WHERE schemaname = {literal(name.schema)} '
        f"AND tablename = {literal(name.name)}"
    )


def select_relations() -> str:
    """Every relation by schema and name; `table_type` is VIEW for a view."""
    return "SELECT table_schema, table_name, table_type FROM svv_tables"


_COLUMNS = """SELECT CAST(n.nspname AS VARCHAR(65535)) AS schema_name, CAST(c.relname AS VARCHAR(65535)) AS table_name,
    'column' AS part, CAST(a.attnum AS INTEGER) AS position, CAST(a.attname AS VARCHAR(65535)) AS name,
    CAST(FORMAT_TYPE(a.atttypid, a.atttypmod) AS VARCHAR(65535)) AS definition,
    CAST(d.adsrc AS VARCHAR(65535)) AS default_text, a.attnotnull AS required, a.attisdistkey AS dist_key,
    CAST(a.attsortkeyord AS INTEGER) AS sort_key,
    CAST(FORMAT_ENCODING(CAST(a.attencodingtype AS INTEGER)) AS VARCHAR(65535)) AS encoding,
    CAST(c.reldiststyle AS INTEGER) AS dist_style
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_attribute AS a ON a.attrelid = c.oid
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND ({named})"""
_KEYS = """SELECT CAST(n.nspname AS VARCHAR(65535)), CAST(c.relname AS VARCHAR(65535)),
    'key', CAST(k.oid AS INTEGER), CAST(k.conname AS VARCHAR(65535)),
    CAST(PG_GET_CONSTRAINTDEF(k.oid) AS VARCHAR(65535)),
    CAST(s.nspname AS VARCHAR(65535)), FALSE, FALSE, 0, CAST(t.relname AS VARCHAR(65535)), 0
FROM pg_constraint AS k
JOIN pg_class AS c ON c.oid = k.conrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_class AS t ON t.oid = k.confrelid
LEFT JOIN pg_namespace AS s ON s.oid = t.relnamespace
WHERE c.relkind = 'r' AND ({named})"""


def select_definitions(names: Sequence[TableName]) -> str:
    """Columns and keys of those local tables that exist, by table: first its columns in order, then its keys.

    Columns: schema_name, table_name, part (`column` or `key`), position, name, definition (a type with its measures,
    or the key as PG_GET_CONSTRAINTDEF writes it), default_text (of a foreign key: the schema that it refers to),
    required, dist_key, sort_key, encoding (of a foreign key: the table that it refers to), dist_style.

    Only catalog tables of the leader node, which no query may join with SVV_TABLE_INFO or user tables: they know
    empty tables too, and every user may read them. The joins are those of v_generate_tbl_ddl (amazon-redshift-utils).

    Raises:
        UsageError: no name is given.
    """
    named = _named(names, "n.nspname", "c.relname")
    return f"{_COLUMNS.format(named=named)}\nUNION ALL\n{_KEYS.format(named=named)}\nORDER BY 1, 2, 3, 4"


def select_present(names: Sequence[TableName]) -> str:
    """Schema and name of those local tables that exist (PG_CLASS).

    Raises:
        UsageError: no name is given.
    """
    return (
        "SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        f"WHERE c.relkind = 'r' AND ({_named(names, 'n.nspname', 'c.relname')})"
    )


def select_table_stats(names: Sequence[TableName]) -> str:
    """Sizes of those tables that have rows: SVV_TABLE_INFO leaves empty ones out. `size` is in blocks of 1 MB,
    `unsorted` and `stats_off` in percent; `tbl_rows` counts deleted rows too.

    Raises:
        UsageError: no name is given.
    """
    named = _named(names, '"schema"', '"table"')
    return (
        'SELECT "schema", "table", size, tbl_rows, estimated_visible_rows, unsorted, stats_off FROM svv_table_info '
        f"WHERE {named}"
    )


def select_isolation(database: str) -> str:
    """`Serializable` or `Snapshot Isolation` (SVV_REDSHIFT_DATABASES, visible to every user)."""
    return f"SELECT database_isolation_level FROM svv_redshift_databases WHERE database_name = {literal(database)}"


def select_place() -> str:
    """The namespace of the cluster or serverless workgroup, and the database: one row of two texts."""
    return "SELECT CURRENT_NAMESPACE, CURRENT_DATABASE()"


def select_history(mark: str) -> str:
    """Statements whose text holds `mark`, newest first (SYS_QUERY_HISTORY: on every kind of warehouse, kept for seven
    days; a user who is no superuser sees his own). This query itself is not among them.
    """
    return (
        "SELECT query_id, transaction_id, session_id, status, error_message, returned_rows, start_time, end_time "
        f"FROM sys_query_history WHERE STRPOS(query_text, {literal(mark)}) > 0 "
        "AND STRPOS(query_text, 'sys_query_history') = 0 ORDER BY start_time DESC, query_id DESC"
    )


def _named(names: Sequence[TableName], schema: str, table: str) -> str:
    """The condition that picks these tables; names of one schema share a list."""
    by_schema: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        by_schema.setdefault(name.schema, []).append(literal(name.name))
    if not by_schema:
        raise UsageError("no table is named", hint="Name at least one.")
    return " OR ".join(
        f"({schema} = {literal(each)} AND {table} IN ({', '.join(tables)}))" for each, tables in by_schema.items()
    )


def guard_columns(table: Table, reason: str) -> str:
    """Fails unless the table's column list is still this one: names and types, no more and no fewer."""
    known = " OR ".join(f"({_is(column)})" for column in table.columns)
    return guard(
        f"svv_columns WHERE table_schema = {literal(table.name.schema)} AND table_name = {literal(table.name.name)}",
        f"COUNT(*) = {len(table.columns)} AND COALESCE(SUM(CASE WHEN {known} THEN 1 ELSE 0 END), 0) "
        f"= {len(table.columns)}",
        reason,
    )


def guard_column(table: TableName, column: Column, reason: str) -> str:
    """Fails unless the table has this column, with this type."""
    source = f"svv_columns WHERE table_schema = {literal(table.schema)} AND table_name = {literal(table.name)}"
    return guard(f"{source} AND {_is(column)}", "COUNT(*) = 1", reason)


def _is(column: Column) -> str:
    names = [name for names in (DATA_TYPES, _OTHER_NAMES) if (name := names.get(column.type.kind))]
    kinds = f"= {literal(names[0])}" if len(names) == 1 else f"IN ({', '.join(map(literal, names))})"
    return f"column_name = {literal(fold(column.name))} AND data_type {kinds}{_measures(column.type)}"


def _measures(kind: SqlType) -> str:
    if kind.kind is TypeKind.DECIMAL:
        return f" AND numeric_precision = {kind.precision} AND numeric_scale = {kind.scale}"
    if kind.kind in (TypeKind.CHAR, TypeKind.VARCHAR):
        return f" AND character_maximum_length = {kind.length}"
    return ""
