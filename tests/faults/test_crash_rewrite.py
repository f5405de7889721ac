"""The crash matrix of rewrites: death right before every call that may change something, then the same command."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from tests.faults.children import Died, in_child
from tests.faults.counting import DEATH, Calls, Counted
from tests.faults.test_crash_aging import _READS, Writing
from tests.flows.rewriting import batches, compact, erase, in_files
from tests.world import World, create_orders

ROWS = "SELECT COUNT(*), SUM(order_id), SUM(amount) FROM public.orders_all"
GOING = "order_id % 12 IN (1, 3)"
"""Orders of January, which is cold, and of March, which is hot."""
FLOWS: dict[str, Callable[[World], object]] = {
    "compact": compact,
    "erase": lambda world: erase(world, GOING, hot=True, now=True, reason="asked for"),
}


def _prepare(folder: Path, name: str) -> None:
    """January in two batches, the second of them late. For an erasure their merged batch counts, with February."""
    world = World(folder)
    create_orders(world)
    world.archive(date(2020, 5, 20))
    world.sql("INSERT INTO public.orders VALUES (1001, '2020-01-31', 7.50, 'late')")
    world.clock.advance(days=1)
    world.archive()
    if name == "erase":
        world.clock.advance(hours=1)
        compact(world)


def _world(folder: Path, suffix: str) -> World:
    world = World(folder, suffix=suffix)
    world.clock.advance(days=2)
    return world


def _run(folder: Path, name: str, calls: Calls) -> list[str]:
    def wrap(port: Any, kind: str) -> Any:
        counted = Counted(port, kind, calls)
        return Writing(port, counted) if kind == "warehouse" else counted

    FLOWS[name](replace(_world(folder, "c"), wrap=wrap))
    return calls.names


def _rows(world: World, where: str = "TRUE") -> tuple[Any, ...]:
    return world.sql(f"{ROWS} WHERE {where}")[0]


def _after(folder: Path, name: str, before: tuple[Any, ...], left: tuple[Any, ...]) -> None:
    """The world right after the death, then the same command, then what must hold."""
    world = _world(folder, "d")
    assert _rows(world) in (before, left), "a row was lost, doubled, or went alone"
    world.clock.advance(days=1)
    FLOWS[name](world)
    assert _rows(world) == left
    assert world.verify(deep=True).differences == ()
    if name == "erase":
        assert world.value(f"SELECT COUNT(*) FROM public.orders WHERE {GOING}") == 0
        assert [row for row in in_files(world) if row["order_id"] % 12 in (1, 3)] == []
        assert world.value("SELECT COUNT(*) FROM tidegate.log WHERE kind = 'erased'") == 2
    rows = 16 if name == "erase" else 21
    assert sum(sum(periods.values()) for periods in batches(world).values()) == rows
    with world.context() as ctx:
        states = {row.state.value for row in ctx.ledger.batches()}
    assert states <= {"reclaimed", "abandoned", "collected", "retired"}
    world.clock.advance(days=2)
    world.gc()
    assert len(in_files(world)) == rows


def _points(names: list[str]) -> list[int]:
    """The calls that may change something: all of them in `make faults`, else the decisive ones.

    Those are the descriptor, the swap, the call after it, and the deletion of the files.
    """
    points = [number for number, call in enumerate(names, 1) if not _READS.fullmatch(call)]
    if settings.get_current_profile_name() == "faults":
        return points
    unload, swap = [p for p in points if names[p - 1].endswith("transaction")][-2:]
    described = next(p for p in points if p > unload and names[p - 1] == "lake.put")
    after = next(p for p in points if p > swap)
    gone = [p for p in points if p > swap and names[p - 1] == "lake.erase"]
    return sorted({described, swap, after, *gone})


@pytest.mark.parametrize("name", list(FLOWS))
def test_death_before_every_change(name: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    in_child(lambda: _prepare(prepared, name))
    before = in_child(lambda: _rows(World(prepared)))
    left = before if name == "compact" else in_child(lambda: _rows(World(prepared), f"NOT {GOING}"))
    counting = shutil.copytree(prepared, tmp_path / "count")
    names = in_child(lambda: _run(counting, name, Calls()))
    points = _points(names)
    record_property("crash points", f"{name}: {len(points)} of {len(names)}")
    for number in points:
        folder = shutil.copytree(prepared, tmp_path / "crash")
        point = f"before call {number} of {len(names)}, {names[number - 1]}"
        with pytest.raises(Died) as died:
            in_child(lambda folder=folder, number=number: _run(folder, name, Calls(number, "before")))
        assert died.value.code == DEATH, point
        try:
            in_child(lambda folder=folder: _after(folder, name, before, left))
        except AssertionError as error:
            raise AssertionError(f"{name}: death {point}\n{error}") from error
        shutil.rmtree(folder)
