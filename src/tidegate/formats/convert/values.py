"""Values as DuckDB takes them from text, and what it would take wrongly.

As run on DuckDB 2.0.0, a cast from text rounds (`1.5` to an integer, `1.005` to two places), drops a time from a date
and a zone from a timestamp, knows `infinity` as a day, and reads numbers with a point as doubles. `unfit` is true for
each of these; it costs a few comparisons a value, and patterns only for the rare forms.
"""

from collections.abc import Callable

from tidegate.errors import UsageError
from tidegate.formats.inventory.engine import text
from tidegate.model.tables import SqlType, TypeKind

_DOUBLE_DIGITS = 15
"""Every number of so many digits comes back from a double as it was."""

TEXT, JSON = "VARCHAR", "JSON"

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT = _DAY + r"[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6}0*)?)?"
_ZONE = r" ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
_MAX_SUPER = 16_000_000
_TEXT_IN_JSON = r'"(\\.|[^"\\])*"'
_ENDLESS = text("(?i)nan|inf")
"""DuckDB takes NaN and Infinity for JSON (as run on 2.0.0); both are JSON only inside of a text."""

_NUL = r"\u0000"
_ESCAPED_NUL = r"(^|[^\\])(\\\\)*\\u0000"

_ENGINE_TYPES = {
    TypeKind.SMALLINT: "SMALLINT",
    TypeKind.INTEGER: "INTEGER",
    TypeKind.BIGINT: "BIGINT",
    TypeKind.REAL: "FLOAT",
    TypeKind.DOUBLE: "DOUBLE",
    TypeKind.BOOLEAN: "BOOLEAN",
    TypeKind.CHAR: "VARCHAR",
    TypeKind.VARCHAR: "VARCHAR",
    TypeKind.DATE: "DATE",
    TypeKind.TIMESTAMP: "TIMESTAMP",
    TypeKind.TIMESTAMPTZ: "TIMESTAMPTZ",
    TypeKind.SUPER: "JSON",
}

CONVERTED = frozenset({*_ENGINE_TYPES, TypeKind.DECIMAL})
"""Kinds that a text can be converted to."""


def engine_type(type: SqlType) -> str:
    """Raises UsageError for a type that no text is converted to."""
    if type.kind is TypeKind.DECIMAL:
        return f"DECIMAL({type.precision},{type.scale})"
    try:
        return _ENGINE_TYPES[type.kind]
    except KeyError as error:
        raise UsageError(
            f"nothing is converted to {type.kind.value}",
            hint="Choose numbers, BOOLEAN, VARCHAR, CHAR, DATE, TIMESTAMP, TIMESTAMPTZ or SUPER.",
        ) from error


def written(type: SqlType) -> str:
    """The type as a person writes it."""
    if type.kind is TypeKind.SUPER:
        return type.kind.value
    return f"{type.kind.value}({type.length})" if type.length else engine_type(type)


def leaf_type(type: SqlType) -> str:
    """What the value is read as: text, or JSON where quotes tell an exact number from one that was a double."""
    return JSON if type.kind is TypeKind.SUPER or _is_wide(type) else TEXT


def as_text(value: str, read_as: str, type: SqlType) -> str:
    """The text of a leaf that was read as `read_as`; of SUPER, the JSON."""
    if read_as == TEXT or type.kind is TypeKind.SUPER:
        return value
    return f"(CASE WHEN starts_with({value}::VARCHAR, '\"') THEN {value} ->> '$' ELSE {value}::VARCHAR END)"


def unfit(value: str, leaf: str, type: SqlType) -> str:
    """A condition on the text `value`: a cast to `type` would change it. `leaf` is what it was read as."""
    if type.kind is TypeKind.DECIMAL:
        return _unfit_decimal(value, leaf, type)
    return _UNFIT[type.kind](value, type)


def cast(value: str, type: SqlType) -> str:
    """The value as it is written. SUPER of a length is the text of its JSON, as JSON_PARSE takes it from a column."""
    if type.kind is TypeKind.SUPER and type.length:
        return f"CAST({value} AS VARCHAR)"
    return value if engine_type(type) == "VARCHAR" else f"CAST({value} AS {engine_type(type)})"


def _is_wide(type: SqlType) -> bool:
    return type.kind is TypeKind.DECIMAL and (type.precision or 0) > _DOUBLE_DIGITS


def _unfit_decimal(value: str, leaf: str, type: SqlType) -> str:
    scale = type.scale or 0
    many = f"(instr({value}, '.') > 0 AND strlen({value}) - instr({value}, '.') > {scale})"
    zeros = text(rf"[^.]*\.[0-9]{{0,{scale}}}0*")
    power = f"(contains({value}, 'e') OR contains({value}, 'E'))"
    rounded = f"CAST(CAST({value} AS DECIMAL({type.precision},{scale})) AS DOUBLE) <> CAST({value} AS DOUBLE)"
    condition = (
        f"CASE WHEN {power} THEN {rounded} WHEN {many} THEN NOT regexp_full_match({value}, {zeros}) ELSE false END"
    )
    if not _is_wide(type):
        return condition
    digits = f"strlen(regexp_replace({value}, '[eE].*$|[-.]', '', 'g')) > {_DOUBLE_DIGITS}"
    inexact = f"(NOT starts_with({leaf}::VARCHAR, '\"') AND ({power} OR contains({value}, '.')) AND {digits})"
    return f"({condition} OR {inexact})"


def _unfit_integer(value: str, type: SqlType) -> str:
    """A point, a power, `0x1f`, `0b1`, `1_000`."""
    return f"({' OR '.join(f'contains({value}, {text(sign)})' for sign in '.eE_xXbB')})"


def _unfit_double(value: str, type: SqlType) -> str:
    """No number, or a whole one that no double is."""
    whole = f"regexp_full_match({value}, '-?[0-9]{{16,38}}')"
    other = f"CAST(CAST({value} AS DOUBLE) AS DECIMAL(38,0)) <> CAST({value} AS DECIMAL(38,0))"
    return f"(NOT isfinite(CAST({value} AS DOUBLE)) OR CASE WHEN {whole} THEN {other} ELSE false END)"


def _unfit_text(value: str, type: SqlType) -> str:
    return f"(strlen({value}) > {type.length} OR contains({value}, chr(0)))"


def _unfit_moment(value: str, type: SqlType) -> str:
    """A day alone is its midnight."""
    plain = f"(strlen({value}) = 19 AND substr({value}, 5, 1) = '-' AND substr({value}, 17, 1) = ':')"
    return f"(NOT {plain} AND NOT regexp_full_match({value}, {text(f'{_DAY}|{_MOMENT}')}))"


def _unfit_super(value: str, type: SqlType) -> str:
    """Too long, or with a NUL character, which no text of Redshift holds; a backslash may itself be escaped."""
    escaped = f"(contains({value}::VARCHAR, {text(_NUL)}) AND regexp_matches({value}::VARCHAR, {text(_ESCAPED_NUL)}))"
    no_texts = f"regexp_replace({value}::VARCHAR, {text(_TEXT_IN_JSON)}, '', 'g')"
    endless = f"(regexp_matches({value}::VARCHAR, {_ENDLESS}) AND regexp_matches({no_texts}, {_ENDLESS}))"
    return f"(strlen({value}::VARCHAR) > {type.length or _MAX_SUPER} OR {escaped} OR {endless})"


_UNFIT: dict[TypeKind, Callable[[str, SqlType], str]] = {
    TypeKind.SMALLINT: _unfit_integer,
    TypeKind.INTEGER: _unfit_integer,
    TypeKind.BIGINT: _unfit_integer,
    TypeKind.REAL: lambda value, _: f"(NOT isfinite(CAST({value} AS FLOAT)))",
    TypeKind.DOUBLE: _unfit_double,
    TypeKind.BOOLEAN: lambda value, _: f"(lower({value}) NOT IN ('true', 'false'))",
    TypeKind.CHAR: lambda value, type: f"({_unfit_text(value, type)} OR strlen({value}) <> length({value}))",
    TypeKind.VARCHAR: _unfit_text,
    TypeKind.DATE: lambda value, _: f"(strlen({value}) <> 10 OR substr({value}, 5, 1) <> '-')",
    TypeKind.TIMESTAMP: _unfit_moment,
    TypeKind.TIMESTAMPTZ: lambda value, _: f"(NOT regexp_full_match({value}, {text(_MOMENT + _ZONE)}))",
    TypeKind.SUPER: _unfit_super,
}
