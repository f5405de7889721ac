"""An inventory report of millions of objects, made into one Parquet file."""

import shutil
from pathlib import Path

from bench.child import perform
from bench.inventory_work import COUNT
from bench.processes import in_child, in_turn
from bench.report import Line, method, ratios

TARGET = 1.5
RAW, TIDEGATE = "inventory-raw", "inventory-tidegate"


def run(folder: Path, objects: int, runs: int) -> str:
    """Measure both on one report, and return the report of the measurement."""
    place = folder / "inventory"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    (place / COUNT).write_text(str(objects), encoding="ascii")
    size = perform("inventory-prepare", place).detail["bytes"]
    series = in_turn([RAW, TIDEGATE], runs, lambda work: in_child(work, place))
    shutil.rmtree(place)
    for name, each in series.items():
        for measured in each.runs:
            if (measured.detail["rows"], measured.detail.get("differences", 0)) != (objects, 0):
                raise SystemExit(f"error: {name} did not write all {objects} rows\nhint: {measured.detail}")
    base = Line("DuckDB: read the files, write Parquet", series[RAW])
    ours = Line("Tidegate: inventory normalize", series[TIDEGATE], TARGET)
    return "\n".join(
        [
            f"inventory: a report of {objects:,} objects in CSV, {size / 1e6:,.0f} MB.",
            method(runs),
            ratios([base, ours], base),
        ]
    )
