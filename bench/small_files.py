"""Thousands of small Parquet files into one table, by one INSERT of DuckDB alone and by Tidegate."""

import shutil
from dataclasses import replace
from pathlib import Path

from bench.child import perform
from bench.load_facts import WAREHOUSE, Facts, fresh_copy, values
from bench.processes import Measured, in_child, in_turn
from bench.report import Line, aligned, method, ratios
from bench.small_files_work import COUNT, LANDED, ROWS

PREPARE, RAW, TIDEGATE = "small-files-prepare", "small-files-raw", "small-files-tidegate"


def run(folder: Path, files: int, runs: int) -> str:
    """Make the files once, load them into copies of one warehouse, and return the report."""
    prepared = folder / "small-files"
    shutil.rmtree(prepared, ignore_errors=True)
    prepared.mkdir(parents=True)
    (prepared / COUNT).write_text(str(files), encoding="ascii")
    size = perform(PREPARE, prepared).detail["bytes"]
    series = in_turn([RAW, TIDEGATE], runs, lambda work: _measure(work, prepared))
    shutil.rmtree(prepared)
    found = {str(run.detail["values"]) for each in series.values() for run in each.runs}
    if len(found) != 1 or series[RAW].runs[0].detail["values"]["rows"] != files * ROWS:
        raise SystemExit(f"error: the tables do not have all rows of {files} files\nhint: {found}")
    base = Line("DuckDB alone: INSERT from read_parquet", series[RAW])
    ours = Line("Tidegate: load of the folder", series[TIDEGATE])
    statements = series[TIDEGATE].runs[0].detail["statements"]
    rows = [["", "files a second", "CPU ms a file"]]
    rows += [
        [line.what, f"{files / line.series.seconds:,.0f}", f"{line.series.cpu / files * 1000:.3f}"]
        for line in (base, ours)
    ]
    return "\n".join(
        [
            f"small-files: {files:,} Parquet files of {ROWS} rows, {size / 1e6:,.1f} MB, into one table.",
            method(runs),
            ratios([base, ours], base),
            aligned(rows),
            f"statements sent: {statements:,} for {files:,} files, {statements / files:.4f} a file",
        ]
    )


def _measure(work: str, prepared: Path) -> Measured:
    folder = fresh_copy(prepared, LANDED)
    measured = in_child(work, folder)
    found = values(folder / WAREHOUSE, Facts.load(prepared))
    return replace(measured, detail={**measured.detail, "values": found})
