"""Texts that COPY stores in a column of a given type just as they are.

COPY cuts decimals that a DECIMAL has no room for, and of a text that is more than a day, or more than a moment, it
takes what it needs (developer guide, Data conversion parameters), so what fits is told by its form.
"""

from tidegate.model.tables import SqlType, TypeKind

DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
MOMENT = DAY + r"([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)"
ZONE = r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)"

_DIGITS = {TypeKind.SMALLINT: 4, TypeKind.INTEGER: 9, TypeKind.BIGINT: 18}
"""Every number of so many digits fits."""

_MOMENTS = {
    TypeKind.DATE: f"^{DAY}$",
    TypeKind.TIMESTAMP: f"^{DAY}$|^{MOMENT}$",
    TypeKind.TIMESTAMPTZ: f"^{DAY}$|^{MOMENT} ?{ZONE}?$",
}


def faithful(type: SqlType) -> str | None:
    """The pattern of texts that nothing is lost of; None where COPY refuses what it cannot store whole."""
    if type.kind in _DIGITS:
        return rf"^ *[+-]?[0-9]{{1,{_DIGITS[type.kind]}}} *$"
    if type.kind is TypeKind.DECIMAL:
        scale = type.scale or 0
        whole = (type.precision or 18) - scale
        return rf"^ *[+-]?0*[0-9]{{0,{whole}}}(\.[0-9]{{0,{scale}}}0*)? *$"
    return _MOMENTS.get(type.kind)


def is_whole_in(type: SqlType, longest: int) -> bool:
    """Whether any text of so many digits, and nothing else, is a number that an integer type holds."""
    return longest <= _DIGITS.get(type.kind, 0)
