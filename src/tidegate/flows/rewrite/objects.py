"""The objects that an erasure left: `gc` deletes them with every version after `delete_grace`, or they go at once."""

from dataclasses import replace
from datetime import timedelta

from tidegate.errors import CorruptRecord
from tidegate.flows.context import Context
from tidegate.flows.gc import ERASED, GcPlan, plan_gc, run_gc
from tidegate.flows.published import prefixes, read_descriptor, read_retired
from tidegate.flows.records import RecordLog
from tidegate.model.batch import BATCH_COLUMN, Export
from tidegate.model.layout import EXPORT, data_root
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


def erase_exports(ctx: Context, warehouse: str, table: TableName) -> int:
    """Delete the exports of batches that an erasure was about; returns how many objects went.

    Nothing counts because of an export, and one cannot be read in part: it goes as a whole, and at once.
    """
    batches = {item.batch for item in read_retired(ctx, table) if item.reason == ERASED}
    where = prefixes(RecordLog(ctx, warehouse).committed(table).values())
    gone = 0
    for batch in sorted(batch for batch in batches if where.get(batch, "").startswith(data_root(warehouse))):
        keys = [info.key for info in ctx.lake.list(f"{where[batch]}{EXPORT}")]
        if keys:
            ctx.lake.erase(keys)
        gone += len(keys) + _elsewhere(ctx, where[batch], batch)
    return gone


def _elsewhere(ctx: Context, prefix: str, batch: str) -> int:
    """The export of a batch outside of the lake, as long as its descriptor is there to tell of it."""
    try:
        export: Export | None = read_descriptor(ctx, prefix).export
    except CorruptRecord:
        return 0
    if export is None or export.uri.startswith(ctx.lake.uri(prefix)):
        return 0
    folder = f"{BATCH_COLUMN}={batch}/"
    place = ctx.lake_at(export.uri.removesuffix(folder), export.region)
    keys = [info.key for info in place.list(folder)]
    if keys:
        place.erase(keys)
    return len(keys)
