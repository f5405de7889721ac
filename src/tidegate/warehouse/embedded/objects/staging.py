"""Folders beside the warehouse file in which an UNLOAD writes what it then uploads."""

import os
import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MARK = ".unload-"

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
        folder = f"{path}{_MARK}{secrets.token_hex(8)}"
        os.mkdir(folder, 0o700)
        _in_use.add(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with _choosing:
            _in_use.discard(folder)


def _sweep(path: str) -> None:
    parent, name = os.path.split(path)
    with os.scandir(parent) as entries:
        left = [e.path for e in entries if e.name.startswith(f"{name}{_MARK}") and e.path not in _in_use]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)


def _after_fork() -> None:
    global _choosing
    _choosing = threading.Lock()
    _in_use.clear()


os.register_at_fork(after_in_child=_after_fork)
