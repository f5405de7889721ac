"""One connection's bytes: whole messages in, batches of messages out."""

import socket
import struct

from tidegate.serve.wire.messages import ProtocolViolation

_HEADER = struct.Struct("!ci")
_LENGTH = struct.Struct("!i")
_LONGEST = 64 * 1024 * 1024
"""Bytes of a message; a statement has at most 16 MB (management guide, Quotas)."""

_SHORTEST_STARTUP, _LONGEST_STARTUP = 8, 10_000
_BATCH = 256 * 1024


class Disconnected(Exception):
    """The client is gone."""


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
        self._ahead: tuple[bytes, bytes] | None = None

    def receive(self) -> tuple[bytes, bytes]:
        """The type and the body of the next message.

        Raises:
            Disconnected: the connection ended.
            ProtocolViolation: the message is too long.
        """
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            return ahead
        try:
            header = self._input.read(5)
            if len(header) < 5:
                raise Disconnected
            kind, size = _HEADER.unpack(header)
            if not 4 <= size <= _LONGEST:
                raise ProtocolViolation("invalid message length")
            body = self._input.read(size - 4)
        except (OSError, ValueError) as error:
            raise Disconnected from error
        if len(body) < size - 4:
            raise Disconnected
        return kind, body

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
