"""A loopback HTTP proxy that counts the requests that pass and breaks those that it is told to break."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True)
class Request:
    """What a client asked. `path` is decoded and without the query; names of `headers` are in lower case.

    `client_port` tells connections apart.
    """

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    client_port: int


@dataclass(frozen=True)
class Answer:
    """Answer in the server's place; the server never sees the request."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cut:
    """Close the connection; the server never sees the request."""


@dataclass(frozen=True)
class LoseAnswer:
    """Let the server do the work, then close the connection, or give `instead` for its answer."""

    instead: Answer | None = None


@dataclass(frozen=True)
class Truncate:
    """Let the server answer, and close the connection after so many bytes of the body."""

    after: int


@dataclass(frozen=True)
class Hold:
    """Keep the request until the gate is set, then let it pass. `arrived` is set when it has come."""

    gate: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Event = field(default_factory=threading.Event)


Fault = Answer | Cut | LoseAnswer | Truncate | Hold


@dataclass
class _Rule:
    fault: Fault
    when: Callable[[Request], bool]
    times: int


class Proxy:
    """Every request goes to one server, with its host and signature as the client sent them.

    Clients keep using a connection while the proxy runs; it ends them all when it ends.
    """

    def __init__(self, upstream: str, server: ThreadingHTTPServer) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.requests: list[Request] = []
        self._server = server
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()

    @property
    def endpoint(self) -> str:
        """`http://127.0.0.1:<port>`"""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def fault(self, fault: Fault, *, times: int = 1, when: Callable[[Request], bool] = lambda _: True) -> None:
        """Do this to the next `times` requests for which `when` holds. Rules are looked at in the order given."""
        with self._lock:
            self._rules.append(_Rule(fault, when, times))

    def counts(self) -> dict[str, int]:
        """Requests by method, those that a fault met too."""
        with self._lock:
            methods = [request.method for request in self.requests]
        return {method: methods.count(method) for method in sorted(set(methods))}

    def clear(self) -> None:
        """Forget the requests so far and the faults to come."""
        self.release()
        with self._lock:
            self.requests.clear()
            self._rules.clear()

    def release(self) -> None:
        """Let every request that is held pass."""
        with self._lock:
            for rule in self._rules:
                if isinstance(rule.fault, Hold):
                    rule.fault.gate.set()

    def _arrived(self, request: Request) -> Fault | None:
        with self._lock:
            self.requests.append(request)
            for rule in self._rules:
                if rule.times and rule.when(request):
                    rule.times -= 1
                    return rule.fault
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    proxy: Proxy
    connections: set[socket.socket]

    def setup(self) -> None:
        super().setup()
        self.connections.add(self.connection)
        self.upstream = HTTPConnection(self.proxy.upstream)

    def finish(self) -> None:
        self.upstream.close()
        self.connections.discard(self.connection)
        with suppress(OSError):
            super().finish()

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()

    def pass_on(self) -> None:
        body = self._body()
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = parse_qs(parts.query, keep_blank_values=True)
        request = Request(self.command, unquote(parts.path), query, headers, self.client_address[1])
        fault = self.proxy._arrived(request)
        if isinstance(fault, Hold):
            fault.arrived.set()
            fault.gate.wait()
        if isinstance(fault, Answer):
            self._answer(fault)
        elif isinstance(fault, Cut):
            self._cut()
        else:
            self._forward(body, fault)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = pass_on

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: what a test wants to know is in `requests`."""

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = bytearray()
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return bytes(body)

    def _forward(self, body: bytes, fault: Fault | None) -> None:
        self.upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("expect", "transfer-encoding", "content-length"):
                self.upstream.putheader(name, value)
        if body or "Content-Length" in self.headers:
            self.upstream.putheader("Content-Length", str(len(body)))
        self.upstream.endheaders(body)
        response = self.upstream.getresponse()
        data = response.read()
        if isinstance(fault, LoseAnswer):
            if fault.instead:
                self._answer(fault.instead)
            else:
                self._cut()
        else:
            self._send(response, data, fault)

    def _send(self, response: HTTPResponse, data: bytes, fault: Fault | None) -> None:
        self.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        length = response.getheader("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(data)))
        self.end_headers()
        if isinstance(fault, Truncate):
            self.wfile.write(data[: fault.after])
            self._cut()
        else:
            self.wfile.write(data)

    def _answer(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _cut(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def running_proxy(upstream: str) -> Iterator[Proxy]:
    """A proxy before the server at `upstream` (`http://host:port`), on a free port of 127.0.0.1."""
    connections: set[socket.socket] = set()
    handler = type("Handler", (_Handler,), {"connections": connections})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = False
    proxy = handler.proxy = Proxy(upstream, server)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="proxy")
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        proxy.release()
        for connection in list(connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        server.server_close()
