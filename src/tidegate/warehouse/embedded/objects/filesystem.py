"""How DuckDB reads objects: an fsspec file system over ranges that obstore gets.

DuckDB reads one file from several threads, each time as a seek and then a read, so a file's position is the thread's
own. It caches blocks of 2 MiB itself and asks for the ranges that a query needs; here only the end of a file, with
the footer of Parquet, is kept, as it comes with the request that tells the size.

Importing this module imports fsspec and obstore.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import obstore
from fsspec import AbstractFileSystem
from obstore.exceptions import GenericError

from tidegate.config.settings import Aws
from tidegate.errors import StatementError, TidegateError
from tidegate.warehouse.embedded.objects.addresses import split
from tidegate.warehouse.embedded.objects.clients import clients
from tidegate.warehouse.embedded.objects.failures import CrossingDuckdb, object_errors

END_BYTES = 128 * 1024
"""DuckDB first reads the last 64 KiB of a Parquet file, and what comes before them in their page of 4 KiB."""

KNOWN_ENDS = 128
_AT_ONCE = 16
_EMPTY = re.compile(r"\b416\b|InvalidRange|CONTENT_RANGE")
_GLOB_FREE = re.compile(r"\[([\[*?])\]")


@dataclass(frozen=True)
class End:
    """An object as it was when its last bytes were got. `age` is that of `ObjectFiles` then."""

    size: int
    etag: str | None
    modified: datetime
    last: bytes
    age: int


class ObjectFile:
    """A file of one object, for any number of threads. All reads are of the object that was opened, or fail."""

    def __init__(self, aws: Aws, address: str, end: End) -> None:
        self._aws = aws
        self._address = address
        self._end = end
        self._local = threading.local()

    def seek(self, position: int) -> int:
        self._local.position = position
        return position

    def tell(self) -> int:
        return getattr(self._local, "position", 0)

    def read(self, size: int) -> bytes:
        """`size` bytes from this thread's position; fewer only where the object ends."""
        start = self.tell()
        stop = min(start + size, self._end.size)
        if start >= stop:
            return b""
        kept_from = self._end.size - len(self._end.last)
        kept = start >= kept_from
        content = self._end.last[start - kept_from : stop - kept_from] if kept else self._range(start, stop)
        self._local.position = stop
        return content

    def _range(self, start: int, stop: int) -> bytes:
        bucket, key = split(self._address)
        try:
            with object_errors(self._address):
                store = clients(self._aws).store(bucket)
                got = obstore.get(store, key, options={"range": (start, stop), "if_match": self._end.etag})
                content = bytes(got.bytes())
            if len(content) != stop - start:
                raise StatementError(
                    f"{self._address!r}: {len(content)} bytes came instead of {stop - start}",
                    hint="Run the statement again.",
                )
        except TidegateError as error:
            raise CrossingDuckdb(error) from error
        return content

    def close(self) -> None:
        """Nothing is held open."""


class ObjectFiles(AbstractFileSystem):  # type: ignore[misc]
    """The file system `s3` of DuckDB, which may only read.

    `renew` starts a new age: what an object is like is asked anew, so that a statement never reads what an earlier
    one saw. Within one age, which is at least one statement, it is asked once.
    """

    protocol = "s3"
    cachable = False

    def __init__(self, aws: Aws) -> None:
        super().__init__()
        self._aws = aws
        self._age = 0
        self._ends: OrderedDict[str, End] = OrderedDict()
        self._changing = threading.Lock()

    def renew(self) -> None:
        with self._changing:
            self._age += 1

    def warm(self, addresses: Iterable[str]) -> None:
        """Get the ends of at most `KNOWN_ENDS` objects, several at once, before DuckDB asks for one after the other."""
        with ThreadPoolExecutor(_AT_ONCE, "tidegate-objects") as pool:
            for _ in pool.map(self._end, addresses):
                pass

    def open(self, path: str, mode: str = "rb", **_: Any) -> ObjectFile:
        try:
            if mode != "rb":
                raise StatementError(f"{path!r} is opened for {mode!r}", hint="Objects are written by UNLOAD only.")
            return ObjectFile(self._aws, path, self._end(path))
        except TidegateError as error:
            raise CrossingDuckdb(error) from error

    def size(self, path: str) -> int:
        return self._asked(path).size

    def modified(self, path: str) -> datetime:
        return self._asked(path).modified

    def glob(self, path: str, **_: Any) -> list[str]:
        """The one object that a path names in which `*`, `?` and `[` are escaped; opening it tells if it exists."""
        return [_GLOB_FREE.sub(r"\1", path)]

    def unstrip_protocol(self, name: str) -> str:
        return name

    def _asked(self, path: str) -> End:
        try:
            return self._end(path)
        except TidegateError as error:
            raise CrossingDuckdb(error) from error

    def _end(self, address: str) -> End:
        with self._changing:
            age, known = self._age, self._ends.get(address)
            if known is not None and known.age == age:
                self._ends.move_to_end(address)
                return known
        with object_errors(address):
            end = self._got(address, age)
        with self._changing:
            self._ends[address] = end
            self._ends.move_to_end(address)
            while len(self._ends) > KNOWN_ENDS:
                self._ends.popitem(last=False)
        return end

    def _got(self, address: str, age: int) -> End:
        bucket, key = split(address)
        store = clients(self._aws).store(bucket)
        try:
            got = obstore.get(store, key, options={"range": {"suffix": END_BYTES}})
            meta, last = got.meta, bytes(got.bytes())
        except GenericError as error:
            if not _EMPTY.search(str(error)):
                raise
            meta, last = obstore.head(store, key), b""
            if meta["size"] > 0:
                raise
        return End(meta["size"], meta["e_tag"], meta["last_modified"], last, age)
