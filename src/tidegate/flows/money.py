"""What an archive saves, and what the archived rows cost: estimates with the prices of the price file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from tidegate.config.prices import load_prices
from tidegate.flows.context import Context
from tidegate.flows.plan import ArchivePlan, TablePlan
from tidegate.flows.status import Status, TableStatus
from tidegate.model.names import TableName
from tidegate.model.policy import Action, Policy
from tidegate.model.prices import Prices
from tidegate.model.tiers import Tier

NOTHING = Decimal(0)


@dataclass(frozen=True)
class Saving:
    """The due rows of one table. `hot` and `cold` are amounts a month, `cold` in the policy's last `tier`.

    `moving` is paid once. The files are taken to be as large as the rows are in the warehouse.
    """

    table: TableName
    hot: Decimal
    cold: Decimal
    moving: Decimal
    tier: Tier

    @property
    def saved(self) -> Decimal:
        """A month."""
        return self.hot - self.cold


@dataclass(frozen=True)
class Bill:
    """A month of one table: its hot rows, and its files by tier. `hot` is None when the warehouse tells no size."""

    table: TableName
    hot: Decimal | None
    cold: Mapping[Tier, Decimal]

    @property
    def total_cold(self) -> Decimal:
        return sum(self.cold.values(), NOTHING)


@dataclass(frozen=True)
class Estimate:
    """`date`, `region` and `currency` of the prices, and what was worked out with them."""

    date: str
    region: str
    currency: str
    savings: tuple[Saving, ...] = ()
    bills: tuple[Bill, ...] = ()


def estimate_plan(ctx: Context, plan: ArchivePlan) -> Estimate:
    """What carrying out the plan would save; tables with nothing due are left out. Raises ConfigError."""
    prices = load_prices(ctx.settings.prices_file)
    due = (table for table in plan.tables if table.specs and table.policy.action is not Action.COPY)
    return _estimate(prices, savings=(_saving(prices, table) for table in due))


def estimate_status(ctx: Context, status: Status) -> Estimate:
    """What a month costs as things stand. Raises ConfigError."""
    prices = load_prices(ctx.settings.prices_file)
    return _estimate(prices, bills=(_bill(prices, table) for table in status.tables))


def _estimate(prices: Prices, savings: Iterable[Saving] = (), bills: Iterable[Bill] = ()) -> Estimate:
    return Estimate(prices.date, prices.region, prices.currency, tuple(savings), tuple(bills))


def _saving(prices: Prices, plan: TablePlan) -> Saving:
    size = sum(spec.bytes for spec in plan.specs)
    objects = sum(len(spec.periods) for spec in plan.specs)
    tier = _last_tier(plan.policy)
    kept = plan.policy.action is Action.ARCHIVE
    return Saving(
        plan.policy.table,
        prices.hot_month(size),
        prices.cold_month(tier, size, objects) if kept else NOTHING,
        sum((prices.transition(rule.tier, objects) for rule in plan.policy.tiers), NOTHING) if kept else NOTHING,
        tier,
    )


def _last_tier(policy: Policy) -> Tier:
    return policy.tiers[-1].tier if policy.tiers else Tier.STANDARD


def _bill(prices: Prices, table: TableStatus) -> Bill:
    hot = None if table.hot_bytes is None else prices.hot_month(table.hot_bytes)
    cold = {share.tier: prices.cold_month(share.tier, share.bytes, share.files) for share in table.tiers}
    return Bill(table.table, hot, cold)
