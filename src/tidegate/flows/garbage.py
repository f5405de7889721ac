"""What counts no more: the objects of retired ids, prefixes that no run comes back to, copies of thaws that ended."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from tidegate.flows.ages import Age, read_ages, read_copy_ages
from tidegate.flows.context import Context
from tidegate.flows.files import Folder, table_of
from tidegate.flows.identity import Identity
from tidegate.flows.leases import is_dead
from tidegate.flows.partitions import partition_days
from tidegate.flows.plan import UNFINISHED
from tidegate.flows.published import Retired, read_retired
from tidegate.flows.versions import Versions
from tidegate.lake.base import ObjectInfo
from tidegate.ledger.base import BatchRow, JobState
from tidegate.model.batch import DESCRIPTOR_PATH
from tidegate.model.layout import period_folder, thawed_copy
from tidegate.model.names import TableName
from tidegate.model.outcome import Garbage

KEPT_REASONS = frozenset({"adopted"})
ABANDONED = "abandoned"
THAWED = "thawed"


@dataclass(frozen=True)
class Candidate:
    """Garbage, the keys that go, and what the ledger knows of its batch.

    `orphan`: its id has to be retired first. `days`: the periods whose partitions go with it.
    """

    garbage: Garbage
    keys: tuple[str, ...]
    row: BatchRow | None
    days: tuple[date, ...] = ()
    whole: bool = False
    orphan: bool = False


@dataclass(frozen=True)
class Survey:
    """What the warehouse and the ledger say of every id."""

    ctx: Context
    counted: Mapping[str, Mapping[date, Age]]
    retired: Mapping[str, Sequence[Retired]]
    rows: Mapping[str, BatchRow]
    busy: frozenset[str]
    today: date

    @classmethod
    def read(cls, ctx: Context) -> "Survey":
        counted: dict[str, dict[date, Age]] = {}
        for age in (*read_copy_ages(ctx), *read_ages(ctx)):
            counted.setdefault(age.batch, {})[age.period] = age
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
        return cls(ctx, counted, retired, rows, busy, ctx.today())

    def candidates(self, found: Folder) -> Iterator[Candidate]:
        if found.batch in self.busy:
            return
        retired, counted = self.retired.get(found.batch, []), self.counted.get(found.batch, {})
        if not retired and not counted:
            yield from self._orphan(found)
        elif not counted and all(item.reason not in KEPT_REASONS for item in retired):
            yield self._candidate(found, retired, found.objects, whole=True)
        else:
            objects = _by_period(found)
            for item in retired:
                of_period = objects.get(item.period.isoformat(), [])
                if of_period and item.reason not in KEPT_REASONS and item.period not in counted:
                    yield self._candidate(found, [item], of_period)
            yield from self._thawed(found, counted)

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
                    yield self._candidate(Folder(batch, "", ()), [item], ())

    def _candidate(
        self, found: Folder, retired: Sequence[Retired], objects: Sequence[ObjectInfo], *, whole: bool = False
    ) -> Candidate:
        newest = max(datetime.fromisoformat(item.at).replace(tzinfo=UTC) for item in retired)
        reason = ", ".join(sorted({item.reason for item in retired}))
        periods = tuple(sorted(item.period for item in retired))
        garbage = self._garbage(found, retired[0].table, periods, objects, newest, reason)
        return Candidate(garbage, _keys(objects), self.rows.get(found.batch), periods, whole)

    def _thawed(self, found: Folder, counted: Mapping[date, Age]) -> Iterator[Candidate]:
        """Copies of thaws that are over, in folders that say until when they were.

        A thaw that was killed leaves partitions of parked periods too, which go with what they read.
        """
        ended: dict[date, dict[date, list[ObjectInfo]]] = {}
        going_on: set[date] = set()
        for key, info in found.by_key.items():
            copy = thawed_copy(key)
            period = _period(copy[1]) if copy is not None else None
            if copy is None or period is None or period not in counted:
                continue
            if self._is_over(counted[period], copy[0]):
                ended.setdefault(copy[0], {}).setdefault(period, []).append(info)
            else:
                going_on.add(period)
        for until, periods in sorted(ended.items()):
            objects = [info for of_period in periods.values() for info in of_period]
            since = datetime.combine(until + timedelta(days=1), time.min, UTC)
            table = next(iter(counted.values())).table
            garbage = self._garbage(found, table, tuple(sorted(periods)), objects, since, THAWED)
            left = tuple(p for p in sorted(periods) if counted[p].parked_at is not None and p not in going_on)
            yield Candidate(garbage, _keys(objects), self.rows.get(found.batch), left)

    def _is_over(self, age: Age, until: date) -> bool:
        """Whether nobody reads the copies any more: not the period's partition, and nobody who thaws it just now.

        A thaw that is made longer moves the partition first. What is parked and not handed over may still be read.
        """
        if until >= self.today or (age.parked_at is not None and age.handed_at is None):
            return False
        return age.thawed_until is None or age.thawed_until > until

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
        yield Candidate(garbage, _keys(found.objects), row, periods, whole=True, orphan=True)

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


def _keys(objects: Sequence[ObjectInfo]) -> tuple[str, ...]:
    return tuple(info.key for info in objects)


def _by_period(found: Folder) -> dict[str, list[ObjectInfo]]:
    """The files of each period, thawed copies among them, by its date."""
    objects: dict[str, list[ObjectInfo]] = {}
    for key, info in found.by_key.items():
        copy = thawed_copy(key)
        period = period_folder(key if copy is None else copy[1])
        if period is not None:
            objects.setdefault(period, []).append(info)
    return objects


def _period(key: str) -> date | None:
    text = period_folder(key)
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
