"""What a restore would do: which periods of which batches, into which table, and whether they still fit."""

from dataclasses import dataclass, replace
from datetime import date

from tidegate.errors import ConfigError, ObjectMissing, PolicyError
from tidegate.flows.context import Context
from tidegate.flows.identity import Identity, attach
from tidegate.flows.pinned import pinned
from tidegate.flows.published import Counted, prefixes, read_counted, read_descriptor, read_records, read_retired
from tidegate.flows.records import RecordLog
from tidegate.flows.versions import Versions, check_change
from tidegate.model.batch import Descriptor, PeriodProof, TableVersion
from tidegate.model.names import TableName
from tidegate.model.periods import DateRange, Period
from tidegate.model.tables import Table

RESTORED = "restored"


@dataclass(frozen=True)
class RestoreRequest:
    """Periods that touch [first, last] (both inclusive, None = unbounded); `into` a new table, else the hot one."""

    table: TableName
    first: date | None = None
    last: date | None = None
    into: TableName | None = None


@dataclass(frozen=True)
class RestorePart:
    """Some periods of one batch, and the external version that reads them."""

    batch: str
    prefix: str
    version: TableVersion
    descriptor: Descriptor
    proofs: tuple[PeriodProof, ...]
    hash: str

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(p.period for p in self.proofs)

    @property
    def periods(self) -> list[Period]:
        return [Period(day, self.descriptor.granularity) for day in self.days]

    @property
    def bytes(self) -> int:
        return sum(f.size for f in self.descriptor.files if f.period in set(self.days))


@dataclass(frozen=True)
class RestorePlan:
    """`target` is the definition of the table that gets the rows; `create` when it does not exist yet.

    `done`: what an identical run restored before, when nothing is left to do.
    """

    request: RestoreRequest
    identity: Identity
    target: Table
    create: bool
    parts: tuple[RestorePart, ...]
    done: tuple[date, ...] = ()

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
    """
    with pinned(ctx) as ctx:
        identity = attach(ctx)
        log = RecordLog(ctx, identity.warehouse)
        where = prefixes(read_records(log, request.table))
        versions = Versions(ctx, identity.warehouse, request.table).load()
        parts = []
        for counted in read_counted(ctx, ctx.control.published, request.table):
            part = _part(ctx, counted, where, versions)
            chosen = tuple(p for p in part.proofs if _asked(request, Period(p.period, part.descriptor.granularity)))
            if chosen:
                parts.append(replace(part, proofs=chosen))
        return _with_target(ctx, request, identity, versions, tuple(parts))


def _part(ctx: Context, counted: Counted, where: dict[str, str], versions: list[TableVersion]) -> RestorePart:
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
    return RestorePart(counted.batch, prefix, version, descriptor, counted.proofs, counted.hash)


def _asked(request: RestoreRequest, period: Period) -> bool:
    low, high = request.first or date.min, request.last or date.max
    return DateRange(period.start, period.end).start <= high and low < period.end


def _with_target(
    ctx: Context,
    request: RestoreRequest,
    identity: Identity,
    versions: list[TableVersion],
    parts: tuple[RestorePart, ...],
) -> RestorePlan:
    name = request.into or request.table
    existing = ctx.warehouse.tables([name]).get(name)
    done: tuple[date, ...] = ()
    if not parts:
        low, high = request.first or date.min, request.last or date.max
        retired = [r for r in read_retired(ctx, request.table) if r.reason == RESTORED]
        done = tuple(sorted({r.period for r in retired if low <= r.period <= high}))
        if not done or request.into is not None:
            span = f" from {request.first or 'the first'} to {request.last or 'the last'} period"
            raise ObjectMissing(
                f"{request.table} has no archived rows{span}", hint="`tidegate status` lists what is archived."
            )
    if existing is None and not versions:
        raise ObjectMissing(f"the lake knows no definition of {request.table}", hint="Run `tidegate verify`.")
    target = existing or replace(versions[-1].table, name=name)
    for part in parts:
        _check_target(part.version, target)
    return RestorePlan(request, identity, target, existing is None, parts, done)


def _check_target(version: TableVersion, target: Table) -> None:
    """Raises PolicyError when archived values could not be written back."""
    check_change(replace(version.table, name=target.name), target)
    for column in target.columns:
        known = version.table.column(column.name) is not None
        if not known and not column.nullable and column.identity is None:
            raise PolicyError(
                f'{target.name}: column "{column.name}" is NOT NULL, but the archived rows have no value for it',
                hint="Restore into a new table with --into, or allow NULL in the column.",
            )
