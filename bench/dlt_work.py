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


def prepare_rows(folder: Path) -> Timed:
    """As `prepare`, for `merge_rows`: rows have columns of dlt's own, which Arrow batches do not have."""
    clock = Clock()
    _load(folder, BASE, "replace", arrow=False)
    return clock.timed()


def merge(folder: Path) -> Timed:
    """The quickest that dlt's documentation shows: Arrow batches of a Parquet file, merged by the primary key."""
    clock = Clock()
    _load(folder, Facts.load(folder).file, "merge")
    return clock.timed()


def merge_rows(folder: Path) -> Timed:
    """What dlt does where nothing else is said: rows of Python, in its default format of files."""
    clock = Clock()
    _load(folder, Facts.load(folder).file, "merge", arrow=False)
    return clock.timed()


def _load(folder: Path, file: str, how: str, *, arrow: bool = True) -> None:
    facts = Facts.load(folder)
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(folder / "dlt"),
        destination=dlt.destinations.duckdb(str(folder / DLT)),
        dataset_name="public",
    )
    source = readers(str(folder), file_glob=file)
    rows = source.read_parquet(use_pyarrow=True, chunksize=_ROWS_A_BATCH) if arrow else source.read_parquet()
    rows = rows.with_name(facts.table)
    rows.apply_hints(primary_key=facts.key, write_disposition=how)
    pipeline.run(rows, loader_file_format="parquet" if arrow else None).raise_on_failed_jobs()


WORK: Mapping[str, Callable[[Path], Timed]] = {
    "prepare": prepare,
    "merge": merge,
    "prepare-rows": prepare_rows,
    "merge-rows": merge_rows,
}


def main() -> None:
    work, folder = sys.argv[1:]
    print(document(WORK[work](Path(folder))))


if __name__ == "__main__":
    main()
