"""Sessions of the Data API: plain calls, until a statement needs what outlives it."""

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tidegate.errors import StatementError, StatementRefused, TidegateError
from tidegate.warehouse.base import Result, RowStream
from tidegate.warehouse.cluster.statements import Text, read
from tidegate.warehouse.data_api.runs import MAX_STATEMENTS, Job, Runs

MAX_STATEMENT_BYTES = 100_000
KEEP_ALIVE = 600
"""Seconds that the API keeps a session without a statement; what a killed process held is free after that."""


class DataApiSession:
    """A session on the API's side is opened for the first statement that leaves something in it: BEGIN, SET, a
    temporary table. Until then each call is one of its own. `first` are the settings of a new one.
    """

    def __init__(self, runs: Runs, first: Sequence[str]) -> None:
        self._runs = runs
        self._first = first or ["SET query_group TO DEFAULT"]
        self._id: str | None = None
        self._block = False
        self._aborted = False

    def execute(self, sql: str) -> Result:
        """See warehouse/base.py."""
        text = _sized(read(sql))
        if text.begins:
            return self._begin(text)
        if text.ends:
            return self._end(text)
        self._refuse_aborted()
        if text.stateful:
            self._open()
        return self._run(Job((text,), session=self._id, in_block=self._block))[0]

    def transaction(self, statements: Sequence[str]) -> list[Result]:
        """See warehouse/base.py."""
        if self._block:
            raise StatementRefused("a transaction is open in this session", hint="Commit or roll it back first.")
        texts = tuple(_sized(read(sql)) for sql in statements)
        for text in texts:
            if text.begins or text.ends:
                raise StatementRefused(
                    f"{text.first.upper()} inside a list of statements",
                    hint="The list is one transaction: leave it out.",
                )
        if len(texts) > MAX_STATEMENTS:
            raise StatementRefused(
                f"{len(texts)} statements in one transaction: the Data API takes {MAX_STATEMENTS}",
                hint="Let the transaction do less, or use the connector.",
            )
        if not texts:
            return []
        if any(text.stateful for text in texts):
            self._open()
        return self._runs.run(Job(texts, transaction=True, session=self._id))

    @contextmanager
    def stream(self, sql: str) -> Iterator[RowStream]:
        """See warehouse/base.py."""
        text = _sized(read(sql))
        if not text.reads:
            raise StatementRefused(f"{text.first.upper()} returns no rows to stream", hint="Use execute.")
        self._refuse_aborted()
        with self._aborting(), self._runs.stream(Job((text,), session=self._id, in_block=self._block)) as stream:
            yield stream

    def close(self) -> None:
        """Roll back what is open; the API ends the session now, or when it was idle for long enough."""
        if self._id is None:
            return
        id, self._id, self._block = self._id, None, False
        rollback = (read("ROLLBACK"),)
        with contextlib.suppress(TidegateError):
            try:
                self._runs.run(Job(rollback, session=id, keep_alive=0))
            except StatementRefused:  # a session that cannot be ended early
                self._runs.run(Job(rollback, session=id))

    def _begin(self, text: Text) -> Result:
        self._open()
        if not self._block:
            self._runs.run(Job((text,), session=self._id, in_block=True))
            self._block = True
        return Result()

    def _end(self, text: Text) -> Result:
        if not self._block:
            return Result()
        failed, self._aborted, self._block = self._aborted, False, False
        self._runs.run(Job((read("ROLLBACK") if failed else text,), session=self._id, in_block=True))
        if failed and text.commits:
            raise StatementError(
                "the transaction was aborted by an earlier error and is rolled back",
                hint="Correct the first error and run the whole transaction again.",
                sqlstate="25P02",
            )
        return Result()

    def _open(self) -> None:
        if self._id is None:
            first, *others = (read(sql) for sql in self._first)
            self._id = self._runs.open_session(KEEP_ALIVE, first)
            for text in others:
                self._runs.run(Job((text,), session=self._id))

    def _run(self, job: Job) -> list[Result]:
        with self._aborting():
            return self._runs.run(job)

    @contextmanager
    def _aborting(self) -> Iterator[None]:
        """A failure, or an outcome that is not known, aborts an open transaction."""
        try:
            yield
        except TidegateError:
            self._aborted = self._block
            raise

    def _refuse_aborted(self) -> None:
        if self._aborted:
            raise StatementError(
                "current transaction is aborted, commands ignored until end of transaction block",
                hint="Send ROLLBACK, then run the whole transaction again.",
                sqlstate="25P02",
            )


def _sized(text: Text) -> Text:
    size = len(text.sql.encode())
    if size > MAX_STATEMENT_BYTES:
        raise StatementRefused(
            f"a statement of {size} bytes: the Data API takes {MAX_STATEMENT_BYTES}",
            hint="Let the statement name less, or use the connector.",
        )
    return text
