"""Statements that clients submitted: what is known of each, and how many are kept."""

import itertools
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tidegate.serve.data_api.faults import ApiError, invalid, not_found
from tidegate.serve.data_api.results import Stored

Status = Literal["SUBMITTED", "PICKED", "STARTED", "FINISHED", "ABORTED", "FAILED"]
ENDED = frozenset({"FINISHED", "ABORTED", "FAILED"})

MOST_ACTIVE = 500
"""Statements submitted and not ended (management guide, Considerations when calling the Data API)."""

KEPT_SECONDS = 86_400
KEPT_STATEMENTS = 1000
KEPT_BYTES = 1_000_000_000
"""How long, how many and with how many bytes of results ended statements are kept: the newest ones."""

TOKEN_SECONDS = 8 * 3600
KEPT_TOKENS = 10_000
"""How long a ClientToken is remembered, and how many are: the newest ones."""

MOST_WAITING = 10
"""Requests that wait for the same statement."""


@dataclass
class Part:
    """One SQL text of a statement: the whole of it, or one of a batch."""

    sql: str
    status: Status = "SUBMITTED"
    started: float = 0.0
    updated: float = 0.0
    duration_ns: int = -1
    rows: int = -1
    query_id: int = 0
    error: str | None = None
    result: Stored | None = None


@dataclass
class Submission:
    """What a client asked for. `target` is echoed in answers: workgroup or cluster, database, user, secret."""

    parts: list[Part]
    target: Mapping[str, str]
    batch: bool = False
    auto_commit: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    format: str = "JSON"
    name: str = ""
    session: str | None = None

    @property
    def likeness(self) -> object:
        """Two submissions with one token must agree in this."""
        sqls = tuple(part.sql for part in self.parts)
        return sqls, dict(self.parameters), dict(self.target), self.format, self.batch, self.auto_commit, self.session


class Statement:
    """One submission on its way. Its worker changes it; everybody reads it."""

    def __init__(self, submission: Submission, created: float, pid: int) -> None:
        self.id = str(uuid.uuid4())
        self.submission = submission
        self.created = created
        self.updated = created
        self.pid = pid
        self.status: Status = "SUBMITTED"
        self.error: str | None = None
        self.ended = threading.Event()
        self.cancelled = threading.Event()
        self.waiting = threading.Semaphore(MOST_WAITING)

    @property
    def parts(self) -> list[Part]:
        return self.submission.parts

    @property
    def size(self) -> int:
        return sum(part.result.size for part in self.parts if part.result is not None)

    def part(self, number: int) -> Part:
        """Part `number`, from 1. Raises ApiError."""
        if not 1 <= number <= len(self.parts) or not self.submission.batch:
            raise no_statement(f"{self.id}:{number}")
        return self.parts[number - 1]

    def drop(self) -> None:
        for part in self.parts:
            if part.result is not None:
                part.result.drop()
                part.result = None


def no_statement(id: str) -> ApiError:
    return not_found("Query does not exist.", id)


class Statements:
    """All statements of one server, oldest first. Safe for many threads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, Statement] = {}
        self._tokens: dict[str, tuple[float, object, Statement]] = {}
        self._pids = itertools.count(1_073_741_825)

    def admit(
        self, submission: Submission, token: str | None, claim: Callable[[Statement], None]
    ) -> tuple[Statement, bool]:
        """The statement of a submission, and whether it is new: the same token gives the same statement.

        `claim` takes what the statement needs before it counts as submitted; it may refuse with an ApiError.

        Raises:
            ApiError: the token came with another submission, or too many statements are active.
        """
        with self._lock:
            self._forget()
            likeness = submission.likeness
            if token is not None and token in self._tokens:
                _, known, statement = self._tokens[token]
                if known != likeness:
                    raise invalid(f"The ClientToken {token} was used with other parameters before.")
                return statement, False
            if sum(1 for each in self._known.values() if each.status not in ENDED) >= MOST_ACTIVE:
                raise ApiError(
                    "ActiveStatementsExceededException",
                    f"Active statements exceeded the allowed quota ({MOST_ACTIVE}).",
                )
            statement = Statement(submission, self._clock(), next(self._pids))
            claim(statement)
            self._known[statement.id] = statement
            if token is not None:
                self._tokens[token] = (statement.created, likeness, statement)
            return statement, True

    def find(self, id: str) -> Statement:
        """Raises ApiError."""
        with self._lock:
            self._forget()
            found = self._known.get(id)
        if found is None:
            raise no_statement(id)
        return found

    def newest_first(self) -> Iterator[Statement]:
        with self._lock:
            self._forget()
            known = list(self._known.values())
        return reversed(known)

    def close(self) -> None:
        with self._lock:
            for statement in self._known.values():
                statement.drop()
            self._known.clear()

    def _forget(self) -> None:
        """Drop ended statements that are old, or too many, or hold too much, the oldest first."""
        now = self._clock()
        while self._tokens:
            token, (at, _, _) = next(iter(self._tokens.items()))
            if now - at <= TOKEN_SECONDS and len(self._tokens) <= KEPT_TOKENS:
                break
            del self._tokens[token]
        ended = [each for each in self._known.values() if each.status in ENDED]
        size, count = sum(each.size for each in ended), len(ended)
        for statement in ended:
            if now - statement.updated <= KEPT_SECONDS and count <= KEPT_STATEMENTS and size <= KEPT_BYTES:
                break
            size, count = size - statement.size, count - 1
            statement.drop()
            del self._known[statement.id]
