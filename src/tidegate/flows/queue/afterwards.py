"""The steps of a cycle that come after the queue: what is archived grows old, and what counts no more goes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tidegate.flows.context import Context
from tidegate.flows.expire import ExpireRequest, plan_expire, run_expire
from tidegate.flows.gc import plan_gc, run_gc
from tidegate.flows.queue.work import WorkRequest
from tidegate.flows.tier.plan import AgeRequest, plan_tiers
from tidegate.flows.tier.run import run_tiers
from tidegate.model.aging import Expiry, TierMove
from tidegate.model.names import TableName
from tidegate.model.outcome import Failure

Did = tuple[Mapping[str, int], Sequence[Failure]]
"""Numbers by stable names, and what failed."""


def tier_step(ctx: Context, request: WorkRequest) -> Did:
    """Let files go to the tiers that are due."""
    plan = plan_tiers(ctx, AgeRequest())
    plan = replace(plan, tables=tuple(t for t in plan.tables if _wanted(request, t.table)))
    did = run_tiers(ctx, plan)
    return {"moved": _periods(did.moves), "waiting": _periods(did.waiting)}, did.failures


def expire_step(ctx: Context, request: WorkRequest) -> Did:
    """Retire archives that are older than their policy allows."""
    plan = plan_expire(ctx, ExpireRequest())
    plan = replace(plan, tables=tuple(t for t in plan.tables if _wanted(request, t.policy.table)))
    did = run_expire(ctx, plan)
    return {"expired": _periods(did.expired)}, did.failures


def gc_step(ctx: Context, request: WorkRequest) -> Did:
    """Delete the objects that have counted no more for long enough."""
    plan = plan_gc(ctx)
    plan = replace(
        plan,
        ready=tuple(c for c in plan.ready if _wanted(request, c.garbage.table)),
        parked=tuple(t for t in plan.parked if _wanted(request, t.table)),
    )
    did = run_gc(ctx, plan)
    return {"removed": did.objects, "waiting": sum(g.objects for g in did.waiting)}, ()


def _wanted(request: WorkRequest, table: TableName) -> bool:
    return request.schema is None or table.schema == request.schema


def _periods(items: Sequence[TierMove] | Sequence[Expiry]) -> int:
    return sum(len(item.periods) for item in items)
