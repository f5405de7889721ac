"""The crash matrix: death right before and right after every port call, then the same command again."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.faults.children import Died, in_child
from tests.faults.counting import DEATH, Calls, Counted
from tests.world import World, create_orders

SHARDS = 8
JANUARY = date(2020, 1, 1), date(2020, 1, 31)
WHOLE = "SELECT COUNT(*), SUM(order_id), SUM(amount), MIN(note), MAX(note) FROM public.orders_all"
HOT = WHOLE.replace("orders_all", "orders")


def _prepare_archive(world: World) -> None:
    create_orders(world)


def _prepare_restore(world: World) -> None:
    create_orders(world)
    world.archive()


def _prepare_gc(world: World) -> None:
    """Two archives, one of them restored: a retired batch, and an orphan that a killed run left."""
    create_orders(world)
    world.archive(as_of=date(2020, 5, 20))
    world.restore(*JANUARY)
    world.clock.advance(days=3)
    world.archive()
    orphan = min((world.folder / "lake").glob("w*/public/orders/tg_batch=*"))
    copied = shutil.copytree(orphan, orphan.with_name("tg_batch=20200101-000000-0badcafe"))
    (copied / "_tidegate" / "batch.json").unlink()


FLOWS: dict[str, tuple[Callable[[World], None], Callable[[World], object]]] = {
    "archive": (_prepare_archive, lambda world: world.archive()),
    "restore": (_prepare_restore, lambda world: world.restore(*JANUARY)),
    "restore into a new table": (_prepare_restore, lambda world: world.restore(*JANUARY, into="public.january")),
    "gc": (_prepare_gc, lambda world: world.gc(timedelta(0))),
}


@pytest.fixture(scope="module", params=list(FLOWS))
def flow(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A prepared folder for a flow. A child prepares it: the parent must not open the warehouse."""
    name = request.param
    folder = tmp_path_factory.mktemp("prepared")
    in_child(lambda: FLOWS[name][0](World(folder)))
    return name, folder


def _counted(world: World, calls: Calls) -> World:
    return replace(world, wrap=lambda port, name: Counted(port, name, calls), suffix="c")


def _run(folder: Path, name: str, calls: Calls) -> list[str]:
    world = World(folder)
    world.clock.advance(days=4)
    FLOWS[name][1](_counted(world, calls))
    return calls.names


def _whole(world: World) -> tuple[Any, ...]:
    relation = world.sql("SELECT table_name FROM svv_tables WHERE table_name = 'orders_all'")
    return world.sql(WHOLE if relation else HOT)[0]


def _after(folder: Path, name: str, before: tuple[Any, ...]) -> None:
    """The world right after the death, then the same command, then what must hold."""
    world = World(folder, suffix="d")
    world.clock.advance(days=5)
    assert _whole(world) == before, "a row was lost or doubled at the moment of death"
    FLOWS[name][1](world)
    assert _whole(world) == before, "a row was lost or doubled by the second run"
    audit = world.verify(deep=True)
    assert audit.differences == ()
    _finished(world, name)


def _finished(world: World, name: str) -> None:
    """The work is done, not only harmless."""
    hot = [
        row[0]
        for row in world.sql("SELECT DISTINCT DATE_TRUNC('month', order_date)::DATE FROM public.orders ORDER BY 1")
    ]
    if name == "archive":
        assert hot == [date(2020, month, 1) for month in (3, 4, 5, 6)]
    elif name == "restore":
        assert hot == [date(2020, month, 1) for month in (1, 3, 4, 5, 6)]
        assert world.value("SELECT COUNT(*) FROM tidegate.holds") == 1
    elif name == "restore into a new table":
        assert world.value("SELECT COUNT(*) FROM public.january") == 10
    else:
        assert not list((world.folder / "lake").glob("w*/public/orders/tg_batch=20200101-000000-0badcafe/**/*.parquet"))
    with world.context() as ctx:
        states = {row.state.value for row in ctx.ledger.batches()}
    assert states <= {"reclaimed", "abandoned", "collected", "retired"}


@pytest.mark.parametrize("shard", range(SHARDS))
def test_death_at_every_call(
    flow: tuple[str, Path], shard: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    name, prepared = flow
    counting = shutil.copytree(prepared, tmp_path / "count")
    names = in_child(lambda: _run(counting, name, Calls()))
    before = in_child(lambda: _whole(World(prepared)))
    tried = 0
    for number in range(1 + shard, len(names) + 1, SHARDS):
        for moment in ("before", "after"):
            point = f"{moment} call {number} of {len(names)}, {names[number - 1]}"
            _die_and_repeat(name, prepared, tmp_path / "crash", Calls(number, moment), before, point)
            tried += 1
    record_property("crash points", f"{name}: {tried} of {2 * len(names)}")
    assert tried > 0


def _die_and_repeat(name: str, prepared: Path, folder: Path, calls: Calls, before: tuple[Any, ...], point: str) -> None:
    shutil.copytree(prepared, folder)
    with pytest.raises(Died) as died:
        in_child(lambda: _run(folder, name, calls))
    assert died.value.code == DEATH, point
    try:
        in_child(lambda: _after(folder, name, before))
    except AssertionError as error:
        raise AssertionError(f"{name}: death {point}\n{error}") from error
    shutil.rmtree(folder)
