"""Periods: one day or one month of a table, which of them are due, and ranges of them."""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from tidegate.errors import UsageError


class Granularity(StrEnum):
    DAILY = "daily"
    MONTHLY = "monthly"


@dataclass(frozen=True, order=True)
class Period:
    """`start` is the day, or the first day of the month. `str()` is `2020-03-22` or `2020-03`."""

    start: date
    granularity: Granularity

    @classmethod
    def containing(cls, day: date, granularity: Granularity) -> "Period":
        return cls(day if granularity is Granularity.DAILY else day.replace(day=1), granularity)

    @classmethod
    def parse(cls, text: str, granularity: Granularity) -> "Period":
        """Read `2020-03-22` or `2020-03`; a month given where days are kept is refused, a day names its month.

        Raises:
            UsageError: not a date, or a month where a day is needed.
        """
        try:
            if len(text) == 7 and granularity is Granularity.MONTHLY:
                return cls(date.fromisoformat(f"{text}-01"), granularity)
            return cls.containing(date.fromisoformat(text), granularity)
        except ValueError as error:
            form = "YYYY-MM-DD" if granularity is Granularity.DAILY else "YYYY-MM"
            raise UsageError(f"{text!r} is not a {granularity} period", hint=f"Write it as {form}.") from error

    @property
    def end(self) -> date:
        """The first day after the period. Raises OverflowError in the last month of year 9999."""
        days = 1 if self.granularity is Granularity.DAILY else monthrange(self.start.year, self.start.month)[1]
        return self.start + timedelta(days=days)

    def __str__(self) -> str:
        return self.start.isoformat() if self.granularity is Granularity.DAILY else self.start.strftime("%Y-%m")


@dataclass(frozen=True)
class Choice:
    """Some periods of a table: those that begin on `starts`, if any are given, and touch [first, last]."""

    starts: frozenset[date] = frozenset()
    first: date | None = None
    last: date | None = None

    def __bool__(self) -> bool:
        """Whether anything is chosen; else all periods are in it."""
        return bool(self.starts) or self.first is not None or self.last is not None

    def __contains__(self, period: Period) -> bool:
        if self.starts and period.start not in self.starts:
            return False
        if self.first is not None and period < Period.containing(self.first, period.granularity):
            return False
        return self.last is None or period.start <= self.last


@dataclass(frozen=True, order=True)
class DateRange:
    """Half open: `start <= day < end`."""

    start: date
    end: date

    def overlaps(self, other: "DateRange") -> bool:
        return self.start < other.end and other.start < self.end


def due_before(as_of: date, granularity: Granularity, retention: int) -> date:
    """Rows before this day are due: `as_of - N days`, or the first day of the month N months back.

    Never before the year 1. On 2020-06-20 daily/90 gives 2020-03-22, monthly/3 gives 2020-03-01.
    """
    if granularity is Granularity.DAILY:
        return date.fromordinal(max(1, as_of.toordinal() - retention))
    months = max(12, as_of.year * 12 + as_of.month - 1 - retention)
    return date(months // 12, months % 12 + 1, 1)


def merge(periods: Iterable[Period]) -> tuple[DateRange, ...]:
    """Join adjacent periods into the fewest ranges, in order."""
    ranges: list[DateRange] = []
    for period in sorted(set(periods)):
        if ranges and ranges[-1].end == period.start:
            ranges[-1] = DateRange(ranges[-1].start, period.end)
        else:
            ranges.append(DateRange(period.start, period.end))
    return tuple(ranges)
