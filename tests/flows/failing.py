"""A port that fails where a test wants it to."""

from collections.abc import Callable
from typing import Any

from tidegate.errors import LedgerUnreachable


class Failing:
    """A port one of whose calls fails when its arguments say so."""

    def __init__(self, port: Any, method: str, when: Callable[..., bool]) -> None:
        self._port, self._method, self._when = port, method, when

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._port, name)
        if name != self._method:
            return real

        def call(*args: Any) -> Any:
            if self._when(*args):
                raise LedgerUnreachable("the ledger is gone")
            return real(*args)

        return call
