"""Death while rows that lay aside, and a whole file, are tried again: the same command brings each row in once.

`make test` dies around each transaction, `make faults` around each call that may change something.
"""

import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings
from tests.faults.children import Died, in_child
from tests.faults.counting import DEATH, Calls
from tests.faults.test_crash_load import READS, _counted
from tests.flows.landing import Land, appending
from tests.flows.redriving import Redrive
from tests.world import World

from tidegate.model.route import CheckKind, CheckRule, Contract, Severity

POSITIVE = CheckRule(CheckKind.RANGE, ("id",), least="1", severity=Severity.QUARANTINE)
BEFORE = [(1,), (2,)]
ALL = [(-1,), (0,), (0,), (1,), (2,), (3,)]


def _redrive(folder: Path, suffix: str, calls: Calls | None = None) -> Redrive:
    """Nothing is checked any more, and the column of the whole file is there."""
    world = World(folder, suffix=suffix)
    if calls is not None:
        world = replace(world, wrap=partial(_counted, calls))
    return Redrive(Land(world, folder.parent / "land"), appending(contract=Contract.FREEZE))


def _prepare(folder: Path) -> None:
    folder.mkdir()
    redrive = _redrive(folder, "a").by(checks=(POSITIVE,))
    redrive.land.world.initialise()
    redrive.land.world.sql("CREATE TABLE public.sales (id BIGINT)")
    redrive.land.write("a.parquet", {"id": [1, 0, -1]})
    redrive.land.write("b.parquet", {"id": [2, 0]}, minute=1)
    redrive.land.write("whole.parquet", {"id": [3], "note": ["x"]}, minute=2)
    redrive.load()
    redrive.land.world.sql("ALTER TABLE public.sales ADD COLUMN note VARCHAR(9)")
    assert (redrive.land.rows("id"), len(redrive.land.quarantined())) == (BEFORE, 3)


def _run(folder: Path, calls: Calls) -> list[str]:
    _redrive(folder, "c", calls).run()
    return calls.names


def _after(folder: Path) -> None:
    redrive = _redrive(folder, "d")
    land = redrive.land
    listed = {name for name, *_ in land.quarantined()}
    missing = ({3} if "whole.parquet" in listed else set()) | ({0, -1} if "a.parquet" in listed else set())
    assert land.rows("id") == [row for row in ALL if row[0] not in missing], "a row is on the list or in the table"
    redrive.run()
    assert (land.rows("id"), land.quarantined(), redrive.run().loads) == (ALL, [], ())


def test_death_around_a_retry_loses_and_doubles_no_row(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    folder, saved = tmp_path / "world", tmp_path / "saved"
    in_child(lambda: _prepare(folder))
    shutil.copytree(folder, saved)
    names = in_child(lambda: _run(folder, Calls()))
    thorough = settings.get_current_profile_name() == "faults"
    numbers = [
        number
        for number, name in enumerate(names, 1)
        if (not READS.fullmatch(name) if thorough else name.endswith("transaction"))
    ]
    points = [*((number, "before") for number in (numbers if thorough else numbers[:1]))]
    points += [(number, "after") for number in numbers]
    record_property("crash points", f"retry of rows aside: {len(points)} of {2 * len(names)}")
    assert len(points) >= 3
    for number, moment in points:
        shutil.rmtree(folder)
        shutil.copytree(saved, folder)
        point = f"{moment} call {number}, {names[number - 1]}"
        with pytest.raises(Died) as died:
            in_child(partial(_run, folder, Calls(number, moment)))
        assert died.value.code == DEATH, point
        try:
            in_child(partial(_after, folder))
        except AssertionError as error:
            raise AssertionError(f"death {point}\n{error}") from error
