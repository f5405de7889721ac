"""Addresses in SQL: UNLOAD … TO, COPY … FROM, LOCATION. They name files of this machine, or objects in S3.

An address of a file is a path, absolute or relative to the folder of tidegate.toml. As on S3 it is a text to which
names are appended: `out/venue_` is a prefix of names, `out/` a folder.
"""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from tidegate.config.settings import EmbeddedSettings
from tidegate.errors import StatementError, StatementRefused, WarehouseUnreachable
from tidegate.warehouse.embedded.objects import addresses

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
LAKE_MARK = "lake:"
_HIDDEN = (".", "_", "#")

STAGING = ".unload-"
"""How folders begin in which an UNLOAD is still writing. What lies in one is not there yet, for any reader."""


def absolute(settings: EmbeddedSettings, address: str) -> str:
    """The absolute path of an address, or its s3:// address as it is; a trailing slash is kept.

    Raises:
        StatementRefused: the address names another store.
        StatementError: the address is empty or holds a NUL character, or names no bucket.
    """
    if addresses.is_object(address):
        return addresses.checked(address)
    if scheme := _SCHEME.match(address):
        raise StatementRefused(
            f"the embedded warehouse cannot reach {address!r}: it reads and writes local paths and s3:// only",
            hint=f"Give a path instead of {scheme.group()}, or set warehouse.url to a Redshift address.",
        )
    if not address or "\x00" in address:
        raise StatementError(f"{address!r} is not a path", hint="Give the path of a file, a folder or a prefix.")
    path = os.path.normpath(os.path.join(settings.base, address))
    return path + "/" if address.endswith("/") and not path.endswith("/") else path


def stored(settings: EmbeddedSettings, path: str) -> str:
    """A path as it is kept in the control tables: relative to the lake where it lies below it.

    So a folder that holds warehouse and lake can be moved.
    """
    if settings.lake_root is None:
        return path
    root = os.path.join(settings.lake_root, "")
    return LAKE_MARK + path.removeprefix(root) if path.startswith(root) else path


def restored(settings: EmbeddedSettings, text: str) -> str:
    """The inverse of `stored`.

    Raises:
        WarehouseUnreachable: the path is below a lake and no local lake is configured.
    """
    if not text.startswith(LAKE_MARK):
        return text
    if settings.lake_root is None:
        raise WarehouseUnreachable(
            f"{text.removeprefix(LAKE_MARK)!r} lies in the lake, and no local lake is configured",
            hint="Set lake.url in tidegate.toml to the folder of the lake.",
        )
    return os.path.join(settings.lake_root, text.removeprefix(LAKE_MARK))


def data_files(location: str) -> Iterator[str]:
    """The data files below a folder, recursively and in order of their names; a folder that is missing has none.

    As Spectrum does, names that begin with `.`, `_` or `#`, or end with `~`, are ignored (developer guide,
    External tables), and so is all that lies below such a folder.
    """
    try:
        entries = sorted(os.scandir(location), key=lambda e: e.name)
    except FileNotFoundError:
        return
    except NotADirectoryError as error:
        raise StatementRefused(
            f"the location {location!r} is a file",
            hint="Give the folder that holds the files; a manifest as LOCATION is not supported here.",
        ) from error
    for entry in entries:
        if entry.name.startswith(_HIDDEN) or entry.name.endswith("~"):
            continue
        if entry.is_dir():
            yield from data_files(entry.path)
        else:
            yield entry.path


def with_prefix(prefix: str) -> Iterator[str]:
    """The files whose path begins with `prefix`, in order: what a listing of an object store by prefix gives.

    As there, hidden names count, and what an UNLOAD has not finished does not.
    """
    folder, start = os.path.split(prefix)
    try:
        entries = sorted(os.scandir(folder), key=lambda e: e.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if not entry.name.startswith(start) or entry.name.startswith(STAGING):
            continue
        if entry.is_dir():
            yield from with_prefix(os.path.join(entry.path, ""))
        else:
            yield entry.path


@contextmanager
def disk_errors(path: str) -> Iterator[None]:
    """Raise WarehouseUnreachable, naming `path`, when the disk is full or denies access."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "Free space and run the statement again." if full else "Check the path and its permissions."
        reason = (error.strerror or type(error).__name__).lower()
        raise WarehouseUnreachable(f"cannot use {error.filename or path!r}: {reason}", hint=hint) from error
