"""Collect what counts no more: objects of retired ids, and prefixes that no run will come back to.

Only ids that are retired in the warehouse lose objects, so that a worker that froze for an hour and wakes up finds
its batch refused. A prefix that nobody knows is retired first. Rows that a taken-over warehouse lacks are kept.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from tidegate.errors import CorruptRecord
from tidegate.flows.abandon import abandon
from tidegate.flows.context import Context
from tidegate.flows.holds import held, read_holds
from tidegate.flows.identity import Identity, attach, read_claim
from tidegate.flows.leases import is_dead
from tidegate.flows.pinned import pinned
from tidegate.flows.plan import UNFINISHED
from tidegate.flows.published import Retired, read_counted, read_descriptor, read_retired
from tidegate.flows.records import RecordLog
from tidegate.flows.restore_plan import RESTORED
from tidegate.flows.versions import Versions
from tidegate.lake.base import ObjectInfo
from tidegate.ledger.base import JobState
from tidegate.model.batch import BATCH_COLUMN, DESCRIPTOR_PATH, PERIOD_COLUMN, BatchState
from tidegate.model.layout import batch_of, data_root
from tidegate.model.names import TableName, segment_name
from tidegate.model.outcome import Garbage, GcOutcome
from tidegate.model.periods import Granularity, Period
from tidegate.model.records import BatchPeriods
from tidegate.redshift.catalog import select_external_partitions
from tidegate.redshift.external import drop_partition

KEPT_REASONS = frozenset({"adopted"})
ABANDONED = "abandoned"


@dataclass(frozen=True)
class Found:
    """The objects below one batch's prefix; keys are relative to it."""

    batch: str
    prefix: str
    objects: tuple[ObjectInfo, ...]

    def of_period(self, period: date) -> list[ObjectInfo]:
        folder = f"{self.prefix}{PERIOD_COLUMN}={period.isoformat()}/"
        return [info for info in self.objects if info.key.startswith(folder)]


@dataclass(frozen=True)
class Candidate:
    """Garbage with the keys that go. `orphan`: its id has to be retired first."""

    garbage: Garbage
    keys: tuple[str, ...]
    whole: bool
    orphan: bool


@dataclass(frozen=True)
class GcPlan:
    identity: Identity
    ready: tuple[Candidate, ...]
    waiting: tuple[Candidate, ...]


def plan_gc(ctx: Context, older_than: timedelta | None = None) -> GcPlan:
    """Read only. `older_than` (default: delete_grace) since an id was retired, or since an orphan was last written."""
    grace = older_than if older_than is not None else timedelta(seconds=ctx.settings.delete_grace_seconds)
    with pinned(ctx) as ctx:
        identity = attach(ctx)
        survey = _Survey.read(ctx, identity)
        seen: set[str] = set()
        candidates: list[Candidate] = []
        for found in _batches(ctx, identity):
            seen.add(found.batch)
            candidates += survey.candidates(found)
        if read_claim(ctx, identity.warehouse).copy_of is not None:
            candidates += survey.borrowed(identity, seen)
    limit = int(grace.total_seconds())
    ready = tuple(c for c in candidates if c.garbage.age_seconds >= limit)
    return GcPlan(identity, ready, tuple(c for c in candidates if c.garbage.age_seconds < limit))


def run_gc(ctx: Context, plan: GcPlan) -> GcOutcome:
    """Retire orphans, forget partitions, delete objects; repeating it is harmless."""
    removed = []
    with pinned(ctx) as ctx:
        log = RecordLog(ctx, plan.identity.warehouse)
        log.sync_all()
        for candidate in plan.ready:
            if _on_hold(ctx, candidate.garbage):
                continue
            if candidate.orphan and not _retire(ctx, log, candidate.garbage):
                continue
            _drop_partitions(ctx, plan.identity, candidate.garbage)
            ctx.lake.delete(candidate.keys)
            _note(ctx, candidate)
            removed.append(candidate.garbage)
    return GcOutcome(
        tuple(removed),
        tuple(c.garbage for c in plan.waiting),
        sum(g.objects for g in removed),
        sum(g.bytes for g in removed),
    )


def _on_hold(ctx: Context, garbage: Garbage) -> bool:
    """A second look, right before objects go. The hold that a restore placed keeps the hot rows, not these."""
    asked = [h for h in read_holds(ctx) if h.table == garbage.table and not h.reason.startswith(RESTORED)]
    months = [Period.containing(day, Granularity.MONTHLY) for day in garbage.periods if day > date.min]
    on_hold = bool(held(asked, garbage.table, months))
    if on_hold:
        ctx.reporter.notice(f"batch {garbage.batch} of {garbage.table} is under hold; its files are left alone")
    return on_hold


def _retire(ctx: Context, log: RecordLog, garbage: Garbage) -> bool:
    part = BatchPeriods(garbage.batch, garbage.prefix, garbage.periods or (date.min,))
    return abandon(ctx, log, garbage.table, part, "no run came back to it")


def _drop_partitions(ctx: Context, identity: Identity, garbage: Garbage) -> None:
    """Forget the partitions of what goes."""
    for external in _externals(ctx, identity, garbage):
        present = _partitions(ctx, external)
        for day in (period.isoformat() for period in garbage.periods):
            if _has(present, garbage.batch, day):
                ctx.warehouse.execute(drop_partition(external, ((BATCH_COLUMN, garbage.batch), (PERIOD_COLUMN, day))))


def _externals(ctx: Context, identity: Identity, garbage: Garbage) -> list[TableName]:
    """The version of the external table that reads the batch; all of them where nothing says which."""
    row = ctx.ledger.batch(garbage.batch)
    if row is not None and row.external is not None:
        return [row.external]
    try:
        return [read_descriptor(ctx, garbage.prefix).external]
    except CorruptRecord:
        return [version.external for version in Versions(ctx, identity.warehouse, garbage.table).load()]


def _partitions(ctx: Context, external: TableName) -> frozenset[str]:
    return frozenset(str(row[0]) for row in ctx.warehouse.execute(select_external_partitions(external)).rows)


def _has(partitions: frozenset[str], batch: str, day: str) -> bool:
    return any(batch in values and day in values for values in partitions)


def _note(ctx: Context, candidate: Candidate) -> None:
    row = ctx.ledger.batch(candidate.garbage.batch)
    if row is not None and candidate.whole:
        ctx.ledger.save_batch(replace(row, state=BatchState.COLLECTED, updated_at=ctx.clock()))


def _batches(ctx: Context, identity: Identity) -> Iterator[Found]:
    """Every batch prefix of this warehouse in the lake, as one stream of its listing."""
    current: tuple[str, str] | None = None
    objects: list[ObjectInfo] = []
    for info in ctx.lake.list(data_root(identity.warehouse)):
        owner = batch_of(info.key)
        if owner != current and current is not None:
            yield Found(current[1], current[0], tuple(objects))
            objects = []
        current = owner
        if owner is not None:
            objects.append(info)
    if current is not None:
        yield Found(current[1], current[0], tuple(objects))


@dataclass(frozen=True)
class _Survey:
    """What the warehouse and the ledger say of every id."""

    ctx: Context
    counted: frozenset[tuple[str, date]]
    retired: dict[str, list[Retired]]
    busy: frozenset[str]

    @classmethod
    def read(cls, ctx: Context, identity: Identity) -> "_Survey":
        counted = frozenset(
            (item.batch, proof.period)
            for source in (ctx.control.published, ctx.control.copies)
            for item in read_counted(ctx, source)
            for proof in item.proofs
        )
        retired: dict[str, list[Retired]] = {}
        for item in read_retired(ctx):
            retired.setdefault(item.batch, []).append(item)
        now = ctx.clock()
        live = {
            job.id
            for job in ctx.ledger.jobs(limit=10_000)
            if job.state is JobState.RUNNING and job.lease_until > now and not is_dead(job.owner)
        }
        busy = frozenset(row.id for row in ctx.ledger.batches(states=UNFINISHED) if row.job in live)
        return cls(ctx, counted, retired, busy)

    def candidates(self, found: Found) -> Iterator[Candidate]:
        if found.batch in self.busy:
            return
        retired = self.retired.get(found.batch, [])
        counts = any(batch == found.batch for batch, _ in self.counted)
        if not retired and not counts:
            yield from self._orphan(found)
        elif not counts and all(item.reason not in KEPT_REASONS for item in retired):
            periods = tuple(sorted(item.period for item in retired))
            yield self._candidate(found, retired, periods, found.objects, whole=True)
        else:
            for item in retired:
                objects = found.of_period(item.period)
                kept = item.reason in KEPT_REASONS or (found.batch, item.period) in self.counted
                if objects and not kept:
                    yield self._candidate(found, [item], (item.period,), objects, whole=False)

    def borrowed(self, identity: Identity, seen: Collection[str]) -> Iterator[Candidate]:
        """Retired batches of the warehouse that this one is a copy of: only their partitions here may go."""
        known: dict[TableName, frozenset[str]] = {}
        for batch, items in self.retired.items():
            if batch in seen:
                continue
            table = items[0].table
            if table not in known:
                versions = Versions(self.ctx, identity.warehouse, table).load()
                known[table] = frozenset().union(*(_partitions(self.ctx, v.external) for v in versions))
            for item in items:
                if _has(known[table], batch, item.period.isoformat()):
                    yield self._candidate(Found(batch, "", ()), [item], (item.period,), (), whole=False)

    def _candidate(
        self,
        found: Found,
        retired: Sequence[Retired],
        periods: tuple[date, ...],
        objects: Sequence[ObjectInfo],
        *,
        whole: bool,
    ) -> Candidate:
        newest = max(_utc(item.at) for item in retired)
        reason = ", ".join(sorted({item.reason for item in retired}))
        garbage = self._garbage(found, retired[0].table, periods, objects, newest, reason)
        return Candidate(garbage, tuple(info.key for info in objects), whole, orphan=False)

    def _orphan(self, found: Found) -> Iterator[Candidate]:
        """A prefix without a published or retired id: its worker died, or has not come far yet."""
        row = self.ctx.ledger.batch(found.batch)
        if row is None and any(info.key.endswith(DESCRIPTOR_PATH) for info in found.objects):
            self.ctx.reporter.notice(
                f"{found.prefix} was unloaded, but no record says what became of it: it may be the only copy of its "
                "rows and is left alone"
            )
            return
        table = row.table if row is not None else _table_of(found.prefix)
        if table is None:
            self.ctx.reporter.notice(f"{found.prefix} belongs to no table that Tidegate knows; it is left alone")
            return
        periods = tuple(sorted({p.period for p in self.ctx.ledger.periods(found.batch)}))
        newest = max(info.modified for info in found.objects)
        garbage = self._garbage(found, table, periods, found.objects, newest, ABANDONED)
        yield Candidate(garbage, tuple(info.key for info in found.objects), whole=True, orphan=True)

    def _garbage(
        self,
        found: Found,
        table: TableName,
        periods: tuple[date, ...],
        objects: Sequence[ObjectInfo],
        since: datetime,
        reason: str,
    ) -> Garbage:
        age = max(0, int((self.ctx.clock() - since).total_seconds()))
        size = sum(info.size for info in objects)
        return Garbage(table, found.batch, found.prefix, periods, len(objects), size, age, reason)


def _table_of(prefix: str) -> TableName | None:
    """The table whose folder a batch's prefix lies in."""
    schema, table = (segment_name(part) for part in prefix.rstrip("/").split("/")[-3:-1])
    return TableName(schema, table) if schema and table else None


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
