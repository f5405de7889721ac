"""An upsert of a file into a table: by DuckDB alone, and by Tidegate with its checks and its record."""

from pathlib import Path

import duckdb

from bench.clock import Clock, Timed
from bench.load_facts import BASE, CSV, PARQUET, WAREHOUSE, Facts
from bench.tpch import CREATE
from tidegate import open as open_tidegate
from tidegate.app import loading as _app  # noqa: F401 - imported before the clock starts, as are the drivers
from tidegate.config.writer import starter
from tidegate.flows.load import run as _load  # noqa: F401
from tidegate.lake import local as _lake  # noqa: F401
from tidegate.ledger import sql as _ledger  # noqa: F401
from tidegate.model.names import TableName
from tidegate.redshift.copy import Copy, copy
from tidegate.warehouse.embedded import driver as _driver  # noqa: F401

KEYS = {"orders": ["o_orderkey"], "lineitem": ["l_orderkey", "l_linenumber"]}
CHANGED = {"orders": "o_totalprice", "lineitem": "l_quantity"}
PARTS = {"orders": 4, "lineitem": 8}
"""One part of so many is in the file with other values, and another one is in the file alone."""


def prepare(folder: Path) -> Timed:
    """In each folder below, which holds one table as Parquet: what `_prepare` makes of it."""
    clock = Clock()
    return clock.timed(**{name: _prepare(folder / name, name) for name in KEYS})


def _prepare(folder: Path, name: str) -> dict[str, int]:
    """A warehouse with most of a table, and the rest with as many changed rows as Parquet and as CSV.

    Returns how many rows the table has, and how many there are to load.
    """
    source = folder / f"{name}.parquet"
    rows = _split(folder, source)
    text = starter(warehouse=f"duckdb:///{WAREHOUSE}", lake="lake", ledger="sqlite:///tidegate.sqlite", policies=[])
    (folder / "tidegate.toml").write_text(text, encoding="utf-8")
    with open_tidegate(folder / "tidegate.toml") as tide:
        tide.init()
        with tide.warehouse.session() as session:
            session.execute(CREATE[name])
            base = session.execute(copy(Copy(TableName("public", name), str((folder / BASE).resolve())))).rowcount
    with duckdb.connect(str(folder / WAREHOUSE)) as engine:
        described = engine.execute(f"DESCRIBE public.{name}").fetchall()
    Facts(name, KEYS[name], PARQUET, {column: kind for column, kind, *_ in described}).save(folder)
    return {"base": base, "rows": rows}


def _split(folder: Path, source: Path) -> int:
    """Returns how many rows there are to load."""
    name = source.stem
    part = f"hash({KEYS[name][0]}) % {PARTS[name]}"
    changed = CHANGED[name]
    changes = (
        f"SELECT * REPLACE (CASE WHEN {part} = 0 THEN ({changed} + 1)::DECIMAL(15, 2) ELSE {changed} END AS {changed}) "
        f"FROM '{source}' WHERE {part} < 2"
    )
    with duckdb.connect() as engine:
        engine.execute(f"COPY (SELECT * FROM '{source}' WHERE {part} <> 1) TO '{folder / BASE}'")
        written = engine.execute(f"COPY ({changes}) TO '{folder / PARQUET}'").fetchone()
        engine.execute(f"COPY (FROM '{folder / PARQUET}') TO '{folder / CSV}' (HEADER)")
    return int(written[0]) if written else 0


def tidegate(folder: Path) -> Timed:
    """As a user of the library loads a file."""
    facts = Facts.load(folder)
    clock = Clock()
    with open_tidegate(folder / "tidegate.toml") as tide:
        outcome = tide.load(str(folder / facts.file), table=f"public.{facts.table}", key=facts.key)
    timed = clock.timed()
    if outcome.quarantined:
        refused = outcome.quarantined[0]
        raise SystemExit(f"error: {refused.reason}\nhint: {refused.hint}")
    return timed
