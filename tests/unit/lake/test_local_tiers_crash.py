"""A process that dies at any system call that changes something leaves an object whole, once, and in one place."""

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from tests.faults.children import Died, in_child

from tidegate.lake.local import LocalLake
from tidegate.model.tiers import Retrieval, Tier

KEY, BESIDE, DATA = "a/b/k", "a/b/l", b"bytes of the object" * 1000
CALLS = ("mkdir", "replace", "unlink", "rmdir", "fsync")
DEAD = 9
Work = Callable[[LocalLake], object]


def new_lake(folder: Path) -> LocalLake:
    (folder / "lake").mkdir(parents=True, exist_ok=True)
    return LocalLake(folder / "lake", clock=lambda: datetime(2026, 3, 1, tzinfo=UTC))


def dies_at(step: int, work: Callable[[], object]) -> bool:
    """Run `work` in a child that ends, without a word, before its `step`-th call; False when it had fewer."""

    def child() -> None:
        left = step
        for name in CALLS:
            real = getattr(os, name)

            def call(*args: object, real: Callable[..., object] = real, **options: object) -> object:
                nonlocal left
                left -= 1
                if left == 0:
                    os._exit(DEAD)
                return real(*args, **options)

            setattr(os, name, call)
        work()

    try:
        in_child(child)
    except Died as died:
        return died.code == DEAD or pytest.fail(f"the child ended with {died.code}")
    return False


def park(lake: LocalLake) -> None:
    lake.transition([KEY], Tier.GLACIER)


def thaw(lake: LocalLake) -> None:
    list(lake.thaw([KEY], 2, Retrieval.BULK))


def remember(lake: LocalLake) -> None:
    lake.transition([KEY], Tier.STANDARD_IA)


def write_over(lake: LocalLake) -> None:
    lake.put(KEY, DATA)


@pytest.mark.parametrize(
    ("before", "work", "least"),
    [([], park, 12), ([remember], park, 10), ([park], thaw, 6), ([park, thaw], write_over, 6)],
    ids=["park", "park from IA", "thaw", "put over"],
)
def test_an_object_is_never_lost_or_listed_twice(tmp_path: Path, before: list[Work], work: Work, least: int) -> None:
    for step in count(1):
        lake = new_lake(tmp_path / str(step))
        etag = lake.put(KEY, DATA).etag
        beside = lake.put(BESIDE, b"1")
        for prepare in before:
            prepare(lake)
        if not dies_at(step, lambda lake=lake: work(lake)):  # type: ignore[misc]
            break
        whole_and_once(lake, beside)
        assert work is write_over or lake.head(KEY).etag == etag
        work(lake)
        whole_and_once(lake, beside)
        if work is park:
            assert lake.head(KEY).tier is Tier.GLACIER
            assert not lake.head(KEY).readable
            thaw(lake)
        assert lake.get(KEY) == DATA
    assert step > least


def whole_and_once(lake: LocalLake, beside: object) -> None:
    info = lake.head(KEY)
    assert list(lake.list("")) == [info, beside]
    assert info.size == len(DATA)
    if info.readable:
        assert lake.get(KEY) == DATA
    assert lake.sha256(KEY) == hashlib.sha256(DATA).hexdigest()
    assert info.tier in (Tier.STANDARD, Tier.STANDARD_IA, Tier.GLACIER)
    assert info.readable or info.tier is Tier.GLACIER


@pytest.mark.parametrize("before", [[park], [park, thaw], [remember]], ids=["parked", "thawed", "IA"])
def test_a_deletion_that_died_leaves_an_object_to_delete_or_no_bytes(tmp_path: Path, before: list[Work]) -> None:
    for step in count(1):
        lake = new_lake(tmp_path / str(step))
        lake.put(KEY, DATA)
        for prepare in before:
            prepare(lake)
        if not dies_at(step, lambda lake=lake: lake.erase([KEY])):  # type: ignore[misc]
            break
        if [info.key for info in lake.list("")] == [KEY]:
            assert lake.head(KEY).size == len(DATA)
            lake.erase([KEY])
        assert list(lake.list("")) == []
        left = [path for path in (tmp_path / str(step)).rglob("*") if path.is_file() and "tiers" not in path.parts]
        assert [path.name for path in left] == [".tidegate-put-cold"]
    assert step > 4
