"""Two at once: processes on one table, sessions in one publish, readers beside a writer, a worker that froze."""

import os
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.faults.children import in_child, start
from tests.faults.counting import Calls, Counted
from tests.faults.write_skew import PAIRS, publish_statements, race
from tests.world import MONTHLY, World, create_orders

from tidegate.warehouse.base import Session

WHOLE = "SELECT COUNT(*), SUM(order_id), SUM(amount) FROM public.orders_all"


def whole(world: World) -> tuple[Any, ...]:
    count, ids, amount = world.sql(WHOLE)[0]
    return count, ids, str(amount)


ALL = (60, 1830, "1845.00")
CHANGES = {
    "update": ("UPDATE public.orders SET amount = amount + 1 WHERE order_id = 1", (60, 1830, "1846.00")),
    "delete": ("DELETE FROM public.orders WHERE order_id = 1", (59, 1829, "1843.75")),
    "late insert": ("INSERT INTO public.orders VALUES (999, DATE '2020-01-31', 10, 'late')", (61, 2829, "1855.00")),
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    in_child(lambda: create_orders(world))
    return world


def counting(world: World, calls: Calls, suffix: str = "a") -> World:
    return replace(world, wrap=lambda port, name: Counted(port, name, calls), suffix=suffix)


def test_two_processes_archive_one_table_at_once(world: World) -> None:
    ready, go = os.pipe()

    def work(suffix: str) -> set[str]:
        os.read(ready, 1)
        outcome = replace(world, suffix=suffix).archive()
        return {failure.code for failure in outcome.failures}

    children = [start(lambda s=s: work(s)) for s in ("a", "b")]
    os.write(go, b"..")
    answers = [child.answer() for child in children]
    assert set().union(*answers) <= {"unreachable.lease", "unreachable.locked"}
    assert whole(world) == ALL
    assert world.archive().batches == ()
    assert world.verify().differences == ()


def _frozen(world: World, meanwhile: Callable[[World], None]) -> list[tuple[str, str]]:
    """Archive in a child that stops before its publish until `meanwhile` is done; its failures by code and message."""
    frozen, freeze = os.pipe()
    thawed, thaw = os.pipe()

    def stop() -> None:
        os.write(freeze, b".")
        os.read(thawed, 1)

    def work() -> list[tuple[str, str]]:
        names = Calls().names
        calls = PublishStop(stop, names=names)
        outcome = counting(world, calls).archive()
        return [(failure.code, failure.message) for failure in outcome.failures]

    child = start(work)
    os.read(frozen, 1)
    in_child(lambda: meanwhile(replace(world, suffix="b")))
    os.write(thaw, b".")
    return child.answer()


@dataclass
class PublishStop(Calls):
    """Calls that stop once, when the fourth step (publish) begins."""

    stop: Callable[[], None] = lambda: None
    steps: int = 0

    def __init__(self, stop: Callable[[], None], names: list[str]) -> None:
        super().__init__(names=names)
        self.stop, self.steps = stop, 0

    def before(self, name: str) -> int:
        if name == "ledger.begin_step":
            self.steps += 1
            if self.steps == 4:
                self.stop()
        return super().before(name)


def _later(world: World) -> World:
    """An hour later: the frozen worker's lease is over."""
    world.clock.advance(hours=1)
    return world


def test_a_worker_wakes_after_its_batch_was_abandoned_and_collected(world: World) -> None:
    def meanwhile(other: World) -> None:
        _later(other).with_policy(retention=4).archive()
        assert other.gc(timedelta(0)).objects > 0

    failures = _frozen(world, meanwhile)
    assert [code for code, _ in failures] == ["difference"]
    assert whole(world) == ALL
    world.clock.advance(hours=2)
    assert world.archive().failures == ()
    assert whole(world) == ALL
    assert world.value("SELECT COUNT(*) FROM public.orders") == 40
    assert world.verify().differences == ()


def test_a_worker_wakes_after_another_published_its_batch(world: World) -> None:
    assert _frozen(world, lambda other: _finish(_later(other))) == []
    assert whole(world) == ALL
    assert world.value("SELECT COUNT(*) FROM public.orders") == 40
    assert world.verify().differences == ()


def _finish(world: World) -> None:
    assert [batch.rows for batch in world.archive().batches] == [20]


def test_a_worker_wakes_after_another_published_a_batch_of_its_own(world: World) -> None:
    """The other one knows no ledger: it archives the same periods under an id of its own."""

    def meanwhile(other: World) -> None:
        _finish(_later(replace(other, ledger="another.sqlite")))

    assert _frozen(world, meanwhile) == []
    assert whole(world) == ALL
    assert world.value("SELECT COUNT(DISTINCT batch) FROM tidegate.published") == 1
    world.gc(timedelta(0))
    assert [difference.kind for difference in world.verify().differences] == ["ledger.missing"]
    world.rebuild()
    assert world.verify().differences == ()


@pytest.mark.parametrize("change", list(CHANGES))
def test_another_session_changes_a_row_at_every_call_of_a_publish(tmp_path: Path, change: str) -> None:
    """Before call k another session commits its change; nothing is lost, doubled, or kept from it."""
    statement, expected = CHANGES[change]
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    create_orders(World(prepared))
    calls = Calls()
    counting(World(shutil.copytree(prepared, tmp_path / "count")), calls).archive()
    steps = [number for number, name in enumerate(calls.names, 1) if name == "ledger.begin_step"]
    done = calls.names.index("ledger.end_step", steps[3]) + 1
    for number in range(steps[3], done + 1):
        world = World(shutil.copytree(prepared, tmp_path / str(number)))
        other = replace(world, suffix="z")
        changed: list[int] = []
        acting = Calls(number, "before", act=lambda o=other, c=changed: c.append(_change(o, statement)))
        outcome = counting(world, acting).archive()
        assert outcome.failures == ()
        seen = whole(world)
        reached = changed == [1]
        assert seen == (expected if reached else ALL), f"before call {number}, {calls.names[number - 1]}"
        assert world.verify().differences == ()


@pytest.mark.parametrize(
    ("change", "seen"), [("update", ALL), ("delete", ALL), ("late insert", CHANGES["late insert"][1])]
)
def test_another_session_changes_a_row_inside_of_a_publish(tmp_path: Path, change: str, seen: tuple[Any, ...]) -> None:
    """It waits for the lock: an UPDATE or DELETE then finds the row gone, an INSERT is a late row."""
    world = World(tmp_path)
    create_orders(world)
    publish = publish_statements(world)
    begun = threading.Event()
    counts: list[int] = []
    with world.context() as ctx:

        def other() -> None:
            begun.set()
            counts.append(ctx.warehouse.execute(CHANGES[change][0]).rowcount)

        thread = threading.Thread(target=other)
        guards = next(n for n, s in enumerate(publish) if "DELETE FROM" in s)
        with ctx.warehouse.session() as session:
            _run(session, ["BEGIN", *publish[:guards]])
            thread.start()
            begun.wait()
            _run(session, [*publish[guards:], "COMMIT"])
        thread.join()
    assert counts == [1 if change == "late insert" else 0]
    assert whole(world) == seen


def _change(world: World, statement: str) -> int:
    with world.context() as ctx:
        return ctx.warehouse.execute(statement).rowcount


def _run(session: Session, statements: Sequence[str]) -> None:
    for statement in statements:
        session.execute(statement)


@pytest.mark.parametrize("name", list(PAIRS))
def test_a_publish_and_another_transaction_that_reads_what_it_writes(tmp_path: Path, name: str) -> None:
    """Write skew: without LOCK both commit, which loses rows, or moves rows that are under hold."""
    for locked, wrong in ((True, 0), (False, PAIRS[name].without_lock)):
        world = World(tmp_path / str(locked))
        world.folder.mkdir()
        create_orders(world)
        errors, contradictions = race(world, name, locked=locked)
        assert contradictions == wrong
        assert [PAIRS[name].refusal in error for error in errors] == [True] * locked


def test_readers_see_the_same_rows_during_archive_and_restore(tmp_path: Path) -> None:
    """Threads of one process poll the view; every single read counts every row exactly once."""
    world = World(tmp_path, policies=(replace(MONTHLY, batch_periods=1),))
    create_orders(world, 600)
    expected = world.sql("SELECT COUNT(*), SUM(order_id), SUM(amount) FROM public.orders")[0]
    world.archive(as_of=date(2020, 5, 20))
    done = threading.Event()
    wrong: list[Any] = []
    reads: list[int] = []

    def poll() -> None:
        seen = 0
        with world.context() as ctx:
            while not done.is_set():
                row = ctx.warehouse.execute(WHOLE).rows[0]
                seen += 1
                if row != expected:
                    wrong.append(row)
        reads.append(seen)

    readers = [threading.Thread(target=poll) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        world.archive(as_of=date(2020, 8, 20))
        world.restore(date(2020, 1, 1), date(2020, 3, 31))
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert wrong == []
    assert min(reads) > 5
