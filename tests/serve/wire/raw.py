"""A client that sends any message, in any order."""

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from tests.serve.wire.endpoint import Endpoint

Message = tuple[bytes, bytes]


class RawClient:
    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(True)
        self._connection = connection
        self._input = connection.makefile("rb")

    def send(self, *messages: bytes) -> None:
        self._connection.sendall(b"".join(messages))

    def until_ready(self) -> list[Message]:
        """All messages up to ReadyForQuery, which is the last."""
        found: list[Message] = []
        while not found or found[-1][0] != b"Z":
            found.append(self.receive())
        return found

    def receive(self) -> Message:
        kind, size = struct.unpack("!ci", self._input.read(5))
        return kind, self._input.read(size - 4)

    def ended(self) -> bool:
        return self._input.read(1) == b""

    def close(self) -> None:
        self._input.close()
        self._connection.close()


@contextmanager
def raw_client(endpoint: Endpoint) -> Iterator[RawClient]:
    """A client that psycopg has logged in."""
    with endpoint.psycopg(autocommit=True, sslmode="disable") as connection:
        client = RawClient(socket.socket(fileno=os.dup(connection.fileno())))
        try:
            yield client
        finally:
            client.close()


def message(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return kind + struct.pack("!i", len(body) + 4) + body


def query(sql: str) -> bytes:
    return message(b"Q", sql.encode() + b"\0")


def parse(sql: str, name: str = "", oids: tuple[int, ...] = ()) -> bytes:
    return message(b"P", f"{name}\0{sql}\0".encode(), struct.pack(f"!h{len(oids)}i", len(oids), *oids))


def bind(*values: bytes | None, portal: str = "", name: str = "", formats: tuple[int, ...] = ()) -> bytes:
    sent = [struct.pack("!i", -1) if v is None else struct.pack("!i", len(v)) + v for v in values]
    codes = struct.pack(f"!h{len(formats)}h", len(formats), *formats)
    return message(b"B", f"{portal}\0{name}\0".encode(), codes, struct.pack("!h", len(values)), *sent, b"\0\0")


def execute(portal: str = "", limit: int = 0) -> bytes:
    return message(b"E", portal.encode() + b"\0", struct.pack("!i", limit))


def describe(kind: bytes, name: str = "") -> bytes:
    return message(b"D", kind, name.encode() + b"\0")


SYNC, FLUSH, TERMINATE = message(b"S"), message(b"H"), message(b"X")


def kinds(messages: list[Message]) -> str:
    return b"".join(kind for kind, _ in messages).decode()


def state(messages: list[Message]) -> str:
    return messages[-1][1].decode()


def error(messages: list[Message]) -> dict[str, str]:
    (body,) = [body for kind, body in messages if kind == b"E"]
    return {field[:1].decode(): field[1:].decode() for field in body.split(b"\0") if field}
