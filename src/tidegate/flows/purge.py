"""The action `purge`: delete without an archive, counted and guarded, and recorded as such."""

from dataclasses import replace

from tidegate.errors import GuardFailed, HoldInForce
from tidegate.flows.context import Context
from tidegate.flows.guards import Verdict, verdict
from tidegate.flows.leases import Lease
from tidegate.flows.records import RecordLog
from tidegate.flows.spec import BatchSpec
from tidegate.flows.statements import BatchStatements
from tidegate.ledger.base import BatchRow
from tidegate.model.batch import BatchState
from tidegate.model.records import BatchPeriods, LogRecord, RecordKind


def purge(ctx: Context, log: RecordLog, held: Lease, spec: BatchSpec, row: BatchRow) -> tuple[BatchRow, bool]:
    """Delete what the plan counted; True when the rows changed meanwhile and have to be planned anew.

    Raises:
        HoldInForce: a hold was placed since the plan.
    """
    held.renew()
    record = LogRecord(
        number=log.sync(row.table) + 1,
        kind=RecordKind.PURGE,
        warehouse=log.warehouse,
        table=row.table,
        at=ctx.clock().isoformat(),
        retired=(BatchPeriods(row.id, "", tuple(p.start for p in spec.periods)),),
        detail=f"{spec.rows} rows deleted without an archive",
    )
    statements = BatchStatements.of(ctx, spec)
    attempt = ctx.ledger.begin_step(row.id, "purge", ctx.clock())
    try:
        ctx.warehouse.transaction(statements.purge(spec.rows, log.append([record])))
    except GuardFailed as error:
        found = verdict(error)
        abandoned = replace(row, state=BatchState.ABANDONED, updated_at=ctx.clock(), detail=error.message)
        ctx.ledger.save_batch(abandoned)
        if found in (Verdict.HOT_CHANGED, Verdict.ORDER):
            return abandoned, True
        if found is Verdict.HOLD:
            raise HoldInForce(f"{row.table}: {error.message}", hint="Release the hold, or leave the rows.") from error
        raise
    ctx.ledger.end_step(row.id, "purge", attempt, ctx.clock())
    log.sync(row.table)
    done = replace(row, state=BatchState.RECLAIMED, rows=spec.rows, updated_at=ctx.clock())
    ctx.ledger.save_batch(done)
    return done, False
