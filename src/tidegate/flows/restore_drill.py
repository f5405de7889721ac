"""A drill: whether what is archived can be restored, tried with one period that chance picks.

The scratch table lives in one transaction, from its creation to its end: nobody else ever sees it, and a drill that is
killed leaves nothing behind in the warehouse.
"""

from dataclasses import replace

from tidegate.errors import DifferenceFound, ObjectMissing, StatementError
from tidegate.flows.ages import Age, read_ages
from tidegate.flows.context import Context
from tidegate.flows.identity import attach
from tidegate.flows.pinned import pinned
from tidegate.flows.restore_into import Restoration
from tidegate.flows.restore_manifests import sweep_manifests
from tidegate.flows.restore_plan import RestorePlan, RestoreRequest, plan_checked
from tidegate.model.names import TableName
from tidegate.model.outcome import DrillOutcome

SCRATCH = "drill_"
"""Begins the names of scratch tables, which are in the schema of the control tables."""


def run_drill(ctx: Context, table: TableName | None = None) -> DrillOutcome:
    """Restore one readable period of the table, or of any, and compare it with its proof.

    Raises:
        DifferenceFound: it could not be restored as it was archived.
        ObjectMissing: nothing is archived that can be read.
    """
    begun = ctx.clock()
    with pinned(ctx) as one:
        sweep_manifests(one, attach(one).warehouse)
        chosen = _choose(one, table)
        plan = _plan(one, chosen)
        (part,) = plan.parts
        try:
            Restoration(one, plan).prove()
        except StatementError as error:
            raise DifferenceFound(
                f"{chosen.table} {chosen.period}: batch {chosen.batch} cannot be restored: {error.message}",
                hint="Run `tidegate verify --deep`.",
            ) from error
    seconds = (ctx.clock() - begun).total_seconds()
    return DrillOutcome(chosen.table, chosen.batch, part.proofs[0], len(part.files), part.bytes, seconds)


def _choose(ctx: Context, table: TableName | None) -> Age:
    readable = [age for age in read_ages(ctx, table) if age.parked_at is None]
    if not readable:
        raise ObjectMissing(
            f"{f'{table} has no' if table else 'there are no'} archived rows that can be read",
            hint="`tidegate status` lists what there is.",
        )
    return readable[ctx.pick(len(readable))]


def _plan(ctx: Context, chosen: Age) -> RestorePlan:
    """The plan of a restore of this period of this batch alone."""
    scratch = TableName(ctx.settings.control_schema, f"{SCRATCH}{ctx.suffix()}")
    plan = plan_checked(ctx, RestoreRequest(chosen.table, chosen.period, chosen.period, scratch))
    parts = (part.only({chosen.period}) for part in plan.parts if part.batch == chosen.batch)
    kept = tuple(part for part in parts if part.proofs)
    if not kept:
        raise ObjectMissing(
            f"{chosen.table} {chosen.period}: batch {chosen.batch} was taken away meanwhile", hint="Try again."
        )
    return replace(plan, parts=kept)
