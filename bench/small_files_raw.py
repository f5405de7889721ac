"""The limit of many small files: one INSERT of DuckDB alone. It imports nothing of Tidegate's."""

from pathlib import Path

import duckdb

from bench.clock import Clock, Timed
from bench.load_facts import WAREHOUSE


def insert(folder: Path) -> Timed:
    clock = Clock()
    engine = duckdb.connect(str(folder / WAREHOUSE))
    engine.execute(f"INSERT INTO public.readings FROM read_parquet('{folder}/landed/*.parquet')")
    engine.close()
    return clock.timed()
