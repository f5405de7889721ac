"""A file that lands in a folder that is watched."""

import os
from pathlib import Path
from random import uniform
from time import sleep

from bench.clock import Clock, Timed
from bench.small_files_work import make_warehouse, write_file
from tidegate import open as open_tidegate
from tidegate.app import watching as _app  # noqa: F401 - imported before the clock starts, as are the drivers
from tidegate.flows.landing import watch as _watch  # noqa: F401
from tidegate.flows.load import run as _load  # noqa: F401
from tidegate.lake import local as _lake  # noqa: F401
from tidegate.ledger import sql as _ledger  # noqa: F401
from tidegate.warehouse.embedded import driver as _driver  # noqa: F401

FIRST, SECOND = "000000.parquet", "000001.parquet"
_WAREHOUSE, _LANDED = "warehouse", "landed"
_ROUTE = """
[[load]]
match = "*.parquet"
table = "public.readings"
batch_files = 1
"""
_WRITTEN = 1_700_000_000
"""Seconds since the epoch; a file that is moved in is complete when it was written some seconds ago."""


def prepare(folder: Path) -> Timed:
    """A warehouse with the rows of one file, which lies in the folder that is watched; a second file beside it."""
    clock = Clock()
    place = folder / _WAREHOUSE
    (place / _LANDED).mkdir(parents=True)
    make_warehouse(place)
    with (place / "tidegate.toml").open("a", encoding="ascii") as file:
        file.write(_ROUTE)
    write_file(place / _LANDED, 0)
    write_file(place, 1)
    for path in (place / _LANDED / FIRST, place / SECOND):
        os.utime(path, (_WRITTEN, _WRITTEN))
    with open_tidegate(place / "tidegate.toml") as tide:
        tide.load(str(place / _LANDED / FIRST), table="public.readings")
    return clock.timed()


def watch(folder: Path) -> Timed:
    """A watch that has loaded the first file; then the second lands, at any moment between two looks."""
    with open_tidegate(folder / "tidegate.toml") as tide:
        tide.warehouse.execute("DELETE FROM public.readings")
        landing = _Landing(folder / SECOND, folder / _LANDED / SECOND)
        batches = tide.watch(str(folder / _LANDED), bell=landing)
        next(batches)
        batch = next(batches)
        rows = tide.warehouse.execute("SELECT COUNT(*) FROM public.readings").rows[0][0]
        timed = landing.clock.timed()
        batches.close()
    if batch.error is not None:
        raise SystemExit(f"error: {batch.error.message}\nhint: {batch.error.hint}")
    return timed.having(waited=landing.waited, seen=rows)


class _Landing:
    """A bell that never rings. While it is waited for the first time, the file is moved; `clock` runs from then."""

    def __init__(self, source: Path, target: Path) -> None:
        self._source, self._target = source, target
        self.clock = Clock()
        self.waited = 0.0
        """Seconds from the move to the end of the wait."""

    def is_set(self) -> bool:
        return False

    def wait(self, timeout: float) -> bool:
        if not self._source.exists():
            sleep(timeout)
            return False
        self.waited = uniform(0, timeout)
        sleep(timeout - self.waited)
        self._source.rename(self._target)
        self.clock = Clock()
        sleep(self.waited)
        return False
