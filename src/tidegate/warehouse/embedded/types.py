"""Redshift's types in DuckDB, and DuckDB's result types as Redshift names them."""

import re

from tidegate.errors import StatementRefused
from tidegate.model.tables import SqlType, TypeKind
from tidegate.redshift.types import parse

_STORED = {
    TypeKind.SMALLINT: "SMALLINT",
    TypeKind.INTEGER: "INTEGER",
    TypeKind.BIGINT: "BIGINT",
    TypeKind.REAL: "FLOAT",
    TypeKind.DOUBLE: "DOUBLE",
    TypeKind.BOOLEAN: "BOOLEAN",
    TypeKind.CHAR: "VARCHAR",
    TypeKind.VARCHAR: "VARCHAR",
    TypeKind.DATE: "DATE",
    TypeKind.TIME: "TIME",
    TypeKind.TIMETZ: "TIMETZ",
    TypeKind.TIMESTAMP: "TIMESTAMP",
    TypeKind.TIMESTAMPTZ: "TIMESTAMPTZ",
    TypeKind.SUPER: "JSON",
    TypeKind.VARBYTE: "BLOB",
}
_SHOWN = {
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "UTINYINT": "smallint",
    "SMALLINT": "smallint",
    "USMALLINT": "integer",
    "INTEGER": "integer",
    "UINTEGER": "bigint",
    "BIGINT": "bigint",
    "HUGEINT": "numeric(38,0)",
    "UBIGINT": "numeric(20,0)",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "VARCHAR": "character varying(65535)",
    "DATE": "date",
    "TIME": "time without time zone",
    "TIME WITH TIME ZONE": "time with time zone",
    "TIMESTAMP": "timestamp without time zone",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    "JSON": "super",
    "BLOB": "varbyte(64000)",
    "INTERVAL": "interval day to second",
    '"NULL"': "character varying(65535)",
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_TEXT = {
    TypeKind.CHAR: "character({length})",
    TypeKind.VARCHAR: "character varying({length})",
    TypeKind.VARBYTE: "varbyte({length})",
    TypeKind.DECIMAL: "numeric({precision},{scale})",
    TypeKind.TIME: "time without time zone",
    TypeKind.TIMETZ: "time with time zone",
    TypeKind.TIMESTAMP: "timestamp without time zone",
    TypeKind.TIMESTAMPTZ: "timestamp with time zone",
}


def duckdb_type(type: SqlType) -> str:
    """The DuckDB type that holds a Redshift type exactly; CHAR is held without its padding.

    Raises:
        StatementRefused: no DuckDB type does.
    """
    if type.kind is TypeKind.DECIMAL:
        return f"DECIMAL({18 if type.precision is None else type.precision},{type.scale or 0})"
    stored = _STORED.get(type.kind)
    if stored is None:
        raise StatementRefused(
            f"the type {type.kind.value} is not supported by the embedded warehouse",
            hint="Leave the column out, or hold its text in a VARCHAR.",
        )
    return stored


def catalog_text(type: SqlType) -> str:
    """The type as Redshift's catalog shows it, e.g. `character varying(256)` or `numeric(18,0)`."""
    pattern = _TEXT.get(type.kind)
    if pattern is None:
        return type.kind.value.lower()
    return pattern.format(length=type.length, precision=type.precision, scale=type.scale)


def result_type(duckdb_name: str) -> str:
    """A result column's type as Redshift names it. Lengths of computed texts are not known: they are the longest.

    Raises:
        StatementRefused: a type that Redshift does not have.
    """
    if match := _DECIMAL.fullmatch(duckdb_name):
        return f"numeric({match[1]},{match[2]})"
    shown = _SHOWN.get(duckdb_name)
    if shown is None:
        raise StatementRefused(
            f"the statement returns the type {duckdb_name}, which Redshift does not have",
            hint="Cast the column to a type that Redshift has.",
        )
    return shown


def declared_type(duckdb_name: str) -> SqlType:
    """The column type that CREATE TABLE AS gives a result column."""
    if match := _DECIMAL.fullmatch(duckdb_name):
        return SqlType(TypeKind.DECIMAL, precision=int(match[1]), scale=int(match[2]))
    return parse(result_type(duckdb_name))
