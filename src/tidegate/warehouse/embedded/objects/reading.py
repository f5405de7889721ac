"""Let DuckDB read objects, once a statement needs it: its file system is imported and registered here."""

import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import duckdb

from tidegate.config.settings import Aws
from tidegate.warehouse.embedded.objects.clients import client

if TYPE_CHECKING:
    from tidegate.warehouse.embedded.objects.filesystem import ObjectFiles

WARM = 128
"""How many objects `warm` takes at once."""

_PROTOCOL = "s3"
_files: dict[Aws, "ObjectFiles"] = {}
_registering = threading.Lock()


def let_read(cursor: duckdb.DuckDBPyConnection, aws: Aws) -> None:
    """Let this statement read s3:// addresses, as they are now.

    The file system is one of the whole DuckDB instance: the first to need it decides how objects are reached.

    Raises:
        ConfigError: see `client`.
    """
    client(aws)
    with _registering:
        files = _file_system(aws)
        if not cursor.filesystem_is_registered(_PROTOCOL):
            cursor.register_filesystem(files)
        for each in _files.values():
            each.renew()


def warm(aws: Aws, addresses: Sequence[str]) -> None:
    """Get the ends of at most `WARM` objects at once, for a reader that opens one after the other."""
    with _registering:
        files = _file_system(aws)
    files.warm(addresses)


def _file_system(aws: Aws) -> "ObjectFiles":
    from tidegate.warehouse.embedded.objects.filesystem import ObjectFiles

    if aws not in _files:
        _files[aws] = ObjectFiles(aws)
    return _files[aws]


def _after_fork() -> None:
    global _registering
    _registering = threading.Lock()
    _files.clear()


os.register_at_fork(after_in_child=_after_fork)
