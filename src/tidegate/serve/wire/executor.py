"""Runs the statements of one connection, in transactions as the protocol cuts them."""

import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tidegate.errors import StatementRefused
from tidegate.serve.wire import cursors, prepared
from tidegate.serve.wire.answers import Answer, finished, streamed
from tidegate.serve.wire.cursors import SqlCursor
from tidegate.serve.wire.prepared import Prepared
from tidegate.serve.wire.text import CONTROL_WORDS, Piece, pieces, word
from tidegate.warehouse.base import ResultColumn, Row
from tidegate.warehouse.embedded.failures import aborted, cancelled
from tidegate.warehouse.embedded.session import EmbeddedSession, SessionState
from tidegate.warehouse.embedded.statements import BEGIN, COMMIT, kind_of

IDLE, BLOCK, ABORTED = (state.value for state in (SessionState.IDLE, SessionState.BLOCK, SessionState.ABORTED))


class Executor:
    """One session with its cursors and prepared statements. All but `cancel` is for the connection's own thread.

    Several statements that a client sends as one request are one transaction, unless they begin and end their own
    (PostgreSQL, Multiple Statements in a Simple Query; Pipelining).
    """

    def __init__(self, session: EmbeddedSession) -> None:
        self.prepared: dict[str, Prepared] = {}
        self.cursors: dict[str, SqlCursor] = {}
        self._session = session
        self._implicit = False
        self._failed = False
        self._guard = threading.Lock()
        self._busy = False
        self._called_off = False

    @property
    def state(self) -> str:
        """As ReadyForQuery tells it."""
        return ABORTED if self._failed else self._session.state.value

    def start(self, piece: Piece, *, together: bool = False) -> Answer:
        """Run a statement, or begin to read it. `together`: it shares a request with others."""
        with self._busily():
            if piece.words(1)[0] in CONTROL_WORDS:
                return self._control(piece)
            if self.state == ABORTED:
                raise aborted()
            if together and self.state == IDLE:
                self._session.execute(BEGIN)
                self._implicit = True
            own = self._own(piece)
            return own if own is not None else self._run(piece.sql)

    def describe(self, piece: Piece | None, sql: str) -> tuple[ResultColumn, ...]:
        """The columns of a statement, none where it returns no rows. `sql` has values for its parameters."""
        first = piece.words(1)[0] if piece else ""
        if piece is not None and first == "FETCH":
            answer = cursors.fetched(piece, self.cursors)
            return answer.columns or ()
        if piece is not None and first == "EXECUTE":
            (piece,) = pieces(prepared.execution(piece, self.prepared)) or (None,)
            return self.describe(piece, "" if piece is None else piece.sql)
        if piece is None or first in _WITHOUT_ROWS or first in CONTROL_WORDS:
            return ()
        with self._busily():
            if self._failed:
                raise aborted()
            return self._session.describe(sql).columns

    def batches(self, answer: Answer, limit: int) -> Iterator[Sequence[Row]]:
        """Rows of an answer, until somebody cancels."""
        with self._busily():
            for batch in answer.batches(limit):
                if self._called_off:
                    raise cancelled()
                yield batch

    def settle(self) -> None:
        """End the transaction that a request opened by itself. Raises as a COMMIT does."""
        if self._implicit:
            self._implicit = False
            self._end_cursors()
            if self.state == ABORTED:
                self._roll_back()
            else:
                self._session.execute(COMMIT)
        elif self.state == IDLE:
            self._end_cursors()

    def failed(self) -> None:
        """A statement failed, here or in the session: its transaction is rolled back and accepts nothing else."""
        self._end_cursors()
        if self._session.state is SessionState.IDLE:
            return
        self._session.execute("ROLLBACK")
        self._failed = not self._implicit
        self._implicit = False

    def cancel(self) -> None:
        """Call off what runs, if anything does; for another thread."""
        with self._guard:
            if not self._busy:
                return
            self._called_off = True
        self._session.cancel()

    def close(self) -> None:
        try:
            self._end_cursors()
        finally:
            self._session.close()

    @contextmanager
    def _busily(self) -> Iterator[None]:
        with self._guard:
            self._busy, self._called_off = True, False
        try:
            yield
        finally:
            with self._guard:
                self._busy = False

    def _run(self, sql: str) -> Answer:
        if kind_of(sql) == "SELECT":
            columns, chunks = streamed(self._session, sql)
            return Answer("SELECT", columns, chunks)
        return finished(self._session.execute(sql))

    def _control(self, piece: Piece) -> Answer:
        kind = kind_of(piece.sql)
        if kind == BEGIN:
            if self.state == ABORTED:
                raise aborted()
            if self.state == IDLE:
                self._session.execute(piece.sql)
            self._implicit = False
            return Answer(BEGIN)
        self._end_cursors()
        self._implicit = False
        if kind == COMMIT and self.state == BLOCK:
            return finished(self._session.execute(piece.sql))
        tag = "COMMIT" if kind == COMMIT and self.state == IDLE else "ROLLBACK"
        self._roll_back()
        return Answer(tag)

    def _roll_back(self) -> None:
        self._failed = False
        self._session.execute("ROLLBACK")

    def _own(self, piece: Piece) -> Answer | None:
        """Answer what belongs to the connection and not to the warehouse."""
        first = piece.words(1)[0]
        if first == "DECLARE":
            return self._declare(piece)
        if first == "FETCH":
            return cursors.fetched(piece, self.cursors)
        if first == "CLOSE":
            return cursors.closed(piece, self.cursors)
        if first == "PREPARE":
            name, statement = prepared.preparation(piece)
            self.prepared[name] = statement
            return Answer("PREPARE")
        if first == "EXECUTE":
            (meant,) = pieces(prepared.execution(piece, self.prepared))
            return self._run(meant.sql)
        if first == "DEALLOCATE":
            return self._deallocate(piece)
        if first == "COPY":
            _refuse_client_copy(piece)
        return None

    def _declare(self, piece: Piece) -> Answer:
        declared = cursors.declaration(piece)
        if self.state != BLOCK or self._implicit:
            raise StatementRefused(
                "DECLARE CURSOR may only be used in transaction blocks", hint="Send BEGIN first.", sqlstate="25P01"
            )
        if self.cursors:
            raise StatementRefused(
                f'the cursor "{next(iter(self.cursors))}" is open, and a session has one at a time',
                hint="Close it first.",
            )
        self.cursors[declared.name] = SqlCursor(*streamed(self._session, declared.query))
        return Answer("DECLARE CURSOR")

    def _deallocate(self, piece: Piece) -> Answer:
        names = [token for token in piece.tokens[1:] if token.value != "PREPARE" or len(piece.tokens) == 2]
        if len(names) == 1 and names[0].value == "ALL":
            self.prepared.clear()
        else:
            name = names[0].name if names else ""
            prepared.named(name, self.prepared)
            del self.prepared[name]
        return Answer("DEALLOCATE")

    def _end_cursors(self) -> None:
        for cursor in self.cursors.values():
            cursor.chunks.close()
        self.cursors.clear()


_WITHOUT_ROWS = {"DECLARE", "CLOSE", "PREPARE", "DEALLOCATE"}


def _refuse_client_copy(piece: Piece) -> None:
    words = [word(token) for token in piece.tokens]
    for direction, end in (("FROM", "STDIN"), ("TO", "STDOUT")):
        if any(pair == (direction, end) for pair in itertools.pairwise(words)):
            raise StatementRefused(
                f"COPY {direction} {end} is not supported by Redshift",
                hint="Load files with COPY table FROM 's3://…', write them with UNLOAD.",
            )
