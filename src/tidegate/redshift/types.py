"""Types as text, and text as types."""

import re
from dataclasses import dataclass

from tidegate.errors import UsageError
from tidegate.model.tables import SqlType, TypeKind

MAX_CHAR = 4096
MAX_VARCHAR = 65_535
MAX_VARBYTE = 16_777_216
MAX_PRECISION = 38
MAX_SCALE = 37
"""Developer guide: Character types, VARBYTE type (2025), Numeric types."""


@dataclass(frozen=True)
class _Length:
    default: int
    maximum: int


_LENGTHS = {
    TypeKind.CHAR: _Length(1, MAX_CHAR),
    TypeKind.VARCHAR: _Length(256, MAX_VARCHAR),
    TypeKind.VARBYTE: _Length(64_000, MAX_VARBYTE),
}
_DEFAULT_PRECISION = 18
_BPCHAR_LENGTH = 256

_SPELLINGS = {
    **{kind.value.lower(): kind for kind in TypeKind},
    "int2": TypeKind.SMALLINT,
    "int4": TypeKind.INTEGER,
    "int": TypeKind.INTEGER,
    "int8": TypeKind.BIGINT,
    "numeric": TypeKind.DECIMAL,
    "float4": TypeKind.REAL,
    "float8": TypeKind.DOUBLE,
    "float": TypeKind.DOUBLE,
    "bool": TypeKind.BOOLEAN,
    "character": TypeKind.CHAR,
    "nchar": TypeKind.CHAR,
    "national character": TypeKind.CHAR,
    "bpchar": TypeKind.CHAR,
    "character varying": TypeKind.VARCHAR,
    "char varying": TypeKind.VARCHAR,
    "nvarchar": TypeKind.VARCHAR,
    "national character varying": TypeKind.VARCHAR,
    "text": TypeKind.VARCHAR,
    "time without time zone": TypeKind.TIME,
    "time with time zone": TypeKind.TIMETZ,
    "timestamp without time zone": TypeKind.TIMESTAMP,
    "timestamp with time zone": TypeKind.TIMESTAMPTZ,
    "intervaly2m": TypeKind.INTERVAL_YM,
    "intervald2s": TypeKind.INTERVAL_DS,
    "varbinary": TypeKind.VARBYTE,
    "binary varying": TypeKind.VARBYTE,
}
_TEXT = re.compile(r"([a-z0-9]+(?: [a-z0-9]+)*) ?(?:\( ?([^()]*?) ?\))?")
_HINT = "Write a type that Redshift has, e.g. BIGINT, DECIMAL(18, 2), VARCHAR(256) or TIMESTAMPTZ."


def render(type: SqlType) -> str:
    """Return the type with its measures spelled out, e.g. `DECIMAL(18,0)` or `VARCHAR(256)`.

    Raises:
        UsageError: a measure is outside Redshift's limits, or the type has no such measure.
    """
    known = checked(type)
    if known.kind is TypeKind.DECIMAL:
        return f"DECIMAL({known.precision},{known.scale})"
    return known.kind.value if known.length is None else f"{known.kind.value}({known.length})"


def checked(type: SqlType) -> SqlType:
    """Return the type with Redshift's defaults filled in: CHAR(1), VARCHAR(256), VARBYTE(64000), DECIMAL(18,0).

    Raises:
        UsageError: a measure is outside Redshift's limits, or the type has no such measure.
    """
    if type.kind in _LENGTHS:
        return _checked_length(type, _LENGTHS[type.kind])
    if type.length is not None:
        raise UsageError(f"{type.kind.value} has no length", hint=f"Write {type.kind.value} alone.")
    if type.kind is TypeKind.DECIMAL:
        return _checked_decimal(type)
    _no_precision(type)
    return type


def parse(text: str) -> SqlType:
    """Read a type in any spelling that Redshift accepts or shows, in any case and spacing.

    Raises:
        UsageError: no such type, or a measure outside Redshift's limits.
    """
    match = _TEXT.fullmatch(" ".join(text.lower().split()))
    name, measures = match.groups() if match else ("", None)
    kind = _SPELLINGS.get(name)
    if kind is None:
        raise UsageError(f"{text!r} is not a Redshift type", hint=_HINT)
    if measures is None:
        return checked(SqlType(kind, length=_BPCHAR_LENGTH if name == "bpchar" else None))
    if name in ("text", "bpchar"):
        raise UsageError(f"{name} takes no length in {text!r}", hint="Write VARCHAR(n) or CHAR(n).")
    return checked(_measured(kind, measures, text))


def _measured(kind: TypeKind, measures: str, text: str) -> SqlType:
    if measures == "max" and kind in (TypeKind.CHAR, TypeKind.VARCHAR):
        return SqlType(kind, length=_LENGTHS[kind].maximum)
    if not re.fullmatch(r"[0-9]{1,9}( ?, ?[0-9]{1,9})?", measures):
        raise UsageError(f"{text!r} is not a Redshift type", hint=_HINT)
    numbers = [int(number) for number in measures.split(",")]
    if kind is TypeKind.DECIMAL:
        return SqlType(kind, precision=numbers[0], scale=numbers[1] if len(numbers) == 2 else 0)
    if kind in _LENGTHS and len(numbers) == 1:
        return SqlType(kind, length=numbers[0])
    if kind is TypeKind.INTERVAL_DS and numbers == [6]:
        return SqlType(kind)
    raise UsageError(f"{kind.value} takes no ({measures})", hint=_HINT)


def _checked_length(type: SqlType, limits: _Length) -> SqlType:
    _no_precision(type)
    length = limits.default if type.length is None else type.length
    if not 1 <= length <= limits.maximum:
        raise UsageError(
            f"{type.kind.value}({length}) is outside Redshift's limits",
            hint=f"The length of {type.kind.value} is 1 to {limits.maximum} bytes.",
        )
    return SqlType(type.kind, length=length)


def _checked_decimal(type: SqlType) -> SqlType:
    precision = _DEFAULT_PRECISION if type.precision is None else type.precision
    scale = type.scale or 0
    if not (1 <= precision <= MAX_PRECISION and 0 <= scale <= min(MAX_SCALE, precision)):
        raise UsageError(
            f"DECIMAL({precision},{scale}) is outside Redshift's limits",
            hint=f"Precision is 1 to {MAX_PRECISION}, scale 0 to {MAX_SCALE} and not more than the precision.",
        )
    return SqlType(type.kind, precision=precision, scale=scale)


def _no_precision(type: SqlType) -> None:
    if type.precision is not None or type.scale is not None:
        raise UsageError(f"{type.kind.value} has no precision or scale", hint="Only DECIMAL has them.")
