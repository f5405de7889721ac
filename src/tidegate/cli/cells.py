"""Values of a result as text for people, for CSV and for JSON."""

import json
import math
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

NUMERIC = ("smallint", "integer", "bigint", "decimal", "numeric", "real", "double precision")

Plain = str | int | float | bool | None


def plain(value: object) -> Plain:
    """A value as JSON holds it. Dates, decimals and bytes are text, and so are NaN and the infinities."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    return _text(value)


def for_people(value: object) -> str:
    """One line without control characters: data must not steer the terminal that shows it."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(plain(value))
    return text if text.isprintable() else "".join(c if c.isprintable() else _escape(c) for c in text)


def for_csv(values: Sequence[object]) -> str:
    """One line of CSV without its end. NULL is nothing, an empty text is a pair of quotes."""
    return ",".join(_csv_field(value) for value in values)


def width(text: str) -> int:
    """Columns on a terminal: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _csv_field(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(plain(value))
    if text and not any(c in text for c in ',"\r\n') and text == text.strip():
        return text
    return '"' + text.replace('"', '""') + '"'


def _text(value: object) -> str:
    match value:
        case Decimal():
            return format(value, "f")
        case datetime():
            return _short_offset(value.isoformat(sep=" "))
        case time():
            return _short_offset(value.isoformat())
        case date():
            return value.isoformat()
        case timedelta():
            return str(value)
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case list() | dict() | tuple():
            return json.dumps(value, ensure_ascii=False, default=_text)
    return str(value)


def _short_offset(text: str) -> str:
    """`+00` instead of `+00:00`, as Redshift shows it."""
    return text[:-3] if text[-6:-5] in ("+", "-") and text.endswith(":00") else text


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
