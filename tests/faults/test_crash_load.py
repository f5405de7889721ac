"""The crash matrix of loads: death before every call, then the same command again, and each row is there once."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.faults.children import Died, in_child
from tests.faults.counting import DEATH, Calls, Counted
from tests.faults.test_crash_aging import Writing
from tests.flows.landing import Land, upserting
from tests.world import World

ROUTE = upserting("id", version="at")
READS = re.compile(r"(lake\.(get|list|head|uri|folders|key|capabilities)|warehouse\.(tables|place|session))")
ROWS = [(1, 3, "third"), (2, 1, "wide" * 20)]


def _land(folder: Path, suffix: str = "", calls: Calls | None = None) -> Land:
    """The files lie beside the copies of the world: their addresses are part of what they are."""
    world = World(folder, suffix=suffix)
    if calls is not None:
        world = replace(world, wrap=partial(_counted, calls))
    return Land(world, folder.parent / "land")


def _counted(calls: Calls, port: Any, name: str) -> Any:
    counted = Counted(port, name, calls)
    return Writing(port, counted) if name == "warehouse" else counted


def _prepare(folder: Path) -> None:
    """A table with a row, and two files: one with a longer text and a row without a key, one that cannot be loaded."""
    folder.mkdir()
    land = _land(folder)
    land.world.initialise()
    land.write("first.parquet", {"id": [1], "at": [1], "note": ["first"]})
    land.load(route=ROUTE)
    land.write("a.parquet", {"id": [1, 1, None, 2], "at": [3, 2, 1, 1], "note": ["third", "x", "y", "wide" * 20]})
    land.write("bad.parquet", {"id": [9], "at": [1], "note": ["x" * 70_000]}, minute=3)


def _run(folder: Path, calls: Calls) -> list[str]:
    _land(folder, "c", calls).load(route=ROUTE)
    return calls.names


def _after(folder: Path) -> None:
    land = _land(folder, "d")
    world = land.world
    world.clock.advance(days=2)
    columns = [name for (name,) in world.sql("SELECT column_name FROM svv_columns WHERE table_name = 'sales'")]
    assert sorted(columns) == ["at", "id", "note"]
    before = land.rows("id, at, note")
    assert before in ([(1, 1, "first")], ROWS), "not all rows of a batch, or more"
    land.load(route=ROUTE)
    assert land.rows("id, at, note") == ROWS
    assert sorted(land.loaded()) == [("a.parquet", 4), ("first.parquet", 1)]
    assert list((folder / "lake").rglob("*manifest*")) == [], "what a killed run left is swept"
    assert [row[:2] for row in land.quarantined()] == [("a.parquet", "load.key"), ("bad.parquet", "sql.failed")]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A child prepares it: the parent must not open the warehouse."""
    folder = tmp_path_factory.mktemp("loads") / "prepared"
    in_child(lambda: _prepare(folder))
    return folder


def test_death_before_every_call(prepared: Path, record_property: Callable[[str, object], None]) -> None:
    counting = shutil.copytree(prepared, prepared.with_name("count"))
    names = in_child(lambda: _run(counting, Calls()))
    points = [number for number, name in enumerate(names, 1) if not READS.fullmatch(name)]
    record_property("crash points", f"load: {len(points)} of {len(names)}")
    assert {"lake.put", "lake.delete", "warehouse.session.transaction"} <= {names[p - 1] for p in points}
    for number in points:
        folder = shutil.copytree(prepared, prepared.with_name("crash"))
        point = f"before call {number}, {names[number - 1]}"
        with pytest.raises(Died) as died:
            in_child(lambda f=folder, n=number: _run(f, Calls(n, "before")))
        assert died.value.code == DEATH, point
        try:
            in_child(lambda f=folder: _after(f))
        except AssertionError as error:
            raise AssertionError(f"death {point}\n{error}") from error
        shutil.rmtree(folder)
