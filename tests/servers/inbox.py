"""Where messages to people arrive: a webhook and a mail server, on loopback."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Inbox:
    """`status` is what the webhook answers; `hold` keeps it from answering until it is set."""

    port: int = 0
    mail_port: int = 0
    status: int = 200
    posts: list[Any] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    hold: threading.Event | None = None

    @property
    def url(self) -> str:
        """As apprise takes it, with a secret in it."""
        return f"json://user:password1@127.0.0.1:{self.port}/token77"

    @property
    def mail_url(self) -> str:
        return f"mailto://127.0.0.1:{self.mail_port}?from=bot@shop.example&to=data@shop.example"

    @property
    def titles(self) -> list[str]:
        return [post["title"] for post in self.posts]


@contextmanager
def running_inbox() -> Iterator[Inbox]:
    inbox = Inbox()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            inbox.posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if inbox.hold is not None:
                inbox.hold.wait(10)
            self.send_response(inbox.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return None

    class Mail(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 inbox\r\n")
            for line in self.rfile:
                word = line.split()[0].upper()
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    inbox.mails.append(message_from_bytes(self._data(), policy=policy.default))
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")

        def _data(self) -> bytes:
            lines = iter(self.rfile.readline, b".\r\n")
            return b"".join(line.removeprefix(b".") for line in lines)

    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as hook, socketserver.TCPServer(("127.0.0.1", 0), Mail) as mail:
        inbox.port, inbox.mail_port = hook.server_address[1], mail.server_address[1]
        threads = [threading.Thread(target=server.serve_forever, args=(0.05,)) for server in (hook, mail)]
        for thread in threads:
            thread.start()
        try:
            yield inbox
        finally:
            for server in (hook, mail):
                server.shutdown()
            for thread in threads:
                thread.join()
