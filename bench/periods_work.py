"""Many small days into the lake and back: days in a row, or days apart, which no few ranges describe."""

from datetime import date, timedelta
from pathlib import Path

from bench.clock import Clock, Timed
from tidegate import open as open_tidegate
from tidegate.app import App
from tidegate.config.writer import starter
from tidegate.flows import archive as _archive  # noqa: F401 - imported before the clock starts, as are the drivers
from tidegate.flows import restore as _restore  # noqa: F401
from tidegate.lake import local as _lake  # noqa: F401
from tidegate.ledger import sql as _ledger  # noqa: F401
from tidegate.model.names import TableName
from tidegate.model.periods import Granularity
from tidegate.model.policy import Policy
from tidegate.redshift.identifiers import qualified
from tidegate.warehouse.embedded import driver as _driver  # noqa: F401

ROWS = 5
"""Of each day: what a period costs shows, not what its rows cost."""

COUNT = "days"
"""The file in the folder that holds the number of days."""

_TABLE = TableName("public", "readings")
_FIRST = date(2000, 1, 1)
_DAYS_AN_INSERT = 200


def consecutive(folder: Path) -> Timed:
    """Days in a row: one range."""
    return _there_and_back(folder, 1)


def apart(folder: Path) -> Timed:
    """Every third day: as many ranges as days."""
    return _there_and_back(folder, 3)


def _there_and_back(folder: Path, step: int) -> Timed:
    days = [_FIRST + timedelta(days=n * step) for n in range(int((folder / COUNT).read_text(encoding="ascii")))]
    policy = Policy(_TABLE, "day", Granularity.DAILY, 0)
    text = starter(warehouse="duckdb:///warehouse.duckdb", lake="lake", ledger="sqlite:///t.sqlite", policies=[policy])
    (folder / "tidegate.toml").write_text(text, encoding="utf-8")
    with open_tidegate(folder / "tidegate.toml") as tide:
        tide.init()
        _fill(tide, days)
        clock = Clock()
        outcome = tide.archive(_TABLE, as_of=days[-1] + timedelta(days=1), max_delete_fraction=1.0)
        if outcome.failures:
            raise SystemExit(f"error: {outcome.failures[0].message}\nhint: {outcome.failures[0].hint}")
        archived = clock.timed()
        restored = tide.restore(_TABLE)
        timed = clock.timed()
    steps = {"archive": archived.seconds, "restore": timed.seconds - archived.seconds}
    batches = sum(len(batch.periods) for batch in outcome.batches)
    return timed.having(rows=restored.rows, periods=batches, steps=steps)


def _fill(tide: App, days: list[date]) -> None:
    with tide.warehouse.session() as session:
        session.execute(f"CREATE TABLE {qualified(_TABLE)} (id BIGINT, day DATE, note VARCHAR(20))")
        for first in range(0, len(days), _DAYS_AN_INSERT):
            values = [
                f"({n}, DATE '{day}', 'row {n}')" for day in days[first : first + _DAYS_AN_INSERT] for n in range(ROWS)
            ]
            session.execute(f"INSERT INTO {qualified(_TABLE)} VALUES {', '.join(values)}")
