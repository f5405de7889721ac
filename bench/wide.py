"""Wide Parquet files: as many columns as a table of Redshift can have, and far more, which must be refused at once."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bench.child import perform
from bench.load_facts import WAREHOUSE, Facts, fresh_copy, values
from bench.processes import Measured, Series, in_child, in_turn
from bench.report import Line, aligned, method, ratios
from bench.wide_work import SIZES

PREPARE, DESCRIBE, CREATE, TIDEGATE = "wide-prepare", "wide-describe", "wide-create", "wide-tidegate"
MOST, TOO_MANY = 1_600, 10_000
"""Columns; MOST: Amazon Redshift management guide, Quotas and limits."""


def run(folder: Path, megabytes: int, runs: int) -> str:
    """Make both files, measure each, and return the report."""
    place = folder / "wide"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    (place / SIZES).write_text(json.dumps([[MOST, TOO_MANY], megabytes]), encoding="ascii")
    made = perform(PREPARE, place).detail
    sections = [_loaded(place, made[str(MOST)], runs), _refused(place, made[str(TOO_MANY)], runs)]
    shutil.rmtree(place)
    head = f"wide: Parquet files of {megabytes:,} MB with {MOST:,} and with {TOO_MANY:,} columns."
    return "\n".join([head, method(runs), *sections])


def _loaded(place: Path, made: Mapping[str, int], runs: int) -> str:
    series = _measured(place, MOST, [CREATE, TIDEGATE], runs)
    found = {str(run.detail["values"]) for each in series.values() for run in each.runs}
    if len(found) != 1 or series[CREATE].runs[0].detail["values"]["rows"] != made["rows"]:
        raise SystemExit(f"error: the tables do not have all {made['rows']} rows\nhint: {found}")
    base = Line("DuckDB alone: CREATE TABLE AS", series[CREATE])
    return _section(f"{MOST:,} columns", base, Line("Tidegate: load", series[TIDEGATE]), made)


def _refused(place: Path, made: Mapping[str, int], runs: int) -> str:
    series = _measured(place, TOO_MANY, [DESCRIBE, TIDEGATE], runs)
    reasons = {run.detail["refused"] for run in series[TIDEGATE].runs}
    if len(reasons) != 1 or None in reasons:
        raise SystemExit(f"error: a file of {TOO_MANY} columns was not refused\nhint: {reasons}")
    base = Line("DuckDB alone: DESCRIBE of the file", series[DESCRIBE])
    section = _section(f"{TOO_MANY:,} columns", base, Line("Tidegate: load, refused", series[TIDEGATE]), made)
    return f"{section}\nrefused: {reasons.pop()}"


def _measured(place: Path, columns: int, names: Sequence[str], runs: int) -> dict[str, Series]:
    facts = Facts("wide", [], f"wide-{columns}.parquet", {f"c{number}": "BIGINT" for number in range(columns)})
    facts.save(place)
    return in_turn(names, runs, lambda work: _measure(work, place))


def _measure(work: str, prepared: Path) -> Measured:
    facts = Facts.load(prepared)
    folder = fresh_copy(prepared, facts.file)
    facts.save(folder)
    measured = in_child(work, folder)
    if work == DESCRIBE or measured.detail.get("refused"):
        return measured
    return replace(measured, detail={**measured.detail, "values": values(folder / WAREHOUSE, facts)})


def _section(title: str, base: Line, ours: Line, made: Mapping[str, int]) -> str:
    rows = [["", "MB read", "of the file"]]
    for line in (base, ours):
        read = line.series.runs[0].detail["read"]
        rows.append([line.what, f"{read / 1e6:.1f}", f"{read / made['bytes']:.1%}"])
    footer = f"of which {made['footer'] / 1e6:.1f} MB are the footer"
    return "\n".join(
        [
            "",
            f"{title}, {made['rows']:,} rows, {made['bytes'] / 1e6:,.0f} MB, {footer}",
            ratios([base, ours], base),
            aligned(rows),
        ]
    )
