"""The statements and records that make a warehouse which was set back say what counts in it from now on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from tidegate.errors import CorruptRecord
from tidegate.flows.context import Context
from tidegate.flows.partitions import partition_days
from tidegate.flows.published import read_descriptor
from tidegate.flows.rebuild_warehouse import counted_proofs, tiered
from tidegate.flows.records import fitting
from tidegate.flows.replay import BatchPeriod, Replayed, apply
from tidegate.flows.set_back import Followed, counted_of, is_readable
from tidegate.flows.versions import Versions
from tidegate.model.batch import BATCH_COLUMN, PERIOD_COLUMN, Descriptor
from tidegate.model.layout import thaw_prefix
from tidegate.model.names import TableName
from tidegate.model.records import BatchPeriods, LogRecord, RecordKind
from tidegate.model.tiers import Tier
from tidegate.redshift.external import add_partitions, drop_partition, set_location


@dataclass(frozen=True)
class Change:
    """From what counts in one table here to what counts from now on."""

    ctx: Context
    warehouse: str
    table: TableName
    followed: Followed

    def partitions(self) -> Iterator[str]:
        """Catalog statements, outside of a transaction: what counts anew, and what was thawed, is read where it is."""
        before, after = self.followed.before, self.followed.after
        moved = {item for item in after.published if before.thawed.get(item) != after.thawed.get(item)}
        wanted = self.followed.fresh & after.published | moved
        descriptors = self._descriptors(wanted)
        for batch, period in sorted(item for item in wanted if item[0] in descriptors):
            descriptor, until = descriptors[batch], after.thawed.get((batch, period))
            prefix = descriptor.prefix if until is None else thaw_prefix(descriptor.prefix, until)
            folder = self.ctx.lake.uri(f"{prefix}{PERIOD_COLUMN}={period.isoformat()}/")
            values = ((BATCH_COLUMN, batch), (PERIOD_COLUMN, period.isoformat()))
            yield from add_partitions(descriptor.external, [(values, folder)])
            if (batch, period) in moved:
                yield set_location(descriptor.external, values, folder)

    def deleted(self) -> Iterator[str]:
        """Partitions that count no more, of files that nobody can read: every query of the table fails on them."""
        return self._dropped(self.followed.gone)

    def parked(self) -> Iterator[str]:
        """Partitions of parked files that nobody can read; after the transaction. A tier run would drop them too."""
        return self._dropped(set(self.followed.after.parked) - set(self.followed.before.parked))

    def _dropped(self, items: set[BatchPeriod]) -> Iterator[str]:
        hidden = [item for item in sorted(items) if not is_readable(self.ctx, self.followed.record, item)]
        if not hidden:
            return
        for version in Versions(self.ctx, self.warehouse, self.table).load():
            present = partition_days(self.ctx, version.external)
            for batch, period in hidden:
                if period in present.get(batch, ()):
                    values = ((BATCH_COLUMN, batch), (PERIOD_COLUMN, period.isoformat()))
                    yield drop_partition(version.external, values)

    def rows(self) -> list[str]:
        """Of the transaction: the rows of `published` and `parked`."""
        control, before, after = self.ctx.control, self.followed.before, self.followed.after
        gone, fresh, stamp = self.followed.gone, self.followed.fresh, self.ctx.stamp()
        descriptors = self._descriptors(fresh)
        statements = [
            *control.delete_proofs(control.published, parts_of(gone & before.published, after)),
            *control.delete_proofs(control.parked, parts_of(gone & set(before.parked), after)),
            *control.insert_published(self.table, tiered(after, counted_proofs(descriptors, fresh & after.published))),
        ]
        for tier in Tier:
            parked = {item for item, colder in after.parked.items() if colder is tier}
            statements += control.insert_parked(self.table, counted_proofs(descriptors, fresh & parked), tier, stamp)
            statements += control.park(parts_of(parked & before.published, after), tier, stamp)
            moved = {item for item in parked & before.parked.keys() if before.parked[item] is not tier}
            statements += control.set_tier(parts_of(moved, after), tier, parked=True)
        return statements + self._readable()

    def _readable(self) -> list[str]:
        """Published periods that were here before: until when they are thawed, and their tier."""
        control, before, after = self.ctx.control, self.followed.before, self.followed.after
        here = after.published & counted_of(before)
        statements: list[str] = []
        for until in sorted({after.thawed[item] for item in here if item in after.thawed}):
            thawed = {item for item in here if after.thawed.get(item) == until}
            statements += control.thaw(parts_of(thawed & before.parked.keys(), after), until)
            longer = {item for item in thawed & before.published if before.thawed.get(item) != until}
            statements += control.set_thawed(parts_of(longer, after), until)
        for tier in Tier:
            moved = {item for item in here if _tier(after, item) is tier and _tier(before, item) is not tier}
            statements += control.set_tier(parts_of(moved, after), tier)
        return statements

    def _descriptors(self, items: Iterable[BatchPeriod]) -> dict[str, Descriptor]:
        """Those that are there: without one a period is lost, and told as such."""
        found: dict[str, Descriptor] = {}
        for batch in sorted({batch for batch, _ in items}):
            try:
                found[batch] = read_descriptor(self.ctx, self.followed.record.prefixes.get(batch, ""))
            except CorruptRecord:
                continue
        return found


def place_records(record: LogRecord, state: Replayed, after: Replayed) -> list[LogRecord]:
    """Records that follow `record`, the last one of `state`: where that differs, in which tier counted periods are."""
    parks: dict[Tier, set[BatchPeriod]] = {}
    moves: dict[Tier, set[BatchPeriod]] = {}
    thaws: dict[date, set[BatchPeriod]] = {}
    for item, tier in after.parked.items():
        if state.parked.get(item) is not tier:
            parks.setdefault(tier, set()).add(item)
    for item in after.published:
        tier, until = _tier(after, item), after.thawed.get(item)
        if (_tier(state, item), state.thawed.get(item)) == (tier, until):
            continue
        if until is None:
            moves.setdefault(tier, set()).add(item)
        else:
            parks.setdefault(tier, set()).add(item)
            thaws.setdefault(until, set()).add(item)
    made = [_record(record, RecordKind.PARK, parts_of(items, state), tier=tier) for tier, items in parks.items()]
    made += [_record(record, RecordKind.MOVE, parts_of(items, state), tier=tier) for tier, items in moves.items()]
    made += [_record(record, RecordKind.THAW, parts_of(items, state), until=day) for day, items in thaws.items()]
    records: list[LogRecord] = []
    for one in made:
        records += _pieces(one, record.number + 1 + len(records))
    for one in records:
        apply(state, one)
    return records


def _record(
    record: LogRecord,
    kind: RecordKind,
    parts: tuple[BatchPeriods, ...],
    *,
    tier: Tier | None = None,
    until: date | None = None,
) -> LogRecord:
    day = None if until is None else until.isoformat()
    return LogRecord(0, kind, record.warehouse, record.table, record.at, retired=parts, tier=tier, until=day)


def _pieces(record: LogRecord, number: int) -> Iterator[LogRecord]:
    """Records that fit, the parts put where their kind has them."""
    for one in fitting(replace(record, number=number)):
        if one.kind is RecordKind.THAW:
            yield replace(one, published=one.retired, retired=())
        else:
            yield replace(one, inputs=one.retired, retired=())


def parts_of(items: Iterable[BatchPeriod], state: Replayed) -> tuple[BatchPeriods, ...]:
    """The items by batch, with what `state` knows of where each lies."""
    periods: dict[str, list[date]] = {}
    for batch, period in sorted(items):
        periods.setdefault(batch, []).append(period)
    return tuple(BatchPeriods(batch, state.prefixes.get(batch, ""), tuple(days)) for batch, days in periods.items())


def _tier(state: Replayed, item: BatchPeriod) -> Tier:
    return state.parked.get(item) or state.tiers.get(item, Tier.STANDARD)


def followed_details(followed: Followed) -> Iterator[tuple[BatchPeriod, str]]:
    """What the record changed of periods that are cold in both."""
    before, after = followed.before, followed.after
    for item in followed.gone:
        yield item, f"counts no more: it was {after.retired[item]} since"
    for item in followed.fresh:
        yield item, "counts instead of what it was made of since"
    for item in counted_of(before) & counted_of(after):
        if item in after.parked:
            if before.parked.get(item) is not after.parked[item]:
                yield item, f"was parked in {after.parked[item]} since"
        elif before.thawed.get(item) != after.thawed.get(item):
            yield item, f"was thawed until {after.thawed[item]} since"
        elif _tier(before, item) is not _tier(after, item):
            yield item, f"was moved to {_tier(after, item)} since"
