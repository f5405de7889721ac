"""When cycles begin."""

from datetime import UTC, datetime, timedelta

import pytest

from tidegate.errors import UsageError
from tidegate.flows.queue.schedule import Cron, Every, wait_until

NOON = datetime(2026, 3, 28, 12, 0, 30, 7, tzinfo=UTC)
HINT = 'Write minute, hour, day of the month, month and day of the week, such as "0 2 * * *".'


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def test_every_begins_at_once_and_leaves_out_what_was_missed() -> None:
    hourly = Every(timedelta(hours=1))
    assert hourly.first(NOON) == NOON
    assert hourly.next(NOON, NOON) == NOON + timedelta(hours=1)
    assert hourly.next(NOON, NOON + timedelta(minutes=59)) == NOON + timedelta(hours=1)
    assert hourly.next(NOON, NOON + timedelta(hours=1)) == NOON + timedelta(hours=1)
    assert hourly.next(NOON, NOON + timedelta(hours=2, seconds=1)) == NOON + timedelta(hours=3)


@pytest.mark.parametrize(
    ("expression", "zone", "times"),
    [
        ("0 2 * * *", "UTC", ["2026-03-29 02:00", "2026-03-30 02:00"]),
        ("*/20 12 * * *", "UTC", ["2026-03-28 12:20", "2026-03-28 12:40", "2026-03-29 12:00"]),
        ("0 0 * * mon", "UTC", ["2026-03-30 00:00", "2026-04-06 00:00"]),
        ("30 2 * * *", "Europe/Berlin", ["2026-03-29 01:00", "2026-03-30 00:30"]),
        ("0 2 * * *", "America/New_York", ["2026-03-29 06:00", "2026-03-30 06:00"]),
        ("0 0 29 2 *", "UTC", ["2028-02-29 00:00", "2032-02-29 00:00"]),
    ],
)
def test_cron_in_a_time_zone(expression: str, zone: str, times: list[str]) -> None:
    """On 29 March 2026 clocks in Berlin go from 2 to 3: what was to begin at 2:30 begins at 3."""
    cron = Cron.parse(expression, zone)
    found = [cron.first(NOON)]
    while len(found) < len(times):
        found.append(cron.next(found[-1], found[-1] + timedelta(seconds=1)))
    assert found == [at(text) for text in times]
    assert {moment.tzinfo for moment in found} == {UTC}


def test_a_time_that_comes_twice_is_due_once() -> None:
    cron = Cron.parse("30 2 * * *", "Europe/Berlin")
    first = cron.first(at("2026-10-24 12:00"))
    assert [first, cron.next(first, first + timedelta(hours=2))] == [at("2026-10-25 00:30"), at("2026-10-26 01:30")]


def test_cycles_that_were_missed_are_left_out() -> None:
    cron = Cron.parse("0 * * * *", "UTC")
    assert cron.next(at("2026-03-28 12:00"), at("2026-03-28 15:10")) == at("2026-03-28 16:00")


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("0 2 * *", "--cron '0 2 * *' has not five fields"),
        ("0 0 2 * * *", "--cron '0 0 2 * * *' has not five fields"),
        ("@daily", "--cron '@daily' has not five fields"),
        ("60 2 * * *", "--cron '60 2 * * *': bad minute"),
        ("0 x * * *", "--cron '0 x * * *': bad hour"),
        ("0 2 30 2 *", "--cron '0 2 30 2 *': bad day-of-month"),
        ("0 2 * * 1-", "--cron '0 2 * * 1-': bad day-of-week"),
    ],
)
def test_what_is_no_cron_expression(expression: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        Cron.parse(expression, "UTC")
    assert (caught.value.message, caught.value.hint) == (message, HINT)


def test_waiting_looks_at_the_clock_again_and_ends_when_told() -> None:
    now = [NOON]
    waited: list[float] = []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        now[0] += timedelta(seconds=seconds if len(waited) < 3 else 3600)
        return False

    assert wait_until(NOON + timedelta(seconds=300), lambda: now[0], wait)
    assert waited == [60.0, 60.0, 60.0]
    assert not wait_until(NOON + timedelta(days=1), lambda: now[0], lambda _: True)
    assert wait_until(NOON, lambda: now[0], lambda _: True)
