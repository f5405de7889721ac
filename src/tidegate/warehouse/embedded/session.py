"""Sessions: transactions, one statement at a time, and what outlives them."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import duckdb

from tidegate.config.settings import EmbeddedSettings
from tidegate.errors import StatementError, StatementRefused, TidegateError
from tidegate.warehouse.base import Result, RowStream
from tidegate.warehouse.embedded import catalog, external, transpile
from tidegate.warehouse.embedded.bootstrap import FILE
from tidegate.warehouse.embedded.context import Context, Statement
from tidegate.warehouse.embedded.database import Database
from tidegate.warehouse.embedded.definitions import Definitions, StoredTable
from tidegate.warehouse.embedded.failures import statement_failure
from tidegate.warehouse.embedded.selects import result_columns, shown
from tidegate.warehouse.embedded.session_settings import SETTING_KINDS, SessionSettings
from tidegate.warehouse.embedded.statements import (
    BEGIN,
    COMMIT,
    CONTROL,
    KINDS,
    TRUNCATE,
    VACUUM,
    Start,
    read_statement,
)
from tidegate.warehouse.embedded.transaction import Transaction

_CHUNK = 10_000
_T = TypeVar("_T")


class EmbeddedSession:
    """A connection. The file stays open from its first statement until `close`."""

    def __init__(self, database: Database, settings: EmbeddedSettings) -> None:
        self._database = database
        self._settings = settings
        self._cursor: duckdb.DuckDBPyConnection | None = None
        self._block: Transaction | None = None
        self._aborted = False
        self._streaming = False
        self._files_listed = False
        self._temporary: dict[str, StoredTable] = {}
        self._temporary_before: dict[str, StoredTable] = {}
        self._session_settings = SessionSettings()

    def execute(self, sql: str) -> Result:
        """See warehouse/base.py."""
        statement = self._read(sql)
        if statement.kind in CONTROL:
            return self._control(statement)
        if self._aborted:
            raise _aborted()
        if statement.kind in SETTING_KINDS:
            return self._session_settings.handle(statement)
        if self._block is None:
            result = self._alone(lambda transaction: self._run(transaction, statement, False))
            if statement.kind == VACUUM:
                self._checkpoint()
            return result
        return self._inside(self._block, lambda transaction: self._run(transaction, statement, True))

    def transaction(self, statements: Sequence[str]) -> list[Result]:
        """See warehouse/base.py."""
        if self._block is not None or self._aborted:
            raise StatementRefused("a transaction is open in this session", hint="Commit or roll it back first.")
        read = [self._read(sql) for sql in statements]
        for statement in read:
            if statement.kind in CONTROL:
                raise StatementRefused(
                    f"{statement.kind} inside a list of statements", hint="The list is one transaction: leave it out."
                )
        return self._alone(lambda transaction: [self._run_listed(transaction, each) for each in read])

    @contextmanager
    def stream(self, sql: str) -> Iterator[RowStream]:
        """See warehouse/base.py."""
        statement = self._read(sql)
        if statement.kind != "SELECT":
            raise StatementRefused(f"{statement.kind} returns no rows to stream", hint="Use execute.")
        if self._aborted:
            raise _aborted()
        transaction = self._block or self._begin()
        self._streaming = True
        try:
            yield self._guarded(lambda: self._open_stream(transaction, statement))
            self._forget_files()
        except TidegateError:
            if self._block is not None:
                self._abort(self._block)
            raise
        finally:
            self._streaming = False
            if self._block is None and not self._aborted:
                self._end(transaction.rollback)

    def close(self) -> None:
        """Roll back what is open, drop temporary tables and let go of the file."""
        if self._block is not None:
            block, self._block = self._block, None
            self._end(block.rollback)
        self._aborted = False
        if self._cursor is not None:
            cursor, self._cursor = self._cursor, None
            self._database.release(cursor)

    def read(self, look: Callable[[Context], None]) -> None:
        """Let the driver look something up in a transaction of its own, or in the open one."""
        if self._block is not None:
            self._block.reads()
            look(self._context(self._block, True))
            return
        transaction = self._begin()
        transaction.reads()
        try:
            self._guarded(lambda: look(self._context(transaction, False)))
        finally:
            self._end(transaction.rollback)

    def _read(self, sql: str) -> Statement:
        if self._streaming:
            raise StatementRefused("a result of this session is still being read", hint="Finish the stream first.")
        try:
            return read_statement(sql)
        except StatementError:
            if self._block is not None:
                self._abort(self._block)
            raise

    def _control(self, statement: Statement) -> Result:
        if statement.kind == BEGIN:
            if self._block is None and not self._aborted:
                self._block = self._begin()
            return Result()
        aborted, self._aborted = self._aborted, False
        block, self._block = self._block, None
        if statement.kind == COMMIT:
            if aborted:
                raise StatementError(
                    "the transaction was aborted by an earlier error and is rolled back",
                    hint="Correct the first error and run the whole transaction again.",
                )
            if block is not None:
                self._commit(block)
        elif block is not None:
            self._end(block.rollback)
        return Result()

    def _alone(self, work: Callable[[Transaction], _T]) -> _T:
        """Run in a transaction that ends with it."""
        transaction = self._begin()
        try:
            result = self._guarded(lambda: work(transaction))
            self._commit(transaction)
        except BaseException:
            self._end(transaction.rollback)
            raise
        return result

    def _inside(self, block: Transaction, work: Callable[[Transaction], _T]) -> _T:
        try:
            return self._guarded(lambda: work(block))
        except BaseException:
            self._abort(block)
            raise

    def _abort(self, block: Transaction) -> None:
        """End a failed block at once, so that it holds up nobody; only ROLLBACK is accepted from now on."""
        self._block, self._aborted = None, True
        self._end(block.rollback)

    def _guarded(self, work: Callable[[], _T]) -> _T:
        try:
            return work()
        except duckdb.Error as error:
            raise statement_failure(error) from error

    def _begin(self) -> Transaction:
        transaction = Transaction(self._database, self._open(), self._settings.lock_timeout)
        self._temporary_before = dict(self._temporary)
        return transaction

    def _open(self) -> duckdb.DuckDBPyConnection:
        if self._cursor is None:
            self._cursor = self._database.acquire(self._settings)
        return self._cursor

    def _commit(self, transaction: Transaction) -> None:
        try:
            self._guarded(transaction.commit)
        except BaseException:
            self._forget_temporary()
            raise

    def _end(self, rollback: Callable[[], None]) -> None:
        rollback()
        self._forget_temporary()
        if self._files_listed:
            self._forget_files()

    def _forget_temporary(self) -> None:
        self._temporary.clear()
        self._temporary.update(self._temporary_before)

    def _context(self, transaction: Transaction, in_block: bool) -> Context:
        definitions = Definitions(
            self._temporary, self._database.definitions, lambda: transaction.sees_current(catalog.CATALOG)
        )
        return Context(self._open(), self._settings, in_block, transaction.writes, definitions)

    def _run(self, transaction: Transaction, statement: Statement, in_block: bool) -> Result:
        kind = KINDS[statement.kind]
        if kind.start is Start.LOCK:
            transaction.locks()
        if kind.start is not Start.OWN:
            transaction.reads()
        context = self._context(transaction, in_block)
        try:
            result = kind.handler(context, statement)
        finally:
            self._files_listed = self._files_listed or context.definitions.reads_files
        if self._files_listed:
            self._forget_files()
        if statement.kind == TRUNCATE and in_block:
            self._commit(transaction)
            transaction.begin()
            self._temporary_before = dict(self._temporary)
        return result

    def _checkpoint(self) -> None:
        """Reclaim the space of deleted rows, unless another transaction is running: then closing the file does."""
        with contextlib.suppress(duckdb.TransactionException):
            self._open().execute(f"CHECKPOINT {FILE}")

    def _forget_files(self) -> None:
        self._files_listed = False
        external.forget(self._open())

    def _run_listed(self, transaction: Transaction, statement: Statement) -> Result:
        if statement.kind in SETTING_KINDS:
            return self._session_settings.handle(statement)
        return self._run(transaction, statement, True)

    def _open_stream(self, transaction: Transaction, statement: Statement) -> RowStream:
        transaction.reads()
        context = self._context(transaction, self._block is not None)
        cursor = context.cursor
        cursor.execute(transpile.query(context, statement.text))
        columns = result_columns(cursor)

        def chunks() -> Iterator[Sequence[tuple[object, ...]]]:
            while rows := self._guarded(lambda: cursor.fetchmany(_CHUNK)):
                yield shown(columns, rows)

        return RowStream(columns, chunks())


def _aborted() -> StatementError:
    return StatementError(
        "current transaction is aborted, commands ignored until end of transaction block",
        hint="Send ROLLBACK, then run the whole transaction again.",
    )
