"""What a killed rewrite left in the ledger, and batches that count no more."""

from dataclasses import replace

from tidegate.flows.abandon import abandon_row
from tidegate.flows.context import Context
from tidegate.flows.published import read_counted
from tidegate.flows.records import RecordLog
from tidegate.ledger.base import BatchRow
from tidegate.model.batch import BatchState
from tidegate.model.names import TableName


def settle(ctx: Context, log: RecordLog, row: BatchRow) -> None:
    """Note that the batch counts, if its run got that far; else give it up, since a new one is written."""
    control = ctx.control
    published = _ids(ctx, row.table, (control.published, control.parked))
    copied = _ids(ctx, row.table, (control.copies,))
    if row.id in published | copied:
        state = BatchState.RECLAIMED if row.id in published else BatchState.COPIED
        ctx.ledger.save_batch(replace(row, state=state, updated_at=ctx.clock()))
        note_retired(ctx, row.table, row.action)
        return
    periods = [proof.period for proof in ctx.ledger.periods(row.id)]
    if not periods or not abandon_row(ctx, log, row, periods, "its run ended before it was proven"):
        ctx.ledger.save_batch(replace(row, state=BatchState.ABANDONED, updated_at=ctx.clock()))


def note_retired(ctx: Context, table: TableName, why: str) -> None:
    """Batches of the table that have nothing left that counts are retired in the ledger too."""
    control = ctx.control
    counted = _ids(ctx, table, (control.published, control.parked, control.copies))
    for row in ctx.ledger.batches(table, states=(BatchState.PUBLISHED, BatchState.RECLAIMED, BatchState.COPIED)):
        if row.id not in counted:
            ctx.ledger.save_batch(replace(row, state=BatchState.RETIRED, updated_at=ctx.clock(), detail=why))


def _ids(ctx: Context, table: TableName, sources: tuple[TableName, ...]) -> set[str]:
    return {item.batch for source in sources for item in read_counted(ctx, source, table)}
