"""A folder as a lake: every object is the file `<root>/<key>`, so that the warehouse reads it by plain path."""

import errno
import hashlib
import os
import re
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from urllib.parse import unquote

from tidegate.errors import ConfigError, LakeUnreachable, UsageError
from tidegate.lake.base import LakeCapabilities, ObjectInfo, ObjectWriter
from tidegate.lake.keys import STAGING_PREFIX, check_key, check_new_key, check_prefix
from tidegate.lake.staging import (
    StagedObject,
    absent,
    reported,
    require_root,
    sweep_stale,
    sync_path,
    unreachable,
)

_CHUNK = 1 << 20
_FILE_URL = re.compile("file://(?:localhost)?/", re.IGNORECASE)
_STAYS = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR, errno.EBUSY, errno.EACCES, errno.EPERM)
"""Why a folder may outlive its last object: it is in use, a link, a mount point, or not ours to remove."""


class LocalLake:
    """The Lake port on a folder that exists; the constructor touches nothing.

    An object appears by one atomic rename (or hard link, for `if_absent`) after its bytes are on the disk, and a
    call returns after its folders are too. The ETag is made of inode, modification time and size: it does not see
    bytes that were changed in place with the time set back, which is what `sha256` is for. Symbolic links are
    followed. Windows is not supported.
    """

    def __init__(self, root: Path) -> None:
        self._root = os.path.abspath(root).rstrip("/")

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
        with StagedObject(self._root, check_new_key(key)) as staged:
            staged.write(data)
            return _info(key, staged.publish(if_absent=if_absent))

    @contextmanager
    def writer(self, key: str) -> Iterator[ObjectWriter]:
        with StagedObject(self._root, check_new_key(key)) as staged:
            yield staged
            staged.publish(if_absent=False)

    def copy(self, source: str, target: str) -> ObjectInfo:
        with StagedObject(self._root, check_new_key(target)) as staged:
            for chunk in self.stream(source):
                staged.write(chunk)
            return _info(target, staged.publish(if_absent=False))

    def get(self, key: str) -> bytes:
        return b"".join(self.stream(key))

    def stream(self, key: str) -> Iterator[bytes]:
        """Chunks of 1 MiB. The file is opened when the first one is asked for."""
        self._status(key)
        try:
            with open(self._path(key), "rb", buffering=0) as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
        except FileNotFoundError as error:
            raise absent(self._root, key) from error
        except OSError as error:
            raise unreachable(f"read {key!r} in the lake {self._root!r}", error) from error

    def sha256(self, key: str) -> str:
        digest = hashlib.sha256()
        for chunk in self.stream(key):
            digest.update(chunk)
        return digest.hexdigest()

    def head(self, key: str) -> ObjectInfo:
        return _info(key, self._status(key))

    def list(self, prefix: str, *, after: str | None = None) -> Iterator[ObjectInfo]:
        """One folder's names are in memory at a time for each level. The order is that of the keys' UTF-8 bytes."""
        folder, slash, start = check_prefix(prefix).rpartition("/")
        require_root(self._root)
        yield from self._walk(folder + slash, start, after or "")

    def folders(self, prefix: str) -> Iterator[str]:
        if check_prefix(prefix) and not prefix.endswith("/"):
            raise UsageError(f"the prefix {prefix!r} is not a folder", hint="End the prefix with a slash.")
        require_root(self._root)
        for name, _ in self._entries(prefix, ""):
            if name.endswith("/") and next(self._walk(prefix + name, "", ""), None) is not None:
                yield prefix + name

    def delete(self, keys: Iterable[str]) -> None:
        require_root(self._root)
        touched: set[str] = set()
        for key in keys:
            path = self._path(key)
            try:
                os.unlink(path)
            except FileNotFoundError:
                pass
            except OSError as error:
                if isinstance(error, NotADirectoryError) or os.path.isdir(path):
                    continue
                raise unreachable(f"delete {key!r} in the lake {self._root!r}", error) from error
            touched.add(key.rpartition("/")[0])
        self._prune(touched)

    def sync(self, keys: Iterable[str]) -> None:
        folders: set[str] = set()
        for key in keys:
            self._status(key)
            with reported(f"flush {key!r} in the lake {self._root!r}"):
                sync_path(self._path(key))
            folder = key
            while folder:
                folder = folder.rpartition("/")[0]
                folders.add(folder)
        with reported(f"flush the folders of the lake {self._root!r}"):
            for folder in sorted(folders, reverse=True):
                sync_path(f"{self._root}/{folder}")

    def _path(self, key: str) -> str:
        return f"{self._root}/{check_key(key)}"

    def _status(self, key: str) -> os.stat_result:
        try:
            status = os.stat(self._path(key))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise absent(self._root, key) from error
        except OSError as error:
            raise unreachable(f"read {key!r} in the lake {self._root!r}", error) from error
        if not stat.S_ISREG(status.st_mode):
            raise absent(self._root, key)
        return status

    def _walk(
        self, folder: str, start: str, after: str, above: tuple[tuple[int, int], ...] = ()
    ) -> Iterator[ObjectInfo]:
        """Objects below `folder` (empty or with its slash) whose next name begins with `start`, past `after`.

        `above` holds the device and inode of the folders around it, so that links in a circle are found out.
        """
        chain = (*above, self._identity(folder, above))
        for name, entry in self._entries(folder, start):
            key = folder + name
            if name.endswith("/"):
                if key > after or after.startswith(key):
                    yield from self._walk(key, "", after, chain)
            elif key > after and (status := self._entry_status(key, entry)):
                yield _info(key, status)

    def _identity(self, folder: str, above: tuple[tuple[int, int], ...]) -> tuple[int, int]:
        with reported(f"list {folder!r} in the lake {self._root!r}"):
            try:
                status = os.stat(f"{self._root}/{folder}")
            except (FileNotFoundError, NotADirectoryError):
                return (0, 0)
        identity = (status.st_dev, status.st_ino)
        if identity in above:
            raise LakeUnreachable(
                f"the folder {folder!r} in the lake {self._root!r} is a symbolic link to a folder around it",
                hint="Remove the link: its objects would be listed without end.",
            )
        return identity

    def _entry_status(self, key: str, entry: os.DirEntry[str]) -> os.stat_result | None:
        """None for what is no file, or was removed since the folder was read."""
        with reported(f"read {key!r} in the lake {self._root!r}"), suppress(FileNotFoundError):
            status = entry.stat()
            return status if stat.S_ISREG(status.st_mode) else None
        return None

    def _entries(self, folder: str, start: str) -> Sequence[tuple[str, os.DirEntry[str]]]:
        """Names in one folder in key order; a folder's ends with `/`, as it does inside of keys."""
        found: list[tuple[str, os.DirEntry[str]]] = []
        try:
            with os.scandir(f"{self._root}/{folder}") as scan:
                for entry in scan:
                    if entry.name.startswith(start) and not entry.name.startswith(STAGING_PREFIX):
                        found.append((self._entry_name(entry), entry))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise unreachable(f"list {folder!r} in the lake {self._root!r}", error) from error
        return sorted(found, key=itemgetter(0))

    def _entry_name(self, entry: os.DirEntry[str]) -> str:
        try:
            entry.name.encode()
        except UnicodeEncodeError as error:
            raise LakeUnreachable(
                f"the lake {self._root!r} holds the file {os.fsencode(entry.path)!r}, whose name is not UTF-8",
                hint="Rename the file or move it out of the lake.",
            ) from error
        return f"{entry.name}/" if entry.is_dir() else entry.name

    def _prune(self, folders: set[str]) -> None:
        """Remove empty folders from the deepest up, never the root, and flush those that stay.

        `rmdir` refuses a folder in which another process has just made a file, so nobody's write is lost.
        """
        levels: dict[int, set[str]] = {}
        for folder in folders:
            levels.setdefault(_depth(folder), set()).add(folder)
        kept: set[str] = set()
        with reported(f"remove empty folders from the lake {self._root!r}"):
            for depth in range(max(levels, default=0), 0, -1):
                for folder in levels.get(depth, ()):
                    if self._remove_empty(folder):
                        levels.setdefault(depth - 1, set()).add(folder.rpartition("/")[0])
                    else:
                        kept.add(folder)
            for folder in kept | levels.get(0, set()):
                with suppress(FileNotFoundError):
                    sync_path(f"{self._root}/{folder}")

    def _remove_empty(self, folder: str) -> bool:
        """True when the folder is gone. Raises OSError."""
        path = f"{self._root}/{folder}"
        try:
            os.rmdir(path)
        except FileNotFoundError:
            return True
        except OSError as error:
            if error.errno not in _STAYS:
                raise
            return error.errno == errno.ENOTEMPTY and sweep_stale(path, time.time()) and self._remove_empty(folder)
        return True


def _depth(folder: str) -> int:
    return folder.count("/") + 1 if folder else 0


def _info(key: str, status: os.stat_result) -> ObjectInfo:
    seconds, nanoseconds = divmod(status.st_mtime_ns, 1_000_000_000)
    return ObjectInfo(
        key=key,
        size=status.st_size,
        etag=f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}",
        modified=datetime.fromtimestamp(seconds, UTC).replace(microsecond=nanoseconds // 1000),
    )
