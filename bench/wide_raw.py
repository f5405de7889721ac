"""The limits of wide files: DuckDB alone. It imports nothing of Tidegate's."""

from pathlib import Path

import duckdb

from bench.clock import Clock, Timed, bytes_read
from bench.load_facts import WAREHOUSE, Facts


def describe(folder: Path) -> Timed:
    """What columns the file has."""
    path = folder / Facts.load(folder).file
    before, clock = bytes_read(), Clock()
    with duckdb.connect() as engine:
        columns = len(engine.execute(f"DESCRIBE FROM '{path}'").fetchall())
    return clock.timed(columns=columns, read=bytes_read() - before)


def create(folder: Path) -> Timed:
    """The file as a table."""
    facts = Facts.load(folder)
    before, clock = bytes_read(), Clock()
    engine = duckdb.connect(str(folder / WAREHOUSE))
    engine.execute(f"CREATE TABLE public.{facts.table} AS FROM '{folder / facts.file}'")
    engine.close()
    return clock.timed(read=bytes_read() - before)
