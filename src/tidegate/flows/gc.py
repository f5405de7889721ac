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
from tidegate.flows.files import Folder, batch_folders, table_of
from tidegate.flows.holds import held, read_holds
from tidegate.flows.identity import Identity, attach, read_claim
from tidegate.flows.leases import is_dead
from tidegate.flows.partitions import partition_days
from tidegate.flows.pinned import pinned
from tidegate.flows.plan import UNFINISHED
from tidegate.flows.published import Retired, read_counted, read_descriptor, read_retired
from tidegate.flows.records import RecordLog
from tidegate.flows.restore_plan import RESTORED
from tidegate.flows.versions import Versions
from tidegate.lake.base import ObjectInfo
from tidegate.ledger.base import BatchRow, JobState
from tidegate.model.batch import BATCH_COLUMN, DESCRIPTOR_PATH, PERIOD_COLUMN, BatchState
from tidegate.model.layout import data_root
from tidegate.model.names import TableName
from tidegate.model.outcome import Garbage, GcOutcome
from tidegate.model.periods import Granularity, Period
from tidegate.model.records import BatchPeriods
from tidegate.redshift.external import drop_partition

KEPT_REASONS = frozenset({"adopted"})
ABANDONED = "abandoned"


@dataclass(frozen=True)
class Candidate:
    """Garbage, the keys that go, and what the ledger knows of its batch. `orphan`: its id has to be retired first."""

    garbage: Garbage
    keys: tuple[str, ...]
    row: BatchRow | None
    whole: bool
    orphan: bool


@dataclass(frozen=True)
class GcPlan:
    identity: Identity
    ready: tuple[Candidate, ...]
    waiting: tuple[Candidate, ...]


def plan_gc(ctx: Context, older_than: timedelta | None = None) -> GcPlan:
    """Read only. `older_than` (default: delete_grace) since an id was retired, or since an orphan was last written.

    Raises:
        ForeignWarehouse: this warehouse is a copy or was set back.
    """
    grace = older_than if older_than is not None else timedelta(seconds=ctx.settings.delete_grace_seconds)
    with pinned(ctx) as ctx:
        identity = attach(ctx)
        RecordLog(ctx, identity.warehouse).check_all()
        survey = _Survey.read(ctx)
        seen: set[str] = set()
        candidates: list[Candidate] = []
        for found in batch_folders(ctx, data_root(identity.warehouse)):
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
            _drop_partitions(ctx, plan.identity, candidate)
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


def _drop_partitions(ctx: Context, identity: Identity, candidate: Candidate) -> None:
    """Forget the partitions of what goes."""
    garbage = candidate.garbage
    for external in _externals(ctx, identity, candidate):
        present = partition_days(ctx, external).get(garbage.batch, frozenset())
        for day in sorted(present & set(garbage.periods)):
            values = ((BATCH_COLUMN, garbage.batch), (PERIOD_COLUMN, day.isoformat()))
            ctx.warehouse.execute(drop_partition(external, values))


def _externals(ctx: Context, identity: Identity, candidate: Candidate) -> list[TableName]:
    """The version of the external table that reads the batch; all of them where nothing says which."""
    if candidate.row is not None and candidate.row.external is not None:
        return [candidate.row.external]
    try:
        return [read_descriptor(ctx, candidate.garbage.prefix).external]
    except CorruptRecord:
        return [version.external for version in Versions(ctx, identity.warehouse, candidate.garbage.table).load()]


def _note(ctx: Context, candidate: Candidate) -> None:
    if candidate.row is not None and candidate.whole:
        ctx.ledger.save_batch(replace(candidate.row, state=BatchState.COLLECTED, updated_at=ctx.clock()))


@dataclass(frozen=True)
class _Survey:
    """What the warehouse and the ledger say of every id."""

    ctx: Context
    counted: dict[str, set[date]]
    retired: dict[str, list[Retired]]
    rows: dict[str, BatchRow]
    busy: frozenset[str]

    @classmethod
    def read(cls, ctx: Context) -> "_Survey":
        counted: dict[str, set[date]] = {}
        for source in (ctx.control.published, ctx.control.parked, ctx.control.copies):
            for batch in read_counted(ctx, source):
                counted.setdefault(batch.batch, set()).update(proof.period for proof in batch.proofs)
        retired: dict[str, list[Retired]] = {}
        for item in read_retired(ctx):
            retired.setdefault(item.batch, []).append(item)
        now = ctx.clock()
        live = {
            job.id
            for job in ctx.ledger.jobs(limit=10_000)
            if job.state is JobState.RUNNING and job.lease_until > now and not is_dead(job.owner)
        }
        rows = {row.id: row for row in ctx.ledger.batches()}
        busy = frozenset(row.id for row in rows.values() if row.state in UNFINISHED and row.job in live)
        return cls(ctx, counted, retired, rows, busy)

    def candidates(self, found: Folder) -> Iterator[Candidate]:
        if found.batch in self.busy:
            return
        retired, counted = self.retired.get(found.batch, []), self.counted.get(found.batch, set())
        if not retired and not counted:
            yield from self._orphan(found)
        elif not counted and all(item.reason not in KEPT_REASONS for item in retired):
            periods = tuple(sorted(item.period for item in retired))
            yield self._candidate(found, retired, periods, found.objects, whole=True)
        else:
            objects = _by_period(found)
            for item in retired:
                of_period = objects.get(item.period.isoformat(), [])
                if of_period and item.reason not in KEPT_REASONS and item.period not in counted:
                    yield self._candidate(found, [item], (item.period,), of_period, whole=False)

    def borrowed(self, identity: Identity, seen: Collection[str]) -> Iterator[Candidate]:
        """Retired batches of the warehouse that this one is a copy of: only their partitions here may go."""
        known: dict[TableName, dict[str, frozenset[date]]] = {}
        for batch, items in self.retired.items():
            if batch in seen:
                continue
            table = items[0].table
            if table not in known:
                known[table] = {}
                for version in Versions(self.ctx, identity.warehouse, table).load():
                    known[table].update(partition_days(self.ctx, version.external))
            for item in items:
                if item.period in known[table].get(batch, ()):
                    yield self._candidate(Folder(batch, "", ()), [item], (item.period,), (), whole=False)

    def _candidate(
        self,
        found: Folder,
        retired: Sequence[Retired],
        periods: tuple[date, ...],
        objects: Sequence[ObjectInfo],
        *,
        whole: bool,
    ) -> Candidate:
        newest = max(_utc(item.at) for item in retired)
        reason = ", ".join(sorted({item.reason for item in retired}))
        garbage = self._garbage(found, retired[0].table, periods, objects, newest, reason)
        row = self.rows.get(found.batch)
        return Candidate(garbage, tuple(info.key for info in objects), row, whole, orphan=False)

    def _orphan(self, found: Folder) -> Iterator[Candidate]:
        """A prefix without a published or retired id: its worker died, or has not come far yet."""
        row = self.rows.get(found.batch)
        if row is None and any(info.key.endswith(DESCRIPTOR_PATH) for info in found.objects):
            self.ctx.reporter.notice(
                f"{found.prefix} was unloaded, but no record says what became of it: it may be the only copy of its "
                "rows and is left alone"
            )
            return
        table = row.table if row is not None else table_of(found.prefix)
        if table is None:
            self.ctx.reporter.notice(f"{found.prefix} belongs to no table that Tidegate knows; it is left alone")
            return
        periods = tuple(sorted({p.period for p in self.ctx.ledger.periods(found.batch)}))
        newest = max(info.modified for info in found.objects)
        garbage = self._garbage(found, table, periods, found.objects, newest, ABANDONED)
        yield Candidate(garbage, tuple(info.key for info in found.objects), row, whole=True, orphan=True)

    def _garbage(
        self,
        found: Folder,
        table: TableName,
        periods: tuple[date, ...],
        objects: Sequence[ObjectInfo],
        since: datetime,
        reason: str,
    ) -> Garbage:
        age = max(0, int((self.ctx.clock() - since).total_seconds()))
        size = sum(info.size for info in objects)
        return Garbage(table, found.batch, found.prefix, periods, len(objects), size, age, reason)


def _by_period(found: Folder) -> dict[str, list[ObjectInfo]]:
    """The objects in the folder of each period, by its date."""
    folder = f"{PERIOD_COLUMN}="
    objects: dict[str, list[ObjectInfo]] = {}
    for key, info in found.by_key.items():
        if key.startswith(folder) and "/" in key:
            objects.setdefault(key[len(folder) :].partition("/")[0], []).append(info)
    return objects


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
