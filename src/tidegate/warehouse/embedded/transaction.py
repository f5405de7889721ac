"""One transaction: its snapshot, what it writes, and the writer's lock."""

import contextlib
from collections.abc import Callable

import duckdb

from tidegate.errors import SerializationConflict
from tidegate.model.names import TableName
from tidegate.redshift.identifiers import TEMPORARY_SCHEMA
from tidegate.warehouse.embedded.database import Database


class Transaction:
    """A DuckDB transaction on `cursor`, which begins now; its snapshot begins at its first read.

    DuckDB 2 reports no conflict between an UPDATE and a DELETE of one row in two transactions, so one transaction
    writes at a time, and what would overwrite a change that its snapshot does not show is refused.
    """

    def __init__(
        self,
        database: Database,
        cursor: duckdb.DuckDBPyConnection,
        lock_timeout: float,
        called_off: Callable[[], bool] = lambda: False,
    ) -> None:
        self._database = database
        self._cursor = cursor
        self._lock_timeout = lock_timeout
        self._called_off = called_off
        self.id = database.next_transaction()
        self._snapshot: int | None = None
        self._writing = False
        self._written: set[TableName] = set()
        self.begin()

    def begin(self) -> None:
        """Begin again after a commit."""
        self._snapshot = None
        self._written.clear()
        self._cursor.execute("BEGIN TRANSACTION")

    def reads(self) -> None:
        """Note the age of the snapshot; to be called before the first read."""
        if self._snapshot is None:
            self._snapshot = self._database.commits

    def locks(self) -> None:
        """Become the one writing transaction. Takes no snapshot."""
        if not self._writing:
            self._database.take_writer(self._lock_timeout, self._called_off)
            self._writing = True

    def writes(self, table: TableName, replaces: bool) -> None:
        """Announce a change to a table.

        Raises:
            WarehouseLocked: another transaction wrote for longer than the timeout.
            StatementCancelled: `called_off` became true while it waited.
            SerializationConflict: `replaces` rows of a table that was changed after this transaction's snapshot.
        """
        if table.schema != TEMPORARY_SCHEMA:
            self.locks()
        self.reads()
        if replaces and self._snapshot is not None and self._database.changed_after(table, self._snapshot):
            raise SerializationConflict(
                f"1023: serializable isolation violation on table {table}: another transaction changed it",
                hint="Run the whole transaction again.",
            )
        self._written.add(table)

    def sees_current(self, table: TableName) -> bool:
        """Whether the snapshot shows the table as it is, and this transaction has not changed it."""
        if self._snapshot is None or table in self._written:
            return False
        return not self._database.changed_after(table, self._snapshot)

    def commit(self) -> None:
        try:
            self._cursor.execute("COMMIT")
            self._database.committed(frozenset(self._written))
        finally:
            self._end()

    def rollback(self) -> None:
        try:
            with contextlib.suppress(duckdb.TransactionException):  # a failed COMMIT has already ended it
                self._cursor.execute("ROLLBACK")
        finally:
            self._end()

    def _end(self) -> None:
        if self._writing:
            self._writing = False
            self._database.release_writer()
