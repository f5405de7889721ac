"""Which types hold every value of others unchanged: what a column takes, and what it can become."""

from tidegate.model.tables import SqlType, TypeKind
from tidegate.redshift.types import MAX_PRECISION, MAX_SCALE, checked

INTEGER_DIGITS = {TypeKind.SMALLINT: 5, TypeKind.INTEGER: 10, TypeKind.BIGINT: 19}
"""The digits that the greatest of them has; from the narrowest to the widest."""

TEXTS = frozenset({TypeKind.VARCHAR, TypeKind.CHAR})
_ORDER = tuple(INTEGER_DIGITS)
_LIMITS = {TypeKind.SMALLINT: 2**15, TypeKind.INTEGER: 2**31, TypeKind.BIGINT: 2**63}

_EXACT = {
    (TypeKind.REAL, TypeKind.DOUBLE): TypeKind.DOUBLE,
    (TypeKind.SMALLINT, TypeKind.REAL): TypeKind.REAL,
    (TypeKind.INTEGER, TypeKind.REAL): TypeKind.DOUBLE,
    (TypeKind.SMALLINT, TypeKind.DOUBLE): TypeKind.DOUBLE,
    (TypeKind.INTEGER, TypeKind.DOUBLE): TypeKind.DOUBLE,
    (TypeKind.DATE, TypeKind.TIMESTAMP): TypeKind.TIMESTAMP,
}
"""Kinds of which one, or a third, holds every value of both."""


def misfit(found: SqlType, wanted: SqlType) -> str | None:
    """Why values of one type cannot go into a column of another without loss; None when they can.

    What is checked value by value by the INSERT itself is let through: an integer that is too great fails there.
    """
    kind, into = found.kind, wanted.kind
    if is_exact(kind) and is_exact(into):
        return "its decimals would be rounded" if digits(found)[1] > digits(wanted)[1] else None
    if kind is into:
        return None
    if kind in TEXTS and into in TEXTS:
        return None
    return None if _EXACT.get((kind, into)) is into else "one cannot be turned into the other without loss"


def is_whole(kind: TypeKind) -> bool:
    return kind in INTEGER_DIGITS


def holding(first: SqlType, second: SqlType) -> SqlType | None:
    """The narrowest type that has every value of both, whichever comes first; None where there is none.

    The length of a text is None where one of both has none.
    """
    kinds = (first.kind, second.kind)
    if is_whole(kinds[0]) and is_whole(kinds[1]):
        return SqlType(max(kinds, key=_ORDER.index))
    if all(map(is_exact, kinds)):
        (whole, scale), (other, places) = digits(first), digits(second)
        return decimal(max(whole, other), max(scale, places))
    if set(kinds) <= TEXTS or (kinds[0] is kinds[1] is TypeKind.VARBYTE):
        kind = kinds[0] if kinds[0] is kinds[1] else TypeKind.VARCHAR
        lengths = [one.length for one in (first, second) if one.length is not None]
        return SqlType(kind, length=max(lengths) if len(lengths) == len(kinds) else None)
    if kinds[0] is kinds[1]:
        return first
    exact = _EXACT.get(kinds) or _EXACT.get((kinds[1], kinds[0]))
    return None if exact is None else SqlType(exact)


def digits(type: SqlType) -> tuple[int, int]:
    """Digits before and after the point, of an integer or a DECIMAL."""
    if is_whole(type.kind):
        return INTEGER_DIGITS[type.kind], 0
    known = checked(type)
    scale = known.scale or 0
    return (known.precision or 0) - scale, scale


def decimal(whole: int, scale: int) -> SqlType | None:
    """None when there is no such DECIMAL."""
    precision = max(1, whole + scale)
    if precision > MAX_PRECISION or scale > MAX_SCALE:
        return None
    return SqlType(TypeKind.DECIMAL, precision=precision, scale=scale)


def takes(type: SqlType, bounds: tuple[int, int]) -> bool:
    """Whether an integer or DECIMAL type holds every number between the bounds, but for its decimals."""
    least, greatest = bounds
    if is_whole(type.kind):
        return -_LIMITS[type.kind] <= least and greatest < _LIMITS[type.kind]
    return len(str(max(abs(least), abs(greatest)))) <= digits(type)[0] or least == greatest == 0


def widened(old: SqlType, found: SqlType, bounds: tuple[int, int] | None) -> SqlType | None:
    """What a column of type `old` must become for values of type `found`; `old` itself where it need not change.

    `bounds`: of the numbers, None where they are not known; then as many digits as there can be. None: no type has
    the values of both, or it would be of another kind: an exact number never becomes a floating one.
    """
    if not (is_exact(old.kind) and is_exact(found.kind)):
        both = holding(old, found)
        return both if both == old or old.kind in (TypeKind.REAL, TypeKind.DATE) else None
    (whole, scale), (more, places) = digits(old), digits(found)
    fits = takes(old, bounds) if bounds is not None else more <= whole
    if places <= scale and fits:
        return old
    if places <= scale and bounds is not None and is_whole(old.kind):
        for kind in _ORDER:
            if takes(SqlType(kind), bounds):
                return SqlType(kind)
    if bounds is not None:
        more = len(str(max(map(abs, bounds))))
    elif is_whole(old.kind) and is_whole(found.kind):
        return found
    places = max(scale, places)
    return decimal(max(whole, more if bounds is not None else min(more, MAX_PRECISION - places)), places)


def is_exact(kind: TypeKind) -> bool:
    """Integers and DECIMAL."""
    return is_whole(kind) or kind is TypeKind.DECIMAL
