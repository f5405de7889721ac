"""The limit of an upsert: DuckDB alone. It imports nothing of Tidegate's."""

from pathlib import Path

import duckdb

from bench.clock import Clock, Timed
from bench.load_facts import WAREHOUSE, Facts


def upsert(folder: Path) -> Timed:
    """The limit: staging, DELETE and INSERT by hand, nothing checked, nothing recorded."""
    facts = Facts.load(folder)
    target = f"public.{facts.table}"
    matches = " AND ".join(f"{facts.table}.{key} = stage.{key}" for key in facts.key)
    clock = Clock()
    engine = duckdb.connect(str(folder / WAREHOUSE))
    engine.execute(f"CREATE TEMPORARY TABLE stage AS FROM {target} LIMIT 0")
    engine.execute("BEGIN TRANSACTION")
    engine.execute(f"COPY stage FROM '{folder / facts.file}'")
    engine.execute(f"DELETE FROM {target} USING stage WHERE {matches}")
    engine.execute(f"INSERT INTO {target} FROM stage")
    engine.execute("COMMIT")
    engine.close()
    return clock.timed()
