"""A folder as a lake: every object is the file `<root>/<key>`, so that the warehouse reads it by plain path."""

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from urllib.parse import unquote

from tidegate.errors import ConfigError, LakeUnreachable, ObjectNotFound, ObjectParked, UsageError
from tidegate.lake.base import LakeCapabilities, ObjectInfo, ObjectWriter
from tidegate.lake.keys import check_new_key, check_prefix
from tidegate.lake.local.cold import ColdFolder
from tidegate.lake.local.notes import Note, combine, describe, next_midnight
from tidegate.lake.local.tree import Tree
from tidegate.lake.staging import StagedObject, absent, reported, require_root, sync_path, taken, unreachable
from tidegate.lake.tiers import THAW_HINT, check_days, check_retrieval, check_tier, is_colder
from tidegate.model.tiers import Retrieval, ThawState, Tier

_CHUNK = 1 << 20
_DELETE_BATCH = 1000
_FILE_URL = re.compile("file://(?:localhost)?/", re.IGNORECASE)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class LocalLake:
    """The Lake port on a folder that exists; the constructor touches nothing.

    An object appears by one atomic rename (or hard link, for `if_absent`) after its bytes are on the disk, and a
    call returns after its folders are too. The ETag is made of inode, modification time and size: it does not see
    bytes that were changed in place with the time set back, which is what `sha256` is for. Symbolic links are
    followed. Windows is not supported.

    A parked object lies compressed in the cold folder, and there is no file at its key; thawing it puts one back at
    once, which counts until the thaw ends and then goes when it is next seen.
    """

    def __init__(self, root: Path, cold: Path | None = None, *, clock: Callable[[], datetime] = _utc_now) -> None:
        """`cold` is `<root>.cold` where none is named. `clock` gives an aware time."""
        self._root = os.path.abspath(root).rstrip("/")
        self._tree = Tree(self._root)
        self._cold = ColdFolder(os.path.abspath(cold) if cold else f"{self._root}.cold", self._root)
        self._clock = clock

    @property
    def capabilities(self) -> LakeCapabilities:
        return LakeCapabilities(scheme="file", checksums=True)

    def uri(self, key: str) -> str:
        return f"{self._root}/{check_prefix(key)}"

    def key(self, uri: str) -> str:
        path = unquote(_FILE_URL.sub("/", uri)) if _FILE_URL.match(uri) else uri
        try:
            if f"{path}/".startswith(f"{self._root}/"):
                return check_prefix(path[len(self._root) + 1 :])
        except UsageError as error:
            raise ConfigError(f"{uri!r} is not an address in the lake: {error.message}", hint=error.hint) from error
        raise ConfigError(
            f"{uri!r} is outside of the lake {self._root!r}",
            hint="Use an address inside of the lake, or change url under [lake] in tidegate.toml.",
        )

    def put(self, key: str, data: bytes, *, if_absent: bool = False) -> ObjectInfo:
        if if_absent and self._note(check_new_key(key)) and self._find(key):
            raise taken(self._root, key)
        with StagedObject(self._root, check_new_key(key)) as staged:
            staged.write(data)
            return self._publish(key, staged, if_absent=if_absent)

    @contextmanager
    def writer(self, key: str) -> Iterator[ObjectWriter]:
        with StagedObject(self._root, check_new_key(key)) as staged:
            yield staged
            self._publish(key, staged)

    def copy(self, source: str, target: str) -> ObjectInfo:
        with StagedObject(self._root, check_new_key(target)) as staged:
            for chunk in self.stream(source):
                staged.write(chunk)
            return self._publish(target, staged)

    def get(self, key: str) -> bytes:
        return b"".join(self.stream(key))

    def stream(self, key: str) -> Iterator[bytes]:
        """Chunks of 1 MiB. The file is opened when the first one is asked for."""
        if not self.head(key).readable:
            raise ObjectParked(f"the object {key!r} in the lake {self._root!r} is parked", hint=THAW_HINT)
        yield from self._read(key)

    def read(self, key: str, offset: int, length: int) -> bytes:
        if not self.head(key).readable:
            raise ObjectParked(f"the object {key!r} in the lake {self._root!r} is parked", hint=THAW_HINT)
        try:
            with open(self._tree.path(key), "rb", buffering=0) as file:
                return os.pread(file.fileno(), length, offset)
        except FileNotFoundError as error:
            raise absent(self._root, key) from error
        except OSError as error:
            raise unreachable(f"read {key!r} in the lake {self._root!r}", error) from error

    def sha256(self, key: str) -> str:
        """Of a parked object too: its bytes are here, compressed."""
        if not self.head(key).readable:
            return self._cold.sha256(key)
        digest = hashlib.sha256()
        for chunk in self._read(key):
            digest.update(chunk)
        return digest.hexdigest()

    def head(self, key: str) -> ObjectInfo:
        if (info := self._find(key)) is None:
            raise absent(self._root, key)
        return info

    def list(
        self, prefix: str, *, after: str | None = None, odd: Callable[[str], object] | None = None
    ) -> Iterator[ObjectInfo]:
        """One folder's names are in memory at a time for each level. The order is that of the keys' UTF-8 bytes."""
        folder, slash, start = check_prefix(prefix).rpartition("/")
        require_root(self._root)
        yield from self._walk(folder + slash, start, after or "", odd)

    def folders(self, prefix: str) -> Iterator[str]:
        if check_prefix(prefix) and not prefix.endswith("/"):
            raise UsageError(f"the prefix {prefix!r} is not a folder", hint="End the prefix with a slash.")
        require_root(self._root)
        trees = (self._tree, self._cold.notes) if self._cold.exists() else (self._tree,)
        names = {name for tree in trees for name, _ in tree.entries(prefix, "") if name.endswith("/")}
        for name in sorted(names):
            if next(self._walk(prefix + name, "", ""), None) is not None:
                yield prefix + name

    def delete(self, keys: Iterable[str]) -> None:
        """The note of a cold object goes last: what is no longer listed has left no bytes."""
        require_root(self._root)
        if not self._cold.exists():
            self._tree.remove(keys)
            return
        pending = iter(keys)
        while batch := list(islice(pending, _DELETE_BATCH)):
            self._tree.remove(batch)
            self._cold.drop(batch)
            self._cold.forget(batch)

    def erase(self, keys: Iterable[str]) -> None:
        """There are no versions in a folder."""
        self.delete(keys)

    def sync(self, keys: Iterable[str]) -> None:
        """What is cold was flushed when it moved."""
        folders: set[str] = set()
        for key in keys:
            if self._tree.find(key) is None:
                self.head(key)
                continue
            with reported(f"flush {key!r} in the lake {self._root!r}"):
                sync_path(self._tree.path(key))
            folder = key
            while folder:
                folder = folder.rpartition("/")[0]
                folders.add(folder)
        with reported(f"flush the folders of the lake {self._root!r}"):
            for folder in sorted(folders, reverse=True):
                sync_path(f"{self._root}/{folder}")

    def prepare_tiers(self, tiers: Iterable[Tier]) -> None:
        """Makes the cold folder."""
        for tier in tiers:
            check_tier(tier)
        require_root(self._root)
        self._cold.prepare()

    def foreign_rules(self) -> Sequence[str]:
        """A folder has none."""
        return ()

    def transition(self, keys: Iterable[str], tier: Tier) -> None:
        """A tier that parks takes the file away, another one is only remembered."""
        self.prepare_tiers([tier])
        self._tree.prune({key.rpartition("/")[0] for key in keys if self._move(key, tier)})

    def thaw(self, keys: Iterable[str], days: int, retrieval: Retrieval) -> Iterator[ObjectInfo]:
        """At once, whatever the retrieval."""
        until = next_midnight(self._clock() + timedelta(days=check_days(days)))
        for key in keys:
            info, note = self.head(key), self._note(key)
            if info.thaw is not None and note is not None:
                check_retrieval(key, info.tier, retrieval)
                if info.thaw.state is ThawState.PARKED:
                    self._unpack(key, replace(note, until=until))
                elif info.thaw.until is None or info.thaw.until < until:
                    self._cold.remember(key, replace(note, until=until))
            yield self.head(key)

    def _note(self, key: str) -> Note | None:
        return self._cold.note(key) if self._cold.exists() else None

    def _find(self, key: str) -> ObjectInfo | None:
        """The file is looked at first: it only goes after its note is there."""
        status = self._tree.find(key)
        if status is None:
            require_root(self._root)
        return self._told(key, status, self._note(key))

    def _told(self, key: str, status: os.stat_result | None, note: Note | None) -> ObjectInfo | None:
        """The object, whose thawed copy goes when its time is over."""
        info = combine(key, status, note, self._clock())
        if info is not None and not info.readable and status is not None:
            with suppress(LakeUnreachable):
                self._tree.unlink(key)
        return info

    def _walk(
        self, folder: str, start: str, after: str, odd: Callable[[str], object] | None = None
    ) -> Iterator[ObjectInfo]:
        """A file that moved since its folder was read has a note by now."""
        notes = self._cold.notes if self._cold.exists() else None
        for key, status, noted in self._tree.walk(folder, start, after, notes, odd=odd):
            note = self._note(key) if noted or status is None else None
            if info := self._told(key, status, note):
                yield info

    def _read(self, key: str) -> Iterator[bytes]:
        try:
            with open(self._tree.path(key), "rb", buffering=0) as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
        except FileNotFoundError as error:
            raise absent(self._root, key) from error
        except OSError as error:
            raise unreachable(f"read {key!r} in the lake {self._root!r}", error) from error

    def _publish(self, key: str, staged: StagedObject, *, if_absent: bool = False) -> ObjectInfo:
        """The new object stands at its key; what was known of a former one goes."""
        former = self._note(key)
        info = describe(key, staged.publish(if_absent=if_absent))
        if former is not None:
            self._cold.forget([key])
            self._cold.drop([key])
        return info

    def _move(self, key: str, tier: Tier) -> bool:
        """True when the file went away. At every moment the object is the file, or the note with its bytes."""
        info, note = self._find(key), self._note(key)
        if info is None or not is_colder(tier, info.tier):
            return False
        if info.thaw is not None and note is not None:
            self._cold.remember(key, replace(note, tier=tier))
            return False
        try:
            digest = self._cold.pack(key, self._read(key)) if tier.parks else None
        except ObjectNotFound:
            return False
        self._cold.remember(key, Note(tier, info.size, info.etag, info.modified, self._clock(), digest))
        if not tier.parks or (now := self._tree.find(key)) is None or describe(key, now).etag != info.etag:
            return False
        return self._tree.unlink(key)

    def _unpack(self, key: str, note: Note) -> None:
        """The note tells of the copy before it stands at its key, so that nobody takes it for a new object."""
        digest = hashlib.sha256()
        with StagedObject(self._root, key) as staged:
            for chunk in self._cold.unpack(key):
                digest.update(chunk)
                staged.write(chunk)
            if digest.hexdigest() != note.sha256:
                raise LakeUnreachable(
                    f"the parked bytes of {key!r} in the lake {self._root!r} are not those that were parked",
                    hint="Restore the file from a backup of the cold folder.",
                )
            self._cold.remember(key, replace(note, copy_etag=describe(key, staged.seal()).etag))
            staged.publish(if_absent=False)
