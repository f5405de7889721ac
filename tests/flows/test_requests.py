"""A lake whose store vouches for identities (S3): nothing reads bytes, and no request is made for each file."""

import shutil
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.faults.counting import Calls, Counted
from tests.flows.tables import archive
from tests.world import AS_OF, World

from tidegate.errors import DifferenceFound
from tidegate.flows.status import status
from tidegate.model.periods import Granularity


class Vouched:
    """A lake that knows size and ETag alone, and whose bytes nobody may read to compare them."""

    def __init__(self, lake: Any) -> None:
        self._lake = lake

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lake, name)

    @property
    def capabilities(self) -> Any:
        return replace(self._lake.capabilities, checksums=False)

    def sha256(self, key: str) -> str:
        raise AssertionError(f"{key} was read")


def vouched(world: World) -> World:
    return replace(world, wrap=lambda port, name: Vouched(port) if name == "lake" else port)


def january(world: World) -> Path:
    (path,) = (world.folder / "lake").glob("w*/public/orders/tg_batch=*/tg_period=2020-01-01/000.parquet")
    return path


def test_identities_are_compared_and_no_byte_is_read(world: World) -> None:
    world = vouched(world)
    archive(world, AS_OF)
    assert world.verify().differences == ()
    path, data = january(world), january(world).read_bytes()
    path.unlink()
    path.write_bytes(data)
    key = str(path.relative_to(world.folder / "lake"))
    assert [(d.kind, d.object, d.detail) for d in world.verify(deep=False).differences] == [
        ("file.identity", key, "it was replaced after it was written")
    ]
    with pytest.raises(DifferenceFound, match=r"000\.parquet was changed after it was written$"):
        world.restore()
    path.unlink()
    assert [(d.kind, d.object) for d in world.verify(deep=False).differences] == [("file.missing", key)]
    world.restore(date(2020, 2, 1), date(2020, 2, 29))
    assert world.value("SELECT COUNT(*) FROM public.orders") == 50
    assert world.gc(timedelta(0)).objects == 1


def test_a_checksum_is_compared_only_where_the_identity_is_another(world: World) -> None:
    """The archive was moved from a folder into a store: its descriptors have a SHA-256, its objects other ETags."""
    archive(world, AS_OF)
    moved = vouched(world)
    assert moved.verify(deep=False).differences == ()
    path, data = january(world), january(world).read_bytes()
    path.unlink()
    path.write_bytes(data)
    with pytest.raises(AssertionError, match=r"tg_period=2020-01-01/000\.parquet was read"):
        moved.verify(deep=False)


ADDRESSES = ("lake.key", "lake.uri")
"""Calls that ask nobody."""


def requests(folder: Path, before: date) -> tuple[list[int], dict[str, Counter[str]]]:
    """How many files there are, and what each verb asks of lake and ledger, with one batch of daily periods."""
    world = World(folder).with_policy(granularity=Granularity.DAILY, retention=0)
    calls = Calls()
    counting = replace(
        world, wrap=lambda port, name: port if name == "warehouse" else Counted(_plain(port, name), name, calls)
    )
    asked: dict[str, Counter[str]] = {}

    def note(verb: str) -> None:
        asked[verb] = Counter(name for name in calls.names if name not in ADDRESSES)
        calls.names.clear()

    (batch,) = archive(counting, before).batches
    note("archive")
    checked = counting.verify(deep=False)
    note("verify")
    with counting.context() as ctx:
        (table,) = status(ctx).tables
    note("status")
    counting.restore()
    note("restore")
    assert counting.gc(timedelta(0)).objects == batch.files + 2
    note("gc")
    return [batch.files, checked.files, table.files], asked


def _plain(port: Any, name: str) -> Any:
    return Vouched(port) if name == "lake" else port


def test_no_verb_asks_more_for_more_files(world: World, tmp_path: Path) -> None:
    other = shutil.copytree(world.folder, tmp_path / "other")
    few, asked = requests(world.folder, date(2020, 1, 4))
    many, asked_more = requests(other, date(2020, 1, 11))
    assert (few, many) == ([3] * 3, [10] * 3)
    for verb, calls in asked.items():
        assert asked_more[verb] == calls, verb
    assert asked["verify"]["lake.get"] == 5
    assert (asked["verify"]["lake.list"], asked["verify"]["ledger.batches"]) == (3, 1)
    assert asked["status"] == Counter({"lake.get": 1, "ledger.file_sizes": 1, "ledger.batches": 1, "ledger.jobs": 1})
