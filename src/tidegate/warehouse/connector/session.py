"""Sessions on one connection: transactions, counts and streams."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tidegate.errors import StatementError, StatementRefused, TidegateError
from tidegate.warehouse.base import Result, Row, RowStream
from tidegate.warehouse.cluster.statements import Text, read
from tidegate.warehouse.connector.link import Fetched, Link

CHUNK = 1000
"""Rows that one FETCH may ask for on every kind of cluster (developer guide, DECLARE, Cursor constraints)."""

_CURSOR = "tidegate_rows"
_COUNTS = {"copy": "SELECT pg_last_copy_count()", "unload": "SELECT pg_last_unload_count()"}


class ConnectorSession:
    """Temporary tables and settings live as long as the connection, which is never replaced behind them."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._aborted = False
        self._streaming = False

    def execute(self, sql: str) -> Result:
        """See warehouse/base.py."""
        text = self._read(sql)
        if text.begins or text.ends:
            return self._control(text)
        if self._aborted:
            raise _aborted()
        return self._run(text)

    def transaction(self, statements: Sequence[str]) -> list[Result]:
        """See warehouse/base.py."""
        texts = [self._read(sql) for sql in statements]
        if self._link.in_transaction or self._aborted:
            raise StatementRefused("a transaction is open in this session", hint="Commit or roll it back first.")
        for text in texts:
            if text.begins or text.ends:
                raise StatementRefused(
                    f"{text.first.upper()} inside a list of statements",
                    hint="The list is one transaction: leave it out.",
                )
        with self._block():
            return [self._run(text) for text in texts]

    @contextmanager
    def stream(self, sql: str) -> Iterator[RowStream]:
        """See warehouse/base.py. The rows come through a cursor, so inside a transaction there is one stream."""
        text = self._read(sql)
        if text.first not in ("select", "with", ""):
            raise StatementRefused(f"{text.first.upper()} returns no rows to stream", hint="Use execute.")
        if self._aborted:
            raise _aborted()
        if self._link.in_transaction:
            with self._cursor(text) as rows:
                yield rows
        else:
            with self._block(), self._cursor(text) as rows:
                yield rows

    def close(self) -> None:
        """The server rolls back what is open."""
        self._link.close()

    def roll_back(self) -> None:
        """End what a caller left open."""
        self._aborted = False
        if self._link.alive and self._link.in_transaction:
            self._link.run("ROLLBACK")

    def _read(self, sql: str) -> Text:
        if self._streaming:
            raise StatementRefused("a result of this session is still being read", hint="Finish the stream first.")
        try:
            return read(sql)
        except StatementRefused:
            if self._link.alive and self._link.in_transaction:
                self.roll_back()
                self._aborted = True
            raise

    def _run(self, text: Text) -> Result:
        fetched = self._sent(text.sql)
        if fetched.columns:
            return Result(fetched.columns, fetched.rows, len(fetched.rows))
        counting = _COUNTS.get(text.first)
        if counting is None:
            return Result(rowcount=fetched.count or 0)
        return Result(rowcount=int(str(self._sent(counting).rows[0][0])))

    def _sent(self, sql: str) -> Fetched:
        try:
            return self._link.run(sql)
        except TidegateError:
            self._aborted = self._link.alive and self._link.in_transaction
            raise

    def _control(self, text: Text) -> Result:
        if text.commits and self._aborted:
            self.roll_back()
            raise StatementError(
                "the transaction was aborted by an earlier error and is rolled back",
                hint="Correct the first error and run the whole transaction again.",
                sqlstate="25P02",
            )
        if text.begins and (self._link.in_transaction or self._aborted):
            return Result()
        self._aborted = False
        self._sent(text.sql)
        return Result()

    @contextmanager
    def _block(self) -> Iterator[None]:
        """A transaction that ends with the block: committed, or rolled back where it fails."""
        self._sent("BEGIN")
        try:
            yield
            self._sent("COMMIT")
        except BaseException:
            self.roll_back()
            raise

    @contextmanager
    def _cursor(self, text: Text) -> Iterator[RowStream]:
        self._sent(f"DECLARE {_CURSOR} CURSOR FOR {text.sql.rstrip().rstrip(';')}")
        self._streaming = True
        try:
            first = self._fetch()
            yield RowStream(first.columns, self._chunks(first))
        finally:
            self._streaming = False
            if self._link.alive and not self._aborted:
                self._sent(f"CLOSE {_CURSOR}")

    def _chunks(self, first: Fetched) -> Iterator[Sequence[Row]]:
        fetched = first
        while fetched.rows:
            yield fetched.rows
            if len(fetched.rows) < CHUNK:
                return
            fetched = self._fetch()

    def _fetch(self) -> Fetched:
        return self._sent(f"FETCH FORWARD {CHUNK} FROM {_CURSOR}")


def _aborted() -> StatementError:
    return StatementError(
        "current transaction is aborted, commands ignored until end of transaction block",
        hint="Send ROLLBACK, then run the whole transaction again.",
        sqlstate="25P02",
    )
