"""What should be in the lake: the files of what counts, as the warehouse and the descriptors say."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from tidegate.errors import CorruptRecord
from tidegate.flows.context import Context
from tidegate.flows.published import as_day, prefixes, read_counted, read_descriptor, read_retired
from tidegate.flows.records import RecordLog
from tidegate.formats.inventory.comparison import Expected
from tidegate.model.batch import Descriptor
from tidegate.model.layout import descriptor_key, manifest_key
from tidegate.model.names import TableName


@dataclass
class CountedBatch:
    """A batch of which periods count: `readable` ones can be read where they are; of `thawed` ones a copy can.

    `prefix` is None where no record says where it lies.
    """

    table: TableName
    batch: str
    prefix: str | None
    readable: set[date] = field(default_factory=set)
    parked: set[date] = field(default_factory=set)
    thawed: set[date] = field(default_factory=set)

    @property
    def periods(self) -> set[date]:
        return self.readable | self.parked | self.thawed


def counted_batches(ctx: Context, log: RecordLog, table: TableName | None = None) -> list[CountedBatch]:
    """Batches with a period that is published, parked or copied, of one table or of all, by table and id."""
    found: dict[tuple[TableName, str], CountedBatch] = {}
    where: dict[TableName, dict[str, str]] = {}

    def batch_of(name: TableName, batch: str) -> CountedBatch:
        if name not in where:
            where[name] = prefixes(log.committed(name).values())
        return found.setdefault((name, batch), CountedBatch(name, batch, where[name].get(batch)))

    for name, batch, period, _, _, _, thawed_until, parked_at, _ in ctx.warehouse.execute(
        ctx.control.select_ages(table)
    ).rows:
        counted = batch_of(TableName.parse(str(name)), str(batch))
        kind = counted.thawed if thawed_until is not None else counted.readable if parked_at is None else counted.parked
        kind.add(as_day(period))
    for copied in read_counted(ctx, ctx.control.copies, table):
        batch_of(copied.table, copied.batch).readable.update(proof.period for proof in copied.proofs)
    return [found[key] for key in sorted(found)]


def known_batches(ctx: Context, counted: list[CountedBatch]) -> frozenset[str]:
    """Ids whose objects may be there although none of them counts: retired, in work, or not told where they lie."""
    ids = {retired.batch for retired in read_retired(ctx)} | {row.id for row in ctx.ledger.batches()}
    unplaced = {batch.batch for batch in counted if batch.prefix is None}
    return frozenset((ids - {batch.batch for batch in counted}) | unplaced)


def expected_objects(
    ctx: Context, counted: list[CountedBatch], prefix: str, created: datetime
) -> Iterator[list[Expected]]:
    """The objects of each batch, with the lake's `prefix` before their keys.

    What was written after `created` need not be in a report of that time. A batch whose descriptor cannot be read is
    told of by a notice; nothing is expected of it but the descriptor.
    """
    for batch in counted:
        if batch.prefix is None:
            ctx.reporter.notice(f"batch {batch.batch} of {batch.table} counts, but no record says where it lies")
            continue
        try:
            descriptor = read_descriptor(ctx, batch.prefix)
        except CorruptRecord as error:
            ctx.reporter.notice(error.message)
            yield [_beside(batch, prefix + descriptor_key(batch.prefix), needed=True)]
            continue
        yield list(_of_batch(ctx, batch, descriptor, prefix, created))


def _of_batch(
    ctx: Context, batch: CountedBatch, descriptor: Descriptor, prefix: str, created: datetime
) -> Iterator[Expected]:
    old = datetime.fromisoformat(descriptor.created_at) <= created
    vouched = not ctx.lake.capabilities.checksums
    for file in descriptor.files:
        yield Expected(
            key=prefix + descriptor.prefix + file.key,
            size=file.size,
            etag=file.etag if vouched else None,
            needed=old and file.period in batch.periods,
            readable=file.period in batch.readable,
            table=str(batch.table),
            batch=batch.batch,
        )
    yield _beside(batch, prefix + descriptor_key(descriptor.prefix), needed=old)
    yield _beside(batch, prefix + manifest_key(descriptor.prefix), needed=False)


def _beside(batch: CountedBatch, key: str, *, needed: bool) -> Expected:
    return Expected(key, None, None, needed, readable=needed, table=str(batch.table), batch=batch.batch)
