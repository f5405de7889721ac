"""The objects that an erasure left: `gc` deletes them with every version after `delete_grace`, or they go at once."""

from dataclasses import replace
from datetime import timedelta

from tidegate.flows.context import Context
from tidegate.flows.gc import ERASED, GcPlan, plan_gc, run_gc
from tidegate.model.names import TableName
from tidegate.model.outcome import GcOutcome


def plan_erased(ctx: Context, table: TableName) -> GcPlan:
    """The objects of the table that an erasure retired, however young."""
    plan = plan_gc(ctx, timedelta(0))
    ready = tuple(c for c in plan.ready if c.garbage.table == table and ERASED in c.garbage.reason)
    return replace(plan, ready=ready, waiting=(), parked=())


def erase_now(ctx: Context, table: TableName) -> GcOutcome:
    """Delete them with every version. Raises ObjectLocked when the store keeps one, whatever we ask."""
    return run_gc(ctx, plan_erased(ctx, table))
