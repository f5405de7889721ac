"""Work beside the check: does it wait, and what comes of it?"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

from live.assumption import Violated

SETTLE = 2.0
"""Seconds after which what has not ended is taken to wait."""
PATIENCE = 120.0
"""Seconds that anything may take."""
SHOWN_WITHIN = 20.0
"""Seconds until the system views tell of a statement."""

_T = TypeVar("_T")
Start = Callable[[Callable[[], _T]], "Future[_T]"]


@contextmanager
def beside() -> "Iterator[Start[object]]":
    """Runs work in a thread; the block ends when it has ended."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit


def waits(work: "Future[object]") -> bool:
    return bool(wait([work], SETTLE).not_done)


def outcome(work: "Future[object]", what: str) -> object:
    """What became of it. Raises as the work, or Violated when it does not end."""
    try:
        return work.result(PATIENCE)
    except TimeoutError as error:
        raise Violated(f"{what} did not end in {PATIENCE:.0f} s") from error


def until(look: Callable[[], _T], seconds: float = SHOWN_WITHIN) -> _T:
    """Look again and again until there is something to see, at most for so long; what was seen last."""
    end = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < end:
        time.sleep(1)
    return found
