"""The invocation that runs now: how long it may take, and what it tells."""

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Protocol

from tidegate.errors import ConfigError
from tidegate.signals.base import Progress

_SPARE_SECONDS = 10.0
_SPARE_SHARE = 0.2
"""What is kept of the time to call a statement off, to roll back and to answer: at most so much, and so much of it."""


class LambdaContext(Protocol):
    """What of Lambda's context is used (Lambda developer guide, Python context object)."""

    @property
    def aws_request_id(self) -> str: ...

    def get_remaining_time_in_millis(self) -> int: ...


class Level(IntEnum):
    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40


@dataclass
class Invocation:
    """One at a time in a process, as Lambda calls it; what is kept from one to the next asks this which one runs."""

    request: str = ""
    level: Level = Level.INFO
    _end: float | None = None

    def begin(self, context: LambdaContext | None, environ: Mapping[str, str]) -> None:
        """Without a context, as people call handlers by hand, there is no end.

        Raises:
            ConfigError: LOG_LEVEL is none.
        """
        self.level = _level(environ.get("LOG_LEVEL", "").strip() or "INFO")
        self.request, self._end = "", None
        if context is None:
            return
        self.request = context.aws_request_id
        seconds = context.get_remaining_time_in_millis() / 1000
        self._end = time.monotonic() + seconds - min(_SPARE_SECONDS, seconds * _SPARE_SHARE)

    def time_left(self) -> float | None:
        """Seconds in which work may still be done."""
        return None if self._end is None else self._end - time.monotonic()

    def tell(self, level: Level, message: str, **more: object) -> None:
        """Write one line of JSON, which CloudWatch Logs takes apart."""
        if level < self.level:
            return
        known = {
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "level": level.name,
            "message": message,
            "request_id": self.request,
        }
        sys.stdout.write(json.dumps({**known, **more}, ensure_ascii=False, default=str) + "\n")
        sys.stdout.flush()


@dataclass(frozen=True)
class LogLines:
    """A Reporter: notices are lines of level INFO, progress is of level DEBUG."""

    invocation: Invocation

    def progress(self, event: Progress) -> None:
        self.invocation.tell(Level.DEBUG, event.task, rows=event.rows, bytes=event.bytes)

    def notice(self, message: str) -> None:
        self.invocation.tell(Level.INFO, message)


def _level(text: str) -> Level:
    try:
        return Level[text.upper()]
    except KeyError:
        raise ConfigError(
            f"LOG_LEVEL is {text!r}", hint=f"Set it to one of {', '.join(level.name for level in Level)}."
        ) from None
