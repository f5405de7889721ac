"""Measurements in fresh child processes, taken in turn."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[1]
CHILD = (sys.executable, "-m", "bench.child")


@dataclass(frozen=True)
class Measured:
    """One run of one piece of work. `cpu`: seconds on the cores, threads added up; another program that takes them
    away shows in `seconds`, hardly here. `peak_mb`: the most memory that its process held, in decimal megabytes.
    """

    seconds: float
    cpu: float
    peak_mb: float
    detail: dict[str, Any]


@dataclass(frozen=True)
class Series:
    """All runs of one piece of work; `runs[i]` was taken in the same round as run i of every other series."""

    runs: tuple[Measured, ...]

    @property
    def seconds(self) -> float:
        return median(run.seconds for run in self.runs)

    @property
    def cpu(self) -> float:
        return median(run.cpu for run in self.runs)

    @property
    def peak_mb(self) -> float:
        return median(run.peak_mb for run in self.runs)

    def ratios(self, base: "Series") -> list[float]:
        """How many times as long as `base` it took, round by round."""
        return [mine.seconds / other.seconds for mine, other in zip(self.runs, base.runs, strict=True)]


def in_child(
    work: str, folder: Path, environment: Mapping[str, str] | None = None, program: Sequence[str] = CHILD
) -> Measured:
    """Run a piece of work in a fresh process, in this one's environment or another.

    `program` takes the work and the folder, and prints a `bench.clock.document`.

    Raises:
        SystemExit: it failed; what it printed is passed on.
    """
    done = subprocess.run(
        [*program, work, str(folder)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode != 0:
        raise SystemExit(f"error: {work} ended with exit code {done.returncode}\nhint: See its message above.")
    return Measured(**json.loads(done.stdout))


def in_turn(names: Sequence[str], runs: int, measure: Callable[[str], Measured]) -> dict[str, Series]:
    """A B C A B C …: what slows the machine down for a while slows all of them down."""
    taken: dict[str, list[Measured]] = {name: [] for name in names}
    for number in range(1, runs + 1):
        for name in names:
            print(f"  run {number} of {runs}: {name}", file=sys.stderr, flush=True)
            taken[name].append(measure(name))
    return {name: Series(tuple(each)) for name, each in taken.items()}
