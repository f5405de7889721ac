"""The same upsert by dlt: `.venv-peers/bin/python -m bench.dlt_work WORK FOLDER` prints one JSON document.

It runs in a virtual environment of its own, with the DuckDB that is installed there, and imports nothing of Tidegate's.
The folder holds what bench.load_facts says.
"""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

os.environ.update(RUNTIME__DLTHUB_TELEMETRY="false", RUNTIME__LOG_LEVEL="ERROR")

import dlt  # type: ignore[import-not-found,unused-ignore]
import duckdb
from dlt.sources.filesystem import readers  # type: ignore[import-not-found,unused-ignore]

from bench.clock import Clock, Timed, document
from bench.load_facts import BASE, DLT, Facts

_ROWS_A_BATCH = 100_000


def prepare(folder: Path) -> Timed:
    """The table as it was, in dlt's own pipeline."""
    clock = Clock()
    _load(folder, BASE, "replace")
    return clock.timed(dlt=dlt.__version__, duckdb=duckdb.__version__)


def merge(folder: Path) -> Timed:
    """The quickest that dlt's documentation shows: Arrow batches of a Parquet file, merged by the primary key."""
    clock = Clock()
    _load(folder, Facts.load(folder).file, "merge")
    return clock.timed()


def _load(folder: Path, file: str, how: str) -> None:
    facts = Facts.load(folder)
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(folder / "dlt"),
        destination=dlt.destinations.duckdb(str(folder / DLT)),
        dataset_name="public",
    )
    rows = readers(str(folder), file_glob=file).read_parquet(use_pyarrow=True, chunksize=_ROWS_A_BATCH)
    rows = rows.with_name(facts.table)
    rows.apply_hints(primary_key=facts.key, write_disposition=how)
    pipeline.run(rows, loader_file_format="parquet").raise_on_failed_jobs()


WORK: Mapping[str, Callable[[Path], Timed]] = {"prepare": prepare, "merge": merge}


def main() -> None:
    work, folder = sys.argv[1:]
    print(document(WORK[work](Path(folder))))


if __name__ == "__main__":
    main()
