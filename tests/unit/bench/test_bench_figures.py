"""The figures of a benchmark: ratios round by round, and tables that line up."""

from pathlib import Path

import pytest
from bench.processes import Measured, Series, in_child, in_turn
from bench.report import Line, method, ratios, shares


def series(*seconds: float, cpu: float = 1.0, peak_mb: float = 100.0) -> Series:
    return Series(tuple(Measured(each, cpu, peak_mb, {}) for each in seconds))


def test_a_ratio_is_taken_within_its_round() -> None:
    base, mine = series(1.0, 10.0, 2.0), series(1.5, 11.0, 4.0, cpu=3.0)
    assert mine.ratios(base) == [1.5, 1.1, 2.0]
    assert (mine.seconds, mine.cpu, mine.peak_mb) == (4.0, 3.0, 100.0)


def test_the_table_of_ratios() -> None:
    base = Line("raw", series(1.0, 10.0, 2.0))
    ours = Line("Tidegate", series(1.5, 11.0, 4.0, cpu=3.0, peak_mb=1234.5), 1.35)
    assert ratios([base, ours], base).splitlines() == [
        "          ratio    min–max  target  CPU ratio  seconds  peak MB",
        "raw        1.00  1.00–1.00               1.00     2.00      100",
        "Tidegate   2.00  1.10–2.00  ≤ 1.35       3.00     4.00     1234",
    ]


def test_the_table_of_steps() -> None:
    steps = [
        {"unloaded": 3.0, "published": 1.0},
        {"unloaded": 2.0, "published": 2.0},
        {"unloaded": 3.0, "published": 1.0},
    ]
    assert shares(steps, base=2.0).splitlines() == [
        "step       share  ratio to raw  seconds",
        "unloaded     75%          1.50     3.00",
        "published    25%          0.50     1.00",
    ]


def test_the_runs_are_taken_in_turn() -> None:
    order: list[str] = []

    def measure(name: str) -> Measured:
        order.append(name)
        return Measured(len(order), 1.0, 1.0, {})

    taken = in_turn(["a", "b"], 2, measure)
    assert order == ["a", "b", "a", "b"]
    assert [run.seconds for run in taken["b"].runs] == [2, 4]
    assert method(2).startswith("Rounds: 2;")


def test_work_that_fails_ends_the_run_with_a_message(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"^error: archive-raw ended with exit code 1\nhint: See its message above\.$"):
        in_child("archive-raw", tmp_path / "missing")
