"""Ports wrapped so that every call is counted, and the process can die right before or right after call number k.

A call that answers with an error is a call too.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

DEATH = 137


@dataclass
class Calls:
    """Counts calls. `at` and `moment` (before, after) say where to act; `act` is what happens there."""

    at: int = 0
    moment: str = ""
    act: Callable[[], None] = lambda: os._exit(DEATH)
    names: list[str] = field(default_factory=list)

    def before(self, name: str) -> int:
        self.names.append(name)
        number = len(self.names)
        if number == self.at and self.moment == "before":
            self.act()
        return number

    def after(self, number: int) -> None:
        if number == self.at and self.moment == "after":
            self.act()


class Counted:
    """A port whose method calls go through `Calls`. Sessions that it opens are counted too."""

    def __init__(self, target: Any, name: str, calls: Calls) -> None:
        self._target, self._name, self._calls = target, name, calls

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(self._target, attribute)
        if not callable(value):
            return value
        name = f"{self._name}.{attribute}"
        if attribute in ("session", "stream", "writer"):
            return lambda *arguments, **options: self._context(name, value, arguments, options)

        def call(*arguments: Any, **options: Any) -> Any:
            number = self._calls.before(name)
            try:
                result = value(*arguments, **options)
                return iter(list(result)) if isinstance(result, Iterator) else result
            finally:
                self._calls.after(number)

        return call

    @contextmanager
    def _context(self, name: str, value: Any, arguments: Any, options: Any) -> Iterator[Any]:
        number = self._calls.before(name)
        with value(*arguments, **options) as opened:
            self._calls.after(number)
            yield Counted(opened, name, self._calls) if name.endswith("session") else opened
