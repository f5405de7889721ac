"""A way to the server that breaks when a test says so."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.serve.wire.endpoint import Endpoint


class Relay:
    """Passes bytes on. `opened` counts the connections."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.opened = 0
        self._target = (endpoint.host, endpoint.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._sockets: list[socket.socket] = []
        self._answers_to_lose = 0
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def lose_answers(self, connections: int) -> None:
        """Cut that many connections when the server next answers on them; what was asked has happened then."""
        self._answers_to_lose = connections

    def cut(self) -> None:
        """End all connections that are open now."""
        sockets, self._sockets = self._sockets, []
        for each in sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(30)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                self.opened += 1
                server = socket.create_connection(self._target)
                self._sockets += [client, server]
                pair = [
                    threading.Thread(target=self._pass, args=(*ends, asks))
                    for ends, asks in (((client, server), True), ((server, client), False))
                ]
                self._threads += pair
                for thread in pair:
                    thread.start()

    def _pass(self, source: socket.socket, target: socket.socket, asks: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not asks and self._answers_to_lose:
                    self._answers_to_lose -= 1
                    break
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        source.close()


@contextmanager
def running_relay(endpoint: Endpoint) -> Iterator[Relay]:
    relay = Relay(endpoint)
    try:
        yield relay
    finally:
        relay.close()
