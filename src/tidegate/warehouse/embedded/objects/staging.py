"""Folders in which an UNLOAD writes what it then moves or uploads, and what a killed process left of them."""

import os
import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tidegate.warehouse.embedded.paths import STAGING

_NOTE = "elsewhere"
"""The file of a folder beside the warehouse that names the one which is written to."""

_in_use: set[str] = set()
_choosing = threading.Lock()


@contextmanager
def staging(warehouse: Path) -> Iterator[str]:
    """A new folder, removed at the end; those that a killed process left are removed first.

    To be called while this process holds the warehouse file: then no other process has one in use.
    """
    path = os.path.realpath(warehouse)
    with _choosing:
        _sweep(path)
        folder = f"{path}{STAGING}{secrets.token_hex(8)}"
        os.mkdir(folder, 0o700)
        _in_use.add(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with _choosing:
            _in_use.discard(folder)


@contextmanager
def staging_in(parent: str, warehouse: Path) -> Iterator[str]:
    """A new folder in `parent`, removed at the end, from where files can be moved to places near it.

    It is noted beside the warehouse file, so that it is found again wherever it is. To be called as `staging`.
    """
    with staging(warehouse) as notes:
        folder = os.path.join(parent, f"{STAGING}{secrets.token_hex(8)}")
        Path(notes, _NOTE).write_text(folder, encoding="utf-8")
        os.makedirs(folder)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _sweep(path: str) -> None:
    parent, name = os.path.split(path)
    with os.scandir(parent) as entries:
        left = [e.path for e in entries if e.name.startswith(f"{name}{STAGING}") and e.path not in _in_use]
    for folder in left:
        with suppress(OSError):
            noted = Path(folder, _NOTE).read_text(encoding="utf-8")
            if os.path.basename(noted).startswith(STAGING):
                shutil.rmtree(noted, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def _after_fork() -> None:
    global _choosing
    _choosing = threading.Lock()
    _in_use.clear()


os.register_at_fork(after_in_child=_after_fork)
