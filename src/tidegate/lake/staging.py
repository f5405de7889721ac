"""Writing one object of a lake folder: whole or not at all, and on the disk before anybody sees it."""

import errno
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from typing import Self

from tidegate.errors import LakeMissing, LakeUnreachable, ObjectExists, ObjectNotFound, UsageError
from tidegate.lake.keys import STAGING_PREFIX

STALE_SECONDS = 86_400
"""A file that nobody wrote to for so long was left behind by a process that died."""

_FOLDER_ATTEMPTS = 100
_HINTS = {
    errno.ENOSPC: "Free space on the disk, or raise the quota, and run the command again.",
    errno.EDQUOT: "Free space on the disk, or raise the quota, and run the command again.",
    errno.EFBIG: "Raise the process's limit on the size of a file (ulimit -f), or write smaller files.",
    errno.EACCES: "Give the user of this process the right to read and write the lake's folder.",
    errno.EPERM: "Give the user of this process the right to read and write the lake's folder.",
    errno.EROFS: "Mount the lake's disk for writing.",
    errno.ENAMETOOLONG: "Use a shorter key, or a lake folder with a shorter path.",
    errno.EMFILE: "Raise the process's limit on open files (ulimit -n).",
}


def unreachable(action: str, error: OSError) -> LakeUnreachable:
    """Say what could not be done, why, and what to do, e.g. `cannot write 'a/b': no space left on device`."""
    reason = (error.strerror or str(error)).lower()
    hint = _HINTS.get(error.errno or 0, "Check the disk that holds the lake, then run the command again.")
    return LakeUnreachable(f"cannot {action}: {reason}", hint=hint)


@contextmanager
def reported(action: str) -> Iterator[None]:
    """Turn an error of the operating system into LakeUnreachable."""
    try:
        yield
    except OSError as error:
        raise unreachable(action, error) from error


def require_root(root: str) -> None:
    """Refuse a lake that is not there: a disk that is not mounted must never look like an empty lake.

    Raises:
        LakeUnreachable: the root is missing, is no folder, or cannot be entered.
    """
    if not os.path.isdir(f"{root}/"):
        reason = "is not a folder" if os.path.exists(root) else "does not exist or cannot be entered"
        raise LakeMissing(
            f"the lake folder {root!r} {reason}",
            hint="Mount or create the folder, or correct url under [lake] in tidegate.toml.",
        )


def absent(root: str, key: str) -> ObjectNotFound:
    """The error for a file that is not there. Raises LakeUnreachable when the whole lake is not."""
    require_root(root)
    return ObjectNotFound(
        f"the object {key!r} is not in the lake {root!r}",
        hint="Check the key, or restore the file from a backup of the lake.",
    )


def taken(root: str, key: str) -> ObjectExists:
    """The error for a key that is to be new and is not."""
    return ObjectExists(
        f"the object {key!r} is in the lake {root!r} already",
        hint="Another process wrote it first: read what it wrote, or choose another key.",
    )


def sync_path(path: str) -> None:
    """Flush a file or a folder to the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folders(root: str, key: str) -> None:
    """Flush the folders of a key up to the root, so that the names on its path survive.

    A folder that is gone was removed by another process, with the object in it. Raises OSError, LakeUnreachable.
    """
    folder = key
    while folder:
        folder = folder.rpartition("/")[0]
        try:
            sync_path(f"{root}/{folder}")
        except FileNotFoundError:
            require_root(root)


class StagedObject:
    """A file beside its final place, under a hidden name, that becomes the object in one step.

    It lies in the object's own folder, so that the step never crosses disks and nobody can remove the folder
    meanwhile.
    """

    def __init__(self, root: str, key: str) -> None:
        """Open the hidden file, making the folders that are missing.

        Raises:
            LakeUnreachable: no root, no access, no space.
            UsageError: an object stands where the key needs a folder.
        """
        self._root = root
        self._key = key
        folder = key.rpartition("/")[0]
        self._staged = f"{root}/{folder}/{STAGING_PREFIX}{uuid.uuid4().hex}"
        self._file = self._open()
        self._sealed: os.stat_result | None = None

    def write(self, data: bytes) -> None:
        """Raises LakeUnreachable: the disk is full, or the file grew beyond a limit."""
        rest = memoryview(data).cast("B")
        with reported(f"write {self._key!r} to the lake {self._root!r}"):
            while rest:
                rest = rest[self._file.write(rest) :]

    def seal(self) -> os.stat_result:
        """Flush; returns the status that the file will have under its name. Raises LakeUnreachable."""
        if self._sealed is None:
            with reported(f"write {self._key!r} to the lake {self._root!r}"):
                now = time.time_ns()
                os.utime(self._file.fileno(), ns=(now, now))
                os.fsync(self._file.fileno())
                self._sealed = os.fstat(self._file.fileno())
        return self._sealed

    def publish(self, *, if_absent: bool) -> os.stat_result:
        """Flush, give the file its name, flush the folders; returns the file's status.

        Raises:
            ObjectExists: `if_absent` and the key exists.
            LakeUnreachable, UsageError: as the constructor.
        """
        status = self.seal()
        with reported(f"write {self._key!r} to the lake {self._root!r}"):
            self._name(if_absent)
            sync_folders(self._root, self._key)
        return status

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what was not published, and close."""
        with self._file, reported(f"remove {self._staged!r}"), suppress(FileNotFoundError):
            os.unlink(self._staged)

    def _open(self) -> FileIO:
        for _ in range(_FOLDER_ATTEMPTS):
            try:
                return FileIO(self._staged, "xb")
            except FileNotFoundError:
                self._make_folders()
            except NotADirectoryError as error:
                require_root(self._root)
                raise _obstacle(self._root, self._key, "an object stands where it needs a folder") from error
            except OSError as error:
                raise unreachable(f"write {self._key!r} to the lake {self._root!r}", error) from error
        raise LakeUnreachable(
            f"cannot write {self._key!r} to the lake {self._root!r}: its folder is removed again and again",
            hint="Wait until the other process that deletes in this folder is done.",
        )

    def _make_folders(self) -> None:
        """One by one and never the root; a folder that another process removes meanwhile is tried again."""
        require_root(self._root)
        folder = self._root
        with reported(f"make the folders of {self._key!r} in the lake {self._root!r}"):
            for segment in self._key.split("/")[:-1]:
                folder = f"{folder}/{segment}"
                with suppress(FileExistsError, FileNotFoundError):
                    os.mkdir(folder)

    def _name(self, if_absent: bool) -> None:
        path = f"{self._root}/{self._key}"
        try:
            if if_absent:
                os.link(self._staged, path)
            else:
                os.replace(self._staged, path)
        except (FileExistsError, IsADirectoryError) as error:
            if os.path.isdir(path):
                raise _obstacle(self._root, self._key, "a folder has that name") from error
            raise taken(self._root, self._key) from error


def sweep_stale(folder: str, now: float) -> bool:
    """Remove what dead processes left half written in a folder that holds nothing else; True when it is empty.

    `now` in seconds since 1970. Raises OSError.
    """
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith(STAGING_PREFIX):
                return False
            with suppress(FileNotFoundError):
                if now - entry.stat(follow_symlinks=False).st_mtime < STALE_SECONDS:
                    return False
                os.unlink(entry.path)
    return True


def _obstacle(root: str, key: str, reason: str) -> UsageError:
    return UsageError(
        f"the key {key!r} cannot be stored in the lake {root!r}: {reason}",
        hint="A folder cannot hold an object and a folder of one name: choose another key.",
    )
