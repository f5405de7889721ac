"""Many small days, archived and restored: days apart beside as many days in a row."""

import shutil
from pathlib import Path

from bench.periods_work import COUNT, ROWS
from bench.processes import Measured, in_child, in_turn
from bench.report import Line, method, ratios, shares

TARGET = 1.5
ROW, APART = "periods-consecutive", "periods-apart"


def run(folder: Path, days: int, runs: int) -> str:
    """Measure each on a new warehouse, and return the report."""
    series = in_turn([ROW, APART], runs, lambda work: _measure(work, folder / "periods", days))
    for name, each in series.items():
        for measured in each.runs:
            if (measured.detail["periods"], measured.detail["rows"]) != (days, days * ROWS):
                raise SystemExit(f"error: {name} did not move all {days} days\nhint: {measured.detail}")
    base = Line("days in a row: archived and restored", series[ROW])
    apart = Line("every third day: archived and restored", series[APART], TARGET)
    return "\n".join(
        [
            f"periods: {days:,} days of {ROWS} rows, there and back.",
            method(runs),
            ratios([base, apart], base),
            "",
            "where the time of days apart goes:",
            shares([run.detail["steps"] for run in series[APART].runs], series[ROW].seconds),
        ]
    )


def _measure(work: str, folder: Path, days: int) -> Measured:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / COUNT).write_text(str(days), encoding="ascii")
    measured = in_child(work, folder)
    shutil.rmtree(folder)
    return measured
