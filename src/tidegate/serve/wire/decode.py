"""Parameters that a client binds, as the text of a value and the Redshift type that the client gave."""

import re
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tidegate.errors import StatementError, StatementRefused
from tidegate.serve.wire.messages import BINARY
from tidegate.warehouse.connector.types import type_name

UNKNOWN = (0, -1, 705)
"""The statement decides about these; redshift_connector sends -1 for None and 705 for a text."""

_SAME = (*UNKNOWN, 18, 19, 25, 1042, 1043, 4000, 6551)
"""Their binary format is their text."""

_PLAIN = re.compile(r"[-+]?([0-9]+)(?:\.([0-9]*))?")
_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - a TIMESTAMP has no time zone


def parameter(data: bytes | None, oid: int, format: int) -> tuple[str | None, str | None]:
    """A bound value as text, None for NULL, and the name of its type, None where the statement decides.

    Raises:
        StatementRefused: a type whose binary format is not known.
        StatementError: bytes that are no value of their type.
    """
    name = None if oid in UNKNOWN else type_name(oid)
    if data is None:
        return None, name
    if oid == 17:
        return _bytes(data, format), None
    text = _text(data, oid) if format != BINARY or oid in _SAME else _binary(data, oid)
    return text, _measured(text, name) if oid == 1700 else name


def _binary(data: bytes, oid: int) -> str:
    read = _BINARY.get(oid)
    if read is None:
        raise StatementRefused(
            f"binary parameters of the type {oid} are not supported", hint="Send the parameter as text."
        )
    try:
        return read(data)
    except struct.error as error:
        raise _broken(oid) from error


def _measured(number: str, otherwise: str | None) -> str | None:
    """The type that holds a number exactly."""
    match = _PLAIN.fullmatch(number)
    if match is None:
        return otherwise
    whole, fraction = match[1].lstrip("0"), match[2] or ""
    return f"numeric({max(len(whole) + len(fraction), 1)},{len(fraction)})"


def _text(data: bytes, oid: int) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _broken(oid) from error


def _broken(oid: int) -> StatementError:
    return StatementError(
        f"the bytes of a parameter are no value of the type {oid}",
        hint="Send UTF-8 text, or the type's binary format.",
        sqlstate="22P03",
    )


def _bytes(data: bytes, format: int) -> str:
    """A bytea, which Redshift has not: the hexadecimal text that a VARBYTE is made from."""
    return data.hex() if format == BINARY else _text(data, 17).removeprefix("\\x")


def _unpacked(pattern: str) -> Callable[[bytes], str]:
    return lambda data: str(struct.unpack(pattern, data)[0])


def _timestamp(data: bytes) -> str:
    return (_EPOCH + timedelta(microseconds=struct.unpack("!q", data)[0])).isoformat(" ")


def _timestamptz(data: bytes) -> str:
    instant = _EPOCH + timedelta(microseconds=struct.unpack("!q", data)[0])
    return instant.replace(tzinfo=UTC).isoformat(" ")


def _date(data: bytes) -> str:
    return (_EPOCH + timedelta(days=struct.unpack("!i", data)[0])).date().isoformat()


def _time(data: bytes) -> str:
    return (_EPOCH + timedelta(microseconds=struct.unpack("!q", data)[0])).time().isoformat()


def _numeric(data: bytes) -> str:
    """PostgreSQL, numeric.c, numeric_recv."""
    count, weight, sign, scale = struct.unpack("!hhHh", data[:8])
    groups = struct.unpack(f"!{count}h", data[8:])
    if sign == 0xC000:
        raise StatementError("a number cannot be NaN", hint="Bind NULL instead.", sqlstate="22003")
    digits = "".join(f"{group:04d}" for group in groups)
    whole = (weight + 1) * 4
    before = digits[: max(whole, 0)].ljust(max(whole, 0), "0")
    after = digits[max(whole, 0) :].rjust(len(digits) - whole if whole < 0 else 0, "0").ljust(scale, "0")[:scale]
    return f"{'-' if sign == 0x4000 else ''}{before.lstrip('0') or '0'}{'.' if scale else ''}{after}"


_BINARY: dict[int, Callable[[bytes], str]] = {
    16: lambda data: "true" if data != b"\0" else "false",
    21: _unpacked("!h"),
    23: _unpacked("!i"),
    20: _unpacked("!q"),
    26: _unpacked("!I"),
    700: _unpacked("!f"),
    701: _unpacked("!d"),
    1700: _numeric,
    1082: _date,
    1083: _time,
    1114: _timestamp,
    1184: _timestamptz,
}
