"""From the moment a small file is there to the moment its rows are: as a command, and by a watch that runs."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from statistics import median

from bench.child import perform
from bench.load_facts import WAREHOUSE, Facts, values
from bench.processes import Measured, in_child, in_turn
from bench.report import Line, method, ratios
from bench.small_files_work import ROWS

PREPARE, RAW, LOAD, WATCH = "landing-prepare", "landing-raw", "landing-load", "landing-watch"
_COMMAND = (sys.executable, "-m", "bench.command")


def run(folder: Path, runs: int) -> str:
    """Load one file into copies of one warehouse, in each way, and return the report."""
    prepared = folder / "landing"
    shutil.rmtree(prepared, ignore_errors=True)
    prepared.mkdir(parents=True)
    perform(PREPARE, prepared)
    series = in_turn([RAW, LOAD, WATCH], runs, lambda work: _measure(work, prepared))
    shutil.rmtree(prepared)
    found = {str(run.detail["values"]) for each in series.values() for run in each.runs}
    if len(found) != 1 or series[RAW].runs[0].detail["values"]["rows"] != 2 * ROWS:
        raise SystemExit(f"error: the tables do not have the rows of two files\nhint: {found}")
    base = Line("DuckDB alone: a process that inserts the file", series[RAW])
    load = Line("Tidegate: the command load", series[LOAD])
    watch = Line("Tidegate: a watch that runs already", series[WATCH])
    waited = median(run.detail["waited"] for run in series[WATCH].runs)
    return "\n".join(
        [
            f"landing: from a file of {ROWS} rows to its rows in the table.",
            method(runs).replace("without the imports of Python", "of a command with all that its process does"),
            ratios([base, load, watch], base),
            f"of the seconds of the watch {waited:.2f} pass until it looks at the folder again",
        ]
    )


def _measure(work: str, prepared: Path) -> Measured:
    folder = prepared / "run"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(prepared / "warehouse", folder, symlinks=True)
    measured = in_child(work, folder) if work == WATCH else in_child(work, folder, program=_COMMAND)
    found = values(folder / WAREHOUSE, Facts.load(folder))
    return replace(measured, detail={**measured.detail, "values": found})
