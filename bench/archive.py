"""The archive with its proof beside DuckDB alone, and beside a script that goes month by month."""

import os
import shutil
from pathlib import Path

from bench.child import perform
from bench.lineitem_work import SOURCE
from bench.processes import Measured, in_child, in_turn
from bench.report import Line, method, ratios, shares
from bench.tpch import generate

TARGET = 1.35
RAW, TIDEGATE, MONTHLY = "archive-raw", "archive-tidegate", "archive-monthly"
_COPIED = ("tidegate.toml", "tidegate.sqlite", "warehouse.duckdb", "facts.json")


def run(folder: Path, scale: float, runs: int) -> str:
    """Prepare the table once, measure on copies of it, and return the report."""
    source = generate(folder, scale, "lineitem")
    prepared = _empty(folder / "archive")
    os.link(source, prepared / SOURCE)
    facts = perform("archive-prepare", prepared).detail
    series = in_turn([RAW, TIDEGATE, MONTHLY], runs, lambda work: _measure(work, prepared, folder / "archive-run"))
    for name, each in series.items():
        for measured in each.runs:
            if (measured.detail["rows"], measured.detail["deleted"]) != (facts["rows"], facts["rows"]):
                raise SystemExit(f"error: {name} did not move all {facts['rows']} rows\nhint: {measured.detail}")
    base = Line("DuckDB alone: COPY … PARTITION_BY and DELETE, no proof", series[RAW])
    ours = Line("Tidegate: archive with proof", series[TIDEGATE], TARGET)
    monthly = Line("one UNLOAD and one DELETE a month, no proof", series[MONTHLY])
    sizes = ", ".join(
        f"{name.removeprefix('archive-')} {run.detail['files']} of {run.detail['bytes'] / 1e6:.1f} MB"
        for name, run in ((name, each.runs[0]) for name, each in series.items())
    )
    months = len(facts["months"])
    return "\n".join(
        [
            f"archive: TPC-H lineitem at scale {scale:g}: {facts['rows']:,} rows in {months} months, all due.",
            method(runs),
            ratios([base, ours, monthly], base),
            f"files written: {sizes}",
            "",
            "where the archive's time goes:",
            shares([run.detail["steps"] for run in series[TIDEGATE].runs], series[RAW].seconds),
        ]
    )


def _measure(work: str, prepared: Path, folder: Path) -> Measured:
    """Run on a fresh copy, on disk before the clock starts."""
    _empty(folder)
    for name in _COPIED:
        shutil.copyfile(prepared / name, folder / name)
    shutil.copytree(prepared / "lake", folder / "lake")
    os.sync()
    measured = in_child(work, folder)
    shutil.rmtree(folder)
    return measured


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
