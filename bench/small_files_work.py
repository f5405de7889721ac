"""A folder of small Parquet files, loaded as a user of the library loads it."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.clock import Clock, Timed
from bench.counting import CountingWarehouse
from bench.load_facts import WAREHOUSE, Facts
from tidegate import open as open_tidegate
from tidegate.app import loading as _app  # noqa: F401 - imported before the clock starts, as are the drivers
from tidegate.config.writer import starter
from tidegate.flows.load import run as _load  # noqa: F401
from tidegate.lake import local as _lake  # noqa: F401
from tidegate.ledger import sql as _ledger  # noqa: F401
from tidegate.warehouse.embedded import driver as _driver  # noqa: F401

COUNT, LANDED = "files", "landed"
"""The file in the folder that holds the number of files; the folder of the files."""

ROWS = 20
"""Of each file: what a file costs shows, not what its rows cost."""

_CREATE = "CREATE TABLE public.readings (id BIGINT, station INTEGER, value DOUBLE PRECISION, note VARCHAR(40))"
_TYPES = {"id": "BIGINT", "station": "INTEGER", "value": "DOUBLE", "note": "VARCHAR"}


def prepare(folder: Path) -> Timed:
    clock = Clock()
    make_warehouse(folder)
    (folder / LANDED).mkdir()
    sizes = [write_file(folder / LANDED, n) for n in range(int((folder / COUNT).read_text(encoding="ascii")))]
    return clock.timed(bytes=sum(sizes))


def make_warehouse(folder: Path) -> None:
    """A warehouse with an empty table."""
    text = starter(warehouse=f"duckdb:///{WAREHOUSE}", lake="lake", ledger="sqlite:///tidegate.sqlite", policies=[])
    (folder / "tidegate.toml").write_text(text, encoding="utf-8")
    with open_tidegate(folder / "tidegate.toml") as tide:
        tide.init()
        tide.warehouse.execute(_CREATE)
    Facts("readings", [], "", _TYPES).save(folder)


def write_file(folder: Path, number: int) -> int:
    """Write one small file, and return its size."""
    path = folder / f"{number:06d}.parquet"
    ids = range(number * ROWS, (number + 1) * ROWS)
    columns = {
        "id": pa.array(ids, pa.int64()),
        "station": pa.array([id % 97 for id in ids], pa.int32()),
        "value": pa.array([id / 8 for id in ids], pa.float64()),
        "note": pa.array([f"reading {id}" for id in ids], pa.string()),
    }
    pq.write_table(pa.table(columns), path)
    return path.stat().st_size


def tidegate(folder: Path) -> Timed:
    clock = Clock()
    with open_tidegate(folder / "tidegate.toml") as tide:
        counting = CountingWarehouse(tide.warehouse)
        tide.__dict__["warehouse"] = counting
        outcome = tide.load(str(folder / LANDED), table="public.readings")
    timed = clock.timed()
    if outcome.quarantined:
        refused = outcome.quarantined[0]
        raise SystemExit(f"error: {refused.reason}\nhint: {refused.hint}")
    return timed.having(statements=counting.statements)
