"""An embedded warehouse whose files are in a bucket of its own, and a tap on the line between them."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers.emulator import Emulator
from tests.unit.warehouse.embedded.loading import Place

from tidegate.config.settings import Aws, EmbeddedSettings
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse

ORDERS = (
    "CREATE TABLE orders (id INTEGER, day DATE, amount DECIMAL(12,2), note VARCHAR(20))",
    "INSERT INTO orders VALUES (1, '2020-01-01', 1.50, 'a'), (2, '2020-01-02', 2.50, NULL), (3, '2020-01-02', 3, '')",
)


class Remote(Place):
    """As `Place`, with a bucket. `endpoint` is where the warehouse finds it."""

    def __init__(self, base: Path, emulator: Emulator, endpoint: str | None = None, threads: int | None = None) -> None:
        super().__init__(base)
        self.emulator = emulator
        self.bucket = emulator.new_bucket()
        self.root = f"s3://{self.bucket}"
        self.aws = Aws(endpoint=endpoint or emulator.endpoint)
        self.warehouse = EmbeddedWarehouse(EmbeddedSettings(base / "w.duckdb", base, threads=threads, s3=self.aws))

    def put(self, key: str, content: str | bytes, **more: Any) -> None:
        body = content.encode() if isinstance(content, str) else content
        self.emulator.s3.put_object(Bucket=self.bucket, Key=key, Body=body, **more)

    def get(self, key: str) -> bytes:
        return self.emulator.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def document(self, key: str) -> Any:
        return json.loads(self.get(key))

    def keys(self, prefix: str = "") -> list[str]:
        pages = self.emulator.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", ())]

    def external(self, location: str, columns: str, partitions: str = "") -> None:
        """Make the external table cold.t."""
        parted = f"PARTITIONED BY ({partitions}) " if partitions else ""
        self.run(
            "CREATE EXTERNAL SCHEMA cold FROM DATA CATALOG DATABASE 'd' IAM_ROLE default",
            f"CREATE EXTERNAL TABLE cold.t ({columns}) {parted}STORED AS PARQUET LOCATION '{location}'",
        )


@dataclass
class Tap:
    """What went through: `sent` bytes from the server to the client, `requests` the first line of each request."""

    endpoint: str
    sent: int = 0
    requests: list[str] = field(default_factory=list)

    def clear(self) -> None:
        self.sent = 0
        self.requests.clear()


@contextmanager
def tapped(port: int) -> Iterator[Tap]:
    """A line to a port of this machine that is listened to."""
    ends: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        ends.append(listener)
        tap = Tap(f"http://127.0.0.1:{listener.getsockname()[1]}")
        accepting = threading.Thread(target=_accept, args=(listener, port, tap, ends))
        accepting.start()
        try:
            yield tap
        finally:
            for end in ends:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            accepting.join()


def _accept(listener: socket.socket, port: int, tap: Tap, ends: list[socket.socket]) -> None:
    pumps: list[threading.Thread] = []
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            break
        server = socket.create_connection(("127.0.0.1", port))
        ends += [client, server]
        pumps += [threading.Thread(target=_pump, args=(client, server, tap, True))]
        pumps += [threading.Thread(target=_pump, args=(server, client, tap, False))]
        for pump in pumps[-2:]:
            pump.start()
    for pump in pumps:
        pump.join()
    for end in ends:
        end.close()


def _pump(source: socket.socket, target: socket.socket, tap: Tap, asks: bool) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            if not asks:
                tap.sent += len(chunk)
            elif chunk.startswith((b"GET ", b"HEAD ", b"PUT ", b"POST ", b"DELETE ")):
                tap.requests.append(chunk.partition(b" HTTP/")[0].decode())
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
