"""The crash matrix of loads: death at every call, then the same command again, and each row is there once.

What a process leaves when it dies after one call is what it leaves when it dies before the next: `make test` dies
before the first call and after each, `make faults` on both sides of each.
"""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from tests.faults.children import Died, in_child
from tests.faults.counting import DEATH, Calls, Counted
from tests.faults.test_crash_aging import Writing
from tests.flows.landing import TABLE, Land, appending, history, upserting
from tests.world import World

from tidegate.model.route import FormatOptions, LoadMode, Route

READS = re.compile(r"(lake\.(get|list|head|uri|folders|key|capabilities)|warehouse\.(tables|place|session))")
Row = tuple[int | str | None, ...]


@dataclass(frozen=True)
class Case:
    """A load after a first one of (1, 1, 'first'). `files`: what lands, by name, in the order of minutes.

    `rows` and `loaded`: what is there in the end. `aside`: names and codes of what is in quarantine. `first` and `rows`
    are those of `columns` of `source`. `calls`: outside of `make faults`, the names of calls to die at. `before`: the
    file of the first load.
    """

    route: Route
    files: dict[str, Sequence[tuple[int | None, int, str]]]
    rows: list[Row]
    loaded: list[tuple[str, int]]
    aside: list[tuple[str, str]] = field(default_factory=list)
    columns: str = "id, at, note"
    first: Row = (1, 1, "first")
    calls: str = ".*"
    source: str = TABLE
    before: str = "first.parquet"


COMMITTED = r"warehouse\.session\.transaction|lake\.(put|delete)"
"""What outlives the session at once; the other calls fill its temporary tables, or are tried with the upsert."""

WIDE = "wide" * 20
CASES = {
    "upsert": Case(
        upserting("id", version="at"),
        {
            "a.parquet": [(1, 3, "third"), (1, 2, "x"), (None, 1, "y"), (2, 1, WIDE)],
            "bad.parquet": [(9, 1, "x" * 70_000)],
        },
        [(1, 3, "third"), (2, 1, WIDE)],
        [("a.parquet", 4), ("first.parquet", 1)],
        [("a.parquet", "load.key"), ("bad.parquet", "sql.failed")],
    ),
    "append": Case(
        appending(),
        {"a.json": [(1, 2, "again")], "b.json": [(2, 1, WIDE)]},
        [(1, 1, "first"), (1, 2, "again"), (2, 1, WIDE)],
        [("a.json", 1), ("b.json", 1), ("first.parquet", 1)],
        calls=COMMITTED,
    ),
    "replace": Case(
        appending(mode=LoadMode.REPLACE),
        {"a.parquet": [(8, 8, "stale")], "b.parquet": [(2, 1, WIDE), (3, 1, "c")]},
        [(2, 1, WIDE), (3, 1, "c")],
        [("b.parquet", 2), ("first.parquet", 1)],
        calls=COMMITTED,
    ),
    "history": Case(
        history("id", version="at"),
        {"a.parquet": [(1, 3, "third"), (1, 2, "second"), (None, 1, "y"), (2, 1, WIDE)]},
        [(1, 1, "first", 2), (1, 2, "second", 3), (1, 3, "third", None), (2, 1, WIDE, None)],
        [("a.parquet", 4), ("first.parquet", 1)],
        [("a.parquet", "load.key")],
        columns="id, valid_from, note, valid_to",
        first=(1, 1, "first", None),
        calls=r"warehouse\.session\.transaction",
    ),
    "wider": Case(
        appending(),
        {"a.parquet": [(2, 2**40, "b")]},
        [(1, 1, "first"), (2, 2**40, "b")],
        [("a.parquet", 1), ("first.csv", 1)],
        calls=r"warehouse\.session\.transaction",
        before="first.csv",
    ),
    "elements": Case(
        upserting("id", options=FormatOptions(flatten=True)),
        {"a.json": [(1, 3, "third"), (2, 1, WIDE)]},
        [(1, 3, "third", 3), (2, 1, WIDE, 1)],
        [("a.json", 2), ("a.json", 2), ("first.json", 1), ("first.json", 1)],
        columns="sales.id, at, note, value",
        first=(1, 1, "first", 1),
        calls=COMMITTED,
        source=f"{TABLE} LEFT JOIN {TABLE}_parts ON sales.id = sales_parts.id",
        before="first.json",
    ),
}


def _land(folder: Path, suffix: str = "", calls: Calls | None = None) -> Land:
    """The files lie beside the copies of the world: their addresses are part of what they are."""
    world = World(folder, suffix=suffix)
    if calls is not None:
        world = replace(world, wrap=partial(_counted, calls))
    return Land(world, folder.parent / "land")


def _counted(calls: Calls, port: Any, name: str) -> Any:
    counted = Counted(port, name, calls)
    return Writing(port, counted) if name == "warehouse" else counted


def _write(land: Land, name: str, rows: Sequence[tuple[int | None, int, str]], minute: int) -> None:
    if name.endswith(".json"):
        path = land.folder / name
        path.with_suffix(".new").write_text(
            json.dumps([{"id": id, "at": at, "note": note, "parts": [at]} for id, at, note in rows])
        )
        land.landed(path, minute)
        return
    if name.endswith(".csv"):
        path = land.folder / name
        lines = [f"{id},{at},{note}" for id, at, note in rows]
        path.with_suffix(".new").write_text("\n".join(["id,at,note", *lines, ""]))
        land.landed(path, minute)
        return
    ids, ats, notes = zip(*rows, strict=True)
    land.write(name, {"id": ids, "at": ats, "note": notes}, minute=minute)


def _prepare(folder: Path, case: Case) -> None:
    """A table with a row, and files with a longer text, a row without a key, a value that cannot be loaded."""
    folder.mkdir()
    land = _land(folder)
    land.world.initialise()
    _write(land, case.before, [(1, 1, "first")], 0)
    land.load(route=case.route)
    for minute, (name, rows) in enumerate(case.files.items(), 1):
        _write(land, name, rows, minute)


def _run(folder: Path, case: Case, calls: Calls) -> list[str]:
    _land(folder, "c", calls).load(route=case.route)
    return calls.names


def _after(folder: Path, case: Case) -> None:
    land = _land(folder, "d")
    land.world.clock.advance(days=2)
    before = land.rows(case.columns, case.source)
    assert before in ([case.first], case.rows), "not all rows of a batch, or more"
    land.load(route=case.route)
    assert land.rows(case.columns, case.source) == case.rows
    assert sorted(land.loaded()) == case.loaded
    assert list((folder / "lake").rglob("*manifest*")) == [], "what a killed run left is swept"
    assert [row[:2] for row in land.quarantined()] == case.aside


@pytest.mark.parametrize("mode", list(CASES))
def test_death_at_every_call_that_may_change_something(
    tmp_path: Path, mode: str, record_property: Callable[[str, object], None]
) -> None:
    case, prepared = CASES[mode], tmp_path / "prepared"
    in_child(lambda: _prepare(prepared, case))
    counting = shutil.copytree(prepared, tmp_path / "count")
    names = in_child(lambda: _run(counting, case, Calls()))
    numbers = [number for number, name in enumerate(names, 1) if not READS.fullmatch(name)]
    assert {"lake.put", "lake.delete", "warehouse.session.transaction"} <= {names[n - 1] for n in numbers}
    thorough = settings.get_current_profile_name() == "faults"
    before = numbers if thorough else numbers[:1]
    after = [number for number in numbers if thorough or re.fullmatch(case.calls, names[number - 1])]
    points = [*((number, "before") for number in before), *((number, "after") for number in after)]
    record_property("crash points", f"load by {mode}: {len(points)} of {2 * len(numbers)}")
    for number, moment in points:
        folder = shutil.copytree(prepared, tmp_path / "crash")
        _die_and_repeat(folder, case, Calls(number, moment), f"{moment} call {number}, {names[number - 1]}")
        shutil.rmtree(folder)


def _die_and_repeat(folder: Path, case: Case, calls: Calls, point: str) -> None:
    with pytest.raises(Died) as died:
        in_child(lambda: _run(folder, case, calls))
    assert died.value.code == DEATH, point
    try:
        in_child(lambda: _after(folder, case))
    except AssertionError as error:
        raise AssertionError(f"death {point}\n{error}") from error
