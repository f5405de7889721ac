"""The plan of many policies: queries, and our own time beside the engine's."""

import shutil
from pathlib import Path
from statistics import median

from bench.child import perform
from bench.plan_work import COUNT, ROWS
from bench.processes import in_child, in_turn
from bench.report import Line, aligned, method, ratios

TARGET_MS = 5.0
ENGINE, TIDEGATE = "plan-engine", "plan-tidegate"


def run(folder: Path, tables: int, runs: int) -> str:
    """Make the tables once, plan them `runs` times, and return the report."""
    prepared = folder / "plan"
    shutil.rmtree(prepared, ignore_errors=True)
    prepared.mkdir(parents=True)
    (prepared / COUNT).write_text(str(tables), encoding="ascii")
    perform("plan-prepare", prepared)
    series = in_turn([ENGINE, TIDEGATE], runs, lambda work: in_child(work, prepared))
    base = Line("DuckDB alone: the same query on each table", series[ENGINE])
    ours = Line("Tidegate: plan", series[TIDEGATE])
    last = series[TIDEGATE].runs[-1].detail
    own = [
        (mine.seconds - engine.seconds) / tables * 1000
        for mine, engine in zip(series[TIDEGATE].runs, series[ENGINE].runs, strict=True)
    ]
    per_table = [
        ["ms a table", "median", "min–max", "target"],
        ["DuckDB alone", f"{base.series.seconds / tables * 1000:.2f}", "", ""],
        ["Tidegate in all", f"{ours.series.seconds / tables * 1000:.2f}", "", ""],
        ["our own time", f"{median(own):.2f}", f"{min(own):.2f}–{max(own):.2f}", f"≤ {TARGET_MS:.2f}"],
    ]
    return "\n".join(
        [
            f"plan: {tables:,} tables of {ROWS} rows with {tables:,} policies, {last['due']:,} months due.",
            method(runs),
            ratios([base, ours], base),
            aligned(per_table),
            f"statements sent: {last['statements']:,} = {tables:,} for {tables:,} tables "
            f"+ {last['statements'] - tables:,}",
            f"reading tidegate.toml: {last['configured']:.2f} s of the plan's time",
        ]
    )
