"""Which rows leave, for every kind of period column: to the microsecond, the time zone, and the last bad value."""

from dataclasses import replace

import pytest
from tests.flows.tables import DAILY, MONTHLY, archive, create, periods, policy, rows_of
from tests.world import World

from tidegate.model.periods import Granularity

DAYS_OF_2020 = (
    "2019-12-31",
    "2020-01-01",
    "2020-02-29",
    "2020-03-01",
    "2020-03-21",
    "2020-03-22",
    "2020-05-31",
    "2020-06-20",
)


def due(world: World, as_of: str, granularity: Granularity, retention: int, *days: str) -> list[str]:
    """The days that leave a table of one row a day."""
    create(world, "public.days", "d DATE", *(f"DATE '{day}'" for day in days))
    world.policies = (policy("public.days", "d", granularity, retention=retention),)
    archive(world, as_of)
    left = {str(d) for (d,) in rows_of(world, "public.days")}
    assert sorted(str(d) for (d,) in rows_of(world, "public.days_all")) == sorted(days)
    return [day for day in days if day not in left]


def test_daily_ninety_on_the_20th_of_june(empty: World) -> None:
    assert due(empty, "2020-06-20", DAILY, 90, *DAYS_OF_2020) == [*DAYS_OF_2020[:5]]


def test_monthly_three_on_the_20th_of_june(empty: World) -> None:
    assert due(empty, "2020-06-20", MONTHLY, 3, *DAYS_OF_2020[1:]) == ["2020-01-01", "2020-02-29"]


@pytest.mark.parametrize(
    ("as_of", "granularity", "retention", "days", "expected"),
    [
        ("2020-03-01", DAILY, 1, ["2020-02-28", "2020-02-29", "2020-03-01"], ["2020-02-28"]),
        ("2020-02-29", DAILY, 0, ["2020-02-28", "2020-02-29", "2020-03-01"], ["2020-02-28"]),
        ("2020-02-29", MONTHLY, 12, ["2019-01-31", "2019-02-28", "2020-02-29"], ["2019-01-31"]),
        ("2021-03-31", MONTHLY, 1, ["2020-02-29", "2021-01-31", "2021-02-28"], ["2020-02-29", "2021-01-31"]),
        ("2020-01-01", MONTHLY, 0, ["2019-12-31", "2020-01-01"], ["2019-12-31"]),
    ],
)
def test_leap_days_and_year_ends(
    empty: World, as_of: str, granularity: Granularity, retention: int, days: list[str], expected: list[str]
) -> None:
    assert due(empty, as_of, granularity, retention, *days) == expected


def test_a_timestamp_belongs_to_its_day_to_the_microsecond(empty: World) -> None:
    create(
        empty,
        "public.events",
        "id INTEGER, at TIMESTAMP",
        "1, '2020-01-31 23:59:59.999999'",
        "2, '2020-02-01 00:00:00'",
        "3, '2020-02-29 23:59:59.999999'",
        "4, '2020-03-01 00:00:00'",
        "5, '2020-03-01 00:00:00.000001'",
    )
    empty.policies = (policy("public.events", "at"),)
    assert periods(archive(empty, "2020-03-01")) == [("2020-01-01", 1), ("2020-02-01", 2)]
    assert [row[0] for row in rows_of(empty, "public.events")] == [4, 5]
    daily = replace(empty, policies=(policy("public.events", "at", DAILY),))
    assert periods(archive(daily, "2020-03-02")) == [("2020-03-01", 2)]
    assert [row[0] for row in rows_of(empty, "public.events_all")] == [1, 2, 3, 4, 5]


SPRING = ("2020-03-28 22:59:59+00", "2020-03-28 23:00:00+00", "2020-03-29 21:59:59.999999+00", "2020-03-29 22:00:00+00")
AUTUMN = ("2020-10-24 21:59:59+00", "2020-10-24 22:00:00+00", "2020-10-25 22:59:59.999999+00", "2020-10-25 23:00:00+00")
NO_MIDNIGHT = (
    "2018-11-04 02:59:59.999999+00",
    "2018-11-04 03:00:00+00",
    "2018-11-05 01:59:59+00",
    "2018-11-05 02:00:00+00",
)
"""São Paulo, 4 November 2018: the clocks went from 00:00 to 01:00; that day began at 03:00 UTC and had 23 hours."""


@pytest.mark.parametrize(
    ("zone", "moments", "as_of", "expected"),
    [
        ("Europe/Berlin", SPRING, "2020-03-30", [("2020-03-28", 1), ("2020-03-29", 2)]),
        ("Europe/Berlin", AUTUMN, "2020-10-26", [("2020-10-24", 1), ("2020-10-25", 2)]),
        ("America/Sao_Paulo", NO_MIDNIGHT, "2018-11-05", [("2018-11-03", 1), ("2018-11-04", 2)]),
    ],
)
def test_a_day_of_a_time_zone_may_have_23_or_25_hours(
    empty: World, zone: str, moments: tuple[str, ...], as_of: str, expected: list[tuple[str, int]]
) -> None:
    empty.timezone = zone
    create(empty, "public.events", "id INTEGER, at TIMESTAMPTZ", *(f"{n}, '{m}'" for n, m in enumerate(moments)))
    before = rows_of(empty, "public.events")
    empty.policies = (policy("public.events", "at", DAILY),)
    assert periods(archive(empty, as_of)) == expected
    assert [row[0] for row in rows_of(empty, "public.events")] == [3]
    assert rows_of(empty, "public.events_all") == before
    empty.restore(table=empty.policies[0].table)
    assert rows_of(empty, "public.events") == before


def test_a_month_of_a_time_zone(empty: World) -> None:
    empty.timezone = "Europe/Berlin"
    create(
        empty,
        "public.events",
        "id INTEGER, at TIMESTAMPTZ",
        "1, '2020-02-29 22:59:59.999999+00'",
        "2, '2020-02-29 23:00:00+00'",
        "3, '2020-03-31 21:59:59.999999+00'",
        "4, '2020-03-31 22:00:00+00'",
    )
    empty.policies = (policy("public.events", "at"),)
    assert periods(archive(empty, "2020-04-01")) == [("2020-02-01", 1), ("2020-03-01", 2)]


def test_a_table_keeps_the_time_zone_of_its_first_batch(empty: World) -> None:
    empty.timezone = "Europe/Berlin"
    create(empty, "public.events", "id INTEGER, at TIMESTAMPTZ", "1, '2020-01-31 23:30:00+00'")
    empty.policies = (policy("public.events", "at"),)
    assert periods(archive(empty, "2020-03-01")) == [("2020-02-01", 1)]
    moved = replace(empty, timezone="America/Sao_Paulo")
    empty.sql("INSERT INTO public.events VALUES (2, '2020-01-31 23:30:00+00'), (3, '2020-01-31 22:59:59+00')")
    assert periods(archive(moved, "2020-03-01")) == [("2020-01-01", 1), ("2020-02-01", 1)]
    create(empty, "public.fresh", "id INTEGER, at TIMESTAMPTZ", "2, '2020-02-01 02:30:00+00'")
    fresh = replace(moved, policies=(policy("public.fresh", "at"),))
    assert periods(archive(fresh, "2020-03-01")) == [("2020-01-01", 1)]


def null_rows(world: World) -> dict[str, int]:
    return {plan.policy.table.name: plan.null_rows for plan in world.plan().tables}


FORMATS = [
    ("i8", "INTEGER", "YYYYMMDD", DAILY, ["20200131", "20200229"], ["20200230", "99999999", "0", "-20200131"]),
    ("i6", "BIGINT", "YYYYMM", MONTHLY, ["202001", "202002"], ["202013", "202000", "20200131", "999999999"]),
    ("i8m", "BIGINT", "YYYYMMDD", MONTHLY, ["20200131", "20200229"], ["20190229", "20200100", "2020013"]),
    (
        "t8",
        "VARCHAR(20)",
        "YYYYMMDD",
        DAILY,
        ["'20200131'", "'20200229  '"],
        ["''", "' '", "'20200431'", "' 20200131'"],
    ),
    ("t10", "CHAR(12)", "YYYY-MM-DD", DAILY, ["'2020-01-31'", "'2020-02-29'"], ["'2020-02-31'", "''", "'2020-1-31'"]),
    ("t10m", "VARCHAR(20)", "YYYY-MM-DD", MONTHLY, ["'2020-01-31'", "'2020-02-29'"], ["'2020-00-01'", "'x'", "' '"]),
    ("t6", "CHAR(6)", "YYYYMM", MONTHLY, ["'202001'", "'202002'"], ["'202013'", "'0000'", "'ABCDEF'"]),
    (
        "t7",
        "VARCHAR(12)",
        "YYYY-MM",
        MONTHLY,
        ["'2020-01'", "'2020-02'"],
        ["'2020-13'", "'2020/01'", "'20-01'", "'２０20-01'"],
    ),
]


def test_integer_and_text_dates_of_every_format(empty: World) -> None:
    """Good values leave; NULL and values that are no date of the format are counted and never touched."""
    empty.policies = tuple(
        policy(f"public.{name}", "d", granularity, column_format=form) for name, _, form, granularity, _, _ in FORMATS
    )
    for name, kind, _, _, good, bad in FORMATS:
        create(empty, f"public.{name}", f"d {kind}, n INTEGER", *(f"{v}, 1" for v in good), *(f"{v}, 0" for v in bad))
        empty.sql(f"INSERT INTO public.{name} VALUES (NULL, 0)")
    before = {name: rows_of(empty, f"public.{name}") for name, *_ in FORMATS}
    assert null_rows(empty) == {name: len(bad) + 1 for name, _, _, _, _, bad in FORMATS}
    outcome = archive(empty, "2020-06-20")
    for name, _, _, granularity, _, bad in FORMATS:
        days = (
            [("2020-01-01", 1), ("2020-02-01", 1)] if granularity is MONTHLY else [("2020-01-31", 1), ("2020-02-29", 1)]
        )
        assert periods(outcome, f"public.{name}") == days, name
        assert [n for _, n in rows_of(empty, f"public.{name}")] == [0] * (len(bad) + 1), name
        assert rows_of(empty, f"public.{name}_all") == before[name], name
    assert empty.verify().differences == ()


def test_a_bad_value_that_is_mended_is_due_again(empty: World) -> None:
    create(empty, "public.t", "d VARCHAR(10)", "'2020-02-31'", "'2020-02-01'")
    empty.policies = (policy("public.t", "d", column_format="YYYY-MM-DD"),)
    archive(empty, "2020-06-20")
    empty.sql("UPDATE public.t SET d = '2020-02-28' WHERE d = '2020-02-31'")
    assert periods(archive(empty, "2020-06-20")) == [("2020-02-01", 1)]


@pytest.mark.parametrize(
    ("kind", "granularity", "form", "message", "hint"),
    [
        ("INTEGER", MONTHLY, None, "INTEGER, which needs a date format", "Set column_format to one of YYYYMMDD, "),
        ("INTEGER", MONTHLY, "YYYY-MM", "INTEGER, which cannot hold YYYY-MM", "Use YYYYMMDD or YYYYMM."),
        ("VARCHAR(7)", DAILY, "YYYY-MM", "VARCHAR(7) with the format YYYY-MM, which names no day", "Use monthly."),
        ("DATE", DAILY, "YYYYMMDD", "DATE, which takes no date format", "Remove column_format."),
        ("DECIMAL(8,0)", DAILY, "YYYYMMDD", "DECIMAL(8,0), which is not a date", "Choose a DATE, TIMESTAMP or "),
    ],
)
def test_a_column_that_cannot_be_a_period(
    empty: World, kind: str, granularity: Granularity, form: str | None, message: str, hint: str
) -> None:
    create(empty, "public.t", f"d {kind}")
    empty.policies = (policy("public.t", "d", granularity, column_format=form),)
    (failure,) = empty.archive().failures
    assert (failure.exit_code, failure.message) == (3, f'public.t: period column "d" is {message}')
    assert failure.hint.startswith(hint)


def test_dates_at_the_ends_of_the_calendar(empty: World) -> None:
    create(empty, "public.t", "d DATE", "'0001-01-01'", "'0001-01-31'", "'0999-12-31'", "'9999-12-31'", "'9999-11-30'")
    empty.policies = (policy("public.t", "d"),)
    assert periods(archive(empty, "2020-06-20")) == [("0001-01-01", 2), ("0999-12-01", 1)]
    assert periods(archive(empty, "9999-12-31")) == [("9999-11-01", 1)]
    assert len(rows_of(empty, "public.t_all")) == 5
    empty.restore(table=empty.policies[0].table)
    assert len(rows_of(empty, "public.t")) == 5
