"""A loopback proxy before the Data API that fails the requests a test names, by operation and number."""

import http.client
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CUT, LOST = "cut", "lost"
"""The connection ends before the request was passed on, or after it was, without the answer."""

_STATUS = {"InternalServerException": 500, "AccessDeniedException": 403, "ExpiredTokenException": 403}


@dataclass
class Faults:
    """`plan` says what becomes of the n-th call, from 1, of an operation; number 0 is every call. An action is CUT,
    LOST or the code of an exception. `seen` counts the calls.

    `transactions` are the first statements of the transactions that passed. With the transaction of number `last` the
    network ends: its answer is LOST, and every call after it is CUT.
    """

    plan: dict[tuple[str, int], str] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    transactions: list[str] = field(default_factory=list)
    last: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def action(self, operation: str, request: dict[str, Any]) -> str:
        with self.lock:
            self.seen[operation] += 1
            if self.last and len(self.transactions) >= self.last:
                return CUT
            if operation == "BatchExecuteStatement" and "ExecutionMode" not in request:
                self.transactions.append(next(sql for sql in request["Sqls"] if not sql.startswith("SET ")))
                if len(self.transactions) == self.last:
                    return LOST
            return self.plan.get((operation, self.seen[operation])) or self.plan.get((operation, 0), "")

    def submissions(self) -> int:
        return self.seen["ExecuteStatement"] + self.seen["BatchExecuteStatement"]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        action = self.server.faults.action(self.headers["X-Amz-Target"].partition(".")[2], json.loads(body))
        if action == CUT:
            self.close_connection = True
            return
        if action not in ("", LOST):
            document = json.dumps({"__type": action, "message": f"{action} was asked for"}).encode()
            self._answer(_STATUS.get(action, 400), {"Content-Type": "application/x-amz-json-1.1"}, document)
            return
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=60)
        try:
            upstream.request("POST", "/", body, dict(self.headers))
            answer = upstream.getresponse()
            document = answer.read()
        finally:
            upstream.close()
        if action == LOST:
            self.close_connection = True
            return
        self._answer(answer.status, dict(answer.getheaders()), document)

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name in ("Content-Type", "date", "Date"):
            if name in headers:
                self.send_header(name, headers[name])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, upstream: str, faults: Faults) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream, self.faults = upstream, faults


@contextmanager
def faulty(endpoint: str, faults: Faults) -> Iterator[str]:
    """The address of a proxy before `endpoint`."""
    server = _Server(endpoint.removeprefix("http://"), faults)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
