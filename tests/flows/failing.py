"""Ports that fail, and warehouses that are looked at, where a test wants it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tests.world import World

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


def without_ledger_at(world: World, method: str, step: str) -> World:
    """The world whose ledger is gone when `begin_step` or `end_step` is called for a step."""
    return replace(
        world,
        wrap=lambda port, name: Failing(port, method, lambda _, at, *__: at == step) if name == "ledger" else port,
    )


class Watched:
    """A warehouse, and its sessions, whose statements are shown to `see` before they run; with other capabilities."""

    def __init__(self, port: Any, see: Callable[[Sequence[str]], None], **capabilities: Any) -> None:
        self._port, self._see, self._changed = port, see, capabilities

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    @property
    def capabilities(self) -> Any:
        return replace(self._port.capabilities, **self._changed)

    def execute(self, sql: str) -> Any:
        self._see([sql])
        return self._port.execute(sql)

    def transaction(self, statements: Sequence[str]) -> Any:
        self._see(statements)
        return self._port.transaction(statements)

    @contextmanager
    def session(self) -> Iterator["Watched"]:
        with self._port.session() as session:
            yield Watched(session, self._see)


def watched(world: World, see: Callable[[Sequence[str]], None], **capabilities: Any) -> World:
    """The world whose warehouse's statements are shown to `see` before they run."""
    return replace(world, wrap=lambda port, name: Watched(port, see, **capabilities) if name == "warehouse" else port)
