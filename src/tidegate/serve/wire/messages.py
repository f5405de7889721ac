"""The messages of the PostgreSQL protocol, version 3: bytes to fields and fields to bytes (PostgreSQL, chapter 53)."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tidegate.serve.failures import ClientError
from tidegate.warehouse.base import ResultColumn
from tidegate.warehouse.connector.types import wire_type

TEXT, BINARY = 0, 1

PARSE_COMPLETE = b"1\x00\x00\x00\x04"
BIND_COMPLETE = b"2\x00\x00\x00\x04"
CLOSE_COMPLETE = b"3\x00\x00\x00\x04"
NO_DATA = b"n\x00\x00\x00\x04"
EMPTY_QUERY = b"I\x00\x00\x00\x04"
PORTAL_SUSPENDED = b"s\x00\x00\x00\x04"

_LENGTH = struct.Struct("!i")
_SHORT = struct.Struct("!h")
_FIELD = struct.Struct("!ihihih")
_NULLABLE_SEARCHABLE = 0x1001
"""Flags of a column in Redshift's extended row description (redshift_connector, handle_ROW_DESCRIPTION)."""


class ProtocolViolation(Exception):
    """The client sent what the protocol does not know; the connection ends."""


class TextTooLong(Exception):
    """A string of a message has `size` bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class Fields:
    """Reads the fields of one message in order."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def byte(self) -> bytes:
        return self.take(1)

    def int16(self) -> int:
        return int(_SHORT.unpack(self.take(2))[0])

    def int32(self) -> int:
        return int(_LENGTH.unpack(self.take(4))[0])

    def take(self, size: int) -> bytes:
        if size < 0 or self._at + size > len(self._body):
            raise ProtocolViolation("insufficient data left in message")
        taken = self._body[self._at : self._at + size]
        self._at += size
        return taken

    def text(self, longest: int | None = None) -> str:
        """A string that ends with a zero byte. Raises TextTooLong when it has more bytes than `longest`."""
        end = self._body.find(b"\0", self._at)
        if end < 0:
            raise ProtocolViolation("invalid string in message")
        if longest is not None and end - self._at > longest:
            raise TextTooLong(end - self._at)
        taken = self._body[self._at : end]
        self._at = end + 1
        try:
            return taken.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ProtocolViolation("invalid byte sequence for encoding UTF8") from error

    def rest(self) -> bytes:
        return self.take(len(self._body) - self._at)

    @property
    def ended(self) -> bool:
        return self._at >= len(self._body)


def message(kind: bytes, body: bytes = b"") -> bytes:
    return kind + _LENGTH.pack(len(body) + 4) + body


def text(value: str) -> bytes:
    return value.encode("utf-8").replace(b"\0", b"") + b"\0"


def authentication(code: int, data: bytes = b"") -> bytes:
    return message(b"R", _LENGTH.pack(code) + data)


def parameter_status(name: str, value: str) -> bytes:
    return message(b"S", text(name) + text(value))


def backend_key(process: int, secret: int) -> bytes:
    return message(b"K", struct.pack("!iI", process, secret))


def ready(state: str) -> bytes:
    """`state`: I outside of a transaction, T inside, E inside a failed one."""
    return message(b"Z", state.encode("ascii"))


def complete(tag: str) -> bytes:
    return message(b"C", text(tag))


def error(told: ClientError, severity: str = "ERROR") -> bytes:
    fields = [("S", severity), ("V", severity), ("C", told.sqlstate), ("M", told.message)]
    if told.hint:
        fields.append(("H", told.hint))
    if told.position is not None:
        fields.append(("P", str(told.position)))
    return message(b"E", b"".join(code.encode("ascii") + text(value) for code, value in fields) + b"\0")


def parameter_description(oids: Sequence[int]) -> bytes:
    return message(b"t", struct.pack(f"!h{len(oids)}i", len(oids), *oids))


@dataclass(frozen=True)
class RowShape:
    """The columns of a result as they are sent. `formats`: TEXT or BINARY, one a column.

    `redshift`: the client speaks Redshift's own protocol 2 and later: wider descriptions, numbers as raw integers.
    """

    columns: tuple[ResultColumn, ...]
    formats: tuple[int, ...]
    redshift: bool = False

    def description(self) -> bytes:
        parts = [_SHORT.pack(len(self.columns))]
        for column, format in zip(self.columns, self.formats, strict=True):
            kind = wire_type(column.type)
            parts += [text(column.name), _FIELD.pack(0, 0, kind.oid, kind.size, kind.modifier, format)]
            if self.redshift:
                parts.append(b"\0\0\0\0" + _SHORT.pack(_NULLABLE_SEARCHABLE))
        return message(b"T", b"".join(parts))


def format_codes(fields: Fields) -> tuple[int, ...]:
    """The format codes of a Bind message.

    Raises:
        ProtocolViolation: a code that is neither text nor binary.
    """
    codes = tuple(fields.int16() for _ in range(fields.int16()))
    for code in codes:
        if code not in (TEXT, BINARY):
            raise ProtocolViolation(f"unsupported format code: {code}")
    return codes


def spread(codes: Sequence[int], count: int) -> tuple[int, ...]:
    """One format a column: none given is text, one given is for all.

    Raises:
        ProtocolViolation: another number of codes than columns.
    """
    if not codes:
        return (TEXT,) * count
    if len(codes) == 1:
        return (codes[0],) * count
    if len(codes) != count:
        raise ProtocolViolation(f"message has {len(codes)} formats but there are {count} values")
    return tuple(codes)


def cancel_key(fields: Fields) -> tuple[int, int]:
    process, secret = struct.unpack("!iI", fields.take(8))
    return int(process), int(secret)


def pairs(fields: Fields) -> Iterable[tuple[str, str]]:
    """The parameters of a startup message."""
    while not fields.ended and (name := fields.text()):
        yield name, fields.text()
