"""Pairs of transactions that each read what the other writes, as the flows submit them, run by two sessions at once."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from tests.world import ORDERS, World

from tidegate.errors import TidegateError
from tidegate.flows.abandon import abandon
from tidegate.flows.context import Context
from tidegate.flows.hold import add_hold
from tidegate.flows.identity import attach
from tidegate.flows.records import RecordLog
from tidegate.model.records import BatchPeriods
from tidegate.warehouse.base import Session


class Caught(Exception):
    """The transaction that was waited for came, and was not submitted."""


@dataclass
class Catcher:
    """A warehouse, and its sessions, that stop at the first transaction with `word` in it, and keep its statements."""

    target: Any
    word: str
    found: list[str]

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.target, name)
        return (lambda: _CaughtSession(value(), self)) if name == "session" else value

    def transaction(self, statements: Sequence[str]) -> Any:
        if any(self.word in statement for statement in statements):
            self.found[:] = statements
            raise Caught
        return self.target.transaction(statements)


@dataclass
class _CaughtSession:
    context: Any
    catcher: Catcher

    def __enter__(self) -> Catcher:
        return replace(self.catcher, target=self.context.__enter__())

    def __exit__(self, *error: Any) -> Any:
        return self.context.__exit__(*error)


def statements_of(world: World, word: str, work: Callable[[Context], object]) -> list[str]:
    """The statements of the first transaction with `word` that `work` would submit."""
    found: list[str] = []

    def wrap(port: Any, name: str) -> Any:
        return Catcher(port, word, found) if name == "warehouse" else port

    with pytest.raises(Caught), replace(world, wrap=wrap, suffix=f"{world.suffix}r").context() as ctx:
        work(ctx)
    return found


def publish_statements(world: World) -> list[str]:
    """The publish transaction of a batch that is verified."""
    found: list[str] = []

    def wrap(port: Any, name: str) -> Any:
        return Catcher(port, " publish */", found) if name == "warehouse" else port

    with pytest.raises(Caught):
        replace(world, wrap=wrap, suffix=f"{world.suffix}p").archive()
    return found


def _abandon(ctx: Context) -> None:
    (row,) = [row for row in ctx.ledger.batches() if row.state == "verified"]
    part = BatchPeriods(row.id, row.prefix, tuple(p.period for p in ctx.ledger.periods(row.id)))
    abandon(ctx, RecordLog(ctx, attach(ctx).warehouse), ORDERS, part, "a test")


@dataclass(frozen=True)
class Pair:
    """What another session does while a publish runs, and a query that counts what must never be there afterwards."""

    word: str
    work: Callable[[Context], object]
    contradiction: str
    without_lock: int
    refusal: str


PAIRS = {
    "abandon": Pair(
        "tidegate.retired",
        _abandon,
        "SELECT COUNT(*) FROM tidegate.published p JOIN tidegate.retired r "
        "ON r.batch = p.batch AND r.period = p.period",
        2,
        "is already",
    ),
    "hold": Pair(
        "tidegate.holds",
        lambda ctx: add_hold(ctx, ORDERS, None, None, "a test"),
        "SELECT COUNT(*) FROM tidegate.published p JOIN tidegate.log a ON a.table_name = p.table_name "
        "JOIN tidegate.log b ON b.table_name = a.table_name AND b.number = a.number AND a.kind < b.kind",
        2,
        "another record came first",
    ),
}


def race(world: World, name: str, *, locked: bool) -> tuple[list[str], int]:
    """A publish that stops before its DELETE until the other session is done, or waits.

    Returns the errors of both, and how many contradictions there are. Without `locked` both go without their LOCK.
    """
    pair = PAIRS[name]
    publish = publish_statements(world)
    other = statements_of(world, f'"{pair.word}"'.replace(".", '"."'), pair.work)
    assert " LOCK " in publish[0]
    assert " LOCK " in other[0] or other[0].startswith("LOCK ")
    if not locked:
        publish, other = publish[1:], other[1:]
    with world.context() as ctx:
        errors = interleave(ctx, publish, other, wait=not locked)
    return errors, int(world.value(pair.contradiction))


def interleave(
    ctx: Context, publish: Sequence[str], other: Sequence[str], *, wait: bool, first: str = "DELETE FROM"
) -> list[str]:
    """The guards of a publish, then the other transaction by another session, then the rest of the publish.

    `first` is in its first statement that writes.

    Where the publish holds the LOCK, the other session waits for its end.
    """
    guards = next(n for n, s in enumerate(publish) if first in s)
    errors: list[str] = []
    begun = threading.Event()

    def run_other() -> None:
        begun.set()
        try:
            ctx.warehouse.transaction(other)
        except TidegateError as error:
            errors.append(f"other: {error.message}")

    thread = threading.Thread(target=run_other)
    with ctx.warehouse.session() as session:
        try:
            _run(session, ["BEGIN", *publish[:guards]])
            thread.start()
            begun.wait()
            if wait:
                thread.join()
            _run(session, [*publish[guards:], "COMMIT"])
        except TidegateError as error:
            errors.append(f"publish: {error.message}")
    thread.join()
    return errors


def _run(session: Session, statements: Sequence[str]) -> None:
    for statement in statements:
        session.execute(statement)
