"""The files that are to be loaded, wherever they lie: in the lake, in another bucket, or in a folder."""

import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from tidegate.config.patterns import KeyPattern, is_hidden
from tidegate.config.routes import format_of
from tidegate.errors import ConfigError, ObjectNotFound, UsageError
from tidegate.flows.context import Context
from tidegate.formats.schema.footer import Read
from tidegate.lake.base import Lake, ObjectInfo
from tidegate.lake.keys import check_key
from tidegate.model.batch import BATCH_COLUMN
from tidegate.model.landing import FileVersion

_S3 = "s3://"
_WILD = "*"
_READ_AHEAD = 1 << 20
_AT_ONCE = 16
"""Requests."""
_ARCHIVE = f"{BATCH_COLUMN}="
"""How folders of archives begin, which are no data that landed."""


@dataclass
class Landing:
    """Each place is opened once, when it is first looked at. `odd`: see `Lake.list`; of what was found."""

    ctx: Context
    odd: list[str] = field(default_factory=list)
    _places: dict[str, Lake] = field(default_factory=dict)

    def find(self, paths: Iterable[str]) -> list[FileVersion]:
        """The files at these addresses; one that ends with a slash, or is a folder, stands for all files below it, and
        one with `*` in it for those that match.

        Raises:
            UsageError: an address is empty, or there is nothing at it, or the warehouse itself.
        """
        found: dict[str, FileVersion] = {}
        own = self.ctx.warehouse.place()
        for path in paths:
            if not path:
                raise UsageError("a path is empty", hint="Write `.` for the folder that you are in.")
            if os.path.realpath(path) == own:
                raise UsageError(f"{path} is the warehouse", hint="Name the files that shall be loaded into it.")
            odd = len(self.odd)
            files = list(self._below(path))
            if not files and len(self.odd) == odd:
                raise UsageError(f"there is no file at {path}", hint="Check the path.")
            found.update((file.uri, file) for file in files)
        return list(found.values())

    def head(self, uri: str) -> FileVersion | None:
        """The version that is there now; None when there is none."""
        lake, key = self._at(uri)
        try:
            return version_of(uri, lake.head(key))
        except ObjectNotFound:
            return None

    def heads(self, uris: Sequence[str]) -> list[FileVersion | None]:
        """`head` of each, many at a time where each is a request."""
        for uri in uris:
            self._at(uri)
        if len(uris) < _AT_ONCE or not any(uri.startswith(_S3) for uri in uris):
            return [self.head(uri) for uri in uris]
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="landing") as pool:
            return list(pool.map(self.head, uris))

    def all_now(self, files: Sequence[FileVersion]) -> list[FileVersion | None]:
        """The files as they are now: each version, or the one that came instead; None when it is gone."""
        current = self.heads([file.uri for file in files])
        return [
            file if now is not None and now.identity == file.identity else now
            for file, now in zip(files, current, strict=True)
        ]

    def reader(self, file: FileVersion) -> Read:
        """Ranges of the file."""
        lake, key = self._at(file.uri)
        return lambda offset, length: lake.read(key, offset, length)

    def opened(self, file: FileVersion) -> BinaryIO:
        """The file as one that can be read and moved about in."""
        return cast(BinaryIO, io.BufferedReader(_Ranges(self.reader(file), file.size), _READ_AHEAD))

    def _below(self, path: str) -> Iterator[FileVersion]:
        if _WILD in path and not os.path.lexists(path):
            yield from self._matching(path)
            return
        address = path if path.startswith(_S3) else os.path.realpath(path.removeprefix("file://"))
        if not address.startswith(_S3) and os.path.isdir(address):
            address += "/"
        if address.endswith("/"):
            yield from self._listed(address, lambda key: format_of(key) is not None and not is_hidden(key))
        elif (file := self.head(address)) is not None:
            yield file

    def _matching(self, path: str) -> Iterator[FileVersion]:
        """The files of a pattern: `*` within a name, `**` over folders."""
        folder, slash, _ = path.partition(_WILD)[0].rpartition("/")
        inside = path[len(folder + slash) :]
        if path.startswith(_S3) and not folder.startswith(_S3):
            raise UsageError(f"{path} names no bucket", hint="Write the bucket out: s3://bucket/*.parquet.")
        try:
            pattern = KeyPattern.parse(inside)
        except ValueError as error:
            raise UsageError(f"{path}: {inside} {error}", hint="Name files, folders, or a plain pattern.") from error
        root = folder if path.startswith(_S3) else os.path.realpath(folder or slash or ".").rstrip("/")
        said = pattern.segments[-1] != _WILD
        matching = self._listed(f"{root}/", lambda key: pattern.match(key) is not None)
        yield from (file for file in matching if said or format_of(file.uri) is not None)

    def _listed(self, address: str, wanted: Callable[[str], bool]) -> Iterator[FileVersion]:
        """Files below an address whose key from there on is wanted."""
        lake, prefix = self._at(address)
        for info in lake.list(prefix, odd=self.odd.append):
            key = info.key.removeprefix(prefix)
            if wanted(key) and not any(segment.startswith(_ARCHIVE) for segment in key.split("/")):
                yield version_of(lake.uri(info.key), info)

    def _at(self, uri: str) -> tuple[Lake, str]:
        try:
            return self.ctx.lake, self.ctx.lake.key(uri)
        except ConfigError:
            root = f"{_S3}{uri.removeprefix(_S3).partition('/')[0]}/" if uri.startswith(_S3) else f"{_folder(uri)}/"
        if root not in self._places:
            self._places[root] = self.ctx.lake_at(root, None)
        lake = self._places[root]
        return lake, lake.key(uri)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def check_address(uri: str) -> None:
    """Raises UsageError: no key can name the file, so that a load of it with others would fail for all."""
    check_key(uri.removeprefix(_S3).removeprefix("/"))


def why_odd(path: str) -> str:
    """What is wrong with the name of a file that no key can name, of which `Lake.list` told."""
    if path.startswith(_S3):
        return "its key has a part that is empty, `.` or `..`, or longer than 255 bytes"
    if os.path.isdir(path):
        return "symbolic links lead in a circle there"
    return "its name is not UTF-8"


def version_of(uri: str, info: ObjectInfo) -> FileVersion:
    return FileVersion(uri, info.size, info.etag, info.version, landed_at=info.modified)


class _Ranges(io.RawIOBase):
    """A file that is read by ranges."""

    def __init__(self, read: Read, size: int) -> None:
        self._read, self._size, self._position = read, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        length = min(len(view), self._size - self._position)
        if length <= 0:
            return 0
        data = self._read(self._position, length)
        view[: len(data)] = data
        self._position += len(data)
        return len(data)
