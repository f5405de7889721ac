"""Queries on the warehouse's own catalog (reference: introspecting a table)."""

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


def guard_columns(table: Table, reason: str) -> str:
    """Fails unless the table's column list is still this one: names and types, no more and no fewer."""
    known = " OR ".join(f"({_is(column)})" for column in table.columns)
    return guard(
        f"svv_columns WHERE table_schema = {literal(table.name.schema)} AND table_name = {literal(table.name.name)}",
        f"COUNT(*) = {len(table.columns)} AND COALESCE(SUM(CASE WHEN {known} THEN 1 ELSE 0 END), 0) "
        f"= {len(table.columns)}",
        reason,
    )


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
