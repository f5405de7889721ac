"""Periods: what is due, and ranges of adjacent ones."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import UsageError
from tidegate.model.periods import DateRange, Granularity, Period, due_before, merge

DAILY, MONTHLY = Granularity.DAILY, Granularity.MONTHLY


@pytest.mark.parametrize(
    ("as_of", "granularity", "retention", "expected"),
    [
        (date(2020, 6, 20), DAILY, 90, date(2020, 3, 22)),
        (date(2020, 6, 20), MONTHLY, 3, date(2020, 3, 1)),
        (date(2020, 2, 29), MONTHLY, 12, date(2019, 2, 1)),
        (date(2020, 2, 29), DAILY, 366, date(2019, 2, 28)),
        (date(2021, 3, 1), DAILY, 1, date(2021, 2, 28)),
        (date(2020, 3, 1), DAILY, 1, date(2020, 2, 29)),
        (date(2020, 1, 31), MONTHLY, 1, date(2019, 12, 1)),
        (date(2020, 12, 31), MONTHLY, 0, date(2020, 12, 1)),
        (date(2020, 5, 17), DAILY, 0, date(2020, 5, 17)),
        (date(2020, 6, 20), DAILY, 1_000_000, date(1, 1, 1)),
        (date(2020, 6, 20), MONTHLY, 1_000_000, date(1, 1, 1)),
    ],
)
def test_due_before(as_of: date, granularity: Granularity, retention: int, expected: date) -> None:
    assert due_before(as_of, granularity, retention) == expected


def test_february_of_a_leap_year_ends_on_the_29th() -> None:
    assert Period(date(2020, 2, 1), MONTHLY).end == date(2020, 3, 1)
    assert Period(date(2020, 2, 29), DAILY).end == date(2020, 3, 1)
    assert Period(date(2021, 2, 1), MONTHLY).end == date(2021, 3, 1)


def test_periods_are_written_by_their_granularity() -> None:
    assert str(Period(date(2020, 3, 22), DAILY)) == "2020-03-22"
    assert str(Period(date(2020, 3, 1), MONTHLY)) == "2020-03"


def test_parse_takes_a_day_for_its_month() -> None:
    assert Period.parse("2020-03", MONTHLY) == Period(date(2020, 3, 1), MONTHLY)
    assert Period.parse("2020-03-22", MONTHLY) == Period(date(2020, 3, 1), MONTHLY)


@pytest.mark.parametrize(("text", "granularity"), [("2020-03", DAILY), ("2020-02-30", DAILY), ("march", MONTHLY)])
def test_parse_refuses_what_is_no_period(text: str, granularity: Granularity) -> None:
    with pytest.raises(UsageError, match=f"'{text}' is not a {granularity} period"):
        Period.parse(text, granularity)


def test_merge_joins_adjacent_periods_only() -> None:
    months = [Period(date(2020, m, 1), MONTHLY) for m in (3, 1, 2, 5, 1)]
    assert merge(months) == (
        DateRange(date(2020, 1, 1), date(2020, 4, 1)),
        DateRange(date(2020, 5, 1), date(2020, 6, 1)),
    )


@given(st.sets(st.dates(date(1970, 1, 1), date(2100, 1, 1)), max_size=40), st.sampled_from(list(Granularity)))
def test_merged_ranges_hold_exactly_the_periods(days: set[date], granularity: Granularity) -> None:
    periods = {Period.containing(day, granularity) for day in days}
    ranges = merge(periods)
    assert sum((r.end - r.start).days for r in ranges) == sum((p.end - p.start).days for p in periods)
    assert all(any(r.start <= p.start and p.end <= r.end for r in ranges) for p in periods)
    assert all(a.end < b.start for a, b in pairwise(ranges))
