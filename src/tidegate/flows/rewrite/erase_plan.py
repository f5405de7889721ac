"""What an erasure would do: which rows of which batches, and what stands in its way. Nothing is changed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from tidegate.errors import (
    BlastRadius,
    HoldInForce,
    ObjectMissing,
    ObjectParked,
    Refused,
    StatementCancelled,
    StatementError,
    TidegateError,
    UsageError,
)
from tidegate.flows.ages import Age
from tidegate.flows.context import Context
from tidegate.flows.gc import ERASED
from tidegate.flows.holds import last_day, read_holds
from tidegate.flows.identity import Identity, attach
from tidegate.flows.partitions import partition_days
from tidegate.flows.pinned import pinned
from tidegate.flows.plan import UNFINISHED, period_column
from tidegate.flows.published import as_day
from tidegate.flows.records import RecordLog
from tidegate.flows.rewrite.grouping import PERIODS
from tidegate.flows.rewrite.remains import Remains, read_remains
from tidegate.flows.rewrite.source import Source, read_sources
from tidegate.flows.rewrite.spec import ERASE, REWRITES, RewriteSpec
from tidegate.flows.spec import WHOLE
from tidegate.flows.versions import Versions, as_external
from tidegate.ledger.base import BatchRow
from tidegate.model.batch import TableVersion
from tidegate.model.names import TableName
from tidegate.model.periods import Granularity, Period
from tidegate.model.policy import Policy
from tidegate.model.records import BatchPeriods
from tidegate.model.rewrites import ErasedPeriod, Place
from tidegate.model.tables import Table
from tidegate.redshift.condition import Condition, parse_condition
from tidegate.redshift.periods import period_expression
from tidegate.redshift.rewrite import count_archived, count_hot, count_rows, going, over_archive

MAX_REASON_BYTES = 1000
ALWAYS = (date.min, date.max)
BatchPeriod = tuple[str, date]


@dataclass(frozen=True)
class EraseRequest:
    """`hot`: the hot rows too. `now`: old objects go at once. `max_delete_fraction` lifts the policy's guard."""

    table: TableName
    where: str
    hot: bool = False
    now: bool = False
    reason: str = ""
    max_delete_fraction: float | None = None


@dataclass(frozen=True)
class HotRows:
    """Hot rows of the condition by period; None is a row without one. `total` rows are in the table."""

    by_period: dict[date | None, int] = field(default_factory=dict)
    total: int = 0
    granularity: Granularity | None = None

    @property
    def rows(self) -> int:
        return sum(self.by_period.values())

    @property
    def found(self) -> list[ErasedPeriod]:
        return [ErasedPeriod(Place.HOT, "", day, rows) for day, rows in self.by_period.items()]

    @property
    def spans(self) -> list[tuple[date, date]]:
        """First and last day of each period; all days where a row has none."""
        if self.granularity is None or None in self.by_period:
            return [ALWAYS] if self.rows else []
        return [(day, last_day(Period(day, self.granularity))) for day in self.by_period if day is not None]


@dataclass(frozen=True)
class ErasePlan:
    """`found` by place, batch and period. `specs` are the rewrites; `exports` (copies that nobody can read
    through an external table), `retired` and `unfinished` lose their objects.

    `leftovers` are batches of a killed rewrite. `spans` are the days of all that would go. `refusal` is the verdict of
    the guards: a run would stop there.
    """

    request: EraseRequest
    identity: Identity
    condition: Condition
    found: tuple[ErasedPeriod, ...]
    specs: tuple[RewriteSpec, ...]
    exports: tuple[BatchPeriods, ...]
    retired: tuple[BatchPeriods, ...]
    unfinished: tuple[BatchPeriods, ...]
    leftovers: tuple[BatchRow, ...]
    hot: HotRows
    spans: tuple[tuple[date, date], ...]
    refusal: TidegateError | None = None

    def rows(self, *places: Place) -> int:
        return sum(item.rows or 0 for item in self.found if item.place in places)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do in the warehouse."""
        hot = self.request.hot and self.hot.rows
        return not (self.specs or self.exports or self.retired or self.unfinished or hot)


def plan_erase(ctx: Context, request: EraseRequest) -> ErasePlan:
    """Read only.

    Raises:
        UsageError: the table is one of Tidegate's own, the condition cannot be used, or the reason is too long.
        ObjectMissing: there is no such table, and nothing of it is archived.
        ForeignWarehouse: this warehouse is a copy or was set back.
    """
    if request.table.schema in (ctx.settings.control_schema, ctx.settings.external_schema):
        raise UsageError(
            f"{request.table}: the schema {request.table.schema} is Tidegate's own, nothing is erased from it",
            hint="Name the table whose rows are archived.",
        )
    if len(request.reason.encode()) > MAX_REASON_BYTES:
        raise UsageError(
            f"the reason has {len(request.reason.encode())} bytes", hint=f"Give at most {MAX_REASON_BYTES} bytes."
        )
    with pinned(ctx) as ctx:
        identity = attach(ctx)
        log = RecordLog(ctx, identity.warehouse)
        log.sync(request.table)
        return _Planning.of(ctx, log, request).plan(identity)


@dataclass
class _Planning:
    ctx: Context
    log: RecordLog
    request: EraseRequest
    versions: Sequence[TableVersion]
    hot_table: Table | None
    condition: Condition
    table: Table

    @classmethod
    def of(cls, ctx: Context, log: RecordLog, request: EraseRequest) -> "_Planning":
        versions = Versions(ctx, log.warehouse, request.table).load()
        hot = ctx.warehouse.tables([request.table]).get(request.table)
        if hot is None and not versions:
            raise ObjectMissing(
                f"table {request.table} does not exist, and nothing of it is archived",
                hint="Check its schema and name.",
            )
        table = hot if hot is not None else versions[-1].table
        return cls(ctx, log, request, versions, hot, parse_condition(request.where, table), table)

    def plan(self, identity: Identity) -> ErasePlan:
        known = read_sources(self.ctx, self.log, self.request.table, self.versions)
        sources, exports = known.readable, tuple(part.record for part in known.exports)
        remains = read_remains(self.ctx, self.log, self.request.table)
        matches = self._matches(sources)
        chosen = [c for s in sources if (c := s.of({d for d in s.days if matches.get((s.batch, d))})).days]
        specs = tuple(spec for source in chosen for spec in self._specs(source))
        retired, in_retired = self._retired(remains)
        hot = self._hot()
        found = [
            ErasedPeriod(Place.COPY if c.copied else Place.ARCHIVE, c.batch, day, matches[c.batch, day])
            for c in chosen
            for day in c.days
        ]
        found += [ErasedPeriod(Place.COPY, part.batch, day, None) for part in exports for day in part.periods]
        found += [
            ErasedPeriod(Place.RETIRED, p.batch, d, in_retired.get((p.batch, d))) for p in retired for d in p.periods
        ]
        found += [
            ErasedPeriod(Place.UNFINISHED, part.batch, d, None) for part in remains.unfinished for d in part.periods
        ]
        found += hot.found
        spans = [span for source in chosen for span in source.part.spans]
        spans += [_span(day) for part in (*exports, *retired, *remains.unfinished) for day in part.periods]
        if self.request.hot:
            spans += hot.spans
        plan = ErasePlan(
            request=self.request,
            identity=identity,
            condition=self.condition,
            found=tuple(found),
            specs=specs,
            exports=exports,
            retired=tuple(retired),
            unfinished=remains.unfinished,
            leftovers=tuple(
                row for row in self.ctx.ledger.batches(self.request.table, UNFINISHED) if row.action in REWRITES
            ),
            hot=hot,
            spans=tuple(sorted(set(spans))),
        )
        return replace(plan, refusal=self._refusal(plan, known.parked, remains))

    def _matches(self, sources: Sequence[Source]) -> dict[BatchPeriod, int]:
        """Rows of the condition by batch and period."""
        found: dict[BatchPeriod, int] = {}
        for version in dict.fromkeys(source.version for source in sources):
            for parts in _chunks(source.record for source in sources if source.version == version):
                found |= self._count(version, parts)
        return found

    def _count(self, version: TableVersion, parts: Sequence[BatchPeriods]) -> dict[BatchPeriod, int]:
        statement = count_archived(version.external, going(parts, self._over(version)))
        return {(str(b), as_day(d)): int(str(n)) for b, d, n in self.ctx.warehouse.execute(statement).rows}

    def _over(self, version: TableVersion) -> str:
        return over_archive(self.condition, self.table, as_external(version))

    def _specs(self, source: Source) -> Iterator[RewriteSpec]:
        """One rewrite, or as many as its statements need."""
        spec = RewriteSpec.build(self.ctx, self.log.warehouse, ERASE, [source], self._over(source.version))
        days = source.days
        if len(days) == 1 or (len(days) <= PERIODS and spec.fits(self.ctx)):
            yield spec
            return
        for half in (days[: len(days) // 2], days[len(days) // 2 :]):
            yield from self._specs(source.of(set(half)))

    def _retired(self, remains: Remains) -> tuple[list[BatchPeriods], dict[BatchPeriod, int]]:
        """Retired periods whose objects have rows of the condition, or cannot be read; and the rows where they can."""
        present = {v: partition_days(self.ctx, v.external) for v in self.versions}
        chosen: list[BatchPeriods] = []
        counts: dict[BatchPeriod, int] = {}
        for whole in remains.retired:
            left = tuple(d for d in whole.periods if remains.reasons.get((whole.batch, d)) != ERASED)
            part = replace(whole, periods=left)
            version = next((v for v in self.versions if part.batch in present[v]), None)
            readable = frozenset(present[version][part.batch]) if version is not None else frozenset()
            inside = tuple(day for day in part.periods if day in readable)
            counted = self._try_count(version, replace(part, periods=inside)) if version is not None and inside else {}
            if counted is None:
                days = part.periods
            else:
                counts |= counted
                days = tuple(d for d in part.periods if d not in readable or counted.get((part.batch, d)))
            if days:
                chosen.append(replace(part, periods=days))
        return chosen, counts

    def _try_count(self, version: TableVersion, part: BatchPeriods) -> dict[BatchPeriod, int] | None:
        """None where the objects cannot be read any more: nothing says that none of the rows is in them."""
        try:
            return self._count(version, [part])
        except StatementError as error:
            if error.retryable or isinstance(error, StatementCancelled):
                raise
            return None

    def _hot(self) -> HotRows:
        return count_hot_rows(self.ctx, self.log.warehouse, self.hot_table, self.condition)

    def _refusal(self, plan: ErasePlan, parked: Sequence[Age], remains: Remains) -> TidegateError | None:
        return (
            _is_parked(self.request.table, parked)
            or self._is_stray(plan, remains)
            or _is_held(self.ctx, plan)
            or too_many(self.ctx, self.request, plan.hot)
        )

    def _is_stray(self, plan: ErasePlan, remains: Remains) -> TidegateError | None:
        if remains.strays:
            return Refused(
                f"{remains.strays[0]} was unloaded, but no record says what became of it",
                hint="Find out whether its rows are needed, move it away or delete it, and run the command again.",
            )
        kept = [p for p in plan.retired for d in p.periods if remains.reasons.get((p.batch, d)) == "adopted"]
        if kept:
            return Refused(
                f"batch {kept[0].batch} holds rows that this warehouse lacked when it was taken over",
                hint="Its files are kept as the only copy; delete them yourself, and run the command again.",
            )
        return None


def count_hot_rows(ctx: Context, warehouse: str, table: Table | None, condition: Condition) -> HotRows:
    """Hot rows of the condition by the period of the table's policy; without a policy none has a period."""
    if table is None:
        return HotRows()
    policy = next((p for p in ctx.settings.policies if p.table == table.name and p.column is not None), None)
    column = period_column(ctx, warehouse, policy, table) if policy is not None else None
    expression = period_expression(column) if column is not None else "CAST(NULL AS DATE)"
    counted = ctx.warehouse.execute(count_hot(table.name, expression, condition.over_table)).rows
    by_period = {None if day is None else as_day(day): int(str(rows)) for day, rows in counted}
    total = int(str(ctx.warehouse.execute(count_rows(table.name)).rows[0][0]))
    return HotRows(by_period, total, column.granularity if column is not None else None)


def too_many(ctx: Context, request: EraseRequest, hot: HotRows) -> TidegateError | None:
    """The verdict of the guard on how much of the hot table may go at once."""
    policy = next((p for p in ctx.settings.policies if p.table == request.table), Policy(request.table, None))
    limit = policy.max_delete_fraction if request.max_delete_fraction is None else request.max_delete_fraction
    fraction = hot.rows / hot.total if request.hot and hot.total else 0.0
    if fraction <= limit:
        return None
    return BlastRadius(
        f"{request.table}: {fraction:.0%} of the hot rows would be erased, more than {limit:.0%}",
        hint="If that is meant, run again with --max-delete-fraction.",
    )


def _is_parked(table: TableName, parked: Sequence[Age]) -> TidegateError | None:
    if not parked:
        return None
    days = sorted({age.period for age in parked})
    names = ", ".join(day.isoformat() for day in days[:12]) + (f" and {len(days) - 12} more" if len(days) > 12 else "")
    return ObjectParked(
        f"{table}: {names}: parked, so that nobody can tell which rows are there",
        hint=f"Thaw them first: `tidegate restore {table} --from {days[0]} --to {days[-1]} --days 7`.",
    )


def _is_held(ctx: Context, plan: ErasePlan) -> TidegateError | None:
    for hold in read_holds(ctx):
        first, last = hold.first or date.min, hold.last or date.max
        if hold.table == plan.request.table and any(since <= last and first <= until for since, until in plan.spans):
            return HoldInForce(
                f"{plan.request.table}: rows are under hold {hold.id}: {hold.reason}",
                hint=f"Nothing was erased. When it may end: `tidegate hold release {hold.id}`.",
            )
    return None


def _span(day: date) -> tuple[date, date]:
    """The days of a period of which only the first is known: those of its month."""
    return ALWAYS if day == WHOLE else (day, last_day(Period.containing(day, Granularity.MONTHLY)))


def _chunks(parts: Iterable[BatchPeriods]) -> Iterator[list[BatchPeriods]]:
    """Lists of parts that fit into one statement each."""
    chunk: list[BatchPeriods] = []
    size = 0
    for part in parts:
        for at in range(0, len(part.periods), PERIODS):
            piece = replace(part, periods=part.periods[at : at + PERIODS])
            if chunk and size + len(piece.periods) > PERIODS:
                yield chunk
                chunk, size = [], 0
            chunk.append(piece)
            size += len(piece.periods)
    if chunk:
        yield chunk
