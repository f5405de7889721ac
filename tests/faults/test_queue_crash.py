"""Death of a worker right before and right after calls that change the queue; then another one goes on.

The steps of a batch have their own matrix; here one call of each method that renews is enough.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.faults.children import Died, in_child, start
from tests.faults.counting import DEATH, Calls, Counted
from tests.world import AS_OF, MONTHLY, World, create_orders

from tidegate.config.settings import PostgresSettings, Settings
from tidegate.flows.plan import Request, plan_archive
from tidegate.flows.queue import archive
from tidegate.flows.queue.draft import enqueue
from tidegate.flows.queue.work import WorkRequest, work
from tidegate.model.names import TableName
from tidegate.model.policy import Policy
from tidegate.model.queue import QueueFilter

OWN = ("enqueue", "take", "keep", "settle")
WHOLE = "SELECT COUNT(*), SUM(order_id), SUM(amount), MIN(note), MAX(note) FROM public.orders"
SHARDS = 2
OTHERS = (TableName("public", "t0"), TableName("public", "t1"))
ONCE = ("ledger.keep",)


class QueueOnly:
    """A ledger whose calls that change the queue are counted, and no others."""

    def __init__(self, ledger: Any, calls: Calls) -> None:
        self._ledger, self._counted = ledger, Counted(ledger, "ledger", calls)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._counted if name in OWN else self._ledger, name)


def _world(folder: Path) -> World:
    return World(folder)


def _plan_and_work(world: World) -> None:
    with world.context() as ctx:
        enqueue(ctx, archive.draft(ctx, plan_archive(ctx, Request(as_of=AS_OF))))
        work(ctx, WorkRequest(workers=1))


def _run(folder: Path, calls: Calls) -> list[str]:
    world = _world(folder)
    _plan_and_work(
        replace(world, wrap=lambda port, name: QueueOnly(port, calls) if name == "ledger" else port, suffix="c")
    )
    return calls.names


def _after(folder: Path, whole: tuple[Any, ...]) -> None:
    world = replace(_world(folder), suffix="d")
    world.clock.advance(minutes=1)
    _plan_and_work(world)
    assert world.sql(WHOLE.replace("orders", "orders_all"))[0] == whole
    assert [row[0] for row in world.sql("SELECT COUNT(*) FROM tidegate.published")] == [2]
    assert world.value("SELECT COUNT(*) FROM public.orders") == 40
    with world.context() as ctx:
        jobs = ctx.ledger.queue(QueueFilter(), 100)
        states = {row.state.value for row in ctx.ledger.batches()}
    assert [job.state.value for job in jobs] == ["done"] * len(jobs)
    assert {day.month for job in jobs for day in job.work.periods} == {1, 2}
    assert len(jobs) == 1
    assert jobs[0].attempts <= 2, "one try was lost, no more"
    assert states <= {"reclaimed", "abandoned"}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    in_child(lambda: create_orders(World(folder)))
    return folder


@pytest.mark.parametrize("shard", range(SHARDS))
def test_death_at_every_call_of_the_queue(
    prepared: Path, shard: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    counting = shutil.copytree(prepared, tmp_path / "count")
    names = in_child(lambda: _run(counting, Calls()))
    whole = in_child(lambda: World(prepared).sql(WHOLE)[0])
    assert {name.partition(".")[2] for name in names} == set(OWN)
    numbers = [number for number, name in enumerate(names, 1) if name not in ONCE or names.index(name) == number - 1]
    points = [(number, moment) for number in numbers for moment in ("before", "after")]
    for number, moment in points[shard::SHARDS]:
        folder = shutil.copytree(prepared, tmp_path / "crash")
        point = f"{moment} call {number} of {len(names)}, {names[number - 1]}"
        with pytest.raises(Died) as died:
            in_child(partial(_run, folder, Calls(number, moment)))
        assert died.value.code == DEATH, point
        try:
            in_child(partial(_after, folder, whole))
        except AssertionError as error:
            raise AssertionError(f"death {point}\n{error}") from error
        shutil.rmtree(folder)
    record_property("crash points", f"queue: {len(points[shard::SHARDS])} of {len(points)}")


@dataclass
class Shop(World):
    """Three tables, on a ledger of either kind."""

    policies: tuple[Policy, ...] = (MONTHLY, *(replace(MONTHLY, table=table) for table in OTHERS))
    postgres: PostgresSettings | None = None

    @property
    def settings(self) -> Settings:
        settings = super().settings
        return replace(settings, ledger=self.postgres) if self.postgres else settings


def _work_alone(shop: Shop) -> list[int]:
    """The jobs that one process did."""
    shop.clock.advance(minutes=1)
    with shop.context() as ctx:
        return [one.job.id for one in work(ctx, WorkRequest(workers=2)).tries]


@pytest.mark.parametrize("ledger", ["sqlite", "postgres"])
def test_two_processes_with_two_workers_each_do_every_job_once(
    ledger: str, prepared: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    postgres = request.getfixturevalue("postgres_database") if ledger == "postgres" else None
    shop = Shop(shutil.copytree(prepared, tmp_path / "world"), postgres=postgres)

    def prepare() -> None:
        shop.sql(*(f"CREATE TABLE {table} AS SELECT order_id, order_date FROM public.orders" for table in OTHERS))
        with shop.context() as ctx:
            enqueue(ctx, archive.draft(ctx, plan_archive(ctx, Request(as_of=AS_OF))))

    in_child(prepare)
    children = [start(partial(_work_alone, shop)) for _ in range(2)]
    assert sorted(job for child in children for job in child.answer()) == [1, 2, 3]

    def check() -> None:
        counted = "SELECT table_name, COUNT(*) FROM tidegate.published GROUP BY 1 ORDER BY 1"
        assert shop.sql(counted) == [(str(policy.table), 2) for policy in shop.policies]
        with shop.context() as ctx:
            jobs = ctx.ledger.queue(QueueFilter(), 9)
        assert [(job.state.value, job.attempts, job.claims) for job in jobs] == [("done", 1, 1)] * 3

    in_child(check)
