"""Objects of a table's batches that count no more, or never did: what an erasure has to cover beside what counts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from tidegate.flows.context import Context
from tidegate.flows.files import Folder, batch_folders
from tidegate.flows.plan import UNFINISHED
from tidegate.flows.published import prefixes, read_counted, read_retired
from tidegate.flows.records import RecordLog
from tidegate.ledger.base import BatchRow
from tidegate.model.batch import DESCRIPTOR_PATH
from tidegate.model.layout import EXPORT, data_root, period_folder, table_root, thawed_copy
from tidegate.model.names import TableName
from tidegate.model.records import BatchPeriods


@dataclass(frozen=True)
class Remains:
    """`retired`: periods that count no more and still have objects; `reasons` says why, by batch and period.

    `unfinished`: batches that never counted, with the periods that are known of them. `strays`: prefixes with a
    descriptor that neither the warehouse nor the ledger knows.
    """

    retired: tuple[BatchPeriods, ...]
    reasons: Mapping[tuple[str, date], str]
    unfinished: tuple[BatchPeriods, ...]
    strays: tuple[str, ...]


def read_remains(ctx: Context, log: RecordLog, table: TableName) -> Remains:
    """From one listing of each folder in which batches of the table were ever written."""
    control = ctx.control
    counted: dict[str, set[date]] = {}
    for source in (control.published, control.parked, control.copies):
        for item in read_counted(ctx, source, table):
            counted.setdefault(item.batch, set()).update(proof.period for proof in item.proofs)
    reasons = {(item.batch, item.period): item.reason for item in read_retired(ctx, table)}
    ended = {batch for batch, _ in reasons}
    rows = {row.id: row for row in ctx.ledger.batches(table)}
    retired: list[BatchPeriods] = []
    unfinished = {
        row.id: BatchPeriods(row.id, row.prefix, _planned(ctx, row.id))
        for row in rows.values()
        if row.state in UNFINISHED and row.id not in counted and row.id not in ended
    }
    strays = []
    for folder in _folders(ctx, log, table, rows):
        batch, days = folder.batch, _days(folder)
        if batch in counted or batch in ended:
            if any(key.startswith(EXPORT) for key in folder.by_key):
                days |= {day for known, day in reasons if known == batch}
            left = tuple(sorted(day for day in days if (batch, day) in reasons and day not in counted.get(batch, ())))
            if left:
                retired.append(BatchPeriods(batch, folder.prefix, left))
        elif batch not in rows and any(info.key.endswith(DESCRIPTOR_PATH) for info in folder.objects):
            strays.append(folder.prefix)
        elif batch not in unfinished:
            unfinished[batch] = BatchPeriods(batch, folder.prefix, _planned(ctx, batch))
    return Remains(tuple(retired), reasons, tuple(unfinished.values()), tuple(strays))


def _planned(ctx: Context, batch: str) -> tuple[date, ...]:
    """The periods of a batch as the ledger knows them; the earliest of all days where it does not."""
    return tuple(sorted(proof.period for proof in ctx.ledger.periods(batch))) or (date.min,)


def _folders(ctx: Context, log: RecordLog, table: TableName, rows: Mapping[str, BatchRow]) -> Iterator[Folder]:
    own = data_root(log.warehouse)
    written = {*prefixes(log.committed(table).values()).values(), *(row.prefix for row in rows.values())}
    roots = {table_root(log.warehouse, table), *(f"{p.rstrip('/').rpartition('/')[0]}/" for p in written)}
    for root in sorted(root for root in roots if root.startswith(own)):
        yield from batch_folders(ctx, root)


def _days(folder: Folder) -> set[date]:
    """The periods that have objects, as they were written or as copies of a thaw."""
    days = set()
    for key in folder.by_key:
        thawed = thawed_copy(key)
        day = period_folder(key if thawed is None else thawed[1])
        if day is not None:
            days.add(date.fromisoformat(day))
    return days
