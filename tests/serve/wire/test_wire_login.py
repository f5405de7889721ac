"""Who may come in, and how."""

import contextlib
import socket
import ssl
import struct
from pathlib import Path

import psycopg
import pytest
from redshift_connector.error import InterfaceError, ProgrammingError
from tests.serve.wire.endpoint import Endpoint, running_endpoint

from tidegate.config.secret import Secret
from tidegate.errors import WarehouseUnreachable
from tidegate.serve.certificate import Certificate
from tidegate.serve.wire import server as wire_server
from tidegate.serve.wire.server import WireServer
from tidegate.warehouse.connector.tls import EncryptedConnection, verifying_context


@pytest.mark.parametrize("wrong", [{"password": "guess"}, {"user": "somebody"}, {"user": "somebody", "password": ""}])
def test_a_wrong_password_or_user(endpoint: Endpoint, wrong: dict[str, str]) -> None:
    if wrong.get("password") != "":
        with pytest.raises(psycopg.OperationalError, match='password authentication failed for user "') as refused:
            endpoint.psycopg(**wrong)
        assert "s3crét" not in str(refused.value)
    with pytest.raises(ProgrammingError) as told:
        endpoint.redshift(**wrong)
    assert told.value.args[0]["C"] == "28P01"


def test_another_database(endpoint: Endpoint) -> None:
    with pytest.raises(psycopg.OperationalError, match='database "sales" does not exist'):
        endpoint.psycopg(dbname="sales")


def test_plain_connections_are_for_this_machine(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    with endpoint.psycopg(sslmode="disable") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    monkeypatch.setattr(wire_server, "_is_loopback", lambda connection: False)
    with pytest.raises(psycopg.OperationalError, match="the connection is not encrypted"):
        endpoint.psycopg(sslmode="disable")
    with endpoint.psycopg() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_the_certificate_is_verified(endpoint: Endpoint) -> None:
    other = ssl.create_default_context(cadata=Certificate.create().pem)
    for context in (other, verifying_context(None)):
        with pytest.raises(InterfaceError) as refused:
            EncryptedConnection(
                context, endpoint.host, port=endpoint.port, user="u", password="p", database="d", application_name="t"
            )
        assert isinstance(refused.value.args[1], ssl.SSLCertVerificationError)


def test_no_password_leaves_without_encryption(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tidegate.warehouse.connector.tls.EncryptedSocket.connect", lambda self, to: self._socket.connect(to)
    )
    with pytest.raises(InterfaceError, match="the connection is not encrypted"):
        endpoint.redshift()


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (struct.pack("!ii", 8, 2 << 16), b"unsupported frontend protocol 2.0"),
        (struct.pack("!i", 4), b"invalid length of startup packet"),
        (struct.pack("!i", 1 << 30), b"invalid length of startup packet"),
        (struct.pack("!ii", 15, 3 << 16) + b"user\0ab", b"invalid string in message"),
        (b"GET ", b"invalid length of startup packet"),
    ],
)
def test_what_is_no_startup(endpoint: Endpoint, sent: bytes, told: bytes) -> None:
    with socket.create_connection((endpoint.host, endpoint.port), timeout=30) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: connection.recv(4096), b""))
    assert received[:1] == b"E"
    assert told in received


def test_a_newer_protocol_is_talked_down(endpoint: Endpoint) -> None:
    body = struct.pack("!i", 3 << 16 | 2) + b"user\0tidegate\0_pq_.new\0x\0\0"
    with socket.create_connection((endpoint.host, endpoint.port), timeout=30) as connection:
        connection.sendall(struct.pack("!i", len(body) + 4) + body)
        received = connection.recv(4096)
    assert received.startswith(b"v" + struct.pack("!iii", 4 + 8 + 9, 3 << 16, 1) + b"_pq_.new\0")


def test_there_is_a_most_of_connections(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    with endpoint.psycopg() as connection:
        monkeypatch.setattr(wire_server, "MOST_CONNECTIONS", 1)
        with pytest.raises(psycopg.OperationalError, match="too many clients are connected"):
            endpoint.psycopg(sslmode="disable")
        assert connection.execute("SELECT 1").fetchone() == (1,)


_SSL_REQUEST = struct.pack("!ii", 8, 80877103)


@pytest.mark.parametrize(("sent", "answered"), [(b"", b""), (b"\0\0\0", b""), (_SSL_REQUEST, b"S")])
def test_who_does_not_log_in_is_dropped(tmp_path: Path, sent: bytes, answered: bytes) -> None:
    with (
        running_endpoint(tmp_path, authentication_timeout=0.1) as endpoint,
        socket.create_connection((endpoint.host, endpoint.port), timeout=30) as connection,
    ):
        connection.sendall(sent)
        assert b"".join(iter(lambda: connection.recv(4096), b"")) == answered


def test_who_does_not_log_in_takes_no_place(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_server, "MOST_STARTING", 2)
    monkeypatch.setattr(wire_server, "MOST_CONNECTIONS", 2)
    with contextlib.ExitStack() as opened:
        waiting = [
            opened.enter_context(socket.create_connection((endpoint.host, endpoint.port), timeout=30)) for _ in range(4)
        ]
        one, two = (opened.enter_context(endpoint.psycopg(sslmode="disable")) for _ in range(2))
        assert [connection.recv(1) for connection in waiting[:3]] == [b""] * 3
        with pytest.raises(psycopg.OperationalError, match="too many clients are connected"):
            endpoint.psycopg(sslmode="disable")
        assert [each.execute("SELECT 1").fetchone() for each in (one, two)] == [(1,), (1,)]


def test_a_taken_port_is_told(endpoint: Endpoint) -> None:
    second = WireServer(
        endpoint.warehouse,
        host=endpoint.host,
        port=endpoint.port,
        user="u",
        password=Secret("p"),
        database="d",
        certificate=Certificate.create(),
    )
    with pytest.raises(
        WarehouseUnreachable, match=f"^the SQL endpoint cannot listen on 127.0.0.1:{endpoint.port}: "
    ) as taken:
        second.start()
    assert taken.value.hint == "Choose another --port, or 0 for any that is free."
    second.close()
