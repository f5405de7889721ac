"""Which tier a period is due for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tidegate.flows.ages import Age
from tidegate.flows.context import Context
from tidegate.model.aging import TierStep
from tidegate.model.policy import TierRule
from tidegate.model.tiers import POLICY_TIERS, Tier


@dataclass(frozen=True)
class Calendar:
    """`as_of` decides ages. `today` decides whether a thaw has ended: no later than the real day, whatever is planned.

    `now` and `grace` say how long ago a period must have been parked for its files to move.
    """

    as_of: date
    today: date
    now: datetime
    grace: timedelta
    zone: ZoneInfo

    @classmethod
    def of(cls, ctx: Context, as_of: date | None = None, grace: timedelta | None = None) -> "Calendar":
        today = ctx.today()
        as_of = as_of or today
        grace = timedelta(seconds=ctx.settings.delete_grace_seconds) if grace is None else grace
        return cls(as_of, min(as_of, today), ctx.clock(), grace, ZoneInfo(ctx.settings.timezone))

    def days(self, age: Age) -> int:
        """Whole days since the rows left the hot table."""
        return (self.as_of - age.archived_at.astimezone(self.zone).date()).days

    def is_thawed(self, age: Age) -> bool:
        return age.thawed_until is not None and age.thawed_until >= self.today

    def rests(self, age: Age) -> bool:
        """Whether the period is parked, but queries that began before may still read its files."""
        return age.parked_at is not None and age.handed_at is None and self.now - age.parked_at < self.grace


def due(age: Age, rules: Sequence[TierRule], calendar: Calendar) -> tuple[TierStep, Tier] | None:
    """The next step of a period: the coldest rule that is due wins, and nothing goes back to a warmer tier."""
    if age.parked_at is not None and age.handed_at is None:
        return None if calendar.rests(age) else (TierStep.HAND_OVER, age.tier)
    if age.thawed_until is not None:
        return None if calendar.is_thawed(age) else (TierStep.PARK, age.tier)
    tier = max((r.tier for r in rules if r.days <= calendar.days(age)), key=_coldness, default=Tier.STANDARD)
    if _coldness(tier) <= _coldness(age.tier):
        return None
    return TierStep.PARK if tier.parks and age.parked_at is None else TierStep.MOVE, tier


def _coldness(tier: Tier) -> int:
    return POLICY_TIERS.index(tier) if tier in POLICY_TIERS else -1
