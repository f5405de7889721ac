"""What counts in a warehouse that was set back, once the records that came after that state are followed.

Its hot rows are of its own time: whether rows are cold or hot is the warehouse's word. What later became of rows that
were cold already (COMPACT, ERASED, PARK, THAW, MOVE, EXPIRE) is the record's. A batch that was written anew counts for
a period when all that it was made of counts here; else it holds rows that are hot here, and what it was made of stays.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

from tidegate.errors import CorruptRecord
from tidegate.flows.ages import read_ages
from tidegate.flows.context import Context
from tidegate.flows.published import read_descriptor
from tidegate.flows.replay import BatchPeriod, Replayed, apply
from tidegate.lake.base import ObjectInfo
from tidegate.model.batch import PERIOD_COLUMN
from tidegate.model.names import TableName
from tidegate.model.records import BatchPeriods, LogRecord, RecordKind
from tidegate.model.tiers import Tier

_REWRITES = (RecordKind.COMPACT, RecordKind.ERASED)


@dataclass(frozen=True)
class Followed:
    """`record` is what the record says counts, `before` what counts here, `after` what counts here from now on.

    `mixed` names, of a period that stays, the batch that took it in together with rows that are hot here. `erasures`
    are those that the warehouse does not know.
    """

    record: Replayed
    before: Replayed
    after: Replayed
    mixed: dict[BatchPeriod, str]
    erasures: tuple[str, ...]

    @property
    def fresh(self) -> set[BatchPeriod]:
        return counted_of(self.after) - counted_of(self.before)

    @property
    def gone(self) -> set[BatchPeriod]:
        return counted_of(self.before) - counted_of(self.after)


def counted_of(state: Replayed) -> set[BatchPeriod]:
    """What counts as cold: published or parked."""
    return state.published | set(state.parked)


def follow(ctx: Context, table: TableName, head: int, records: Callable[[], Iterable[LogRecord]]) -> Followed:
    """Follow the table's records after number `head`; `records` gives all of them, in order, each time it is called.

    Raises:
        CorruptRecord: a record cannot be read.
    """
    unusable: set[BatchPeriod] = set()
    while True:
        before = _standing(ctx, table, head)
        one = _Following(ctx, head, _standing(ctx, table, head), frozenset(unusable))
        for record in records():
            one.take(record)
        one.settle()
        followed = Followed(one.record, before, one.now, one.mixed, tuple(one.erasures))
        lost = {item for item in followed.fresh if not _is_whole(ctx, one.record, item)}
        if not lost:
            return followed
        unusable |= lost


def files_are_gone(ctx: Context, record: Replayed, item: BatchPeriod) -> bool:
    """Whether a period that the record knows has no files any more."""
    return item[0] in record.prefixes and not any(_files(ctx, record, item))


def is_readable(ctx: Context, record: Replayed, item: BatchPeriod) -> bool:
    """Whether a file of the period is there and can be read where it lies."""
    return any(info.readable for info in _files(ctx, record, item))


def _files(ctx: Context, record: Replayed, item: BatchPeriod) -> Iterator[ObjectInfo]:
    batch, period = item
    return ctx.lake.list(f"{record.prefixes[batch]}{PERIOD_COLUMN}={period.isoformat()}/")


def _is_whole(ctx: Context, record: Replayed, item: BatchPeriod) -> bool:
    return _inputs(ctx, record.prefixes[item[0]]) is not None and not files_are_gone(ctx, record, item)


def _inputs(ctx: Context, prefix: str) -> frozenset[str] | None:
    """The batches that one was made of, as its descriptor says; None when that was deleted."""
    try:
        return frozenset(read_descriptor(ctx, prefix).inputs)
    except CorruptRecord:
        return None


def _standing(ctx: Context, table: TableName, head: int) -> Replayed:
    here = Replayed(number=head)
    for age in read_ages(ctx, table):
        item = (age.batch, age.period)
        if age.parked_at is not None:
            here.parked[item] = age.tier
            continue
        here.published.add(item)
        if age.tier is not Tier.STANDARD:
            here.tiers[item] = age.tier
        if age.thawed_until is not None:
            here.thawed[item] = age.thawed_until
    return here


@dataclass
class _Following:
    """`unusable`: new periods whose files are gone, so that nothing can be replaced by them."""

    ctx: Context
    head: int
    now: Replayed
    unusable: Collection[BatchPeriod]
    record: Replayed = field(default_factory=Replayed)
    mixed: dict[BatchPeriod, str] = field(default_factory=dict)
    erasures: dict[str, None] = field(default_factory=dict)
    _rewrite: list[LogRecord] = field(default_factory=list)

    def take(self, record: LogRecord) -> None:
        if self._rewrite and not _belongs(self._rewrite, record):
            self.settle()
        if record.number > self.head:
            if record.kind in _REWRITES:
                self._rewrite.append(record)
                return
            self._follow(record)
        apply(self.record, record)

    def _follow(self, record: LogRecord) -> None:
        here = counted_of(self.now)
        if record.kind in (RecordKind.MOVE, RecordKind.PARK):
            apply(self.now, replace(record, inputs=_only(record.inputs, here)))
        elif record.kind is RecordKind.THAW:
            apply(self.now, replace(record, published=_only(record.published, here)))
        elif record.kind is RecordKind.EXPIRE:
            apply(self.now, replace(record, retired=_only(record.retired, here & counted_of(self.record))))

    def settle(self) -> None:
        """Follow a rewrite, now that all of its records are there."""
        records, self._rewrite = self._rewrite, []
        if not records:
            return
        here = counted_of(self.now)
        old = _items(part for record in records for part in record.retired) & counted_of(self.record)
        made = self._made(records, old)
        stays = self._stays(made, here)
        ours = {item for item, inputs in made.items() if inputs and not inputs & stays.keys()}
        self.mixed.update((item, batch) for item, batch in stays.items() if item in here)
        for record in records:
            published = _only(record.published, ours)
            apply(
                self.now, replace(record, published=published, retired=_only(record.retired, here & old - set(stays)))
            )
            apply(self.record, record)
            if record.kind is RecordKind.ERASED:
                self.erasures[record.detail] = None

    def _made(self, records: Iterable[LogRecord], old: set[BatchPeriod]) -> dict[BatchPeriod, set[BatchPeriod]]:
        """What each new period was made of. A batch whose descriptor is gone may have been made of all of them."""
        made: dict[BatchPeriod, set[BatchPeriod]] = {}
        for part in (part for record in records for part in record.published):
            batches = _inputs(self.ctx, part.prefix)
            for period in part.periods:
                made[part.batch, period] = {
                    (batch, day) for batch, day in old if day == period and (batches is None or batch in batches)
                }
        return made

    def _stays(self, made: dict[BatchPeriod, set[BatchPeriod]], here: set[BatchPeriod]) -> dict[BatchPeriod, str]:
        """The old periods that no new one can stand for, with the batch that they went into."""
        stays: dict[BatchPeriod, str] = {}
        while True:
            more = {
                old: item[0]
                for item, inputs in made.items()
                if item in self.unusable or not inputs <= here or inputs & stays.keys()
                for old in inputs - stays.keys()
            }
            if not more:
                return stays
            stays.update(more)


def _belongs(rewrite: list[LogRecord], record: LogRecord) -> bool:
    """Whether a record goes on with what the last ones say: of one rewrite, all that is new is told before the old."""
    last = rewrite[-1]
    return (record.kind, record.detail) == (last.kind, last.detail) and not (last.retired and record.published)


def _items(parts: Iterable[BatchPeriods]) -> set[BatchPeriod]:
    return {(part.batch, period) for part in parts for period in part.periods}


def _only(parts: Iterable[BatchPeriods], items: Collection[BatchPeriod]) -> tuple[BatchPeriods, ...]:
    return tuple(_kept(parts, items))


def _kept(parts: Iterable[BatchPeriods], items: Collection[BatchPeriod]) -> Iterator[BatchPeriods]:
    for part in parts:
        if periods := tuple(period for period in part.periods if (part.batch, period) in items):
            yield replace(part, periods=periods)
