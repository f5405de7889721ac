"""The tables that a run of the benchmarks prints."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import duckdb

from bench.processes import Series


@dataclass(frozen=True)
class Line:
    """One row of a table. `target`: the greatest ratio that is meant to be reached, None for none."""

    what: str
    series: Series
    target: float | None = None


def machine() -> str:
    """What the figures were taken on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"machine: {os.cpu_count()} cores, {memory:.1f} GB of memory, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, DuckDB {duckdb.__version__}"
    )


def method(rounds: int) -> str:
    """How the figures below were taken."""
    return (
        f"Rounds: {rounds}; each run in a process of its own, in turn; medians, and the range over the rounds. "
        "Time from before open to after close, without the imports of Python."
    )


def ratios(lines: Sequence[Line], base: Line) -> str:
    """Every line beside `base`: the ratio of the medians, and the least and the greatest ratio of one round."""
    rows = [["", "ratio", "min–max", "target", "CPU ratio", "seconds", "peak MB"]]
    for line in lines:
        each = line.series.ratios(base.series)
        rows.append(
            [
                line.what,
                f"{line.series.seconds / base.series.seconds:.2f}",
                f"{min(each):.2f}–{max(each):.2f}",
                "" if line.target is None else f"≤ {line.target:.2f}",
                f"{line.series.cpu / base.series.cpu:.2f}",
                f"{line.series.seconds:.2f}",
                f"{line.series.peak_mb:.0f}",
            ]
        )
    return aligned(rows)


def shares(steps: Sequence[Mapping[str, float]], base: float) -> str:
    """Where the time went, by step: share of the whole, and as a ratio to `base` seconds."""
    rows = [["step", "share", "ratio to raw", "seconds"]]
    whole = median(sum(each.values()) for each in steps)
    for name in steps[0]:
        seconds = median(each[name] for each in steps)
        rows.append([name, f"{seconds / whole:.0%}", f"{seconds / base:.2f}", f"{seconds:.2f}"])
    return aligned(rows)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns side by side: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows
    )
