"""Sessions that outlive a statement (SessionKeepAliveSeconds): one statement at a time, closed when idle for long."""

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tidegate.serve.data_api.faults import ApiError, invalid
from tidegate.warehouse.embedded.session import EmbeddedSession

MOST_SESSIONS = 500
"""That are open at one time (management guide, Considerations when calling the Data API)."""

LONGEST_SECONDS = 86_400
"""How long a session may live, and how long a closed one is listed."""


@dataclass
class Held:
    """One session. `statement` is the id of the one that runs in it, `expires` a time while it is idle."""

    id: str
    target: Mapping[str, str]
    keep_alive: int
    created: float
    updated: float
    connection: EmbeddedSession
    statement: str | None = None
    closed: bool = False

    @property
    def status(self) -> Literal["AVAILABLE", "BUSY", "CLOSED"]:
        if self.closed:
            return "CLOSED"
        return "AVAILABLE" if self.statement is None else "BUSY"

    @property
    def expires(self) -> float:
        return min(self.updated + self.keep_alive, self.created + LONGEST_SECONDS)


class Sessions:
    """All sessions of one server. Safe for many threads."""

    def __init__(self, connect: Callable[[Mapping[str, str]], EmbeddedSession], clock: Callable[[], float]) -> None:
        self._connect = connect
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, Held] = {}

    def open(self, target: Mapping[str, str], keep_alive: int, statement: str) -> str:
        """The id of a new session, taken by its first statement. Raises ApiError when there are too many."""
        self.sweep()
        with self._lock:
            if sum(1 for each in self._held.values() if not each.closed) >= MOST_SESSIONS:
                raise ApiError(
                    "ActiveSessionsExceededException", f"Active sessions exceeded the allowed quota ({MOST_SESSIONS})."
                )
            now = self._clock()
            held = Held(str(uuid.uuid4()), target, keep_alive, now, now, self._connect(target), statement)
            self._held[held.id] = held
            return held.id

    def take(self, id: str, keep_alive: int | None, statement: str) -> None:
        """Let a statement run in an idle session. Raises ApiError when it is busy, closed, or never was."""
        self.sweep()
        with self._lock:
            held = self._held.get(id)
            if held is None:
                raise invalid(f"Session with Id: {id} is invalid.")
            if held.closed or held.statement is not None:
                raise invalid("Session is not available.")
            held.statement, held.updated = statement, self._clock()
            if keep_alive is not None:
                held.keep_alive = keep_alive

    def give_back(self, id: str) -> None:
        """The statement of a session has ended; its idle time begins."""
        with self._lock:
            held = self._held[id]
            held.statement, held.updated = None, self._clock()
            ended = held.keep_alive == 0
        if ended:
            self._close(held)

    def target(self, id: str) -> Mapping[str, str]:
        """Database and user of a session. Raises ApiError."""
        with self._lock:
            held = self._held.get(id)
        if held is None:
            raise invalid(f"Session with Id: {id} is invalid.")
        return held.target

    def connection(self, id: str) -> EmbeddedSession:
        with self._lock:
            return self._held[id].connection

    def newest_first(self) -> Iterator[Held]:
        self.sweep()
        with self._lock:
            return reversed(list(self._held.values()))

    def sweep(self) -> None:
        """Close what was idle for too long."""
        now = self._clock()
        with self._lock:
            known = list(self._held.values())
            for held in known:
                if held.closed and now - held.updated > LONGEST_SECONDS:
                    del self._held[held.id]
        for held in known:
            if held.status == "AVAILABLE" and now >= held.expires:
                self._close(held)

    def close(self) -> None:
        for held in self.newest_first():
            self._close(held)

    def _close(self, held: Held) -> None:
        with self._lock:
            if held.closed or held.statement is not None:
                return
            held.closed = True
        held.connection.close()
