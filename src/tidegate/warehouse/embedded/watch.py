"""The statement that a session is running: how it is called off from another thread, and its place in the history."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from tidegate.errors import StatementCancelled, TidegateError
from tidegate.warehouse.base import Result
from tidegate.warehouse.embedded.context import Statement
from tidegate.warehouse.embedded.database import Database
from tidegate.warehouse.embedded.facts import SessionFacts
from tidegate.warehouse.embedded.failures import cancelled
from tidegate.warehouse.embedded.history import Entry

_BETWEEN_INTERRUPTS = 0.02
"""Seconds. DuckDB forgets an interrupt that arrives between two of its calls, so it is repeated."""


class Watch:
    """What one session is doing now. All but `cancel` is for the session's own thread."""

    def __init__(self, database: Database, facts: SessionFacts) -> None:
        self._database = database
        self._facts = facts
        self._changed = threading.Condition()
        self._cursor: duckdb.DuckDBPyConnection | None = None
        self._number = 0
        self._interruptible = False
        self._cancelled = False

    def called_off(self) -> bool:
        """Has the running statement been called off?"""
        return self._cancelled

    def cancel(self) -> None:
        """Call off what is running, if anything is; returns once it has ended. For any thread."""
        with self._changed:
            if not self._interruptible:
                return
            self._cancelled, number = True, self._number
        self._database.writer.look_again()
        with self._changed:
            while self._interruptible and self._number == number:
                if self._cursor is not None:
                    self._cursor.interrupt()
                self._changed.wait(_BETWEEN_INTERRUPTS)

    def check(self) -> None:
        """Raise StatementCancelled when the running statement was called off."""
        if self._cancelled:
            raise cancelled()

    @contextmanager
    def interruptible(self, timeout: float | None = None) -> Iterator[None]:
        """While this lasts `cancel` has an effect; after `timeout` seconds it is called from here."""
        with self._changed:
            self._number += 1
            self._interruptible, self._cancelled = True, False
        timer = None if timeout is None else threading.Timer(timeout, self.cancel)
        if timer is not None:
            timer.daemon = True
            timer.start()
        try:
            yield
        finally:
            if timer is not None:
                timer.cancel()
            self.settle()
            self._cancelled = False

    def settle(self) -> None:
        """From here on nothing calls the statement off: it is about to be committed, or over."""
        with self._changed:
            self._interruptible = False
            self._changed.notify_all()

    def uses(self, cursor: duckdb.DuckDBPyConnection | None) -> None:
        """Name the cursor to interrupt."""
        with self._changed:
            self._cursor = cursor

    @contextmanager
    def recorded(self, statement: Statement) -> Iterator[Entry]:
        """Keep the statement in the history; its outcome is success when the block ends without an error."""
        label = self._facts.settings.get("query_group", "default")
        entry = self._database.history.begun(self._facts.id, label, statement.kind, statement.text)
        outcome = "failed"
        error = ""
        try:
            yield entry
            outcome = "success"
        except TidegateError as failure:
            outcome = "canceled" if isinstance(failure, StatementCancelled) else "failed"
            error = failure.message
            raise
        finally:
            entry.transaction_id = self._facts.transaction_id
            entry.ended(outcome, rows=entry.rows, error=error)
            self._facts.last_query_id = entry.query_id

    def counted(self, statement: Statement, entry: Entry, result: Result) -> None:
        """Note what a finished statement returned, loaded or unloaded."""
        entry.rows = result.rowcount
        if statement.kind == "COPY":
            self._facts.last_copy_count, self._facts.last_copy_id = result.rowcount, entry.query_id
        if statement.kind == "UNLOAD":
            self._facts.last_unload_count, self._facts.last_unload_id = result.rowcount, entry.query_id
