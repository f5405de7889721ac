"""Many small requests side by side."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")

_WORKERS = 10
"""As many as botocore keeps connections."""

_AHEAD = 4 * _WORKERS


def side_by_side(work: Callable[[_T], _R], items: Iterable[_T]) -> Iterator[_R]:
    """What `work` returns for each item, in order, a few items ahead of the one that is asked for.

    The first error ends it: what was not begun by then is not done.
    """
    pending: deque[Future[_R]] = deque()
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="s3-request") as pool:
        try:
            for item in items:
                if len(pending) == _AHEAD:
                    yield pending.popleft().result()
                pending.append(pool.submit(work, item))
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
