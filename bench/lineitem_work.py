"""One table of TPC-H out of a DuckDB file and into Parquet files by month, in three ways.

All three start from a copy of the same file and write with the same Parquet options.
"""

import json
from datetime import date
from pathlib import Path
from time import time
from typing import Any

import duckdb

from bench.clock import Clock, Timed
from bench.tpch import CREATE
from tidegate import open as open_tidegate
from tidegate.config.writer import starter
from tidegate.flows import archive as _archive  # noqa: F401 - imported before the clock starts, as are the drivers
from tidegate.lake import local as _lake  # noqa: F401
from tidegate.ledger import sql as _ledger  # noqa: F401
from tidegate.ledger.base import Ledger
from tidegate.model.names import TableName
from tidegate.model.periods import Granularity, Period
from tidegate.model.policy import Policy
from tidegate.redshift.copy import Copy, copy
from tidegate.redshift.identifiers import qualified
from tidegate.redshift.unload import Unload, unload
from tidegate.warehouse.embedded import driver as _driver  # noqa: F401
from tidegate.warehouse.embedded.unload import PARQUET_OPTIONS

LINEITEM = TableName("public", "lineitem")
AS_OF = date(1999, 1, 1)
"""A month after the last ship date: with no retention every month is due."""

FACTS = "facts.json"
SOURCE = "lineitem.parquet"
_FILE = "warehouse.duckdb"


def prepare(folder: Path) -> Timed:
    """A warehouse with the loaded table, its lake, its ledger, and what is known about the rows."""
    clock = Clock()
    policy = Policy(LINEITEM, "l_shipdate", Granularity.MONTHLY, 0)
    text = starter(warehouse=f"duckdb:///{_FILE}", lake="lake", ledger="sqlite:///tidegate.sqlite", policies=[policy])
    (folder / "tidegate.toml").write_text(text, encoding="utf-8")
    with open_tidegate(folder / "tidegate.toml") as tide:
        tide.init()
        with tide.warehouse.session() as session:
            session.execute(CREATE["lineitem"])
            rows = session.execute(copy(Copy(LINEITEM, str((folder / SOURCE).resolve())))).rowcount
            months = session.execute(
                f"SELECT DISTINCT CAST(DATE_TRUNC('month', l_shipdate) AS DATE) FROM {qualified(LINEITEM)} ORDER BY 1"
            ).rows
    facts = {"rows": rows, "months": [str(month) for (month,) in months]}
    (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")
    return clock.timed(**facts)


def raw(folder: Path) -> Timed:
    """The limit: DuckDB alone, one COPY and one DELETE in one transaction, nothing proven."""
    target = folder / "raw"
    clock = Clock()
    connection = duckdb.connect(str(folder / _FILE))
    connection.execute("BEGIN TRANSACTION")
    copied = connection.execute(
        f"COPY (SELECT *, CAST(date_trunc('month', l_shipdate) AS DATE) AS tg_period FROM {qualified(LINEITEM)} "
        f"WHERE l_shipdate < DATE '{AS_OF}') TO '{target}' ({PARQUET_OPTIONS}, PARTITION_BY (tg_period))"
    ).fetchall()
    deleted = connection.execute(f"DELETE FROM {qualified(LINEITEM)} WHERE l_shipdate < DATE '{AS_OF}'").fetchall()
    connection.execute("COMMIT")
    connection.close()
    timed = clock.timed()
    return timed.having(rows=copied[0][0], deleted=deleted[0][0], **_written(target))


def monthly(folder: Path) -> Timed:
    """What a script by hand would do on the same warehouse: UNLOAD and DELETE for one month after the other."""
    months = [Period(date.fromisoformat(month), Granularity.MONTHLY) for month in _facts(folder)["months"]]
    target, rows, deleted = folder / "lake" / "monthly", 0, 0
    clock = Clock()
    with open_tidegate(folder / "tidegate.toml") as tide, tide.warehouse.session() as session:
        for month in months:
            where = f"l_shipdate >= DATE '{month.start}' AND l_shipdate < DATE '{month.end}'"
            select = f"SELECT * FROM {qualified(LINEITEM)} WHERE {where}"
            rows += session.execute(unload(Unload(select, f"{target}/{month}/"))).rowcount
            deleted += session.execute(f"DELETE FROM {qualified(LINEITEM)} WHERE {where}").rowcount
    timed = clock.timed()
    return timed.having(rows=rows, deleted=deleted, **_written(target))


def tidegate(folder: Path) -> Timed:
    """The archive with its proof, as a user of the library runs it."""
    rows = _facts(folder)["rows"]
    began, clock = time(), Clock()
    with open_tidegate(folder / "tidegate.toml") as tide:
        outcome = tide.archive(LINEITEM, as_of=AS_OF, max_delete_fraction=1.0)
    timed = clock.timed()
    if outcome.failures:
        raise SystemExit(f"error: {outcome.failures[0].message}\nhint: {outcome.failures[0].hint}")
    with open_tidegate(folder / "tidegate.toml") as tide:
        left = tide.warehouse.execute(f"SELECT COUNT(*) FROM {qualified(LINEITEM)}").rows[0][0]
        steps = _steps(tide.ledger, outcome.batches[0].batch, began, timed.seconds)
    archived = sum(batch.rows for batch in outcome.batches)
    return timed.having(rows=archived, deleted=rows - int(str(left)), steps=steps, **_written(folder / "lake"))


def _facts(folder: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    return facts


def _written(folder: Path) -> dict[str, int]:
    sizes = [path.stat().st_size for path in folder.rglob("*.parquet")]
    return {"files": len(sizes), "bytes": sum(sizes)}


def _steps(ledger: Ledger, batch: str, began: float, seconds: float) -> dict[str, float]:
    """Seconds by step, as the ledger recorded them; `before` is everything up to the planned batch."""
    row = ledger.batch(batch)
    if row is None:
        raise SystemExit(f"error: the ledger does not know batch {batch}\nhint: See what the archive printed.")
    steps = {"before": row.planned_at.timestamp() - began}
    last = row.planned_at
    for step in ledger.steps(batch):
        last = step.finished_at or step.started_at
        steps[step.step] = (last - step.started_at).total_seconds()
    steps["reclaim"] = (row.updated_at - last).total_seconds()
    return {**steps, "records and close": seconds - sum(steps.values())}
