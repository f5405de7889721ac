"""How DuckDB reads objects: an fsspec file system over ranges that boto3 gets.

DuckDB reads one file from several threads, each time as a seek and then a read, so a file's position is the thread's
own. It asks for the ranges that a query needs, 2 MiB at once of a file that it reads from its beginning; only the end
of a file, with the footer of Parquet, is kept here, as it comes with the request that tells the size.

Importing this module imports fsspec and botocore.
"""

import itertools
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from fsspec import AbstractFileSystem

from tidegate.config.settings import Aws
from tidegate.errors import StatementError, TidegateError
from tidegate.warehouse.embedded.objects.addresses import split
from tidegate.warehouse.embedded.objects.clients import client
from tidegate.warehouse.embedded.objects.failures import CrossingDuckdb, object_errors

END_BYTES = 64 * 1024
"""What DuckDB reads first of a Parquet file."""

KNOWN_ENDS = 256
_AT_ONCE = 16
_EMPTY = frozenset({"InvalidRange", "416"})
_ATTEMPTS = 4
_FIRST_WAIT = 0.05
_GLOB_FREE = re.compile(r"\[([\[*?])\]")


@dataclass(frozen=True)
class End:
    """An object as it was when its last bytes were got. `age` is that of `ObjectFiles` then."""

    size: int
    etag: str
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
        try:
            with object_errors(self._address):
                answer = _got(self._aws, self._address, Range=f"bytes={start}-{stop - 1}", IfMatch=self._end.etag)
            if len(answer.content) != stop - start:
                raise StatementError(
                    f"{self._address!r}: {len(answer.content)} bytes came instead of {stop - start}",
                    hint="Check that the store at the endpoint answers requests for ranges.",
                )
        except TidegateError as error:
            raise CrossingDuckdb(error) from error
        return answer.content

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
        """Get the ends of fewer than `KNOWN_ENDS` objects, several at once."""
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
            end = _end_of(self._aws, address, age)
        with self._changing:
            self._ends[address] = end
            self._ends.move_to_end(address)
            while len(self._ends) > KNOWN_ENDS:
                self._ends.popitem(last=False)
        return end


class _Answer(NamedTuple):
    content: bytes
    size: int
    etag: str
    modified: datetime


def _end_of(aws: Aws, address: str, age: int) -> End:
    try:
        answer = _got(aws, address, Range=f"bytes=-{END_BYTES}")
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in _EMPTY:
            raise
        answer = _got(aws, address)
    return End(answer.size, answer.etag, answer.modified, answer.content, age)


def _got(aws: Aws, address: str, **options: str) -> _Answer:
    """A range of an object, or all of it. boto3 tries requests again, but not when their answer breaks off."""
    bucket, key = split(address)
    s3 = client(aws)
    for attempt in itertools.count(1):
        answer = s3.get_object(Bucket=bucket, Key=key, **options)  # type: ignore[arg-type]
        try:
            with closing(answer["Body"]) as body:
                content = body.read()
            break
        except (BotoCoreError, HTTPClientError):
            if attempt == _ATTEMPTS:
                raise
            time.sleep(_FIRST_WAIT * 2**attempt)
    size = int(answer["ContentRange"].rpartition("/")[2]) if "ContentRange" in answer else answer["ContentLength"]
    return _Answer(content, size, answer["ETag"], answer["LastModified"])
