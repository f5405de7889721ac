"""Many small tables, each with a policy: what a plan asks the warehouse, and what that costs the engine alone."""

from datetime import date
from pathlib import Path

import duckdb

from bench.clock import Clock, Timed
from bench.counting import CountingWarehouse
from tidegate import open as open_tidegate
from tidegate.config import loader as _loader  # noqa: F401 - imported before the clock starts, as are the drivers
from tidegate.config.writer import starter
from tidegate.flows import plan as _plan  # noqa: F401
from tidegate.lake import local as _lake  # noqa: F401
from tidegate.ledger import sql as _ledger  # noqa: F401
from tidegate.model.names import TableName
from tidegate.model.periods import Granularity
from tidegate.model.policy import Policy
from tidegate.model.tables import SqlType, TypeKind
from tidegate.redshift.identifiers import qualified
from tidegate.redshift.periods import PeriodColumn, statistics
from tidegate.warehouse.embedded import driver as _driver  # noqa: F401

ROWS = 20
AS_OF = date(2020, 6, 20)
COUNT = "tables"
"""The file in the prepared folder that holds the number of tables."""

_FILE = "warehouse.duckdb"
_COLUMN = PeriodColumn("d", SqlType(TypeKind.DATE), Granularity.MONTHLY)
_COLUMNS = "id BIGINT, d DATE, note VARCHAR(20)"
_TABLES_A_TRANSACTION = 500


def names(count: int) -> list[TableName]:
    return [TableName("public", f"t{number:05d}") for number in range(count)]


def prepare(folder: Path) -> Timed:
    """The tables, 20 rows over 20 months in each, and a tidegate.toml with a policy for each."""
    clock = Clock()
    tables = names(int((folder / COUNT).read_text(encoding="ascii")))
    policies = [Policy(table, _COLUMN.name, _COLUMN.granularity, 3) for table in tables]
    text = starter(warehouse=f"duckdb:///{_FILE}", lake="lake", ledger="sqlite:///tidegate.sqlite", policies=policies)
    (folder / "tidegate.toml").write_text(text, encoding="utf-8")
    values = ", ".join(f"({i}, DATE '{2019 + i // 12}-{i % 12 + 1:02d}-15', 'row {i}')" for i in range(ROWS))
    with open_tidegate(folder / "tidegate.toml") as tide:
        tide.init()
        with tide.warehouse.session() as session:
            session.execute(f"CREATE TABLE public.seed ({_COLUMNS})")
            session.execute(f"INSERT INTO public.seed VALUES {values}")
            for first in range(0, len(tables), _TABLES_A_TRANSACTION):
                session.transaction(
                    [
                        statement
                        for table in tables[first : first + _TABLES_A_TRANSACTION]
                        for statement in (
                            f"CREATE TABLE {qualified(table)} ({_COLUMNS})",
                            f"INSERT INTO {qualified(table)} SELECT id, d, note FROM public.seed",
                        )
                    ]
                )
    return clock.timed()


def engine(folder: Path) -> Timed:
    """DuckDB alone: the file opened once, the plan's query on each table."""
    tables = names(int((folder / COUNT).read_text(encoding="ascii")))
    clock = Clock()
    connection = duckdb.connect(str(folder / _FILE))
    rows = sum(len(connection.execute(statistics(table, _COLUMN)).fetchall()) for table in tables)
    connection.close()
    return clock.timed(months=rows)


def tidegate(folder: Path) -> Timed:
    """The plan of all tables, with the reading of tidegate.toml."""
    clock = Clock()
    with open_tidegate(folder / "tidegate.toml") as tide:
        configured = clock.timed().seconds
        counting = CountingWarehouse(tide.warehouse)
        tide.__dict__["warehouse"] = counting
        plan = tide.plan(as_of=AS_OF)
    timed = clock.timed()
    errors = [table.error.message for table in plan.tables if table.error is not None]
    if errors:
        raise SystemExit(f"error: {errors[0]}\nhint: {len(errors)} tables could not be planned.")
    due = sum(len(spec.periods) for table in plan.tables for spec in table.specs)
    return timed.having(configured=configured, statements=counting.statements, due=due)
