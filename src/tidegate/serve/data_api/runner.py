"""The threads that run statements, one session each."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from tidegate.errors import StatementCancelled, StatementError, TidegateError
from tidegate.serve.data_api.faults import invalid
from tidegate.serve.data_api.results import Folder, Spool, Stored
from tidegate.serve.data_api.sessions import Sessions
from tidegate.serve.data_api.statements import ENDED, Part, Statement, Status
from tidegate.serve.failures import client_error
from tidegate.warehouse.base import Row
from tidegate.warehouse.embedded.parameters import bind_named
from tidegate.warehouse.embedded.session import EmbeddedSession
from tidegate.warehouse.embedded.statements import read_statement

WORKERS = 16
SESSION_WORKERS = 32
"""Statements that run at one time: those of kept sessions have threads of their own, so that a COMMIT is not held up by
plain statements that wait for its locks.
"""

_SWEEP_SECONDS = 1.0
_CANCEL_SECONDS = 0.02
_INTERNAL = "ERROR: internal error of the server"


class Runner:
    """Runs what was submitted. `connect` opens a session for a target."""

    def __init__(
        self,
        connect: Callable[[Mapping[str, str]], EmbeddedSession],
        sessions: Sessions,
        folder: Folder,
        clock: Callable[[], float],
    ) -> None:
        self._connect = connect
        self._sessions = sessions
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._running: dict[str, EmbeddedSession] = {}
        self._active: set[Statement] = set()
        self._closing = threading.Event()
        self._plain = ThreadPoolExecutor(WORKERS, thread_name_prefix="data-api")
        self._kept = ThreadPoolExecutor(SESSION_WORKERS, thread_name_prefix="data-api-session")
        self._sweeper = threading.Thread(target=self._sweep, name="data-api-sessions", daemon=True)
        self._sweeper.start()

    def submit(self, statement: Statement) -> None:
        with self._lock:
            self._active.add(statement)
        pool = self._plain if statement.submission.session is None else self._kept
        pool.submit(self._run, statement)

    def cancel(self, statement: Statement) -> None:
        """Call a statement off and wait until it has ended; one that is being committed is not called off.

        Raises:
            ApiError: it has ended before.
        """
        if statement.status in ENDED:
            raise invalid(
                f"Could not cancel a query that is already in {statement.status} state with ID: {statement.id}"
            )
        statement.cancelled.set()
        while not statement.ended.wait(_CANCEL_SECONDS):
            with self._lock:
                session = self._running.get(statement.id)
            if session is not None:
                session.cancel()

    def close(self) -> None:
        """Call off what runs, and end the threads."""
        self._closing.set()
        with self._lock:
            active = list(self._active)
        for statement in active:
            if statement.status not in ENDED:
                self.cancel(statement)
        self._plain.shutdown()
        self._kept.shutdown()
        self._sweeper.join()

    def _sweep(self) -> None:
        while not self._closing.wait(_SWEEP_SECONDS):
            self._sessions.sweep()

    def _run(self, statement: Statement) -> None:
        try:
            if statement.cancelled.is_set():
                self._end(statement, "ABORTED")
                return
            with self._session(statement) as session:
                statement.pid = session.facts.id
                statement.status, statement.updated = "STARTED", self._clock()
                outcome, error = self._carry_out(statement, session)
            self._end(statement, outcome, error)
        except TidegateError as failure:
            self._end(statement, "FAILED", error_text(failure))
        finally:
            with self._lock:
                self._active.discard(statement)
            if not statement.ended.is_set():
                self._end(statement, "FAILED", _INTERNAL)

    @contextmanager
    def _session(self, statement: Statement) -> Iterator[EmbeddedSession]:
        """The session that the statement belongs to, or one of its own."""
        kept = statement.submission.session
        session = self._connect(statement.submission.target) if kept is None else self._sessions.connection(kept)
        with self._lock:
            self._running[statement.id] = session
        try:
            yield session
        finally:
            with self._lock:
                del self._running[statement.id]
            if kept is None:
                session.close()
            else:
                self._sessions.give_back(kept)

    def _carry_out(self, statement: Statement, session: EmbeddedSession) -> tuple[Status, str | None]:
        transaction = statement.submission.batch and not statement.submission.auto_commit
        try:
            if transaction:
                session.execute("BEGIN")
            failed = self._run_parts(statement, session)
            if statement.cancelled.is_set() and transaction:
                raise StatementCancelled("Query canceled")
            if transaction and failed is None:
                session.execute("COMMIT")
        except StatementCancelled as failure:
            _roll_back(session, transaction)
            return "ABORTED", error_text(failure)
        except TidegateError as failure:
            _roll_back(session, transaction)
            return "FAILED", error_text(failure)
        if failed is None:
            return "FINISHED", None
        _roll_back(session, transaction)
        return failed

    def _run_parts(self, statement: Statement, session: EmbeddedSession) -> tuple[Status, str | None] | None:
        """Run the texts in order; what the first failure means for the whole, None when there was none."""
        failed: tuple[Status, str | None] | None = None
        for number, part in enumerate(statement.parts, start=1):
            if statement.cancelled.is_set():
                return failed or ("ABORTED", "ERROR: Query canceled")
            self._run_part(statement, part, session)
            if part.status == "FINISHED":
                continue
            error = f"Query #{number} failed with {part.error}" if statement.submission.batch else part.error
            failed = failed or (part.status, error)
            if not statement.submission.auto_commit or part.status == "ABORTED":
                return failed
        return failed

    def _run_part(self, statement: Statement, part: Part, session: EmbeddedSession) -> None:
        part.started = part.updated = self._clock()
        part.status = "STARTED"
        began = time.perf_counter_ns()
        status: Status = "FINISHED"
        try:
            self._do(statement, part, session)
        except StatementCancelled as failure:
            status, part.error = "ABORTED", error_text(failure)
        except TidegateError as failure:
            status, part.error = "FAILED", error_text(failure)
        part.duration_ns = time.perf_counter_ns() - began
        part.query_id = max(session.facts.last_query_id, 0)
        part.updated = self._clock()
        part.status = status

    def _do(self, statement: Statement, part: Part, session: EmbeddedSession) -> None:
        parameters = statement.submission.parameters
        sql = bind_named(part.sql, parameters) if parameters else part.sql
        if _is_query(sql):
            part.result = self._query(statement, sql, session)
            part.rows = part.result.rows
            return
        result = session.execute(sql)
        part.rows = result.rowcount
        if result.columns:
            part.result = self._spooled(
                statement, Spool(self._folder, statement.submission.format, result.columns), [result.rows]
            )

    def _query(self, statement: Statement, sql: str, session: EmbeddedSession) -> Stored:
        with session.stream(sql) as stream:
            spool = Spool(self._folder, statement.submission.format, stream.columns)
            return self._spooled(statement, spool, stream.chunks)

    def _spooled(self, statement: Statement, spool: Spool, chunks: Iterable[Sequence[Row]]) -> Stored:
        try:
            for chunk in chunks:
                if statement.cancelled.is_set():
                    raise StatementCancelled("Query canceled")
                spool.add(chunk)
        except TidegateError:
            spool.drop()
            raise
        return spool.finish()

    def _end(self, statement: Statement, status: Status, error: str | None = None) -> None:
        for part in statement.parts:
            if part.status not in ENDED:
                part.status = "ABORTED" if status != "FINISHED" else status
        statement.error = error
        statement.updated = self._clock()
        statement.status = status
        statement.ended.set()


def _roll_back(session: EmbeddedSession, transaction: bool) -> None:
    if transaction:
        session.execute("ROLLBACK")


def _is_query(sql: str) -> bool:
    """False for what cannot be read: to run it gives the error."""
    try:
        return read_statement(sql).kind == "SELECT"
    except StatementError:
        return False


def error_text(error: TidegateError) -> str:
    """The error as Redshift words it: `ERROR: …`, then hint and position on lines of their own."""
    known = client_error(error)
    lines = [f"ERROR: {known.message}"]
    if known.hint:
        lines.append(f"  Hint: {known.hint}")
    if known.position is not None:
        lines.append(f"  Position: {known.position}")
    return "\n".join(lines)
