"""Files below one folder as objects by key: found, listed in key order, and folders removed when they are empty."""

import errno
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from tidegate.errors import LakeUnreachable
from tidegate.lake.keys import STAGING_PREFIX, check_key
from tidegate.lake.staging import reported, sweep_stale, sync_path, unreachable

_STAYS = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR, errno.EBUSY, errno.EACCES, errno.EPERM)
"""Why a folder may outlive its last object: it is in use, a link, a mount point, or not ours to remove."""

Identities = tuple[tuple[int, int], ...]
_GONE = (0, 0)
"""Stands for the identity of a folder that is not there any more."""


class Found(NamedTuple):
    """`status` is None where a file is only `beside`, was removed since its folder was read, or is none."""

    key: str
    status: os.stat_result | None
    beside: bool


class Tree:
    """The files below `root`, an absolute path without a slash at its end. Symbolic links are followed."""

    def __init__(self, root: str) -> None:
        self.root = root

    def path(self, key: str) -> str:
        return f"{self.root}/{check_key(key)}"

    def find(self, key: str) -> os.stat_result | None:
        """None where there is no file. Raises LakeUnreachable."""
        try:
            status = os.stat(self.path(key))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise unreachable(f"read {key!r} in the lake {self.root!r}", error) from error
        return status if stat.S_ISREG(status.st_mode) else None

    def unlink(self, key: str) -> bool:
        """False when nothing was there to remove: the folder that it lay in needs no care. Raises LakeUnreachable."""
        path = self.path(key)
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
        except OSError as error:
            if isinstance(error, NotADirectoryError) or os.path.isdir(path):
                return False
            raise unreachable(f"delete {key!r} in the lake {self.root!r}", error) from error
        return True

    def remove(self, keys: Iterable[str]) -> None:
        """Remove files, and the folders that are empty then. Raises LakeUnreachable."""
        self.prune({key.rpartition("/")[0] for key in keys if self.unlink(key)})

    def walk(
        self,
        folder: str,
        start: str,
        after: str,
        beside: "Tree | None" = None,
        above: Identities = (),
        odd: Callable[[str], object] | None = None,
    ) -> Iterator[Found]:
        """Files below `folder` (empty or with its slash) whose next name begins with `start`, past `after`, in order.

        Those of the tree `beside` count as well; its folders are looked at after ours, so that a file that moves over
        there is met here or there. One folder's names are in memory at a time for each level. `above` holds the
        device and inode of the folders around it, so that links in a circle are found out. `odd` as `Lake.list` says.
        """
        identity = self._identity(folder)
        if identity in above and identity != _GONE:
            self._circle(folder, odd)
            return
        chain = (*above, identity)
        entries = dict(self.entries(folder, start, odd))
        others = {name for name, _ in beside.entries(folder, start)} if beside is not None else set()
        for name in sorted(entries.keys() | others):
            key = folder + name
            if name.endswith("/"):
                if key > after or after.startswith(key):
                    yield from self.walk(key, "", after, beside, chain, odd)
            elif key > after:
                entry = entries.get(name)
                yield Found(key, self._entry_status(key, entry) if entry else None, name in others)

    def entries(
        self, folder: str, start: str, odd: Callable[[str], object] | None = None
    ) -> Sequence[tuple[str, os.DirEntry[str]]]:
        """Names in one folder; a folder's ends with `/`, as it does inside of keys."""
        found: list[tuple[str, os.DirEntry[str]]] = []
        try:
            with os.scandir(f"{self.root}/{folder}") as scan:
                for entry in scan:
                    if not entry.name.startswith(start) or entry.name.startswith(STAGING_PREFIX):
                        continue
                    if odd is not None and not _is_utf8(entry.name):
                        odd(os.fsencode(entry.path).decode("utf-8", "backslashreplace"))
                        continue
                    found.append((self._entry_name(entry), entry))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise unreachable(f"list {folder!r} in the lake {self.root!r}", error) from error
        return found

    def prune(self, folders: Iterable[str]) -> None:
        """Remove these folders where they are empty, from the deepest up, never the root; flush those that stay.

        `rmdir` refuses a folder in which another process has just made a file, so nobody's write is lost.
        """
        levels: dict[int, set[str]] = {}
        for folder in set(folders):
            levels.setdefault(_depth(folder), set()).add(folder)
        kept: set[str] = set()
        with reported(f"remove empty folders from the lake {self.root!r}"):
            for depth in range(max(levels, default=0), 0, -1):
                for folder in levels.get(depth, ()):
                    if self._remove_empty(folder):
                        levels.setdefault(depth - 1, set()).add(folder.rpartition("/")[0])
                    else:
                        kept.add(folder)
            for folder in kept | levels.get(0, set()):
                with suppress(FileNotFoundError):
                    sync_path(f"{self.root}/{folder}")

    def _circle(self, folder: str, odd: Callable[[str], object] | None) -> None:
        if odd is None:
            raise LakeUnreachable(
                f"the folder {folder!r} in the lake {self.root!r} is a symbolic link to a folder around it",
                hint="Remove the link: its objects would be listed without end.",
            )
        odd(f"{self.root}/{folder.removesuffix('/')}")

    def _identity(self, folder: str) -> tuple[int, int]:
        with reported(f"list {folder!r} in the lake {self.root!r}"):
            try:
                status = os.stat(f"{self.root}/{folder}")
            except (FileNotFoundError, NotADirectoryError):
                return _GONE
        return (status.st_dev, status.st_ino)

    def _entry_status(self, key: str, entry: os.DirEntry[str]) -> os.stat_result | None:
        with reported(f"read {key!r} in the lake {self.root!r}"), suppress(FileNotFoundError):
            status = entry.stat()
            return status if stat.S_ISREG(status.st_mode) else None
        return None

    def _entry_name(self, entry: os.DirEntry[str]) -> str:
        if not _is_utf8(entry.name):
            raise LakeUnreachable(
                f"the lake {self.root!r} holds the file {os.fsencode(entry.path)!r}, whose name is not UTF-8",
                hint="Rename the file or move it out of the lake.",
            )
        return f"{entry.name}/" if entry.is_dir() else entry.name

    def _remove_empty(self, folder: str) -> bool:
        """True when the folder is gone. Raises OSError."""
        path = f"{self.root}/{folder}"
        try:
            os.rmdir(path)
        except FileNotFoundError:
            return True
        except OSError as error:
            if error.errno not in _STAYS:
                raise
            return error.errno == errno.ENOTEMPTY and sweep_stale(path, time.time()) and self._remove_empty(folder)
        return True


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _depth(folder: str) -> int:
    return folder.count("/") + 1 if folder else 0
