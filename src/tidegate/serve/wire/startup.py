"""How a connection begins: TLS, the parameters of the client, and its password."""

import contextlib
import hmac
import os
import secrets
import socket
import ssl
import struct
from dataclasses import dataclass, field

from tidegate.config.secret import Secret
from tidegate.serve.failures import ClientError
from tidegate.serve.wire import messages
from tidegate.serve.wire.channel import Disconnected, startup_packet, typed_message
from tidegate.serve.wire.digest import PasswordHash, challenge
from tidegate.serve.wire.messages import Fields, ProtocolViolation
from tidegate.serve.wire.scram import MECHANISM, Exchange, Verifier, WrongProof

CLIENT_PROTOCOL = "client_protocol_version"
"""Only clients of Redshift send it."""

_SSL_REQUEST, _GSS_REQUEST, _CANCEL_REQUEST = 80877103, 80877104, 80877102
_MAJOR_VERSION = 3
_DIGEST = 13
_SASL, _SASL_CONTINUE, _SASL_FINAL, _ACCEPTED = 10, 11, 12, 0
_LONGEST_ANSWER = 4096


class Rejected(Exception):
    """The connection ends before it began; `told` is why."""

    def __init__(self, sqlstate: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.told = ClientError(sqlstate, message, hint)


@dataclass(frozen=True)
class _Password:
    """A password as both logins keep it."""

    scram: Verifier
    digest: PasswordHash

    @classmethod
    def create(cls, password: str) -> "_Password":
        return cls(Verifier.create(password), PasswordHash.create(password))


@dataclass(frozen=True)
class Account:
    """Who may connect, and to what."""

    user: str
    database: str
    _known: _Password = field(repr=False)
    _decoy: _Password = field(repr=False)

    @classmethod
    def create(cls, user: str, password: Secret, database: str) -> "Account":
        return cls(user, database, _Password.create(password.reveal()), _Password.create(secrets.token_hex(16)))

    def password(self, user: str) -> _Password:
        """What the user's password is checked with; that of an unknown user never fits."""
        same = hmac.compare_digest(user.encode("utf-8"), self.user.encode("utf-8"))
        return self._known if same else self._decoy


@dataclass(frozen=True)
class Cancel:
    """A request to cancel what another connection runs."""

    process: int
    secret: int


class Line:
    """A connection, which TLS may come to wrap. Its own thread uses it; any may hang up."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._hung_up = False

    @property
    def encrypted(self) -> bool:
        return isinstance(self.connection, ssl.SSLSocket)

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Raises OSError when the handshake fails."""
        wrapped = context.wrap_socket(self.connection, server_side=True, do_handshake_on_connect=False)
        self.connection = wrapped
        if self._hung_up:
            raise ConnectionAbortedError("the time to log in is over")
        wrapped.do_handshake()

    def hang_up(self) -> None:
        """End it, though its thread may be reading. A twin of its descriptor leaves TLS's own state alone."""
        self._hung_up = True
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self.connection.fileno())) as twin:
            twin.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close it, not without TLS's good-bye, for which nobody waits."""
        if isinstance(self.connection, ssl.SSLSocket):
            with contextlib.suppress(OSError, ValueError):
                self.connection.setblocking(False)
                self.connection.unwrap()
        self.connection.close()


def opened(line: Line, context: ssl.SSLContext, *, plain_allowed: bool) -> dict[str, str] | Cancel:
    """Answer requests for encryption until the client starts a session, whose parameters it tells, or asks for a
    cancellation.

    Raises:
        Rejected: another version of the protocol, or no TLS where `plain_allowed` is false.
        Disconnected: the client went away, or did not get through the handshake.
        ProtocolViolation: the packet cannot be read.
    """
    while True:
        fields = Fields(startup_packet(line.connection))
        code = fields.int32()
        if code == _SSL_REQUEST and not line.encrypted:
            _encrypt(line, context)
        elif code in (_SSL_REQUEST, _GSS_REQUEST):
            line.connection.sendall(b"N")
        elif code == _CANCEL_REQUEST:
            return Cancel(*messages.cancel_key(fields))
        elif code >> 16 != _MAJOR_VERSION:
            raise Rejected("0A000", f"unsupported frontend protocol {code >> 16}.{code & 0xFFFF}: server supports 3.0")
        elif not plain_allowed and not line.encrypted:
            raise Rejected("28000", "the connection is not encrypted", "Connect with TLS: sslmode=verify-full.")
        else:
            return _parameters(line.connection, fields, code & 0xFFFF)


def _encrypt(line: Line, context: ssl.SSLContext) -> None:
    try:
        line.connection.sendall(b"S")
        line.encrypt(context)
    except OSError as error:
        raise Disconnected from error


def _parameters(connection: socket.socket, fields: Fields, minor: int) -> dict[str, str]:
    parameters = dict(messages.pairs(fields))
    unknown = [name for name in parameters if name.startswith("_pq_.")]
    if minor or unknown:
        body = struct.pack("!ii", _MAJOR_VERSION << 16, len(unknown)) + b"".join(messages.text(n) for n in unknown)
        connection.sendall(messages.message(b"v", body))
    return parameters


def authenticate(connection: socket.socket, parameters: dict[str, str], account: Account) -> None:
    """Ask for the password, by Redshift's own login where the client knows it, else by SCRAM-SHA-256.

    Raises:
        Rejected: the user, the password or the database is wrong.
        Disconnected: the client went away.
    """
    user = parameters.get("user", "")
    if not user:
        raise Rejected("28000", "no user name was given", "Name the user that the server printed when it started.")
    password = account.password(user)
    try:
        if CLIENT_PROTOCOL in parameters:
            _by_digest(connection, password.digest)
        else:
            _by_scram(connection, password.scram)
        database = parameters.get("database", user)
        if database != account.database:
            raise Rejected("3D000", f'database "{database}" does not exist', f"Connect to {account.database}.")
        connection.sendall(messages.authentication(_ACCEPTED))
    except (WrongProof, UnicodeDecodeError) as error:
        raise Rejected(
            "28P01", f'password authentication failed for user "{user}"', "Check the user and the password."
        ) from error
    except OSError as error:
        raise Disconnected from error


def _by_digest(connection: socket.socket, password: PasswordHash) -> None:
    nonce = secrets.token_bytes(16)
    connection.sendall(messages.authentication(_DIGEST, challenge(password.salt, nonce)))
    if not password.fits(_answer(connection, b"d"), nonce):
        raise WrongProof("the digest does not fit")


def _by_scram(connection: socket.socket, password: Verifier) -> None:
    exchange = Exchange(password)
    connection.sendall(messages.authentication(_SASL, messages.text(MECHANISM) + b"\0"))
    asked = exchange.first(_first_answer(connection))
    connection.sendall(messages.authentication(_SASL_CONTINUE, asked.encode("utf-8")))
    proof = exchange.final(_answer(connection, b"p").rest().decode("utf-8"))
    connection.sendall(messages.authentication(_SASL_FINAL, proof.encode("utf-8")))


def _first_answer(connection: socket.socket) -> str:
    fields = _answer(connection, b"p")
    if fields.text() != MECHANISM:
        raise ProtocolViolation("client selected an invalid SASL authentication mechanism")
    return fields.take(max(fields.int32(), 0)).decode("utf-8")


def _answer(connection: socket.socket, expected: bytes) -> Fields:
    kind, body = typed_message(connection, _LONGEST_ANSWER)
    if kind != expected:
        raise ProtocolViolation("expected a password response")
    return Fields(body)
