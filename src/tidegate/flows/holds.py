"""Holds: what keeps rows where they are."""

from collections.abc import Sequence
from datetime import date, timedelta

from tidegate.flows.context import Context
from tidegate.model.names import TableName
from tidegate.model.periods import Period
from tidegate.model.records import Hold


def read_holds(ctx: Context) -> list[Hold]:
    """All holds in force, as the warehouse has them."""
    return [
        Hold(str(id_), TableName.parse(str(table)), _day(first), _day(last), str(reason), str(placed_at))
        for id_, table, first, last, reason, placed_at in ctx.warehouse.execute(ctx.control.select_holds()).rows
    ]


def _day(value: object) -> date | None:
    return value if isinstance(value, date) or value is None else date.fromisoformat(str(value))


def last_day(period: Period) -> date:
    return period.end - timedelta(days=1)


def held(holds: Sequence[Hold], table: TableName, periods: Sequence[Period]) -> tuple[Period, ...]:
    """Those of `periods` that a hold of the table touches."""
    spans = [(h.first or date.min, h.last or date.max) for h in holds if h.table == table]
    return tuple(p for p in periods if any(p.start <= last and first <= last_day(p) for first, last in spans))
