"""The contract suites of the ports, run on the target in a database that holds nothing else."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from live.site import Site, undisturbed
from live.waiting import until
from tidegate.config.settings import ConnectorSettings, DataApiSettings, S3Settings, Settings
from tidegate.errors import PartialFailure, Refused, StatementError
from tidegate.redshift.identifiers import literal, quote

ROOT = Path(__file__).parents[1]
SUITES = ("tests/contract/warehouse", "tests/contract/lake")
TARGET = "TIDEGATE_LIVE_TARGET"
"""Tells the plugin in pytest's process where it works: a JSON document with `database` and `prefix`."""
SCHEMA = "contract"
"""What the warehouse suite makes and drops for each test."""

_SYSTEM = ("pg_catalog", "pg_internal", "pg_toast", "pg_automv", "information_schema", "catalog_history")
_DROP_SECONDS = 60.0


def in_database(settings: Settings, database: str) -> Settings:
    warehouse = settings.warehouse
    assert isinstance(warehouse, DataApiSettings | ConnectorSettings)
    return replace(settings, warehouse=replace(warehouse, database=database))


def run_contract(site: Site, only: str | None, tell: Callable[[str], None]) -> bool:
    """Run the suites with pytest, which prints what fails; True when all tests pass, or none was chosen.

    Raises:
        Refused: there is no database in which foreign tables are safe; nothing was run.
    """
    with _database(site, tell) as database:
        lake = site.settings.lake
        assert isinstance(lake, S3Settings)
        target = json.dumps({"database": database, "prefix": f"{lake.prefix}contract/"})
        arguments = ["-p", "live.plugin", "-p", "no:cacheprovider", "-q", *(["-k", only] if only else []), *SUITES]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env={**os.environ, TARGET: target}, check=False
        )
    return done.returncode in (0, 5)


@contextmanager
def _database(site: Site, tell: Callable[[str], None]) -> Iterator[str]:
    """A new database, or the configured one where none can be made and it holds no table at all."""
    name = site.schema
    try:
        site.warehouse.execute(f"CREATE DATABASE {quote(name)} ISOLATION LEVEL SNAPSHOT")
    except StatementError as error:
        tell(f"contract: no database of its own can be made: {error.message}")
        with _configured(site, tell) as database:
            yield database
        return
    tell(f"contract: works in the new database {name}, which is dropped afterwards")
    try:
        yield name
    finally:
        with undisturbed():
            _drop(site, name)


@contextmanager
def _configured(site: Site, tell: Callable[[str], None]) -> Iterator[str]:
    database = str(site.warehouse.execute("SELECT CURRENT_DATABASE()").rows[0][0])
    ours = ", ".join(literal(name) for name in (*_SYSTEM, site.schema, site.external_schema))
    foreign = site.warehouse.execute(f"SELECT COUNT(*) FROM svv_tables WHERE table_schema NOT IN ({ours})").rows[0][0]
    taken = site.warehouse.execute(f"SELECT nspname FROM pg_namespace WHERE nspname = {literal(SCHEMA)}").rows
    if foreign or taken:
        found = f"the schema {SCHEMA}" if taken else f"{foreign} tables and views"
        raise Refused(
            f"the contract suites make and drop the schema {SCHEMA}, and the database {database} holds {found}",
            hint="Let the user create databases, name an empty database, or choose --only assumptions.",
        )
    tell(f"contract: works in the database {database}, which holds no tables")
    try:
        yield database
    finally:
        with undisturbed():
            site.warehouse.execute(f"DROP SCHEMA IF EXISTS {quote(SCHEMA)} CASCADE")


def _drop(site: Site, name: str) -> None:
    """Sessions that have just ended may hold it for a while."""
    last: list[StatementError] = []

    def dropped() -> bool:
        try:
            site.warehouse.execute(f"DROP DATABASE {quote(name)}")
        except StatementError as error:
            last.append(error)
            return False
        return True

    if not until(dropped, _DROP_SECONDS):
        raise PartialFailure(
            f"not removed: the database {name} ({last[-1].message})", hint="Drop it by hand."
        ) from last[-1]
