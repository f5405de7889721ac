"""One connection's bytes: whole messages in, batches of messages out."""

import socket
import struct
from dataclasses import dataclass

from tidegate.serve.wire.messages import ProtocolViolation

_HEADER = struct.Struct("!ci")
_LENGTH = struct.Struct("!i")
LONGEST_STATEMENT = 16 * 1024 * 1024
"""Bytes of a statement (management guide, Quotas)."""

_BESIDE = 256 * 1024
"""Bytes of a message beside its statement: a name and 32,767 types."""

_DROPPED = 64 * 1024 * 1024
"""Bytes of a message that is read to the end, only to be dropped; a longer one ends the connection."""

_PART = 64 * 1024

_SHORTEST_STARTUP, _LONGEST_STARTUP = 8, 10_000
_BATCH = 256 * 1024


class Disconnected(Exception):
    """The client is gone."""


@dataclass(frozen=True)
class TooLong:
    """The body of a message that was dropped unread, and its bytes."""

    size: int


Body = bytes | TooLong


def received(connection: socket.socket, size: int) -> bytes:
    """Exactly `size` bytes, and none beyond them: what follows may have to be read through TLS.

    Raises:
        Disconnected: the connection ended, or was silent for longer than its timeout.
    """
    parts = bytearray()
    while len(parts) < size:
        try:
            part = connection.recv(size - len(parts))
        except OSError as error:
            raise Disconnected from error
        if not part:
            raise Disconnected
        parts += part
    return bytes(parts)


def startup_packet(connection: socket.socket) -> bytes:
    """The body of a message without a type, which is how a connection begins.

    Raises:
        Disconnected: as `received`.
        ProtocolViolation: it is too short or too long.
    """
    (size,) = _LENGTH.unpack(received(connection, 4))
    if not _SHORTEST_STARTUP <= size <= _LONGEST_STARTUP:
        raise ProtocolViolation("invalid length of startup packet")
    return received(connection, size - 4)


def typed_message(connection: socket.socket, longest: int) -> tuple[bytes, bytes]:
    """The type and the body of one message, unbuffered. Raises as `startup_packet`."""
    kind, size = _HEADER.unpack(received(connection, 5))
    if not 4 <= size <= longest:
        raise ProtocolViolation("invalid message length")
    return kind, received(connection, size - 4)


class Channel:
    """Buffered messages of a connection that is past its startup. For one thread."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._input = connection.makefile("rb")
        self._output = bytearray()
        self._ahead: tuple[bytes, Body] | None = None

    def receive(self) -> tuple[bytes, Body]:
        """The type and the body of the next message; a body that can hold no statement is not kept.

        Raises:
            Disconnected: the connection ended.
            ProtocolViolation: the message is longer than anybody sends.
        """
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            return ahead
        try:
            header = self._input.read(5)
            if len(header) < 5:
                raise Disconnected
            kind, size = _HEADER.unpack(header)
            if not 4 <= size <= _DROPPED:
                raise ProtocolViolation("invalid message length")
            return kind, self._body(size - 4)
        except (OSError, ValueError) as error:
            raise Disconnected from error

    def _body(self, size: int) -> Body:
        if size > LONGEST_STATEMENT + _BESIDE:
            left = size
            while left:
                left -= len(self._part(min(left, _PART)))
            return TooLong(size)
        return self._part(size)

    def _part(self, size: int) -> bytes:
        part = self._input.read(size)
        if len(part) < size:
            raise Disconnected
        return part

    def ahead(self) -> bytes:
        """The type of the next message, which stays to be received."""
        if self._ahead is None:
            self._ahead = self.receive()
        return self._ahead[0]

    def send(self, data: bytes) -> None:
        """Send with the next flush, or at once when much has gathered."""
        self._output += data
        if len(self._output) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        if not self._output:
            return
        try:
            self._connection.sendall(self._output)
        except (OSError, ValueError) as error:
            raise Disconnected from error
        self._output.clear()

    def close(self) -> None:
        self._input.close()
