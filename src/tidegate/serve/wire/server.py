"""The server: listens, lets clients in, and gives each a thread and a session of the embedded warehouse."""

import contextlib
import ipaddress
import itertools
import logging
import secrets
import selectors
import socket
import threading
import time
from dataclasses import dataclass

from tidegate.config.secret import Secret
from tidegate.errors import TidegateError
from tidegate.redshift.identifiers import literal
from tidegate.serve.certificate import Certificate
from tidegate.serve.failures import ClientError, cannot_listen, client_error
from tidegate.serve.wire import messages
from tidegate.serve.wire.channel import Channel, Disconnected
from tidegate.serve.wire.conversation import Conversation, farewell
from tidegate.serve.wire.executor import Executor
from tidegate.serve.wire.messages import ProtocolViolation
from tidegate.serve.wire.startup import CLIENT_PROTOCOL, Account, Cancel, Line, Rejected, authenticate, opened
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse

MOST_CONNECTIONS = 200
"""Clients that are logged in."""

MOST_STARTING = 100
"""Connections that are not logged in yet; one more drops the oldest of them."""

AUTHENTICATION_TIMEOUT = 30.0
_CLOSE_TIMEOUT = 2.0
_REDSHIFT_PROTOCOL = 2
"""The newest `client_protocol_version` that is spoken here (redshift_connector, ClientProtocolVersion)."""

_STATUS = {
    "server_version": "8.0.2",
    "server_encoding": "UTF8",
    "client_encoding": "UTF8",
    "DateStyle": "ISO, MDY",
    "TimeZone": "UTC",
    "integer_datetimes": "on",
    "standard_conforming_strings": "on",
    "is_superuser": "on",
}
_SETTINGS = {"application_name", "datestyle", "timezone", "search_path", "statement_timeout", "query_group"}
"""What a client may set as it connects; its other parameters are about itself."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Client:
    """A client that is let in, as a cancellation finds it."""

    secret: int
    executor: Executor


class WireServer:
    """The embedded warehouse behind the PostgreSQL protocol, as Redshift speaks it.

    Clients give `user`, `password` and `database`, and are dropped when that takes them longer than
    `authentication_timeout` seconds. TLS is offered with `certificate`; without it only the machine's own addresses
    are served.
    """

    def __init__(  # noqa: PLR0913 - each is one word of the line that the command prints
        self,
        warehouse: EmbeddedWarehouse,
        *,
        host: str,
        port: int,
        user: str,
        password: Secret,
        database: str,
        certificate: Certificate,
        authentication_timeout: float = AUTHENTICATION_TIMEOUT,
    ) -> None:
        self._warehouse = warehouse
        self._place = (host, port)
        self._account = Account.create(user, password, database)
        self._context = certificate.server_context()
        self._clients: dict[int, _Client] = {}
        self._authentication_timeout = authentication_timeout
        self._lines: dict[Line, threading.Thread] = {}
        self._starting: dict[Line, float] = {}
        """Those that are not logged in, oldest first, with the time at which theirs is over."""

        self._admitted: set[Line] = set()
        self._changing = threading.Lock()
        self._listener: socket.socket | None = None
        self._waker, self._woken = socket.socketpair()
        self._acceptor: threading.Thread | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that it listens on, once started."""
        if self._listener is None:
            return self._place
        host, port = self._listener.getsockname()[:2]
        return str(host), int(port)

    def start(self) -> None:
        """Listen; connections are served in threads of their own from now on.

        Raises:
            WarehouseUnreachable: the address is taken, or not one of this machine.
        """
        host, port = self._place
        try:
            self._listener = socket.create_server((host, port), backlog=MOST_CONNECTIONS)
        except OSError as error:
            raise cannot_listen("the SQL endpoint", "--port", (host, port), error) from error
        self._acceptor = threading.Thread(target=self._accept, args=(self._listener,), name="tidegate-sql", daemon=True)
        self._acceptor.start()

    def close(self) -> None:
        """Stop listening, call off what runs, roll back what is open, and end every connection."""
        self._waker.send(b"x")
        if self._acceptor is not None:
            self._acceptor.join()
        with self._changing:
            lines = dict(self._lines)
            clients = list(self._clients.values())
        for line in lines:
            line.hang_up()
        for client in clients:
            client.executor.cancel()
        for thread in lines.values():
            thread.join(_CLOSE_TIMEOUT)
        for end in (self._waker, self._woken):
            end.close()

    def _accept(self, listener: socket.socket) -> None:
        with listener, selectors.DefaultSelector() as selector:
            selector.register(listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                arrived = [key.fileobj for key, _ in selector.select(self._drop_overdue())]
                if self._woken in arrived:
                    return
                with contextlib.suppress(OSError):  # a client that left before it was accepted
                    if arrived:
                        self._welcome(listener.accept()[0])

    def _drop_overdue(self) -> float | None:
        """Hang up on those whose time to log in is over; seconds until it is for the next one."""
        with self._changing:
            now = time.monotonic()
            for line in [line for line, deadline in self._starting.items() if deadline <= now]:
                del self._starting[line]
                line.hang_up()
            return max(next(iter(self._starting.values())) - now, 0) if self._starting else None

    def _welcome(self, connection: socket.socket) -> None:
        line = Line(connection)
        thread = threading.Thread(target=self._serve, args=(line,), name="tidegate-client", daemon=True)
        with self._changing:
            if len(self._starting) >= MOST_STARTING:
                oldest = next(iter(self._starting))
                del self._starting[oldest]
                oldest.hang_up()
            self._lines[line] = thread
            self._starting[line] = time.monotonic() + self._authentication_timeout
            thread.start()

    def _serve(self, line: Line) -> None:
        """One connection from its first byte to its last."""
        try:
            line.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            started = opened(line, self._context, plain_allowed=_is_loopback(line.connection))
            if isinstance(started, Cancel):
                self._cancel(started)
                return
            authenticate(line.connection, started, self._account)
            self._admit(line)
            self._talk(line.connection, started)
        except Rejected as rejected:
            _say(line.connection, rejected.told)
        except ProtocolViolation as violation:
            _say(line.connection, ClientError("08P01", str(violation)))
        except (Disconnected, OSError) as error:
            _log.debug("a client went away: %s", error)
        finally:
            with self._changing:
                self._lines.pop(line, None)
                self._starting.pop(line, None)
                self._admitted.discard(line)
            line.close()

    def _admit(self, line: Line) -> None:
        """From here on the connection has one of the places of those that are logged in.

        Raises:
            Rejected: all are taken.
        """
        with self._changing:
            if len(self._admitted) >= MOST_CONNECTIONS:
                raise Rejected("53300", "too many clients are connected", "Close other connections first.")
            self._starting.pop(line, None)
            self._admitted.add(line)

    def _talk(self, connection: socket.socket, parameters: dict[str, str]) -> None:
        session = self._warehouse.connect(parameters["user"], self._account.database)
        client = _Client(secrets.randbits(32), Executor(session))
        channel = Channel(connection)
        requested = parameters.get(CLIENT_PROTOCOL, "")
        redshift = requested.isdigit() and int(requested) >= _REDSHIFT_PROTOCOL
        conversation = Conversation(channel, client.executor, redshift=redshift)
        with self._changing:
            self._clients[session.facts.id] = client
        try:
            for name, value in _wishes(parameters):
                session.execute(f"SET {name} TO {literal(value)}")
            for name, value in {**_STATUS, "session_authorization": parameters["user"]}.items():
                channel.send(messages.parameter_status(name, value))
            if redshift:
                channel.send(messages.parameter_status("server_protocol_version", str(_REDSHIFT_PROTOCOL)))
            channel.send(messages.backend_key(session.facts.id, client.secret))
            conversation.run()
        except TidegateError as error:
            _say(connection, client_error(error))
        finally:
            with self._changing:
                del self._clients[session.facts.id]
            conversation.close()
            channel.close()

    def _cancel(self, request: Cancel) -> None:
        with self._changing:
            client = self._clients.get(request.process)
        if client is not None and client.secret == request.secret:
            client.executor.cancel()


def _wishes(parameters: dict[str, str]) -> list[tuple[str, str]]:
    """The settings among a client's parameters, those of `-c name=value` in its options too."""
    wishes = [(name.lower(), value) for name, value in parameters.items() if name.lower() in _SETTINGS]
    words = parameters.get("options", "").replace("--", "-c ").split()
    for flag, wish in itertools.pairwise(words):
        if flag == "-c" and "=" in wish:
            name, value = wish.split("=", 1)
            wishes.append((name.lower().replace("-", "_"), value))
    return wishes


def _is_loopback(connection: socket.socket) -> bool:
    """Whether the client is on this machine."""
    peer = ipaddress.ip_address(str(connection.getpeername()[0]).partition("%")[0])
    mapped = peer.ipv4_mapped if isinstance(peer, ipaddress.IPv6Address) else None
    return (mapped or peer).is_loopback


def _say(connection: socket.socket, told: ClientError) -> None:
    with contextlib.suppress(OSError):
        connection.sendall(farewell(told))
