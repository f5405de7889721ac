"""The crash matrix of archives that grow old: death right before every call that may change something, then again.

A death after a call is one before the next: what a process knows and has not written dies with it. Calls that only
read, and the claim of a lease, which a dead worker has no longer, change nothing in between.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.faults.children import Died, in_child
from tests.faults.counting import DEATH, Calls, Counted
from tests.flows.aging import expire, in_lake, partitions, tier, with_tiers
from tests.world import World, create_orders

MARCH = date(2020, 7, 20)
FEBRUARY_IS_OLD = date(2020, 10, 31)
WHERE = """
SELECT 'read', EXTRACT(month FROM order_date)::INTEGER, COUNT(*) FROM public.orders_all GROUP BY 2
UNION ALL SELECT 'parked', EXTRACT(month FROM period)::INTEGER, row_count FROM tidegate.parked
UNION ALL SELECT 'expired', EXTRACT(month FROM period)::INTEGER, 10 FROM tidegate.retired WHERE reason = 'expired'
"""
_READS = re.compile(
    r"(lake\.(get|list|head|uri|folders)|ledger\.(batch|batches|claim|jobs)|warehouse\.(tables|place|session))"
)
_SELECT = re.compile(r"\s*(/\*.*?\*/\s*)*SELECT\b")


class Writing:
    """A counted warehouse or session whose SELECTs are not counted."""

    def __init__(self, port: Any, counted: Any) -> None:
        self._port, self._counted = port, counted

    def __getattr__(self, name: str) -> Any:
        return getattr(self._counted, name)

    def execute(self, sql: str) -> Any:
        return (self._port if _SELECT.match(sql) else self._counted).execute(sql)

    @contextmanager
    def session(self) -> Iterator["Writing"]:
        with self._port.session() as session:
            yield Writing(session, Counted(session, "warehouse.session", self._counted._calls))


def _world(folder: Path, suffix: str = "") -> World:
    world = with_tiers(World(folder, suffix=suffix), GLACIER_IR=30, GLACIER=60, expire=100)
    world.clock.advance(days=90)
    return world


def _prepare(folder: Path) -> None:
    """January was parked and can be handed over, February parks, March goes to a tier that can be read."""
    world = with_tiers(World(folder), GLACIER_IR=30, GLACIER=60, expire=100)
    create_orders(world)
    for as_of, days in ((date(2020, 5, 20), 30), (date(2020, 6, 20), 29), (MARCH, 1)):
        world.archive(as_of=as_of)
        world.clock.advance(days=days)
    tier(world)


FLOWS: dict[str, Callable[[World], object]] = {
    "tier": tier,
    "expire": lambda world: expire(world, FEBRUARY_IS_OLD),
}


def _wrapped(world: World, calls: Calls) -> World:
    def wrap(port: Any, name: str) -> Any:
        counted = Counted(port, name, calls)
        return Writing(port, counted) if name == "warehouse" else counted

    return replace(world, wrap=wrap, suffix="c")


def _run(folder: Path, name: str, calls: Calls) -> list[str]:
    FLOWS[name](_wrapped(_world(folder), calls))
    return calls.names


def _where(world: World) -> dict[str, list[int]]:
    """The months whose rows can be read, are parked, or expired. Fails unless each month is there once, and whole."""
    found = sorted(world.sql(WHERE))
    assert sorted((month, rows) for _, month, rows in found) == [(month, 10) for month in range(1, 7)]
    return {word: [month for at, month, _ in found if at == word] for word in ("read", "parked", "expired")}


def _after(folder: Path, name: str) -> None:
    """The world right after the death, then the same command, then what must hold."""
    world = _world(folder, suffix="d")
    _where(world)
    assert len(in_lake(world)) == 3, "a file went before its time"
    FLOWS[name](world)
    assert world.verify(deep=True).differences == ()
    world.clock.advance(days=1, minutes=1)
    world.gc()
    if name == "tier":
        assert _where(world) == {"read": [3, 4, 5, 6], "parked": [1, 2], "expired": []}
        assert sorted(in_lake(world).values()) == [("GLACIER", False), ("GLACIER", False), ("GLACIER_IR", True)]
    else:
        assert _where(world) == {"read": [3, 4, 5, 6], "parked": [], "expired": [1, 2]}
        assert list(in_lake(world)) == ["tg_period=2020-03-01/000.parquet"]
    assert partitions(world) == ["03"]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A child prepares it: the parent must not open the warehouse."""
    folder = tmp_path_factory.mktemp("prepared")
    in_child(lambda: _prepare(folder))
    return folder


@pytest.mark.parametrize("name", list(FLOWS))
def test_death_before_every_change(
    name: str, prepared: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    counting = shutil.copytree(prepared, tmp_path / "count")
    names = in_child(lambda: _run(counting, name, Calls()))
    points = [number for number, call in enumerate(names, 1) if not _READS.fullmatch(call)]
    record_property("crash points", f"{name}: {len(points)} of {len(names)}")
    assert {"lake.put", "warehouse.session.transaction", "ledger.finish"} <= {names[p - 1] for p in points}
    for number in points:
        _die_and_repeat(name, prepared, tmp_path / "crash", number, f"before call {number}, {names[number - 1]}")


def _die_and_repeat(name: str, prepared: Path, folder: Path, number: int, point: str) -> None:
    shutil.copytree(prepared, folder)
    with pytest.raises(Died) as died:
        in_child(lambda: _run(folder, name, Calls(number, "before")))
    assert died.value.code == DEATH, point
    try:
        in_child(lambda: _after(folder, name))
    except AssertionError as error:
        raise AssertionError(f"{name}: death {point}\n{error}") from error
    shutil.rmtree(folder)
