"""Collect what counts no more: objects of retired ids, and prefixes that no run will come back to.

Only ids that are retired in the warehouse lose objects, so that a worker that froze for an hour and wakes up finds
its batch refused. A prefix that nobody knows is retired first. Rows that a taken-over warehouse lacks are kept.
Parked files that no query reads any more go to their tier in the same run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from tidegate.errors import CorruptRecord, ObjectLocked
from tidegate.flows.abandon import abandon
from tidegate.flows.context import Context
from tidegate.flows.files import batch_folders
from tidegate.flows.garbage import Candidate, Survey
from tidegate.flows.holds import held, read_holds
from tidegate.flows.identity import Identity, attach, read_claim
from tidegate.flows.partitions import partition_days
from tidegate.flows.pinned import pinned
from tidegate.flows.published import read_descriptor
from tidegate.flows.records import RecordLog
from tidegate.flows.restore_plan import RESTORED
from tidegate.flows.tier.hand_over import run_hand_over
from tidegate.flows.tier.plan import TableTiers, plan_hand_over
from tidegate.flows.versions import Versions
from tidegate.model.batch import BATCH_COLUMN, PERIOD_COLUMN, BatchState
from tidegate.model.layout import data_root
from tidegate.model.names import TableName
from tidegate.model.outcome import Garbage, GcOutcome
from tidegate.model.periods import Granularity, Period
from tidegate.model.records import BatchPeriods
from tidegate.redshift.external import drop_partition

ERASED = "erased"
"""The reason of ids whose objects go with every version of them."""

AT_ONCE = 1000
"""Objects that go between two looks at the holds: what one request to S3 deletes."""


@dataclass(frozen=True)
class GcPlan:
    """`parked`: what goes to its tier now."""

    identity: Identity
    ready: tuple[Candidate, ...]
    waiting: tuple[Candidate, ...]
    parked: tuple[TableTiers, ...] = ()


def plan_gc(ctx: Context, older_than: timedelta | None = None) -> GcPlan:
    """Read only. `older_than` (default: delete_grace) since an id was retired or parked, or an orphan last written.

    Raises:
        ForeignWarehouse: this warehouse is a copy or was set back.
    """
    grace = older_than if older_than is not None else timedelta(seconds=ctx.settings.delete_grace_seconds)
    with pinned(ctx) as ctx:
        identity = attach(ctx)
        RecordLog(ctx, identity.warehouse).check_all()
        survey = Survey.read(ctx)
        seen: set[str] = set()
        candidates: list[Candidate] = []
        for found in batch_folders(ctx, data_root(identity.warehouse)):
            seen.add(found.batch)
            candidates += survey.candidates(found)
        if read_claim(ctx, identity.warehouse).copy_of is not None:
            candidates += survey.borrowed(identity, seen)
        parked = plan_hand_over(ctx, identity.warehouse, grace)
    limit = int(grace.total_seconds())
    ready = tuple(c for c in candidates if c.garbage.age_seconds >= limit)
    return GcPlan(identity, ready, tuple(c for c in candidates if c.garbage.age_seconds < limit), parked)


def run_gc(ctx: Context, plan: GcPlan) -> GcOutcome:
    """Retire orphans, forget partitions, delete objects, hand parked files over; repeating it is harmless.

    Raises:
        ObjectLocked: the store keeps a version of what was erased; all else was done.
    """
    with pinned(ctx) as ctx:
        log = RecordLog(ctx, plan.identity.warehouse)
        log.sync_all()
        collection = _Collection(ctx, log, plan.identity)
        for some in _groups(plan.ready):
            collection.collect(some)
        handed = run_hand_over(ctx, plan.parked)
        if collection.locked is not None:
            raise collection.locked
    removed = collection.removed
    return GcOutcome(
        tuple(removed),
        tuple(c.garbage for c in plan.waiting),
        sum(g.objects for g in removed),
        sum(g.bytes for g in removed),
        tuple(handed),
    )


def _groups(candidates: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    """As many as have AT_ONCE objects together, each whole."""
    group: list[Candidate] = []
    objects = 0
    for candidate in candidates:
        if group and objects + len(candidate.keys) > AT_ONCE:
            yield group
            group, objects = [], 0
        group.append(candidate)
        objects += len(candidate.keys)
    if group:
        yield group


@dataclass
class _Collection:
    """One run. `partitions`: the periods that have one, by external table and batch, read once for each table."""

    ctx: Context
    log: RecordLog
    identity: Identity
    removed: list[Garbage] = field(default_factory=list)
    partitions: dict[TableName, Mapping[str, frozenset[date]]] = field(default_factory=dict)
    locked: ObjectLocked | None = None

    def collect(self, candidates: Sequence[Candidate]) -> None:
        """Take those that no hold is on, by a second look right before their objects go."""
        asked = [hold for hold in read_holds(self.ctx) if not hold.reason.startswith(RESTORED)]
        going = []
        for candidate in candidates:
            garbage = candidate.garbage
            months = [Period.containing(day, Granularity.MONTHLY) for day in garbage.periods if day > date.min]
            if held(asked, garbage.table, months):
                self.ctx.reporter.notice(
                    f"batch {garbage.batch} of {garbage.table} is under hold; its files are left alone"
                )
            elif not candidate.orphan or self._retire(garbage):
                going.append(candidate)
        for candidate in going:
            self._drop_partitions(candidate)
        self.ctx.lake.delete([key for c in going if ERASED not in c.garbage.reason for key in c.keys])
        for candidate in going:
            if ERASED not in candidate.garbage.reason or self._erase(candidate):
                self._note(candidate)
                self.removed.append(candidate.garbage)

    def _erase(self, candidate: Candidate) -> bool:
        """Delete every version. What the store keeps all the same holds nothing else up, and is told in the end."""
        try:
            self.ctx.lake.erase(candidate.keys)
        except ObjectLocked as error:
            self.locked = self.locked or error
            return False
        return True

    def _retire(self, garbage: Garbage) -> bool:
        part = BatchPeriods(garbage.batch, garbage.prefix, garbage.periods or (date.min,))
        return abandon(self.ctx, self.log, garbage.table, part, "no run came back to it")

    def _drop_partitions(self, candidate: Candidate) -> None:
        """Forget the partitions of what goes."""
        batch = candidate.garbage.batch
        for external in self._externals(candidate) if candidate.days else ():
            if external not in self.partitions:
                self.partitions[external] = partition_days(self.ctx, external)
            for day in sorted(self.partitions[external].get(batch, frozenset()) & set(candidate.days)):
                values = ((BATCH_COLUMN, batch), (PERIOD_COLUMN, day.isoformat()))
                self.ctx.warehouse.execute(drop_partition(external, values))

    def _externals(self, candidate: Candidate) -> list[TableName]:
        """The version of the external table that reads the batch; all of them where nothing says which."""
        if candidate.row is not None and candidate.row.external is not None:
            return [candidate.row.external]
        garbage = candidate.garbage
        try:
            return [read_descriptor(self.ctx, garbage.prefix).external]
        except CorruptRecord:
            versions = Versions(self.ctx, self.identity.warehouse, garbage.table).load()
            return [version.external for version in versions]

    def _note(self, candidate: Candidate) -> None:
        if candidate.row is not None and candidate.whole:
            self.ctx.ledger.save_batch(replace(candidate.row, state=BatchState.COLLECTED, updated_at=self.ctx.clock()))
