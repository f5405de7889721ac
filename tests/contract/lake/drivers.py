"""The drivers that the lake suite runs on, and what its child processes do."""

import json
from collections.abc import Callable
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.servers.emulator import Emulator

from tidegate.config.settings import Aws, S3Settings
from tidegate.errors import ObjectExists
from tidegate.lake.base import Lake
from tidegate.lake.local import LocalLake
from tidegate.lake.s3 import S3Lake
from tidegate.model.tiers import Tier

S3_PREFIX = "some/cold lake/"


def _local(place: Path) -> Lake:
    (place / "lake").mkdir(exist_ok=True)
    return LocalLake(place / "lake")


def place_on_s3(place: Path, emulator: Emulator, bucket: str) -> None:
    """Note where the S3 lake of a test's folder is."""
    (place / "s3.json").write_text(json.dumps([bucket, emulator.endpoint, emulator.region]))


def _s3(place: Path) -> Lake:
    return _s3_lake(*json.loads((place / "s3.json").read_text()))


@cache
def _s3_lake(bucket: str, endpoint: str, region: str) -> Lake:
    return S3Lake(S3Settings(bucket, S3_PREFIX, Aws(region=region, endpoint=endpoint)))


DRIVERS: dict[str, Callable[[Path], Lake]] = {"local": _local, "s3": _s3}
"""Each opens the lake that belongs to a test's folder; opening again, in any process, gives the same lake."""


def park(lake: Lake, key: str, data: bytes, tier: Tier = Tier.GLACIER) -> None:
    """Make an object in a tier that parks. S3 moves none while a test waits, but takes new ones there."""
    if isinstance(lake, S3Lake):
        lake._client.put_object(**lake._old(key).place, Body=data, StorageClass=tier.value)
    else:
        lake.put(key, data)
        lake.transition([key], tier)


ROUNDS = {"local": 200, "s3": 40}
"""How often processes meet in a test of races: a request to S3 takes as long as several files."""


def run_together(count: int, work: Callable[..., Any], *args: object) -> list[Any]:
    """Run `work(number, barrier, *args)` in processes that start at once; what each returned, in order."""
    context = get_context("spawn")
    with context.Manager() as manager, context.Pool(count) as pool:
        barrier = manager.Barrier(count, timeout=60)
        return pool.starmap(work, [(number, barrier, *args) for number in range(count)], chunksize=1)


def put_if_absent(number: int, barrier: Any, driver: str, place: Path, keys: list[str]) -> list[str]:
    """The keys that this process won."""
    lake = DRIVERS[driver](place)
    won = []
    barrier.wait()
    for key in keys:
        try:
            lake.put(key, str(number).encode(), if_absent=True)
        except ObjectExists:
            continue
        won.append(key)
    return won


def put_and_delete(number: int, barrier: Any, driver: str, place: Path, rounds: int) -> int:
    """Put an object into a folder shared by all, read it back, delete it; how many came back whole."""
    lake = DRIVERS[driver](place)
    whole = 0
    barrier.wait()
    for _ in range(rounds):
        key = f"shared/deep/{number}"
        lake.put(key, b"x" * number)
        whole += lake.get(key) == b"x" * number
        lake.delete([key])
    return whole
