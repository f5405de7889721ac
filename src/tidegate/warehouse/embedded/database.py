"""The DuckDB file of an embedded warehouse: opened while this process needs it, shared by its threads.

DuckDB lets one process at a time open a file. Within a process all warehouses on one path share one instance
through cursors. Closing any other handle on the file would drop the lock, so nothing else may open it.
"""

import ctypes
import itertools
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from tidegate.config.settings import EmbeddedSettings
from tidegate.errors import ConfigError, WarehouseLocked, WarehouseUnreachable
from tidegate.model.names import TableName
from tidegate.warehouse.embedded import bootstrap, instance
from tidegate.warehouse.embedded.catalog import CATALOG
from tidegate.warehouse.embedded.definitions import SharedDefinitions
from tidegate.warehouse.embedded.failures import cancelled, lock_holder, open_failure, statement_failure
from tidegate.warehouse.embedded.history import History
from tidegate.warehouse.embedded.instance import Instance
from tidegate.warehouse.embedded.writer import WriterLock

_FIRST_WAIT = 0.005
_LONGEST_WAIT = 0.25


class Database:
    """One file. `acquire` and `release` count the users; the last one closes it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._instance: Instance | None = None
        self._inherited_from: int | None = None
        self._users = 0
        self._make_locks()
        self._commits = 0
        self._changed: dict[TableName, int] = {}
        self.definitions = SharedDefinitions()
        self.history = History()
        self._transactions = itertools.count(1)

    def _make_locks(self) -> None:
        self._opening = threading.Lock()
        self.writer = WriterLock()
        self._counting = threading.Lock()

    def acquire(self, settings: EmbeddedSettings) -> duckdb.DuckDBPyConnection:
        """Return a cursor on the open file, opening it if need be; hand it back to `release`.

        Raises:
            WarehouseLocked: another process held the file for longer than `settings.lock_timeout`.
            WarehouseUnreachable: the file cannot be opened, or this process was forked from one that held it.
        """
        deadline = time.monotonic() + settings.lock_timeout
        if self._inherited_from is not None:
            raise WarehouseUnreachable(
                f'this process was forked from process {self._inherited_from} while that held "{self.path}" open',
                hint="Start new processes before the warehouse is opened, or start them fresh instead of forking.",
            )
        if not self._opening.acquire(timeout=max(settings.lock_timeout, 0)):
            raise WarehouseLocked(
                f'"{self.path}" is being opened by another thread of process {os.getpid()}',
                hint="Wait for the process that holds the file, or raise lock_timeout where the file is configured.",
            )
        try:
            if self._instance is None:
                self._instance = self._open(settings, deadline)
            cursor = self._instance.connection.cursor()
            cursor.execute(f"USE {bootstrap.FILE}")
            self._users += 1
        finally:
            self._opening.release()
        return cursor

    def release(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Close a cursor; the last one closes the file, so that other processes can open it."""
        with self._opening:
            cursor.close()
            self._users -= 1
            if self._users == 0 and self._instance is not None:
                unused, self._instance = self._instance, None
                self._close(unused)

    def _close(self, unused: Instance) -> None:
        """Write the log into the file and let go of it. What was committed is in the log if that fails."""
        try:
            instance.stop(unused, bootstrap.FILE)
        except duckdb.Error as error:
            raise statement_failure(error) from error

    def _open(self, settings: EmbeddedSettings, deadline: float) -> Instance:
        wait = _FIRST_WAIT
        while True:
            try:
                return self._connect(settings)
            except duckdb.Error as error:
                holder = lock_holder(str(error))
                if holder is None:
                    raise open_failure(self.path, error) from error
                if time.monotonic() + wait > deadline:
                    raise WarehouseLocked(
                        f'"{self.path}" is held by {holder} (waited {settings.lock_timeout:g} s)',
                        hint="Wait until that process is done, or raise [warehouse] lock_timeout.",
                    ) from error
            time.sleep(wait)
            wait = min(wait * 1.5, _LONGEST_WAIT)

    def _connect(self, settings: EmbeddedSettings) -> Instance:
        started = instance.start(settings, f"{self.path}.tmp")
        try:
            started.connection.execute(f"ATTACH {_literal(self.path)} AS {bootstrap.FILE}")
            started.connection.execute(f"USE {bootstrap.FILE}")
            bootstrap.prepare(started.connection)
            self.definitions.clear()
        except BaseException:
            started.connection.close()
            raise
        return started

    def next_transaction(self) -> int:
        """The number of a transaction that begins."""
        return next(self._transactions)

    def take_writer(self, timeout: float, called_off: Callable[[], bool]) -> None:
        """Wait to be the one writing transaction.

        Raises:
            StatementCancelled: the wait was called off (`self.writer.look_again`).
            WarehouseLocked: another transaction of this process wrote for longer than `timeout` seconds.
        """
        if not self.writer.take(timeout, called_off):
            if called_off():
                raise cancelled()
            raise WarehouseLocked(
                f'another transaction of process {os.getpid()} is writing to "{self.path}" (waited {timeout:g} s)',
                hint="Wait until that transaction ends, or raise lock_timeout where the file is configured.",
            )

    def release_writer(self) -> None:
        self.writer.release()

    @property
    def commits(self) -> int:
        """How many writing transactions this process has committed: the age of a snapshot."""
        return self._commits

    def changed_after(self, table: TableName, snapshot: int) -> bool:
        return self._changed.get(table, 0) > snapshot

    def committed(self, tables: frozenset[TableName]) -> None:
        """Record a commit, after it became visible: a snapshot taken in between counts as older than it is."""
        with self._counting:
            number = self._commits + 1
            self._changed.update(dict.fromkeys(tables, number))
            if CATALOG in tables:
                self.definitions.clear()
            self._commits = number

    def forked(self) -> None:
        """In the child of a fork: never touch what the parent holds, not even by closing it at exit."""
        self._make_locks()
        self.definitions, self.history = SharedDefinitions(), History()
        if self._instance is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._instance.connection))
            self._inherited_from = os.getppid()


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_databases: dict[str, Database] = {}
_registering = threading.Lock()


def database(path: Path) -> Database:
    """The one Database of this process for a path, whatever link leads to it.

    Raises:
        ConfigError: the path is a folder.
    """
    real = os.path.realpath(path)
    if os.path.isdir(real):
        raise ConfigError(f'"{real}" is a folder', hint="Let warehouse.url name a DuckDB file.")
    with _registering:
        return _databases.setdefault(real, Database(real))


def _after_fork() -> None:
    global _registering
    _registering = threading.Lock()
    instance.forked()
    for known in _databases.values():
        known.forked()


os.register_at_fork(after_in_child=_after_fork)
