"""Since when periods are archived, and in which tier their files are."""

from dataclasses import dataclass
from datetime import date, datetime

from tidegate.flows.context import Context
from tidegate.flows.published import as_day, as_moment
from tidegate.model.names import TableName
from tidegate.model.tiers import Tier
from tidegate.warehouse.base import Row


@dataclass(frozen=True)
class Age:
    """A (batch, period) that counts. Times are UTC.

    `parked_at` is None for what is published, `handed_at` until the lake was told to move the files of what is parked;
    `thawed_until` is the last day on which a parked one can be read.
    """

    table: TableName
    batch: str
    period: date
    rows: int
    archived_at: datetime
    tier: Tier
    thawed_until: date | None = None
    parked_at: datetime | None = None
    handed_at: datetime | None = None


def read_ages(ctx: Context, table: TableName | None = None) -> list[Age]:
    """Everything that counts, published or parked, of one table or of all: by table, batch and period."""
    return [_age(row) for row in ctx.warehouse.execute(ctx.control.select_ages(table)).rows]


def read_copy_ages(ctx: Context) -> list[Age]:
    """Every copy that counts, of all tables."""
    return [_age(row) for row in ctx.warehouse.execute(ctx.control.select_copy_ages()).rows]


def _age(row: Row) -> Age:
    name, batch, period, rows, archived_at, tier, until, parked_at, handed_at = row
    return Age(
        TableName.parse(str(name)),
        str(batch),
        as_day(period),
        int(str(rows)),
        as_moment(archived_at),
        Tier.STANDARD if tier is None else Tier(str(tier)),
        None if until is None else as_day(until),
        None if parked_at is None else as_moment(parked_at),
        None if handed_at is None else as_moment(handed_at),
    )
