"""Expressions on their way to DuckDB: their text there, and their Redshift type here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tidegate.model.tables import SqlType, TypeKind

INTEGERS = (TypeKind.SMALLINT, TypeKind.INTEGER, TypeKind.BIGINT)
FLOATS = (TypeKind.REAL, TypeKind.DOUBLE)
TEXTS = (TypeKind.CHAR, TypeKind.VARCHAR)
NUMBERS = (*INTEGERS, TypeKind.DECIMAL, *FLOATS)
"""In the order in which mixed operands widen."""

SMALLINT = SqlType(TypeKind.SMALLINT)
INTEGER = SqlType(TypeKind.INTEGER)
BIGINT = SqlType(TypeKind.BIGINT)
DOUBLE = SqlType(TypeKind.DOUBLE)
BOOLEAN = SqlType(TypeKind.BOOLEAN)
DATE = SqlType(TypeKind.DATE)
TIMESTAMP = SqlType(TypeKind.TIMESTAMP)
TIMESTAMPTZ = SqlType(TypeKind.TIMESTAMPTZ)
SUPER = SqlType(TypeKind.SUPER)
TEXT = SqlType(TypeKind.VARCHAR, length=65_535)
WHOLE = SqlType(TypeKind.DECIMAL, precision=38, scale=0)
INTERVAL = SqlType(TypeKind.INTERVAL_DS)

TypeOf = SqlType | Callable[[], SqlType | None] | None


class Value:
    """`sql` stands in parentheses wherever precedence could matter. `type` is None where it is not known, or NULL."""

    __slots__ = ("_type", "literal", "sql")

    def __init__(self, sql: str, type: TypeOf = None, literal: str | None = None) -> None:
        self.sql = sql
        self._type = type
        self.literal = literal

    @property
    def type(self) -> SqlType | None:
        if callable(self._type):
            self._type = self._type()
        return self._type

    @property
    def kind(self) -> TypeKind | None:
        known = self.type
        return None if known is None else known.kind


@dataclass(frozen=True)
class Projected:
    """One output column of a query."""

    name: str
    value: Value


def common_type(values: Iterable[Value]) -> SqlType | None:
    """The type of values that meet in one column: CASE, COALESCE, UNION. A literal takes the others' type."""
    known = [v for v in values if v.type is not None]
    typed = [v.type for v in known if v.literal is None] or [v.type for v in known]
    return wider([t for t in typed if t is not None])


def wider(types: list[SqlType]) -> SqlType | None:
    """The type that holds all of them; the first one where they have nothing in common."""
    if not types:
        return None
    if all(t == types[0] for t in types):
        return types[0]
    kinds = {t.kind for t in types}
    if kinds <= set(NUMBERS):
        return _wider_number(types, kinds)
    if kinds <= set(TEXTS):
        return SqlType(TypeKind.VARCHAR, length=max(t.length or 65_535 for t in types))
    if kinds <= {TypeKind.DATE, TypeKind.TIMESTAMP}:
        return TIMESTAMP
    if kinds <= {TypeKind.DATE, TypeKind.TIMESTAMP, TypeKind.TIMESTAMPTZ}:
        return TIMESTAMPTZ
    return types[0]


def _wider_number(types: list[SqlType], kinds: set[TypeKind]) -> SqlType:
    widest = max(kinds, key=NUMBERS.index)
    if widest is not TypeKind.DECIMAL:
        return SqlType(widest)
    measures = [_measures(t) for t in types]
    scale = max(s for _, s in measures)
    return SqlType(TypeKind.DECIMAL, precision=min(38, max(p - s for p, s in measures) + scale), scale=scale)


_DIGITS = {TypeKind.SMALLINT: 5, TypeKind.INTEGER: 10, TypeKind.BIGINT: 19}


def _measures(type: SqlType) -> tuple[int, int]:
    if type.kind is TypeKind.DECIMAL:
        return 18 if type.precision is None else type.precision, type.scale or 0
    return _DIGITS[type.kind], 0
