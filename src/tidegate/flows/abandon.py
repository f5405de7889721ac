"""Give a batch up: its id is retired in the warehouse, so that it can never be published, and its objects may go."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from tidegate.errors import GuardFailed
from tidegate.flows.context import Context
from tidegate.flows.guards import Verdict, verdict
from tidegate.flows.records import RecordLog
from tidegate.ledger.base import BatchRow
from tidegate.model.batch import BatchState
from tidegate.model.names import TableName
from tidegate.model.records import BatchPeriods, LogRecord, RecordKind
from tidegate.redshift.identifiers import comment
from tidegate.redshift.lock import lock


def abandon(ctx: Context, log: RecordLog, table: TableName, part: BatchPeriods, reason: str) -> bool:
    """Retire a batch that was never published. False when it was published, or retired, by somebody else before.

    Raises:
        GuardFailed, SerializationConflict: other sessions kept coming first.
    """

    def build(number: int) -> list[str]:
        record = LogRecord(
            number=number,
            kind=RecordKind.ABANDON,
            warehouse=log.warehouse,
            table=table,
            at=ctx.clock().isoformat(),
            retired=(part,),
            detail=reason,
        )
        return _statements(ctx, log, table, part, record)

    try:
        log.commit(table, build)
    except GuardFailed as error:
        if verdict(error) is not Verdict.ALREADY:
            raise
        return False
    return True


def _statements(ctx: Context, log: RecordLog, table: TableName, part: BatchPeriods, record: LogRecord) -> list[str]:
    control, serializable = ctx.control, ctx.warehouse.capabilities.serializable
    mark = comment(part.batch, "abandon")
    statements = [
        lock(ctx.settings.control_schema, [table], serializable=serializable),
        *control.guard_fresh(part.batch),
        *control.insert_retired(table, [part], "abandoned", ctx.stamp()),
        *log.append([record]),
    ]
    return [f"{mark} {statement}" for statement in statements]


def abandon_row(ctx: Context, log: RecordLog, row: BatchRow, periods: Sequence[date], reason: str) -> bool:
    """`abandon` for a batch that the ledger knows, and note it there."""
    done = abandon(ctx, log, row.table, BatchPeriods(row.id, row.prefix, tuple(periods)), reason)
    if done:
        ctx.ledger.save_batch(replace(row, state=BatchState.ABANDONED, updated_at=ctx.clock(), detail=reason))
    return done
