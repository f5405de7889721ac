"""Values on their way into a column: converted to its declared type and checked as Redshift checks them."""

from tidegate.model.tables import Column, TypeKind
from tidegate.warehouse.embedded.types import duckdb_type


def fitted(column: Column, expression: str) -> str:
    """The DuckDB expression that turns `expression` into a value of the column, or fails when it is no value of it.

    VARCHAR and CHAR count bytes, and blanks at the end beyond the length are cut; CHAR holds single-byte characters
    and is stored without its padding; DECIMAL is rounded to its scale (Character types, Numeric types). A text becomes
    a string of SUPER, as only JSON_PARSE reads JSON.
    """
    kind = column.type.kind
    if kind is TypeKind.VARCHAR:
        return _varchar(expression, column.type.length or 65_535)
    if kind is TypeKind.CHAR:
        return _char(expression, column.type.length or 1)
    if kind is TypeKind.SUPER:
        return f"CAST(to_json({expression}) AS JSON)"
    if kind is TypeKind.VARBYTE:
        return _varbyte(expression, column.type.length or 64_000)
    return f"CAST({expression} AS {duckdb_type(column.type)})"


def _varchar(expression: str, length: int) -> str:
    value = f"CAST({expression} AS VARCHAR)"
    trimmed = f"rtrim({value}, ' ')"
    return (
        f"CASE WHEN {value} IS NULL THEN NULL WHEN strlen({value}) <= {length} THEN {value} "
        f"WHEN strlen({trimmed}) <= {length} THEN {trimmed} || repeat(' ', {length} - strlen({trimmed})) "
        f"ELSE CAST(error('value too long for type character varying({length})') AS VARCHAR) END"
    )


def _char(expression: str, length: int) -> str:
    value = f"rtrim(CAST({expression} AS VARCHAR), ' ')"
    wide = "'CHAR string contains invalid ASCII character: multibyte characters need VARCHAR'"
    return (
        f"CASE WHEN {value} IS NULL THEN NULL "
        f"WHEN strlen({value}) <= {length} AND strlen({value}) = length({value}) THEN {value} "
        f"WHEN strlen({value}) <> length({value}) "
        f"THEN CAST(error({wide}) AS VARCHAR) "
        f"ELSE CAST(error('value too long for type character({length})') AS VARCHAR) END"
    )


def _varbyte(expression: str, length: int) -> str:
    value = f"CAST({expression} AS BLOB)"
    return (
        f"CASE WHEN {value} IS NULL THEN NULL WHEN octet_length({value}) <= {length} THEN {value} "
        f"ELSE CAST(error('value too long for type varbyte({length})') AS BLOB) END"
    )
