"""Batches: oldest first, by bytes and by count; small ones wait."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tidegate.flows.batching import PeriodEstimate, cut, waits
from tidegate.model.names import TableName
from tidegate.model.periods import Granularity, Period
from tidegate.model.policy import Policy


def _policy(**changes: int) -> Policy:
    return Policy(TableName("public", "t"), "d", Granularity.DAILY, 1, **changes)  # type: ignore[arg-type]


def _day(number: int, size: int = 10) -> PeriodEstimate:
    return PeriodEstimate(Period(date(2020, 1, 1) + timedelta(days=number), Granularity.DAILY), 1, size)


def test_cut_by_bytes_keeps_the_order() -> None:
    due = [_day(3), _day(1), _day(2), _day(4, 25), _day(5)]
    batches = cut(due, _policy(batch_bytes=25))
    assert [[e.period.start.day for e in b] for b in batches] == [[2, 3], [4], [5], [6]]


def test_cut_by_count() -> None:
    assert [len(b) for b in cut([_day(n) for n in range(7)], _policy(batch_periods=3))] == [3, 3, 1]


def test_nothing_due_makes_no_batch() -> None:
    assert cut([], _policy()) == []


def test_a_small_batch_waits_until_its_oldest_period_is_old() -> None:
    policy = _policy(min_batch_bytes=100, max_wait=5)
    batch = [_day(0), _day(1)]
    assert waits(batch, policy, date(2020, 1, 6))
    assert not waits(batch, policy, date(2020, 1, 7))
    assert not waits([_day(0, 200)], policy, date(2020, 1, 2))


@given(st.lists(st.integers(0, 50), max_size=40), st.integers(1, 120), st.integers(1, 9))
def test_every_period_is_in_exactly_one_batch(sizes: list[int], batch_bytes: int, batch_periods: int) -> None:
    due = [_day(n, size) for n, size in enumerate(sizes)]
    batches = cut(due, _policy(batch_bytes=batch_bytes, batch_periods=batch_periods))
    assert [e for batch in batches for e in batch] == due
    assert all(len(b) <= batch_periods for b in batches)
    assert all(sum(e.bytes for e in b) <= batch_bytes or len(b) == 1 for b in batches)
