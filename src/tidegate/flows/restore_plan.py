"""What a restore would do: which periods of which batches, into which table, and whether they still fit."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import chain

from tidegate.errors import ConfigError, ObjectMissing, PolicyError, Refused, UsageError
from tidegate.flows.ages import Age, read_ages
from tidegate.flows.context import Context
from tidegate.flows.holds import read_holds
from tidegate.flows.identity import Identity, attach
from tidegate.flows.pinned import pinned
from tidegate.flows.published import Counted, prefixes, read_counted, read_descriptor, read_retired
from tidegate.flows.records import RecordLog
from tidegate.flows.thaw.standing import ParkedFiles, Standing, estimate, objects, stand
from tidegate.flows.versions import Versions, as_external, check_change
from tidegate.model.batch import Descriptor, FileEntry, PeriodProof, TableVersion
from tidegate.model.layout import data_root, thaw_prefix
from tidegate.model.names import TableName
from tidegate.model.periods import Period
from tidegate.model.tables import Column, Table
from tidegate.model.thawing import NO_FILES, Amount, FileStates, ThawEstimate, retrieval_time
from tidegate.model.tiers import Retrieval
from tidegate.redshift.storage import needs_explicit_ids, stored_columns
from tidegate.redshift.view import cold_extent

RESTORED = "restored"
MAX_DAYS = 3650
COPIES_DAYS = 3
"""How long parked periods stay readable that are thawed to be brought into a table."""


@dataclass(frozen=True)
class RestoreRequest:
    """Periods that touch [first, last] (both inclusive, None = unbounded); `into` a new table, else the hot one.

    With `days` they go nowhere: parked ones can be read in place, for so many days. `retrieval`: how parked files are
    asked for.
    """

    table: TableName
    first: date | None = None
    last: date | None = None
    into: TableName | None = None
    days: int | None = None
    retrieval: Retrieval = Retrieval.STANDARD


@dataclass(frozen=True)
class RestorePart:
    """Some periods of one batch, and the external version that reads them.

    `parked`: they cannot be read before they are thawed. `thawed`: those that can be read, from copies, until a day.
    """

    batch: str
    prefix: str
    version: TableVersion
    descriptor: Descriptor
    proofs: tuple[PeriodProof, ...]
    hash: str
    parked: bool = False
    thawed: tuple[tuple[date, date], ...] = ()

    def folder(self, day: date) -> str:
        """The key prefix below which the files of a period are read."""
        until = dict(self.thawed).get(day)
        return self.prefix if until is None else thaw_prefix(self.prefix, until)

    def only(self, days: Collection[date]) -> "RestorePart":
        """The part with some of its periods."""
        return replace(self, proofs=tuple(p for p in self.proofs if p.period in days))

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(p.period for p in self.proofs)

    @property
    def periods(self) -> list[Period]:
        return [Period(day, self.descriptor.granularity) for day in self.days]

    @property
    def files(self) -> list[FileEntry]:
        days = set(self.days)
        return [file for file in self.descriptor.files if file.period in days]

    @property
    def bytes(self) -> int:
        return sum(file.size for file in self.files)


@dataclass(frozen=True)
class RestorePlan:
    """`target` is the definition of the table that gets the rows; `create` when it does not exist yet.

    `versions`: all of the table's external versions. `done`: what an identical run restored before, when nothing is
    left to do. `states`: where the files stand; `thaw`: how those could be asked for that nobody asked for yet.
    `until`: the last day on which parked periods will be readable in place; None for a restore into a table.
    """

    request: RestoreRequest
    identity: Identity
    target: Table
    create: bool
    parts: tuple[RestorePart, ...]
    versions: tuple[TableVersion, ...] = ()
    done: tuple[date, ...] = ()
    states: FileStates = NO_FILES
    thaw: ThawEstimate | None = None
    until: date | None = None

    @property
    def parked(self) -> list[RestorePart]:
        return [part for part in self.parts if part.parked]

    @property
    def rows(self) -> int:
        return sum(p.rows for part in self.parts for p in part.proofs)

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.parts)


def plan_restore(ctx: Context, request: RestoreRequest) -> RestorePlan:
    """Read only.

    Raises:
        ObjectMissing: nothing is archived there.
        PolicyError: a column cannot be mapped to the target.
        CorruptRecord: a descriptor is missing or unreadable.
        DifferenceFound: a parked file is missing.
        UsageError: files lie in a tier that has no such retrieval, or the request contradicts itself.
    """
    return plan_checked(ctx, _checked(ctx, request))


def plan_checked(ctx: Context, request: RestoreRequest) -> RestorePlan:
    """The same, for a request that does not come from outside."""
    with pinned(ctx) as ctx:
        identity = attach(ctx)
        log = RecordLog(ctx, identity.warehouse)
        log.sync(request.table)
        where = prefixes(log.committed(request.table).values())
        versions = Versions(ctx, identity.warehouse, request.table).load()
        counted, parked, thawed = _counted(ctx, request.table)
        near = [_part(ctx, item, where, versions, thawed) for item in counted if _may_touch(request, item)]
        near += [replace(_part(ctx, p, where, versions, {}), parked=True) for p in parked if _may_touch(request, p)]
        parts = tuple(chosen for part in near if (chosen := _chosen(request, part)).proofs)
        done = () if parts else _done(ctx, request)
        name = request.into or request.table
        existing = ctx.warehouse.tables([name]).get(name)
        target = existing or _new_target(request, _newest(ctx, [*counted, *parked], where, versions), parts)
        if existing is None and request.into is None:
            target = _continued(ctx, request.table, target, versions)
        stored_columns(target)
        for part in parts:
            _check_target(part.version, target)
        _check_own(identity, parts)
        standing = _standing(ctx, parts)
        plan = RestorePlan(request, identity, target, existing is None, parts, tuple(versions), done, standing.states)
        until = None if request.days is None else ctx.today() + timedelta(days=request.days)
        return replace(plan, thaw=_estimate(ctx, request, standing), until=until)


def _counted(ctx: Context, table: TableName) -> tuple[list[Counted], list[Counted], dict[tuple[str, date], date]]:
    """What counts and can be read, what is parked, and until when periods that were can be read."""
    ages: list[Age] = read_ages(ctx, table)
    parked = read_counted(ctx, ctx.control.parked, table) if any(age.parked_at for age in ages) else []
    thawed = {(age.batch, age.period): age.thawed_until for age in ages if age.thawed_until is not None}
    return read_counted(ctx, ctx.control.published, table), parked, thawed


def _check_own(identity: Identity, parts: Sequence[RestorePart]) -> None:
    """Raises Refused when a parked period is another warehouse's, whose folder this one may only read."""
    foreign = [part for part in parts if part.parked and not part.prefix.startswith(data_root(identity.warehouse))]
    if foreign:
        raise Refused(
            f"batch {foreign[0].batch} is parked, and is that of the warehouse which this one is a copy of",
            hint="Make it readable there first: run the same command with --days on that warehouse.",
        )


def parked_files(parts: Sequence[RestorePart]) -> list[ParkedFiles]:
    """The files of those parts that are parked."""
    return [ParkedFiles(part.prefix, tuple(part.files)) for part in parts if part.parked]


def _standing(ctx: Context, parts: Sequence[RestorePart]) -> Standing:
    """Of parked files as the lake has them; others can be read."""
    standing = stand(chain.from_iterable(objects(ctx, batch) for batch in parked_files(parts)))
    readable = standing.states.readable
    for part in parts:
        if not part.parked:
            readable = Amount(readable.files + len(part.files), readable.bytes + part.bytes)
    return replace(standing, states=replace(standing.states, readable=readable))


def _estimate(ctx: Context, request: RestoreRequest, standing: Standing) -> ThawEstimate | None:
    """What the parked files take. Raises UsageError when there is no such retrieval for them."""
    found = estimate(ctx, standing.asleep, request.days or COPIES_DAYS)
    if found is not None and request.retrieval not in (way.retrieval for way in found.ways):
        tier = next(tier for tier in standing.asleep if retrieval_time(tier, request.retrieval) is None)
        raise UsageError(
            f"{request.table}: files in {tier} cannot be asked for by {request.retrieval} retrieval",
            hint=f"Use {' or '.join(way.retrieval for way in found.ways)} instead.",
        )
    return found


def _checked(ctx: Context, request: RestoreRequest) -> RestoreRequest:
    """Into its own table a restore is the hot one; into a table that Tidegate keeps it is refused."""
    if request.days is not None and request.into is not None:
        raise UsageError(
            "--days makes periods readable where they are, --into brings them into a table", hint="Give one of the two."
        )
    if request.days is not None and not 1 <= request.days <= MAX_DAYS:
        raise UsageError(f"--days is {request.days}, must be 1 to {MAX_DAYS}", hint="Give a number of days.")
    if request.into == request.table:
        return replace(request, into=None)
    own = (ctx.settings.control_schema, ctx.settings.external_schema)
    policies = {policy.table for policy in ctx.settings.policies}
    if request.into is not None and (request.into.schema in own or request.into in policies):
        raise UsageError(f"{request.into} is not a table to restore into", hint="Name a new table with --into.")
    return request


def _part(
    ctx: Context,
    counted: Counted,
    where: dict[str, str],
    versions: list[TableVersion],
    thawed: Mapping[tuple[str, date], date],
) -> RestorePart:
    prefix = where.get(counted.batch)
    if prefix is None:
        raise ConfigError(
            f"batch {counted.batch} of {counted.table} is published, but the lake's record does not know it",
            hint="Run `tidegate verify`.",
        )
    descriptor = read_descriptor(ctx, prefix)
    version = next((v for v in versions if v.external == descriptor.external), None)
    if version is None:
        raise ConfigError(
            f"the lake has no version of {counted.table} for {descriptor.external}", hint="Run `tidegate verify`."
        )
    until = tuple((p.period, day) for p in counted.proofs if (day := thawed.get((counted.batch, p.period))))
    return RestorePart(counted.batch, prefix, version, descriptor, counted.proofs, counted.hash, thawed=until)


def _may_touch(request: RestoreRequest, counted: Counted) -> bool:
    """Whether a period of the batch touches the span asked for, days or months: known before its descriptor is read."""
    low, high = request.first or date.min, request.last or date.max
    days = (proof.period for proof in counted.proofs)
    return any(day <= high and (day.year, day.month) >= (low.year, low.month) for day in days)


def _chosen(request: RestoreRequest, part: RestorePart) -> RestorePart:
    """The part's periods that touch the span asked for."""
    low, high = request.first or date.min, request.last or date.max
    periods = [(proof, Period(proof.period, part.descriptor.granularity)) for proof in part.proofs]
    return replace(part, proofs=tuple(proof for proof, p in periods if p.start <= high and low < p.end))


def _done(ctx: Context, request: RestoreRequest) -> tuple[date, ...]:
    """The periods that were restored before; raises ObjectMissing when there are none."""
    low, high = request.first or date.min, request.last or date.max
    holds = [h for h in read_holds(ctx) if h.table == request.table and h.reason.startswith(RESTORED)]
    spans = [(h.first or date.min, h.last or date.max) for h in holds]
    retired = {r.period for r in read_retired(ctx, request.table) if r.reason == RESTORED and low <= r.period <= high}
    done = tuple(sorted(p for p in retired if any(first <= p <= last for first, last in spans)))
    if not done or request.into is not None or request.days is not None:
        span = f" from {request.first or 'the first period'} to {request.last or 'the last period'}"
        raise ObjectMissing(
            f"{request.table} has no archived rows{span}", hint="`tidegate status` lists what is archived."
        )
    return done


def _newest(
    ctx: Context, counted: Sequence[Counted], where: dict[str, str], versions: list[TableVersion]
) -> Table | None:
    """The table as the newest batch that counts describes it, else as its last version does."""
    if counted:
        newest = max(counted, key=lambda item: item.batch)
        return _part(ctx, newest, where, versions, {}).descriptor.table
    return versions[-1].table if versions else None


def _new_target(request: RestoreRequest, newest: Table | None, parts: Sequence[RestorePart]) -> Table:
    """The table in a form that can hold the rows of every part."""
    if newest is None:
        raise ObjectMissing(f"the lake knows no definition of {request.table}", hint="Run `tidegate verify`.")
    columns = tuple(_holding(column, newest, parts) for column in newest.columns)
    return replace(newest, name=request.into or request.table, columns=columns)


def _holding(column: Column, table: Table, parts: Sequence[RestorePart]) -> Column:
    """The column without what rows from before its time, or from a looser one, could not fulfil."""
    known = [part.descriptor.table.column(column.name) for part in parts]
    if any(before is None for before in known):
        default = None if needs_explicit_ids(table) else column.default
        return replace(column, nullable=True, identity=None, default=default)
    loose = column.identity is None and any(before is not None and before.nullable for before in known)
    return replace(column, nullable=True) if loose else column


def _continued(ctx: Context, table: TableName, target: Table, versions: Sequence[TableVersion]) -> Table:
    """An IDENTITY that goes on after the archived ids: rows that come back do not move it (COPY, EXPLICIT_IDS)."""
    column = next((c for c in target.columns if c.identity is not None), None)
    if column is None or column.identity is None:
        return target
    ids: list[int] = []
    for version in (v for v in versions if v.table.column(column.name) is not None):
        extent = cold_extent(column.name, as_external(version), table, ctx.control.published)
        ids += [int(str(end)) for end in ctx.warehouse.execute(extent).rows[0] if end is not None]
    step = column.identity.step
    ends = [column.identity.seed, *(end + step for end in ids)]
    going_on = replace(column, identity=replace(column.identity, seed=max(ends) if step > 0 else min(ends)))
    return replace(target, columns=tuple(going_on if c is column else c for c in target.columns))


def _check_target(version: TableVersion, target: Table) -> None:
    """Raises PolicyError when archived values could not be written back."""
    check_change(replace(version.table, name=target.name), target)
    for column in target.columns:
        if version.table.column(column.name) is not None:
            continue
        if column.identity is not None:
            trouble = "is an IDENTITY, but the archived rows have no value for it"
        elif not column.nullable:
            trouble = "is NOT NULL, but the archived rows have no value for it"
        elif column.default is not None and needs_explicit_ids(target):
            trouble = "has a default, which COPY … EXPLICIT_IDS would give to the archived rows"
        else:
            continue
        raise PolicyError(
            f'{target.name}: column "{column.name}" {trouble}',
            hint="Restore into a new table with --into, or let the column be NULL.",
        )
