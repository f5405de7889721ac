"""Predicates over many ranges, evaluated: the same rows as range by range, in a text that stays short."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from tidegate.config.settings import EmbeddedSettings
from tidegate.model.periods import DateRange, Granularity, Period, merge
from tidegate.model.tables import SqlType, TypeKind
from tidegate.redshift.periods import MANY_RANGES, PeriodColumn, period_expression, predicate
from tidegate.warehouse.base import Session
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse

DAILY, MONTHLY = Granularity.DAILY, Granularity.MONTHLY
FIRST = date(2019, 12, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(400)]
"""400 days before, in and behind the periods of the tests, over a leap day."""

BERLIN = "Europe/Berlin"
COLUMNS = [
    PeriodColumn("d", SqlType(TypeKind.DATE), DAILY),
    PeriodColumn("d", SqlType(TypeKind.DATE), MONTHLY),
    PeriodColumn("at", SqlType(TypeKind.TIMESTAMP), DAILY),
    PeriodColumn("at", SqlType(TypeKind.TIMESTAMP), MONTHLY),
    PeriodColumn("zoned", SqlType(TypeKind.TIMESTAMPTZ), DAILY, time_zone=BERLIN),
    PeriodColumn("zoned", SqlType(TypeKind.TIMESTAMPTZ), MONTHLY, time_zone=BERLIN),
    PeriodColumn("number", SqlType(TypeKind.INTEGER), DAILY, "YYYYMMDD"),
    PeriodColumn("number", SqlType(TypeKind.INTEGER), MONTHLY, "YYYYMMDD"),
    PeriodColumn("words", SqlType(TypeKind.VARCHAR, length=12), DAILY, "YYYY-MM-DD"),
    PeriodColumn("words", SqlType(TypeKind.VARCHAR, length=12), MONTHLY, "YYYY-MM-DD"),
]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """Table t: each day just after and just before midnight, and values without a period."""
    folder = tmp_path_factory.mktemp("periods")
    settings = EmbeddedSettings(path=folder / "warehouse.duckdb", base=Path(folder), threads=1)
    with EmbeddedWarehouse(settings).session() as session:
        session.execute(
            "CREATE TABLE t (n INTEGER, d DATE, at TIMESTAMP, zoned TIMESTAMPTZ, number INTEGER, words VARCHAR(12))"
        )
        rows = [
            f"({n}, '{day}', '{day} {time}', '{day} {time}+00', {day:%Y%m%d}, '{day}  ')"
            for n, (day, time) in enumerate((d, t) for d in DAYS for t in ("00:00:00", "22:59:59.999999", "23:30:00"))
        ]
        for at in range(0, len(rows), 400):
            session.execute(f"INSERT INTO t VALUES {', '.join(rows[at : at + 400])}")
        session.execute("INSERT INTO t VALUES (9001, NULL, NULL, NULL, NULL, NULL)")
        session.execute(
            "INSERT INTO t (n, number, words) VALUES (9002, 20200230, '2020-02-30'), (9003, 0, '2020-03-x')"
        )
        yield session


def every(days: int, column: PeriodColumn, size: int) -> tuple[DateRange, ...]:
    """Runs of `size` periods, `days` periods from start to start; of months over centuries, or there are too few."""
    count = (MANY_RANGES + 2) * days
    if column.granularity is DAILY:
        starts = [date(2020, 1, 1) + timedelta(days=n) for n in range(count)]
    else:
        starts = [date(2020 - count // 24 + n // 12, n % 12 + 1, 1) for n in range(count)]
    return merge(Period(start, column.granularity) for n, start in enumerate(starts) if n % days < size)


def rows(session: Session, where: str) -> list[object]:
    return [n for (n,) in session.execute(f"SELECT n FROM t WHERE {where} ORDER BY n").rows]


def in_ranges(session: Session, column: PeriodColumn, ranges: Sequence[DateRange]) -> list[object]:
    """The rows whose period lies in a range, each looked at by itself."""
    found = session.execute(f"SELECT n, {period_expression(column)} FROM t ORDER BY n").rows
    return [n for n, day in found if isinstance(day, date) and any(r.start <= day < r.end for r in ranges)]


@pytest.mark.parametrize("size", [1, 2], ids=["few periods inside", "few periods between"])
@pytest.mark.parametrize("column", COLUMNS, ids=lambda c: f"{c.name} {c.granularity}")
def test_many_ranges_select_what_each_of_them_selects(session: Session, column: PeriodColumn, size: int) -> None:
    ranges = every(3, column, size)
    assert len(ranges) > MANY_RANGES
    where = predicate(column, ranges)
    assert where.count(" IN (") == 1
    assert ("NOT IN" in where) == (size == 2)
    found = rows(session, where)
    assert found == in_ranges(session, column, ranges)
    assert 0 < len(found) < len(in_ranges(session, column, [DateRange(ranges[0].start, ranges[-1].end)]))
    assert not {9001, 9002, 9003} & set(found)


def test_few_ranges_are_written_as_bounds() -> None:
    where = predicate(COLUMNS[0], every(3, COLUMNS[0], 1)[:MANY_RANGES])
    assert where.startswith("(\"d\" >= DATE '2020-01-01' AND \"d\" < DATE '2020-01-02') OR (\"d\" >= DATE '2020-01-04'")
    assert where.count(" OR ") == MANY_RANGES - 1


@pytest.mark.parametrize("column", COLUMNS, ids=lambda c: f"{c.name} {c.granularity}")
def test_four_thousand_single_periods_fit_into_a_statement_of_the_data_api(column: PeriodColumn) -> None:
    """As a literal inside of UNLOAD, where quotes are doubled, with room for the rest of the statement."""
    days = [date(2000, 1, 1) + timedelta(days=2 * n) for n in range(4000)]
    months = [date(1000 + n // 6, n % 6 * 2 + 1, 1) for n in range(4000)]
    starts = days if column.granularity is DAILY else months
    where = predicate(column, merge(Period(start, column.granularity) for start in starts))
    assert len(where.replace("'", "''").encode()) < 70_000


def test_business_days_are_written_by_their_weekends() -> None:
    days = [d for d in (date(2020, 1, 1) + timedelta(days=n) for n in range(1823)) if d.weekday() < 5]
    where = predicate(COLUMNS[0], merge(Period(day, DAILY) for day in days))
    assert where.startswith("\"d\" >= DATE '2020-01-01' AND \"d\" < DATE '2024-12-28' AND \"d\" NOT IN ('2020-01-04', ")
    assert where.count(", ") + 1 == 1823 - len(days)


def test_a_gap_of_millennia_is_not_spelled_out() -> None:
    days = [date(1, 1, 1), *(date(9990, 1, 1) + timedelta(days=2 * n) for n in range(MANY_RANGES))]
    where = predicate(COLUMNS[0], merge(Period(day, DAILY) for day in days))
    assert "\"d\" IN ('0001-01-01', '9990-01-01', '9990-01-03', " in where
