"""Values that arrive as text, as the same Python values that every driver returns."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation

_TRUE = {"t": True, "true": True, "1": True, "f": False, "false": False, "0": False}
Reader = Callable[[str], object]


def reader(type: str) -> Reader:
    """How the text of a value of a type is read; the type by its Redshift name, measures and all.

    Numbers become int, Decimal and float, days and times the classes of `datetime` (an instant in UTC). SUPER stays
    JSON text, VARBYTE hexadecimal text, and so does what Python cannot hold: a day after the year 9999, 24:00.
    """
    parse = _PARSERS.get(type.partition("(")[0].strip().lower())
    if parse is None:
        return str

    def read(text: str) -> object:
        try:
            return parse(text)
        except (ValueError, InvalidOperation):
            return text

    return read


def _boolean(text: str) -> object:
    return _TRUE.get(text.lower(), text)


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


_PARSERS: Mapping[str, Reader] = {
    **dict.fromkeys(("smallint", "integer", "bigint", "oid"), int),
    **dict.fromkeys(("numeric", "decimal"), Decimal),
    **dict.fromkeys(("real", "double precision"), float),
    "boolean": _boolean,
    "date": date.fromisoformat,
    **dict.fromkeys(("time", "time without time zone", "time with time zone"), time.fromisoformat),
    **dict.fromkeys(("timestamp", "timestamp without time zone"), datetime.fromisoformat),
    **dict.fromkeys(("timestamptz", "timestamp with time zone"), _instant),
}
