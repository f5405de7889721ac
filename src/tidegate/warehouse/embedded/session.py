"""Sessions: transactions, one statement at a time, and what outlives them."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

import duckdb

from tidegate.config.settings import EmbeddedSettings
from tidegate.errors import StatementError, StatementRefused, TidegateError
from tidegate.warehouse.base import Result, ResultColumn, RowStream
from tidegate.warehouse.embedded import catalog, external, sqlstates, transpile
from tidegate.warehouse.embedded.bootstrap import FILE
from tidegate.warehouse.embedded.context import Context, Statement
from tidegate.warehouse.embedded.database import Database
from tidegate.warehouse.embedded.definitions import Definitions, StoredTable
from tidegate.warehouse.embedded.facts import SessionFacts
from tidegate.warehouse.embedded.failures import aborted, statement_failure
from tidegate.warehouse.embedded.history import Entry
from tidegate.warehouse.embedded.selects import described_columns, result_columns, shown
from tidegate.warehouse.embedded.session_settings import SETTING_KINDS, SHOW, SessionSettings
from tidegate.warehouse.embedded.statements import (
    BEGIN,
    COMMIT,
    CONTROL,
    KINDS,
    TRUNCATE,
    VACUUM,
    Start,
    command,
    read_statement,
)
from tidegate.warehouse.embedded.transaction import Transaction
from tidegate.warehouse.embedded.watch import Watch

_CHUNK = 10_000
_T = TypeVar("_T")


class SessionState(StrEnum):
    """Where a session stands, by the letters of the PostgreSQL protocol (ReadyForQuery)."""

    IDLE = "I"
    BLOCK = "T"
    ABORTED = "E"


@dataclass(frozen=True)
class Described:
    """What a statement would return. `command` as in `Result`; no columns: it returns no rows."""

    command: str
    columns: tuple[ResultColumn, ...] = ()


class EmbeddedSession:
    """A connection. The file stays open from its first statement until `close`."""

    def __init__(self, database: Database, settings: EmbeddedSettings, facts: SessionFacts | None = None) -> None:
        self.facts = SessionFacts() if facts is None else facts
        self._database = database
        self._settings = settings
        self._cursor: duckdb.DuckDBPyConnection | None = None
        self._block: Transaction | None = None
        self._aborted = False
        self._streaming = False
        self._files_listed = False
        self._temporary: dict[str, StoredTable] = {}
        self._temporary_before: dict[str, StoredTable] = {}
        self._session_settings = SessionSettings(self.facts.settings)
        self._watch = Watch(database, self.facts)

    @property
    def state(self) -> SessionState:
        if self._aborted:
            return SessionState.ABORTED
        return SessionState.IDLE if self._block is None else SessionState.BLOCK

    def execute(self, sql: str) -> Result:
        """See warehouse/base.py."""
        with _reported(sql):
            statement = self._read(sql)
            with self._watch.recorded(statement) as entry:
                result = self._execute(statement)
                self._watch.counted(statement, entry, result)
        return replace(result, command=command(statement))

    def describe(self, sql: str) -> Described:
        """The columns that a statement would return, without running it. Fails, and aborts an open transaction, where
        the names or types of a query are wrong; other statements are only recognised. Raises as `execute`.
        """
        with _reported(sql):
            statement = self._read(sql)
            if statement.kind in CONTROL:
                return Described(command(statement))
            if self._aborted:
                raise aborted()
            if statement.kind == SHOW:
                return Described(command(statement), self._session_settings.columns(statement))
            if statement.kind != "SELECT":
                return Described(command(statement))
            with self._watch.interruptible(self._timeout):
                return Described(command(statement), self._look(lambda ctx: described_columns(ctx, statement)))

    def cancel(self) -> None:
        """Call off the statement that is running, if any, and wait until it has ended; for another thread.

        It fails with StatementCancelled and its transaction is rolled back. A COMMIT is not called off.
        """
        self._watch.cancel()

    def transaction(self, statements: Sequence[str]) -> list[Result]:
        """See warehouse/base.py."""
        if self._block is not None or self._aborted:
            raise StatementRefused("a transaction is open in this session", hint="Commit or roll it back first.")
        read = []
        for sql in statements:
            with _reported(sql):
                read.append(self._read(sql))
        for statement in read:
            if statement.kind in CONTROL:
                raise StatementRefused(
                    f"{statement.kind} inside a list of statements", hint="The list is one transaction: leave it out."
                )
        with self._watch.interruptible(self._timeout):
            return self._alone(lambda transaction: [self._run_listed(transaction, each) for each in read])

    @contextmanager
    def stream(self, sql: str) -> Iterator[RowStream]:
        """See warehouse/base.py."""
        with _reported(sql):
            statement = self._read(sql)
            if statement.kind != "SELECT":
                raise StatementRefused(f"{statement.kind} returns no rows to stream", hint="Use execute.")
            if self._aborted:
                raise aborted()
            with self._watch.recorded(statement) as entry, self._streamed(statement, entry) as rows:
                yield rows

    @contextmanager
    def _streamed(self, statement: Statement, entry: Entry) -> Iterator[RowStream]:
        transaction = self._block or self._begin()
        self._streaming = True
        try:
            with self._watch.interruptible(self._timeout):
                rows = self._guarded(lambda: self._open_stream(transaction, statement, entry))
            yield rows
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
            self._watch.uses(None)
            self._database.release(cursor)

    def read(self, look: Callable[[Context], _T]) -> _T:
        """Let the driver look something up in a transaction of its own, or in the open one."""
        return self._look(look)

    def _execute(self, statement: Statement) -> Result:
        if statement.kind in CONTROL:
            return self._control(statement)
        if self._aborted:
            raise aborted()
        if statement.kind in SETTING_KINDS:
            return self._session_settings.handle(statement)
        with self._watch.interruptible(self._timeout):
            if self._block is not None:
                return self._inside(self._block, lambda transaction: self._run(transaction, statement, True))
            result = self._alone(lambda transaction: self._run(transaction, statement, False))
        if statement.kind == VACUUM:
            self._checkpoint()
        return result

    def _look(self, look: Callable[[Context], _T]) -> _T:
        """Read in the open transaction, which a failure aborts, or in one that ends with it."""
        if self._block is not None:
            return self._inside(self._block, lambda block: self._looked(block, look, True))
        transaction = self._begin()
        try:
            return self._guarded(lambda: self._looked(transaction, look, False))
        finally:
            self._end(transaction.rollback)

    def _looked(self, transaction: Transaction, look: Callable[[Context], _T], in_block: bool) -> _T:
        transaction.reads()
        context = self._context(transaction, in_block)
        try:
            return look(context)
        finally:
            self._files_listed = self._files_listed or context.definitions.reads_files

    @property
    def _timeout(self) -> float | None:
        """Seconds that a statement may take, as SET statement_timeout says; None is for ever."""
        milliseconds = int(self.facts.settings.get("statement_timeout", "0"))
        return milliseconds / 1000 if milliseconds else None

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
            self._watch.check()
            self._commit(transaction)
        except BaseException:
            self._end(transaction.rollback)
            raise
        return result

    def _inside(self, block: Transaction, work: Callable[[Transaction], _T]) -> _T:
        try:
            result = self._guarded(lambda: work(block))
            self._watch.check()
        except BaseException:
            self._abort(block)
            raise
        return result

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
        called_off = self._watch.called_off
        transaction = Transaction(self._database, self._open(), self._settings.lock_timeout, called_off)
        self.facts.transaction_id = transaction.id
        self._temporary_before = dict(self._temporary)
        return transaction

    def _open(self) -> duckdb.DuckDBPyConnection:
        if self._cursor is None:
            self._cursor = self._database.acquire(self._settings)
            self._watch.uses(self._cursor)
        return self._cursor

    def _commit(self, transaction: Transaction) -> None:
        self._watch.settle()
        try:
            self._guarded(transaction.commit)
        except BaseException:
            self._forget_temporary()
            raise

    def _end(self, rollback: Callable[[], None]) -> None:
        self._watch.settle()
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
        return Context(
            self._open(),
            self._settings,
            in_block,
            transaction.writes,
            definitions,
            self.facts,
            self._database.history.rows,
            self._watch.check,
        )

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
        with _reported(statement.text), self._watch.recorded(statement) as entry:
            if statement.kind in SETTING_KINDS:
                result = self._session_settings.handle(statement)
            else:
                result = self._guarded(lambda: self._run(transaction, statement, True))
            self._watch.counted(statement, entry, result)
        return replace(result, command=command(statement))

    def _open_stream(self, transaction: Transaction, statement: Statement, entry: Entry) -> RowStream:
        transaction.reads()
        context = self._context(transaction, self._block is not None)
        cursor = context.cursor
        cursor.execute(transpile.query(context, statement.text))
        columns = result_columns(cursor)

        def fetched() -> list[tuple[object, ...]]:
            with self._watch.interruptible(self._timeout):
                rows = self._guarded(lambda: cursor.fetchmany(_CHUNK))
                self._watch.check()
            entry.rows += len(rows)
            return rows

        def chunks() -> Iterator[Sequence[tuple[object, ...]]]:
            while rows := fetched():
                yield shown(columns, rows)

        return RowStream(columns, chunks())


@contextmanager
def _reported(sql: str) -> Iterator[None]:
    """Give errors of a statement their SQLSTATE and position."""
    try:
        yield
    except TidegateError as error:
        sqlstates.completed(error, sql)
        raise
