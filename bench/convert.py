"""Nested JSON as three Parquet files: by DuckDB's own read_json, and by Tidegate with every value checked."""

import shutil
from pathlib import Path

from bench.child import perform
from bench.convert_work import COUNT
from bench.processes import in_child, in_turn
from bench.report import Line, method, ratios

TARGET = 1.3
FOUND, SPELLED, TIDEGATE = "convert-found", "convert-spelled", "convert-tidegate"


def run(folder: Path, orders: int, runs: int) -> str:
    """Measure all on the same orders, and return the report of the measurement."""
    place = folder / "convert"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    (place / COUNT).write_text(str(orders), encoding="ascii")
    size = perform("convert-prepare", place).detail["bytes"]
    series = in_turn([FOUND, SPELLED, TIDEGATE], runs, lambda work: in_child(work, place))
    shutil.rmtree(place)
    counts = {name: {tuple(run.detail["rows"]) for run in each.runs} for name, each in series.items()}
    if len(set.union(*counts.values())) != 1:
        raise SystemExit(f"error: the files do not have the same rows\nhint: {counts}")
    base = Line("DuckDB: read_json, cast, write each file", series[FOUND])
    spelled = Line("DuckDB: the same with all types spelled out", series[SPELLED])
    ours = Line("Tidegate: convert, every value checked", series[TIDEGATE], TARGET)
    return "\n".join(
        [
            f"convert: {orders:,} nested orders, {size / 1e6:,.0f} MB of JSON, to three Parquet files.",
            method(runs),
            ratios([base, spelled, ours], base),
        ]
    )
