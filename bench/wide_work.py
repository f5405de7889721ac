"""Files of thousands of columns, loaded as a user of the library loads them."""

import json
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from bench.clock import Clock, Timed, bytes_read
from bench.load_facts import WAREHOUSE, Facts
from tidegate import open as open_tidegate
from tidegate.app import loading as _app  # noqa: F401 - imported before the clock starts, as are the drivers
from tidegate.config.writer import starter
from tidegate.flows.load import run as _load  # noqa: F401
from tidegate.lake import local as _lake  # noqa: F401
from tidegate.ledger import sql as _ledger  # noqa: F401
from tidegate.warehouse.embedded import driver as _driver  # noqa: F401

SIZES = "sizes.json"
"""The file in the folder that holds the numbers of columns of the files, and the megabytes of each."""

_BYTES = 8
"""Of each value."""


def prepare(folder: Path) -> Timed:
    """An empty warehouse, and files of random numbers; tells of each, by its columns, its rows and sizes."""
    clock = Clock()
    text = starter(warehouse=f"duckdb:///{WAREHOUSE}", lake="lake", ledger="sqlite:///tidegate.sqlite", policies=[])
    (folder / "tidegate.toml").write_text(text, encoding="utf-8")
    with open_tidegate(folder / "tidegate.toml") as tide:
        tide.init()
    widths, megabytes = json.loads((folder / SIZES).read_text(encoding="ascii"))
    return clock.timed(**{str(columns): _write(folder, columns, megabytes) for columns in widths})


def _write(folder: Path, columns: int, megabytes: int) -> dict[str, int]:
    rows = max(1, megabytes * 1_000_000 // (columns * _BYTES))
    random = Random(columns)
    values = [
        pa.Array.from_buffers(pa.int64(), rows, [None, pa.py_buffer(random.randbytes(rows * _BYTES))])
        for _ in range(columns)
    ]
    path = folder / f"wide-{columns}.parquet"
    names = [f"c{number}" for number in range(columns)]
    pq.write_table(pa.table(values, names=names), path, use_dictionary=False, compression="none")
    return {"rows": rows, "bytes": path.stat().st_size, "footer": pq.read_metadata(path).serialized_size}


def tidegate(folder: Path) -> Timed:
    """Loaded, or refused with a reason."""
    facts = Facts.load(folder)
    before, clock = bytes_read(), Clock()
    with open_tidegate(folder / "tidegate.toml") as tide:
        outcome = tide.load(str(folder / facts.file), table=f"public.{facts.table}")
    timed = clock.timed(read=bytes_read() - before)
    refused = outcome.quarantined[0].reason if outcome.quarantined else None
    return timed.having(rows=outcome.rows, refused=refused)
