"""Fields of text and JSON files as values of columns (developer guide, Data conversion parameters).

A field is the SQL of a VARCHAR that is NULL where the file says NULL. What cannot be converted fails and names the
column, the value and the file.
"""

from collections.abc import Callable

from tidegate.errors import StatementRefused
from tidegate.model.tables import Column, SqlType, TypeKind
from tidegate.redshift.copy import Copy
from tidegate.redshift.types import render
from tidegate.warehouse.embedded.copy_formats import date_value, timestamp_value
from tidegate.warehouse.embedded.types import duckdb_type

FILE = "tidegate_file"
"""The column of every reader that holds the file's path."""

_INTEGER = r"\s*[-+]?[0-9]+\s*"
_PLAIN = r"\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)\s*"
_EXPONENT = r"\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+\s*"
_LONG = r"[0-9.]{17,}"
_LONG_NUMBERS = r"[:\[,]\s*-?([0-9]{20,}|[0-9]+\.[0-9]+)"
_EXACT_LENGTH = 16
"""Digits and point of the longest fraction that a double holds exactly."""

_SHOWN = 100
"""Characters of a bad value that a message shows."""


def value_of(column: Column, field: str, options: Copy) -> str:
    """The SQL of the column's value, of the DuckDB type that holds the column.

    Raises:
        StatementRefused: a date or time format that this driver does not read.
    """
    kind = column.type.kind
    if kind in (TypeKind.CHAR, TypeKind.VARCHAR):
        return _text(column.type, field, options)
    present = f"nullif({field}, '')"
    convert = _CONVERSIONS.get(kind)
    if convert is None:
        raise StatementRefused(
            f'COPY cannot load column "{column.name}" of type {render(column.type)} from text',
            hint="Load the file into a table with a VARCHAR column instead.",
        )
    return _or_fail(column, convert(present, column.type, options), present)


def exact_json(json: str) -> str:
    """The SQL of a JSON text, or of an error when it has a number that DuckDB would round.

    DuckDB's JSON knows doubles and 64-bit integers only.
    """
    numbers = f"regexp_extract_all({json}, {_literal(_LONG_NUMBERS)}, 1)"
    lossy = f"len(list_filter({numbers}, lambda n: strlen(n) > {_EXACT_LENGTH})) > 0"
    return (
        f"CASE WHEN regexp_matches({json}, {_literal(_LONG)}) AND {lossy} "
        f"THEN error('a JSON number has more digits than a double holds, in ' || {FILE} || ': write it as a string') "
        f"ELSE {json} END"
    )


def _text(type: SqlType, field: str, options: Copy) -> str:
    value = field
    if options.blanks_as_null:
        value = f"CASE WHEN regexp_full_match({value}, '\\s+') THEN NULL ELSE {value} END"
    if options.empty_as_null:
        value = f"nullif({value}, '')"
    if options.trim_blanks:
        value = f"rtrim({value}, ' ')"
    if options.truncate_columns:
        value = _truncated(value, type.length or 0)
    return value


def _truncated(value: str, length: int) -> str:
    """The longest beginning of a text that fits into `length` bytes without cutting a character."""
    fitting = f"list_filter(range({length} // 4, {length} + 1), lambda n: strlen(left({value}, n)) <= {length})"
    return (
        f"CASE WHEN strlen({value}) <= {length} THEN {value} "
        f"WHEN strlen({value}) = length({value}) THEN left({value}, {length}) "
        f"ELSE left({value}, list_max({fitting})) END"
    )


def _or_fail(column: Column, converted: str, field: str) -> str:
    message = (
        f"{_literal(f'invalid value for column {chr(34)}{column.name}{chr(34)} ({render(column.type)}): ')} "
        f"|| left({field}, {_SHOWN}) || ' in ' || {FILE}"
    )
    return f"coalesce({converted}, CASE WHEN {field} IS NOT NULL THEN error({message}) END)"


def _cast(field: str, type: SqlType, options: Copy) -> str:
    return _tried(field, duckdb_type(type))


def _integer(field: str, type: SqlType, options: Copy) -> str:
    """DuckDB alone would round 1.5 and read 1_000."""
    target = duckdb_type(type)
    other = f"WHEN regexp_full_match({field}, '{_INTEGER}') THEN {_tried(field, target)}"
    return f"CASE {_canonical(field, target)} {other} END"


def _canonical(field: str, target: str) -> str:
    """Most numbers are written as DuckDB writes them, which is seen sooner than a pattern is matched."""
    return f"WHEN CAST({_tried(field, target)} AS VARCHAR) = {field} THEN {_tried(field, target)}"


def _tried(field: str, target: str) -> str:
    return f"TRY_CAST({field} AS {target})"


def _decimal(field: str, type: SqlType, options: Copy) -> str:
    """COPY cuts digits beyond the scale unless ROUNDEC is given; a number with an exponent is rounded."""
    target = duckdb_type(type)
    if options.round_dec:
        numeric = f"regexp_full_match({field}, '{_PLAIN}') OR regexp_full_match({field}, '{_EXPONENT}')"
        return f"CASE WHEN {numeric} THEN TRY_CAST({field} AS {target}) END"
    point = f"instr({field}, '.')"
    cut = f"left({field}, {point} + {type.scale})" if type.scale else f"left({field}, {point}) || '0'"
    return (
        f"CASE {_canonical(field, target)} WHEN regexp_full_match({field}, '{_PLAIN}') "
        f"THEN TRY_CAST(CASE WHEN {point} > 0 THEN {cut} ELSE {field} END AS {target}) "
        f"WHEN regexp_full_match({field}, '{_EXPONENT}') THEN TRY_CAST({field} AS {target}) END"
    )


def _boolean(field: str, type: SqlType, options: Copy) -> str:
    return (
        f"CASE lower(trim({field})) "
        "WHEN 't' THEN true WHEN 'true' THEN true WHEN 'y' THEN true WHEN 'yes' THEN true WHEN '1' THEN true "
        "WHEN 'f' THEN false WHEN 'false' THEN false WHEN 'n' THEN false WHEN 'no' THEN false WHEN '0' THEN false END"
    )


def _date(field: str, type: SqlType, options: Copy) -> str:
    return date_value(field, options.date_format)


def _timestamp(field: str, type: SqlType, options: Copy) -> str:
    return timestamp_value(field, duckdb_type(type), options.time_format)


def _json(field: str, type: SqlType, options: Copy) -> str:
    return f"TRY_CAST({exact_json(field)} AS JSON)"


def _bytes(field: str, type: SqlType, options: Copy) -> str:
    return f"CASE WHEN regexp_full_match({field}, '([0-9A-Fa-f][0-9A-Fa-f])*') THEN unhex({field}) END"


_Conversion = Callable[[str, SqlType, Copy], str]

_CONVERSIONS: dict[TypeKind, _Conversion] = {
    TypeKind.SMALLINT: _integer,
    TypeKind.INTEGER: _integer,
    TypeKind.BIGINT: _integer,
    TypeKind.DECIMAL: _decimal,
    TypeKind.REAL: _cast,
    TypeKind.DOUBLE: _cast,
    TypeKind.BOOLEAN: _boolean,
    TypeKind.DATE: _date,
    TypeKind.TIME: _cast,
    TypeKind.TIMETZ: _cast,
    TypeKind.TIMESTAMP: _timestamp,
    TypeKind.TIMESTAMPTZ: _timestamp,
    TypeKind.SUPER: _json,
    TypeKind.VARBYTE: _bytes,
}


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
