"""When the next cycle begins: every so often, or as a cron expression says."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from tidegate.errors import UsageError

LOOK_SECONDS = 60.0
"""How often a waiting program looks at the clock, which may have been set, or stood still while a machine slept."""


class Schedule(Protocol):
    def first(self, now: datetime) -> datetime:
        """When the first cycle begins, for a program that starts now."""
        ...

    def next(self, begun: datetime, now: datetime) -> datetime:
        """When the next cycle begins, after one that was due at `begun`; what was missed meanwhile is left out."""
        ...


@dataclass(frozen=True)
class Every:
    """At once, then in equal distances from there."""

    distance: timedelta

    def first(self, now: datetime) -> datetime:
        return now

    def next(self, begun: datetime, now: datetime) -> datetime:
        return begun + self.distance * max(1, -((begun - now) // self.distance))


@dataclass(frozen=True)
class Cron:
    """The five fields of cron(8) of Debian, in a time zone: where clocks are set forward, what would be in the gap is
    due right after it; where they are set back, a time of the day is due once.
    """

    expression: str
    zone: str

    @classmethod
    def parse(cls, expression: str, zone: str) -> "Cron":
        """Raises UsageError: these are not five fields, or no time ever fits them."""
        fields = expression.split()
        if len(fields) != 5:
            raise UsageError(f"--cron {expression!r} has not five fields", hint=_FIELDS)
        cron = cls(" ".join(fields), zone)
        try:
            CronSim(cron.expression, datetime(2000, 1, 1, tzinfo=ZoneInfo(zone))).__next__()
        except CronSimError as error:
            raise UsageError(f"--cron {expression!r}: {str(error).lower()}", hint=_FIELDS) from error
        except StopIteration as error:
            raise UsageError(f"--cron {expression!r} is a time that never comes", hint=_FIELDS) from error
        return cron

    def first(self, now: datetime) -> datetime:
        return next(CronSim(self.expression, now.astimezone(ZoneInfo(self.zone)))).astimezone(UTC)

    def next(self, begun: datetime, now: datetime) -> datetime:
        return self.first(max(begun, now))


_FIELDS = 'Write minute, hour, day of the month, month and day of the week, such as "0 2 * * *".'


def wait_until(due: datetime, clock: Callable[[], datetime], wait: Callable[[float], bool]) -> bool:
    """Wait until the clock says `due`; False when `wait` (seconds) told that there is nothing to wait for any more."""
    while (left := (due - clock()).total_seconds()) > 0:
        if wait(min(left, LOOK_SECONDS)):
            return False
    return True
