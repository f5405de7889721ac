"""Under which token a statement that must not run twice is submitted, in this process and in the next."""

import hashlib
import threading
import uuid
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

MOST_ATTEMPTS = 50
"""Failed tries of one statement that are stepped over before a token is drawn at random."""

_REMEMBERED = 1000


@dataclass(frozen=True)
class Attempt:
    """`token` as the API takes it, at most 64 characters. `number` counts the tries of all processes, from 1; 0 when
    the token is of this process alone.
    """

    key: str
    number: int
    token: str


class Tokens:
    """Tokens are derived from the text, so that a process that takes up the work of a dead one finds its statement.

    Once an outcome was handed to the caller, the same text means a new statement: its token is drawn at random.
    Safe for many threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next: OrderedDict[str, Attempt] = OrderedDict()
        self._settled: OrderedDict[str, None] = OrderedDict()

    def attempt(self, *parts: str | Sequence[str]) -> Attempt:
        """The try that is to be made now of the statement that `parts` describe."""
        key = hashlib.sha256(repr(parts).encode()).hexdigest()
        with self._lock:
            return self._next.get(key) or _derived(key, 1)

    def after_failure(self, attempt: Attempt) -> Attempt:
        """The try after one that failed, and left nothing behind."""
        known = 0 < attempt.number < MOST_ATTEMPTS
        return self._set(_derived(attempt.key, attempt.number + 1) if known else _drawn(attempt.key))

    def delivered(self, attempt: Attempt) -> None:
        """The caller has the results."""
        self._set(_drawn(attempt.key))

    def is_settled(self, mark: str) -> bool:
        """Whether this process knows the outcome of all statements with this comment."""
        with self._lock:
            return mark in self._settled

    def settle(self, mark: str, *, known: bool = True) -> None:
        """Note whether the outcomes of the statements with this comment are known."""
        with self._lock:
            self._settled.pop(mark, None)
            if known:
                self._settled[mark] = None
            if len(self._settled) > _REMEMBERED:
                self._settled.popitem(last=False)

    def _set(self, attempt: Attempt) -> Attempt:
        with self._lock:
            self._next[attempt.key] = attempt
            self._next.move_to_end(attempt.key)
            if len(self._next) > _REMEMBERED:
                self._next.popitem(last=False)
        return attempt


def _derived(key: str, number: int) -> Attempt:
    return Attempt(key, number, f"tg-{number}-{key[:48]}")


def _drawn(key: str) -> Attempt:
    return Attempt(key, 0, random_token())


def random_token() -> str:
    return str(uuid.uuid4())
