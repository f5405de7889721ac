"""Values of a result as bytes, in the text and binary formats of each type."""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from tidegate.errors import StatementError
from tidegate.serve.wire.messages import BINARY, RowShape
from tidegate.warehouse.base import Row
from tidegate.warehouse.connector.types import WireType, wire_type

Encoder = Callable[[Any], bytes]

_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - a TIMESTAMP has no time zone
_EPOCH_UTC = _EPOCH.replace(tzinfo=UTC)
_EPOCH_DAY = date(2000, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)
_LENGTH = struct.Struct("!i")
_NULL = _LENGTH.pack(-1)
_RAW_NUMERIC_DIGITS = 18
"""Redshift sends a number of more digits as sixteen bytes, others as eight (redshift_connector, numeric_in_binary)."""


def data_rows(shape: RowShape) -> Callable[[Sequence[Row]], bytes]:
    """A function that turns rows of this shape into DataRow messages."""
    encoders = [
        encoder(wire_type(column.type), format, shape.redshift)
        for column, format in zip(shape.columns, shape.formats, strict=True)
    ]
    count = struct.pack("!h", len(encoders))
    pack = _LENGTH.pack

    def encoded(rows: Sequence[Row]) -> bytes:
        parts: list[bytes] = []
        for row in rows:
            size = 6
            values: list[bytes] = []
            for encode, value in zip(encoders, row, strict=True):
                if value is None:
                    values.append(_NULL)
                    size += 4
                else:
                    data = encode(value)
                    values += (pack(len(data)), data)
                    size += 4 + len(data)
            parts += (b"D", pack(size), count, *values)
        return b"".join(parts)

    return encoded


def encoder(kind: WireType, format: int, redshift: bool) -> Encoder:
    """What writes a value of a type; types without a binary format of their own are text in both."""
    if format == BINARY:
        if kind.oid == 1700 and redshift:
            return _raw_numeric(kind)
        if kind.oid in _BINARY:
            return _BINARY[kind.oid]
    return _TEXT.get(kind.oid, _text)


def _text(value: object) -> bytes:
    return str(value).encode("utf-8")


def _bool_text(value: bool) -> bytes:
    return b"t" if value else b"f"


def _double_text(value: float) -> bytes:
    written = repr(value)
    return _SPECIAL.get(written) or written.removesuffix(".0").encode("ascii")


def _real_text(value: float) -> bytes:
    """The shortest digits that give the same four bytes again."""
    for digits in (6, 7, 8, 9):
        written = f"{value:.{digits}g}"
        if written in _SPECIAL or struct.pack("!f", float(written)) == struct.pack("!f", value):
            break
    return _SPECIAL.get(written) or written.encode("ascii")


_SPECIAL = {"nan": b"NaN", "inf": b"Infinity", "-inf": b"-Infinity"}


def _numeric_text(value: Decimal) -> bytes:
    return format(value, "f").encode("ascii")


def _fraction(written: str) -> str:
    return written.rstrip("0") if "." in written else written


def _time_text(value: time) -> bytes:
    return _fraction(value.replace(tzinfo=None).isoformat()).encode("ascii")


def _timetz_text(value: time) -> bytes:
    return _time_text(value) + _offset_text(value.utcoffset()).encode("ascii")


def _timestamp_text(value: datetime) -> bytes:
    return _fraction(value.isoformat(" ")).encode("ascii")


def _timestamptz_text(value: datetime) -> bytes:
    return _timestamp_text(value.astimezone(UTC).replace(tzinfo=None)) + b"+00"


def _offset_text(offset: timedelta | None) -> str:
    minutes = 0 if offset is None else int(offset.total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}" + (f":{rest:02d}" if rest else "")


def _interval_text(value: timedelta) -> bytes:
    days = value.days
    within = value - timedelta(days=days)
    if days < 0 and within:
        days, within = days + 1, within - timedelta(days=1)
    sign = "-" if within < timedelta(0) else ""
    clock = _fraction((_EPOCH + abs(within)).time().isoformat())
    shown = f"{days} day{'s' if abs(days) != 1 else ''} " if days else ""
    return f"{shown}{sign}{clock}".encode("ascii")


def _microseconds(value: time) -> int:
    return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond


def _date(value: date) -> bytes:
    return _LENGTH.pack(value.toordinal() - _EPOCH_DAY)


def _timetz(value: time) -> bytes:
    offset = value.utcoffset()
    return struct.pack("!qi", _microseconds(value), 0 if offset is None else -int(offset.total_seconds()))


def _numeric(value: Decimal) -> bytes:
    """Groups of four decimal digits (PostgreSQL, numeric.c, numeric_send)."""
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return struct.pack("!hhHh", 0, 0, 0xC000, 0)
    scale = max(-exponent, 0)
    whole = "".join(map(str, digits)) + "0" * max(exponent, 0)
    whole = whole.rjust(scale + 1, "0")
    before, after = (whole[:-scale], whole[-scale:]) if scale else (whole, "")
    before = before.lstrip("0")
    before = before.rjust(-(-len(before) // 4) * 4, "0")
    after = after.ljust(-(-len(after) // 4) * 4, "0")
    groups = [int((before + after)[at : at + 4]) for at in range(0, len(before + after), 4)]
    weight = len(before) // 4 - 1
    while groups and groups[0] == 0:
        groups.pop(0)
        weight -= 1
    while groups and groups[-1] == 0:
        groups.pop()
    header = struct.pack("!hhHh", len(groups), weight if groups else 0, 0x4000 if sign and groups else 0, scale)
    return header + struct.pack(f"!{len(groups)}h", *groups)


def _raw_numeric(kind: WireType) -> Encoder:
    """The number without its point, as Redshift's binary protocol sends it."""
    precision, scale = (kind.modifier - 4) >> 16, (kind.modifier - 4) & 0xFFFF
    size = 8 if precision <= _RAW_NUMERIC_DIGITS else 16

    def encoded(value: Decimal) -> bytes:
        _, digits, exponent = value.as_tuple()
        number = int("".join(map(str, digits)))
        shift = scale + int(exponent)
        factor = int(10 ** abs(shift))
        number, lost = (number * factor, 0) if shift >= 0 else divmod(number, factor)
        if lost:
            raise StatementError(
                f"the number {value} does not fit the scale {scale} that was described",
                hint="Cast the parameter to DECIMAL with the scale that it needs.",
                sqlstate="22003",
            )
        return (-number if value < 0 else number).to_bytes(size, "big", signed=True)

    return encoded


_TEXT: dict[int, Encoder] = {
    16: _bool_text,
    700: _real_text,
    701: _double_text,
    1700: _numeric_text,
    1083: _time_text,
    1266: _timetz_text,
    1114: _timestamp_text,
    1184: _timestamptz_text,
    1190: _interval_text,
}
_BINARY: dict[int, Encoder] = {
    16: lambda value: b"\1" if value else b"\0",
    21: struct.Struct("!h").pack,
    23: struct.Struct("!i").pack,
    20: struct.Struct("!q").pack,
    26: struct.Struct("!I").pack,
    700: struct.Struct("!f").pack,
    701: struct.Struct("!d").pack,
    1700: _numeric,
    1082: _date,
    1083: lambda value: struct.pack("!q", _microseconds(value)),
    1266: _timetz,
    1114: lambda value: struct.pack("!q", (value - _EPOCH) // _MICROSECOND),
    1184: lambda value: struct.pack("!q", (value - _EPOCH_UTC) // _MICROSECOND),
    1190: lambda value: struct.pack("!q", value // _MICROSECOND),
}
