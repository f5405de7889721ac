"""Bring archived periods back: into the hot table, into a new one, or, where they are parked, readable in place."""

from dataclasses import replace
from datetime import timedelta

from tidegate.errors import Refused
from tidegate.flows.context import Context
from tidegate.flows.leases import lease
from tidegate.flows.pinned import pinned
from tidegate.flows.records import RecordLog
from tidegate.flows.restore_into import Restoration, other_rows
from tidegate.flows.restore_manifests import sweep_manifests
from tidegate.flows.restore_plan import COPIES_DAYS, RestorePart, RestorePlan, parked_files, plan_restore
from tidegate.flows.thaw.asking import thaw_files
from tidegate.flows.thaw.in_place import InPlace
from tidegate.model.outcome import RestoreOutcome
from tidegate.model.thawing import FileStates
from tidegate.redshift.identifiers import qualified
from tidegate.redshift.rows import totals
from tidegate.redshift.storage import stored_columns


def run_restore(ctx: Context, plan: RestorePlan, *, wait: bool = False) -> RestoreOutcome:
    """Carry the plan out, all or nothing. Parked files are asked for; with `wait` until they can be read.

    Without it, and while they cannot, the outcome's `states` are `waiting`: running the same again goes on.

    Raises:
        DifferenceFound: archived rows are not those that were archived; nothing was changed.
        Refused: the new table exists and holds other rows, or somebody else changed what counts meanwhile.
    """
    table = plan.request.table
    if not plan.parts:
        RecordLog(ctx, plan.identity.warehouse).sync(table)
        return RestoreOutcome(table, plan.target.name, 0, (), (), already=True)
    with lease(ctx, "restore", table):
        sweep_manifests(ctx, plan.identity.warehouse)
        states = _thaw(ctx, plan, wait=wait)
        if states.waiting:
            return RestoreOutcome(table, plan.target.name, 0, (), (), states=states)
        if plan.request.days is None:
            return _into_table(ctx, plan, states)
        return _in_place(ctx, replace(plan, until=ctx.today() + timedelta(days=plan.request.days)), states)


def restore_statements(ctx: Context, plan: RestorePlan) -> list[str]:
    """The statements that `run_restore` would submit; counts and fingerprints that are not known yet are 0."""
    thaw = _readable(ctx, plan)
    statements = [] if thaw is None else thaw.statements()
    if plan.parts and plan.until is None:
        statements += Restoration(ctx, plan).preview()
    return statements


def _thaw(ctx: Context, plan: RestorePlan, *, wait: bool) -> FileStates:
    """Where the files stand, once the parked ones were asked for."""
    if not plan.parked:
        return plan.states
    if plan.request.into is not None and not plan.create:
        columns, hashing = stored_columns(plan.target), ctx.warehouse.capabilities.hash_function
        found = ctx.warehouse.execute(totals(columns, hashing, qualified(plan.target.name)))
        if int(str(found.rows[0][0])) != plan.rows:
            raise other_rows(plan.target.name)
    parked = parked_files(plan.parts)
    return thaw_files(ctx, plan.request.table, parked, plan.request.retrieval, wait=wait)


def _readable(ctx: Context, plan: RestorePlan) -> InPlace | None:
    """What makes the parked periods readable; None when they are."""
    parts = plan.parked
    until = plan.until or ctx.today() + timedelta(days=COPIES_DAYS)
    if plan.until is not None:
        parts = [*parts, *(longer for part in plan.parts if (longer := _ending(part, plan)).proofs)]
    log = RecordLog(ctx, plan.identity.warehouse)
    return InPlace(ctx, log, ctx.new_id(), plan.request.table, parts, until) if parts else None


def _ending(part: RestorePart, plan: RestorePlan) -> RestorePart:
    """Those of its periods that can be read until an earlier day than the plan says."""
    return part.only({day for day, until in part.thawed if plan.until and until < plan.until})


def _in_place(ctx: Context, plan: RestorePlan, states: FileStates) -> RestoreOutcome:
    with pinned(ctx) as ctx:
        thaw = _readable(ctx, plan)
        if thaw is not None:
            thaw.run()
    parts = plan.parts if thaw is None else thaw.parts
    proofs = tuple(sorted((p for part in parts for p in part.proofs), key=lambda p: p.period))
    return RestoreOutcome(
        table=plan.request.table,
        into=plan.target.name,
        rows=0 if thaw is None else sum(p.rows for p in proofs),
        periods=proofs,
        batches=tuple(dict.fromkeys(part.batch for part in parts)),
        already=thaw is None,
        until=plan.until,
        states=states,
    )


def _into_table(ctx: Context, plan: RestorePlan, states: FileStates) -> RestoreOutcome:
    if plan.parked:
        with pinned(ctx) as one:
            thaw = _readable(one, plan)
            if thaw is not None:
                thaw.run()
        plan = _again(ctx, plan)
    with pinned(ctx) as one:
        return replace(Restoration(one, plan).run(), states=states)


def _again(ctx: Context, plan: RestorePlan) -> RestorePlan:
    """The plan for the same periods, now that they can be read.

    Raises:
        Refused: some of them cannot, or count no more.
    """
    wanted = {(part.batch, day) for part in plan.parts for day in part.days}
    again = plan_restore(ctx, plan.request)
    near = (part.only({day for batch, day in wanted if batch == part.batch}) for part in again.parts)
    parts = tuple(part for part in near if part.proofs and not part.parked)
    if {(part.batch, day) for part in parts for day in part.days} != wanted:
        raise Refused(
            f"what is archived of {plan.request.table} was changed meanwhile", hint="Run the same command again."
        )
    return replace(again, parts=parts)
