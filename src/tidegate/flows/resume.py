"""Take up what a killed run left: go on from the descriptor, or give the batch up."""

from collections.abc import Iterator
from dataclasses import replace

from tidegate.errors import CorruptRecord, ObjectNotFound
from tidegate.flows.abandon import abandon_row
from tidegate.flows.batch_run import BatchRun
from tidegate.flows.context import Context
from tidegate.flows.leases import Lease
from tidegate.flows.plan import TablePlan, period_column
from tidegate.flows.published import read_retired
from tidegate.flows.records import RecordLog
from tidegate.flows.rewrite.leftovers import settle
from tidegate.flows.rewrite.spec import REWRITES
from tidegate.flows.spec import BatchSpec
from tidegate.flows.versions import Versions
from tidegate.formats.stored import load
from tidegate.ledger.base import BatchRow
from tidegate.model.batch import BatchState, Descriptor, HashIdentity, PeriodProof
from tidegate.model.layout import descriptor_key
from tidegate.model.periods import Period
from tidegate.model.policy import Action
from tidegate.redshift.fingerprint import EXPRESSION


def resume(ctx: Context, log: RecordLog, held: Lease, plan: TablePlan) -> Iterator[BatchRun]:
    """Finish or abandon each unfinished batch of the plan's table; yields those that went on.

    A batch whose outcome is not known is looked up in the warehouse first: an earlier try may have committed unseen.
    """
    published = {row.id: _counted(ctx, row) for row in plan.unfinished}
    published = {batch: periods for batch, periods in published.items() if periods}
    retired = {item.batch for item in read_retired(ctx, plan.policy.table)}
    for row in plan.unfinished:
        if row.action in REWRITES:
            settle(ctx, log, row)
            continue
        if row.id in retired and row.id not in published:
            ctx.ledger.save_batch(replace(row, state=BatchState.ABANDONED, updated_at=ctx.clock()))
            continue
        spec = None if row.state is BatchState.PLANNED else _spec(ctx, log, plan, row)
        if row.id in published:
            if spec is None:
                ctx.ledger.save_batch(replace(row, state=_done(row), updated_at=ctx.clock()))
                continue
            batch = _batch_run(ctx, log, held, spec, row)
            batch.proofs = [p for p in batch.proofs if p.period.isoformat() in published[row.id]]
            batch.save(BatchState.COPIED if row.action == Action.COPY.value else BatchState.PUBLISHED)
            yield batch
        elif row.action == Action.PURGE.value:
            ctx.ledger.save_batch(replace(row, state=BatchState.ABANDONED, updated_at=ctx.clock()))
        elif spec is None:
            periods = [p.period for p in ctx.ledger.periods(row.id)]
            if not abandon_row(ctx, log, row, periods, "its run ended before the rows were written"):
                ctx.ledger.save_batch(replace(row, state=BatchState.ABANDONED, updated_at=ctx.clock()))
        else:
            batch = _batch_run(ctx, log, held, spec, row)
            batch.run()
            yield batch


def _done(row: BatchRow) -> BatchState:
    return BatchState.COPIED if row.action == Action.COPY.value else BatchState.RECLAIMED


def _counted(ctx: Context, row: BatchRow) -> set[str]:
    """The batch's periods that count: published ones, or copies, as its own action was."""
    control = ctx.control
    source = control.copies if row.action == Action.COPY.value else control.published
    return {
        str(r[2]) for r in ctx.warehouse.execute(control.select_proofs(source, row.table)).rows if str(r[1]) == row.id
    }


def _batch_run(ctx: Context, log: RecordLog, held: Lease, spec: BatchSpec, row: BatchRow) -> BatchRun:
    proofs: list[PeriodProof] = list(ctx.ledger.periods(row.id))
    return BatchRun(ctx, log, held, spec, row, proofs, list(ctx.ledger.files(row.id)))


def _spec(ctx: Context, log: RecordLog, plan: TablePlan, row: BatchRow) -> BatchSpec | None:
    """The batch as its descriptor says; None when it no longer fits policy, table or engine."""
    try:
        key = descriptor_key(row.prefix)
        descriptor = load(Descriptor, ctx.lake.get(key), key)
    except (ObjectNotFound, CorruptRecord):
        return None
    table = ctx.warehouse.tables([row.table]).get(row.table)
    version = next(
        (v for v in Versions(ctx, log.warehouse, row.table).load() if v.external == descriptor.external), None
    )
    if table is None or version is None or not _fits(ctx, plan, row, descriptor):
        return None
    capabilities = ctx.warehouse.capabilities
    return BatchSpec(
        batch=row.id,
        policy=plan.policy,
        table=descriptor.table,
        version=version,
        column=period_column(ctx, log.warehouse, plan.policy, table),
        periods=tuple(Period(p.period, descriptor.granularity) for p in descriptor.periods),
        rows=row.rows,
        bytes=row.bytes,
        prefix=row.prefix,
        uri=ctx.lake.uri(row.prefix),
        hash_function=capabilities.hash_function,
        hash=descriptor.hash,
    )


def _fits(ctx: Context, plan: TablePlan, row: BatchRow, descriptor: Descriptor) -> bool:
    """Whether policy and engine still are those of the batch, and all of its periods still are due."""
    policy, engine = plan.policy, ctx.warehouse.capabilities
    same_policy = (
        row.action == policy.action.value
        and descriptor.period_column == policy.column
        and descriptor.period_format == policy.column_format
        and descriptor.granularity == policy.granularity
    )
    same_engine = descriptor.hash == HashIdentity(engine.engine, engine.engine_version, EXPRESSION)
    due = plan.due_before is None or all(p.period < plan.due_before for p in descriptor.periods)
    return same_policy and same_engine and due
