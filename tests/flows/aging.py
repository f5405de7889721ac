"""Tables with tiers: runs of `tier` and `expire`, and what of a table can be read, is parked, or is gone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from tests.world import ORDERS, World

from tidegate.flows.context import Context
from tidegate.flows.expire import ExpirePlan, ExpireRequest, plan_expire, run_expire
from tidegate.flows.tier.plan import AgeRequest, TierPlan, plan_tiers
from tidegate.flows.tier.run import run_tiers
from tidegate.model.outcome import ExpireOutcome, TierOutcome
from tidegate.model.policy import TierRule
from tidegate.model.tiers import Tier

JANUARY, FEBRUARY = date(2020, 1, 1), date(2020, 2, 1)
READABLE = "SELECT DATE_TRUNC('month', order_date)::DATE, COUNT(*) FROM public.orders_all GROUP BY 1 ORDER BY 1"


class Notices:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def progress(self, event: object) -> None:
        return None

    def notice(self, message: str) -> None:
        self.told.append(message)


def with_tiers(world: World, expire: int | None = None, **days: int) -> World:
    """The world under a policy with tiers: GLACIER=90, …"""
    rules = tuple(TierRule(Tier(name), day) for name, day in days.items())
    return world.with_policy(tiers=rules, expire=expire, max_delete_fraction=1.0)


def tier_plan(world: World, as_of: date | None = None) -> TierPlan:
    with world.context() as ctx:
        return plan_tiers(ctx, AgeRequest(as_of=as_of))


def tier(world: World, as_of: date | None = None) -> TierOutcome:
    with world.context() as ctx:
        return settled(run_tiers(ctx, plan_tiers(ctx, AgeRequest(as_of=as_of))))


def expire_plan(world: World, as_of: date | None = None) -> ExpirePlan:
    with world.context() as ctx:
        return plan_expire(ctx, ExpireRequest(as_of=as_of))


def expire(world: World, as_of: date | None = None) -> ExpireOutcome:
    with world.context() as ctx:
        return run_expire(ctx, plan_expire(ctx, ExpireRequest(as_of=as_of)))


def settled(outcome: TierOutcome) -> TierOutcome:
    assert outcome.failures == ()
    return outcome


def told(ctx: Context) -> tuple[Context, list[str]]:
    """The context with a reporter, and what it was told."""
    notices = Notices()
    return replace(ctx, reporter=notices), notices.told


def steps(outcome: TierOutcome) -> list[tuple[str, str, str, list[str], int]]:
    """(step, from, to, months, rows) of every move."""
    return [(m.step.value, m.source.value, m.tier.value, [f"{p:%m}" for p in m.periods], m.rows) for m in outcome.moves]


def months(world: World, relation: str = "orders_all") -> dict[int, int]:
    """Rows by month that a reader of the view sees."""
    return {day.month: rows for day, rows in world.sql(READABLE.replace("orders_all", relation))}


def parked(world: World) -> dict[int, tuple[str, bool]]:
    """Tier, and whether the files were handed over, of each parked month."""
    rows = world.sql("SELECT period, tier, handed_at IS NOT NULL FROM tidegate.parked ORDER BY 1")
    return {day.month: (name, handed) for day, name, handed in rows}


def tiers(world: World) -> dict[int, str | None]:
    """Tier of each published month."""
    return {day.month: name for day, name in world.sql("SELECT period, tier FROM tidegate.published ORDER BY 1")}


def in_lake(world: World) -> dict[str, tuple[str, bool]]:
    """Tier of each data file of `public.orders` below its batch, and whether it can be read."""
    with world.context() as ctx:
        return {
            info.key.partition("/tg_batch=")[2].partition("/")[2]: (info.tier.value, info.readable)
            for folder in ctx.lake.folders("")
            if not folder.startswith("_")
            for info in ctx.lake.list(f"{folder}{ORDERS.path}/")
            if "tg_period=" in info.key
        }


def partitions(world: World) -> list[str]:
    """The months that have a partition."""
    values: Sequence[Any] = [row[0] for row in world.sql('SELECT "values" FROM svv_external_partitions ORDER BY 1')]
    return sorted(str(value)[-12:-2][5:7] for value in values)
