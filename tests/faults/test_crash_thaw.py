"""Parked periods that come back: death before and after everything that changes something, and readers meanwhile.

A death between two reads leaves what a death before the first of them left.
"""

import os
import shutil
import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.faults.children import Died, in_child, start
from tests.faults.counting import DEATH, Calls, Counted
from tests.flows.parking import park
from tests.world import ORDERS, World, create_orders

from tidegate.flows.restore import run_restore
from tidegate.flows.restore_plan import RestoreRequest, plan_restore
from tidegate.flows.tier.plan import AgeRequest, plan_tiers
from tidegate.flows.tier.run import run_tiers
from tidegate.model.outcome import RestoreOutcome

JANUARY, FEBRUARY = date(2020, 1, 1), date(2020, 2, 1)
SEEN = "SELECT COUNT(*), SUM(order_id) FROM public.orders_all"
READABLE, ALL = (50, 1550), (60, 1830)
CHANGES = frozenset({"put", "copy", "delete", "thaw", "claim", "save_batch", "transaction"})


class Deeds(Counted):
    """A port that counts what changes something: other calls, and queries, go by."""

    def __getattr__(self, attribute: str) -> Any:
        if attribute in CHANGES:
            return super().__getattr__(attribute)
        if attribute == "execute":
            return self._execute
        if attribute == "session":
            return lambda: _Session(self._target.session(), self._name, self._calls)
        return getattr(self._target, attribute)

    def _execute(self, sql: str) -> Any:
        if " SELECT " in f" {sql}"[:80]:
            return self._target.execute(sql)
        return super().__getattr__("execute")(sql)


class _Session:
    def __init__(self, context: Any, name: str, calls: Calls) -> None:
        self._context, self._name, self._calls = context, name, calls

    def __enter__(self) -> Deeds:
        return Deeds(self._context.__enter__(), f"{self._name}.session", self._calls)

    def __exit__(self, *error: object) -> Any:
        return self._context.__exit__(*error)


def restore(world: World, **options: Any) -> RestoreOutcome:
    with world.context() as ctx:
        return run_restore(ctx, plan_restore(ctx, RestoreRequest(ORDERS, JANUARY, JANUARY, **options)))


def _prepare(folder: Path) -> None:
    world = World(folder)
    create_orders(world)
    world.archive()
    world.clock.advance(days=1)
    park(world, JANUARY)


def _prepare_longer(folder: Path) -> None:
    _prepare(folder)
    world = World(folder)
    world.clock.advance(days=2)
    restore(world, days=5)


FLOWS: dict[str, tuple[Callable[[Path], None], dict[str, int], set[tuple[int, int]]]] = {
    "into the hot table": (_prepare, {}, {READABLE, ALL}),
    "longer": (_prepare_longer, {"days": 30}, {ALL}),
}


@pytest.fixture(scope="module", params=list(FLOWS))
def flow(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("parked")
    in_child(lambda: FLOWS[request.param][0](folder))
    return request.param, folder


def _run(folder: Path, name: str, calls: Calls) -> list[str]:
    world = World(folder, wrap=lambda port, kind: Deeds(port, kind, calls), suffix="c")
    world.clock.advance(days=4)
    restore(world, **FLOWS[name][1])
    return calls.names


def _after(folder: Path, name: str) -> None:
    """The world right after the death, then the same command, then what must hold."""
    world = World(folder, suffix="d")
    world.clock.advance(days=4)
    assert world.sql(SEEN)[0] in FLOWS[name][2], "a row was lost or doubled at the moment of death"
    outcome = restore(world, **FLOWS[name][1])
    assert outcome.already or outcome.rows == 10
    assert world.sql(SEEN) == [ALL]
    assert world.verify(deep=True).differences == ()
    if name == "longer":
        assert world.sql("SELECT MAX(thawed_until) FROM tidegate.published") == [(date(2020, 7, 24),)]
    else:
        assert world.sql(SEEN.replace("_all", "")) == [(50, 1540)]
        assert world.sql("SELECT period FROM tidegate.published") == [(FEBRUARY,)]


def test_death_around_every_change(flow: tuple[str, Path], tmp_path: Path) -> None:
    name, prepared = flow
    counting = shutil.copytree(prepared, tmp_path / "count")
    names = in_child(lambda: _run(counting, name, Calls()))
    assert {"lake.copy", "warehouse.session.transaction", "lake.put"} <= set(names)
    for number in range(1, len(names) + 1):
        for moment in ("before", "after") if number == 1 else ("after",):
            folder = shutil.copytree(prepared, tmp_path / "crash")
            with pytest.raises(Died) as died:
                in_child(lambda f=folder, n=number, m=moment: _run(f, name, Calls(n, m)))
            assert died.value.code == DEATH
            try:
                in_child(lambda f=folder: _after(f, name))
            except AssertionError as error:
                raise AssertionError(f"death {moment} {number} of {names}: {error}") from error
            shutil.rmtree(folder)


def test_two_processes_thaw_the_same_periods_at_once(tmp_path: Path) -> None:
    in_child(lambda: _prepare(tmp_path))
    ready, go = os.pipe()

    def work(suffix: str) -> str:
        from tidegate.errors import TidegateError

        os.read(ready, 1)
        try:
            return "already" if restore(World(tmp_path, suffix=suffix), days=5).already else "done"
        except TidegateError as error:
            return error.code

    children = [start(lambda s=s: work(s)) for s in ("a", "b")]
    os.write(go, b"..")
    answers = sorted(child.answer() for child in children)
    assert "done" in answers
    assert set(answers) <= {"done", "already", "unreachable.lease", "unreachable.locked", "refused.guard"}
    world = World(tmp_path)
    assert world.sql(SEEN) == [ALL]
    assert world.verify(deep=True).differences == ()


def test_readers_see_a_period_whole_or_not_at_all_and_never_twice(tmp_path: Path) -> None:
    _prepare(tmp_path)
    world = World(tmp_path)
    world.clock.advance(days=2)
    done, seen = threading.Event(), list[Any]()

    def poll() -> None:
        with world.context() as ctx:
            while not done.is_set():
                seen.append(ctx.warehouse.execute(SEEN).rows[0])

    reader = threading.Thread(target=poll)
    reader.start()
    try:
        restore(world, days=5)
        restore(world, days=9)
        restore(world)
    finally:
        done.set()
        reader.join()
    assert set(seen) <= {READABLE, ALL}
    assert sorted(seen) == seen, "what can be read stays readable"
    assert len(seen) > 3


def test_a_query_goes_on_when_the_thaw_that_it_reads_has_ended(tmp_path: Path) -> None:
    """It is parked again under the query; partition and copies stay for the grace, then they go."""
    _prepare(tmp_path)
    world = World(tmp_path)
    world.clock.advance(days=2)
    until = restore(world, days=1).until
    world.clock.advance(days=2)
    with world.context() as ctx, ctx.warehouse.session() as session:
        session.execute("BEGIN")
        assert session.execute(SEEN).rows[0] == ALL
        assert len(run_tiers(ctx, plan_tiers(ctx, AgeRequest())).moves) == 1
        world.gc()
        assert session.execute(SEEN).rows[0] == ALL
        session.execute("COMMIT")
        assert session.execute(SEEN).rows[0] == READABLE
    assert list((tmp_path / "lake").rglob(f"tg_thaw={until}/**/*.parquet"))
    world.clock.advance(days=2)
    world.gc(timedelta(days=1))
    assert not list((tmp_path / "lake").rglob("tg_thaw=*/**/*.parquet"))
    assert restore(world, days=5).rows == 10
    assert world.sql(SEEN) == [ALL]
    assert world.verify(deep=True).differences == ()


class UpToTransaction(Calls):
    """Calls that end with the first transaction, before it."""

    def before(self, name: str) -> int:
        if name.endswith("transaction"):
            os._exit(DEATH)
        return super().before(name)


def test_what_a_killed_thaw_left_is_collected(tmp_path: Path) -> None:
    """It died between the partitions and the transaction: copies that nobody counts, read by partitions of theirs."""
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    in_child(lambda: _prepare(prepared))
    with pytest.raises(Died):
        in_child(lambda: _run(prepared, "into the hot table", UpToTransaction()))
    world = World(prepared)
    world.clock.advance(days=20)
    assert list((prepared / "lake").rglob("tg_thaw=*/**/*.parquet"))
    world.gc()
    assert not list((prepared / "lake").rglob("tg_thaw=*/**/*.parquet"))
    assert world.sql(SEEN) == [READABLE]
    assert world.verify(deep=True).differences == ()
    assert restore(world, days=5).rows == 10
    assert world.sql(SEEN) == [ALL]
