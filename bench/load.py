"""Upserts of half changed, half new rows, from Parquet and from CSV: by DuckDB alone, by Tidegate, and by dlt."""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.child import perform
from bench.load_facts import CSV, DLT, PARQUET, WAREHOUSE, Facts, values
from bench.load_work import KEYS
from bench.processes import Measured, Series, in_child, in_turn
from bench.report import Line, method, ratios
from bench.tpch import generate

TARGET, TIMES_FASTER = 1.25, 3.5
RAW, TIDEGATE, MERGE, ROWS = "load-raw", "load-tidegate", "dlt-merge", "dlt-merge-rows"
_BY_ROWS = "orders"
"""The table that dlt merges row by row too, once: it takes minutes."""
_OURS, _THEIRS = ("tidegate.toml", "tidegate.sqlite", WAREHOUSE, "lake"), (DLT, "dlt")
_NO_PEERS = "dlt: not installed: run make bench-peers"
_OTHERS = "ingestr and sling are not measured: what PyPI has of them fetches a program from elsewhere at its first use."


def run(folder: Path, scale: float, runs: int, peers: Path) -> str:
    """Prepare each table once, measure on copies of it, and return the report. `peers`: where dlt is installed."""
    head = f"load: upserts of TPC-H at scale {scale:g}, half of the rows changed, half new."
    place = folder / "load"
    shutil.rmtree(place, ignore_errors=True)
    for table in KEYS:
        (place / table).mkdir(parents=True)
        os.link(generate(folder, scale, table), place / table / f"{table}.parquet")
    counts = perform("load-prepare", place).detail
    sections = [_Upsert(place / table, peers).report(counts[table], runs) for table in KEYS]
    shutil.rmtree(place)
    return "\n".join([head, method(runs), _OTHERS, *sections])


@dataclass(frozen=True)
class _Upsert:
    """One table, and the files with rows for it."""

    prepared: Path
    peers: Path

    def report(self, counts: Mapping[str, int], runs: int) -> str:
        prepared = self.prepared
        peer = self._by_dlt("prepare", prepared).detail if (self.peers / "bin/python").exists() else None
        parts = list[str]()
        for file in (PARQUET, CSV):
            replace(Facts.load(prepared), file=file).save(prepared)
            size = (prepared / file).stat().st_size / 1e6
            rows = f"{counts['rows']:,} rows of {file.partition('.')[2]}, {size:,.0f} MB"
            parts += ["", f"{prepared.name}: {rows}, into a table of {counts['base']:,}"]
            parts += [_table(self._measured(runs, with_dlt=peer is not None and file == PARQUET), peer)]
            parts += [_NO_PEERS] if peer is None and file == PARQUET else []
            parts += [self._by_rows()] if peer is not None and (file, prepared.name) == (PARQUET, _BY_ROWS) else []
        return "\n".join(parts)

    def _measured(self, runs: int, *, with_dlt: bool) -> dict[str, Series]:
        return self._agreeing([RAW, TIDEGATE, *([MERGE] if with_dlt else [])], runs)

    def _by_rows(self) -> str:
        (self.prepared / DLT).unlink()
        shutil.rmtree(self.prepared / "dlt")
        self._by_dlt("prepare-rows", self.prepared)
        series = self._agreeing([TIDEGATE, ROWS], 1)
        return f"dlt as it is without settings, one round: {_times(series[TIDEGATE], series[ROWS])}"

    def _agreeing(self, names: Sequence[str], runs: int) -> dict[str, Series]:
        """Raises SystemExit unless every run of every side came to the same rows."""
        series = in_turn(names, runs, self._measure)
        found = {name: {str(run.detail) for run in each.runs} for name, each in series.items()}
        if len(set.union(*found.values())) != 1:
            raise SystemExit(f"error: the tables do not have the same rows\nhint: {found}")
        return series

    def _measure(self, work: str) -> Measured:
        """Run on a fresh copy, on disk before the clock starts."""
        folder = self.prepared.with_name("run")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        theirs = work in (MERGE, ROWS)
        for name in _THEIRS if theirs else _OURS:
            source = self.prepared / name
            (shutil.copytree if source.is_dir() else shutil.copyfile)(source, folder / name)
        facts = Facts.load(self.prepared)
        facts.save(folder)
        os.link(self.prepared / facts.file, folder / facts.file)
        os.sync()
        measured = self._by_dlt(work.removeprefix("dlt-"), folder) if theirs else in_child(work, folder)
        found = values(folder / (DLT if theirs else WAREHOUSE), facts)
        shutil.rmtree(folder)
        return replace(measured, detail=found)

    def _by_dlt(self, work: str, folder: Path) -> Measured:
        return in_child(work, folder, program=(str(self.peers / "bin/python"), "-m", "bench.dlt_work"))


def _table(series: Mapping[str, Series], peer: Mapping[str, Any] | None) -> str:
    base = Line("DuckDB alone: staging, DELETE, INSERT", series[RAW])
    ours = Line("Tidegate: load with key", series[TIDEGATE], TARGET)
    if MERGE not in series or peer is None:
        return ratios([base, ours], base)
    theirs = Line(f"dlt {peer['dlt']} with DuckDB {peer['duckdb']}: merge", series[MERGE])
    return f"{ratios([base, ours, theirs], base)}\n{_times(ours.series, theirs.series)}"


def _times(ours: Series, theirs: Series) -> str:
    each = theirs.ratios(ours)
    return (
        f"Tidegate is {theirs.seconds / ours.seconds:.2f} times as fast as dlt ({min(each):.2f}–{max(each):.2f}, "
        f"by CPU {theirs.cpu / ours.cpu:.2f}; target ≥ {TIMES_FASTER:.2f})"
    )
