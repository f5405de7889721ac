"""Let archives expire: rows that were archived for longer than the policy's `expire` count no more, then go for ever.

One transaction with its record retires them; objects go by `gc`, after `delete_grace` and another look at the holds.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum

from tidegate.errors import BlastRadius, ConfigError, GuardFailed, Interrupted, TidegateError
from tidegate.flows.ages import Age, read_ages, read_copy_ages
from tidegate.flows.context import Context
from tidegate.flows.holds import read_holds
from tidegate.flows.identity import Identity, attach
from tidegate.flows.leases import lease
from tidegate.flows.parts import Batches, Part, by_batch, portions
from tidegate.flows.pinned import pinned
from tidegate.flows.planned import PlannedStatement
from tidegate.flows.published import by_table
from tidegate.flows.records import ATTEMPTS, RecordLog
from tidegate.flows.tier.due import Calendar
from tidegate.flows.tier.plan import AgeRequest
from tidegate.model.aging import Expiry, Kept
from tidegate.model.batch import BatchState
from tidegate.model.names import TableName
from tidegate.model.outcome import ExpireOutcome, Failure
from tidegate.model.policy import Action, Policy
from tidegate.model.records import Hold, LogRecord, RecordKind
from tidegate.redshift.identifiers import comment
from tidegate.redshift.lock import lock

JOB = "expire"
EXPIRED = "expired"


class Where(StrEnum):
    """Which control table counts the rows."""

    PUBLISHED = "published"
    PARKED = "parked"
    COPIES = "copies"


@dataclass(frozen=True)
class ExpiringPart:
    where: Where
    part: Part
    expiry: Expiry


@dataclass(frozen=True)
class TableExpiry:
    """One table. `archived_rows` are all that count, or are copied. `refusal` is a guard's verdict."""

    policy: Policy
    archived_rows: int = 0
    parts: tuple[ExpiringPart, ...] = ()
    held: tuple[Kept, ...] = ()
    refusal: TidegateError | None = None
    error: TidegateError | None = None

    @property
    def rows(self) -> int:
        return sum(item.part.rows for item in self.parts)


@dataclass(frozen=True)
class ExpirePlan:
    as_of: date
    identity: Identity
    tables: tuple[TableExpiry, ...]


@dataclass(frozen=True)
class ExpireRequest(AgeRequest):
    """`max_delete_fraction` lifts the policy's guard."""

    max_delete_fraction: float | None = None


@dataclass(frozen=True)
class _Survey:
    log: RecordLog
    calendar: Calendar
    holds: Sequence[Hold]
    ages: Mapping[TableName, Sequence[Age]]
    copies: Mapping[TableName, Sequence[Age]]

    @classmethod
    def read(cls, ctx: Context, warehouse: str, as_of: date | None) -> "_Survey":
        return cls(
            RecordLog(ctx, warehouse),
            Calendar.of(ctx, as_of),
            read_holds(ctx),
            by_table(read_ages(ctx)),
            by_table(read_copy_ages(ctx)),
        )

    def table(self, policy: Policy) -> TableExpiry:
        """What is due of one table; what is wrong with it stands in the plan."""
        try:
            return self._table(policy)
        except TidegateError as error:
            return TableExpiry(policy, error=error)

    def _table(self, policy: Policy) -> TableExpiry:
        copies = policy.action is Action.COPY
        batches = Batches(self.log, policy.table)
        counted = (self.copies if copies else self.ages).get(policy.table, ())
        expire = policy.expire
        old = [age for age in counted if expire is not None and self.calendar.days(age) >= expire]
        parts: list[ExpiringPart] = []
        held: list[Kept] = []
        for ages in by_batch(old):
            free, on_hold = batches.part(ages).split(self.holds)
            for where in Where:
                for tier in sorted({age.tier for age in free.ages}):
                    part = free.of(a for a in free.ages if a.tier is tier and _where(a, copies) is where)
                    if part.ages:
                        parts.append(ExpiringPart(where, part, self._expiry(policy, part, where)))
            if on_hold.ages:
                held.append(Kept(policy.table, on_hold.batch, on_hold.days))
        plan = TableExpiry(policy, sum(age.rows for age in counted), tuple(parts), tuple(held))
        return replace(plan, refusal=_refusal(plan))

    def _expiry(self, policy: Policy, part: Part, where: Where) -> Expiry:
        tier = part.ages[0].tier
        return Expiry(
            policy.table,
            part.batch,
            tier,
            part.days,
            part.rows,
            len(part.files),
            part.bytes,
            where is Where.PARKED,
            where is Where.COPIES,
            max(self._early(policy, age) for age in part.ages),
        )

    def _early(self, policy: Policy, age: Age) -> int:
        """Days of the tier's minimum that are left: they began when the files were told to move there."""
        handed = age.handed_at.astimezone(self.calendar.zone).date() if age.handed_at else None
        moved = next((rule.days for rule in policy.tiers if rule.tier is age.tier), 0)
        since = handed or age.archived_at.astimezone(self.calendar.zone).date() + timedelta(days=moved)
        return max(0, age.tier.minimum_days - max(0, (self.calendar.as_of - since).days))


def _where(age: Age, copies: bool) -> Where:
    if copies:
        return Where.COPIES
    return Where.PUBLISHED if age.parked_at is None else Where.PARKED


def _refusal(plan: TableExpiry) -> TidegateError | None:
    fraction = plan.rows / plan.archived_rows if plan.archived_rows else 0.0
    if fraction <= plan.policy.max_delete_fraction:
        return None
    return BlastRadius(
        f"{plan.policy.table}: {fraction:.0%} of what is archived would expire, "
        f"more than {plan.policy.max_delete_fraction:.0%}",
        hint="If that is meant, run again with --max-delete-fraction.",
    )


def plan_expire(ctx: Context, request: ExpireRequest) -> ExpirePlan:
    """Read only.

    Raises:
        ConfigError: a table was asked for whose archives do not expire.
    """
    policies = {p.table: p for p in ctx.settings.policies if p.expire is not None}
    missing = [table for table in request.tables if table not in policies]
    if missing:
        names = ", ".join(map(str, policies)) or "none"
        raise ConfigError(
            f"{missing[0]} has no expire", hint=f"Set expire in [[archive]] tiers. Tables that have it: {names}."
        )
    lifted = request.max_delete_fraction
    with pinned(ctx) as ctx:
        identity = attach(ctx)
        survey = _Survey.read(ctx, identity.warehouse, request.as_of)
        tables = tuple(
            survey.table(policy if lifted is None else replace(policy, max_delete_fraction=lifted))
            for policy in policies.values()
            if not request.tables or policy.table in request.tables
        )
    return ExpirePlan(survey.calendar.as_of, identity, tables)


def run_expire(ctx: Context, plan: ExpirePlan) -> ExpireOutcome:
    """Carry the plan out. A table that fails never stops the others. Raises Interrupted."""
    expired: list[Expiry] = []
    failures: list[Failure] = []
    for table in plan.tables:
        run = _TableRun(ctx, plan, table)
        try:
            run.run()
        except Interrupted:
            raise
        except TidegateError as error:
            failures.append(Failure.of(table.policy.table, error))
        expired += run.expired
    held = tuple(kept for table in plan.tables for kept in table.held)
    return ExpireOutcome(tuple(expired), held, tuple(failures))


def expire_statements(ctx: Context, plan: ExpirePlan) -> Iterator[PlannedStatement]:
    """In the order in which a run submits them."""
    job = ctx.new_id()
    for table in plan.tables:
        for where, parts in _portions(table.parts):
            for sql in _transaction(ctx, job, where, parts):
                yield PlannedStatement(table.policy.table, "", JOB, sql)


def _portions(items: Sequence[ExpiringPart]) -> Iterator[tuple[Where, list[Part]]]:
    for where in Where:
        for parts in portions(item.part for item in items if item.where is where):
            yield where, parts


def _transaction(ctx: Context, job: str, where: Where, parts: Sequence[Part], log: Sequence[str] = ()) -> list[str]:
    """ONE transaction: they still count where they did, no hold is on them, and from now on they count no more."""
    control, table = ctx.control, parts[0].table
    records = [part.record for part in parts]
    guards: dict[Where, Callable[..., list[str]]] = {
        Where.PUBLISHED: control.guard_all_published,
        Where.PARKED: control.guard_all_parked,
        Where.COPIES: control.guard_all_copied,
    }
    sources = {Where.PUBLISHED: control.published, Where.PARKED: control.parked, Where.COPIES: control.copies}
    mark = comment(job, JOB)
    statements = [
        lock(ctx.settings.control_schema, [table], serializable=ctx.warehouse.capabilities.serializable),
        *guards[where](records),
        *control.guard_no_hold(table, sorted({span for part in parts for span in part.spans})),
        *control.delete_proofs(sources[where], records),
        *control.insert_retired(table, records, EXPIRED, ctx.stamp()),
        *log,
    ]
    return [f"{mark} {statement}" for statement in statements]


@dataclass
class _TableRun:
    """One table. It plans anew before it begins, and whenever somebody else came first."""

    ctx: Context
    plan: ExpirePlan
    planned: TableExpiry
    expired: list[Expiry] = field(default_factory=list)

    def run(self) -> None:
        table = self.planned.policy.table
        for trouble in (self.planned.error, self.planned.refusal):
            if trouble is not None:
                raise trouble
        if not self.planned.parts:
            RecordLog(self.ctx, self.plan.identity.warehouse).sync(table)
            return
        with lease(self.ctx, JOB, table), pinned(self.ctx) as one:
            log = RecordLog(one, self.plan.identity.warehouse)
            log.sync(table)
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    self._portions(one, log, self._due(one))
                    return
                except GuardFailed:
                    if attempt == ATTEMPTS:
                        raise

    def _due(self, ctx: Context) -> list[ExpiringPart]:
        """What was planned and is due still, now that the holds were looked at a second time."""
        now = _Survey.read(ctx, self.plan.identity.warehouse, self.plan.as_of).table(self.planned.policy)
        if now.error is not None:
            raise now.error
        known = {(kept.batch, day) for kept in self.planned.held for day in kept.periods}
        for kept in now.held:
            late = [day for day in kept.periods if (kept.batch, day) not in known]
            if late:
                ctx.reporter.notice(
                    f"batch {kept.batch} of {kept.table} is under hold; {len(late)} of its periods do not expire"
                )
        planned = {(item.part.batch, day) for item in self.planned.parts for day in item.part.days}
        return [item for item in (_only(item, planned) for item in now.parts) if item.part.ages]

    def _portions(self, ctx: Context, log: RecordLog, items: Sequence[ExpiringPart]) -> None:
        job = ctx.new_id()
        for where, parts in _portions(items):
            self._commit(ctx, log, job, where, parts)
            for part in parts:
                item = next(i for i in items if i.where is where and set(part.ages) <= set(i.part.ages))
                self.expired.append(
                    replace(item.expiry, periods=part.days, rows=part.rows, objects=len(part.files), bytes=part.bytes)
                )
            _note(ctx, parts)

    def _commit(self, ctx: Context, log: RecordLog, job: str, where: Where, parts: Sequence[Part]) -> None:
        def build(number: int) -> list[str]:
            record = LogRecord(
                number,
                RecordKind.EXPIRE,
                log.warehouse,
                parts[0].table,
                ctx.clock().isoformat(),
                retired=tuple(part.record for part in parts),
            )
            return _transaction(ctx, job, where, parts, log.append([record]))

        log.commit(parts[0].table, build)


def _only(item: ExpiringPart, planned: set[tuple[str, date]]) -> ExpiringPart:
    part = item.part.of(age for age in item.part.ages if (item.part.batch, age.period) in planned)
    return replace(item, part=part)


def _note(ctx: Context, parts: Sequence[Part]) -> None:
    """Batches of which nothing counts any more are retired in the ledger too."""
    table = parts[0].table
    left = {age.batch for age in (*read_ages(ctx, table), *read_copy_ages(ctx))}
    for batch in dict.fromkeys(part.batch for part in parts):
        row = ctx.ledger.batch(batch)
        if row is not None and batch not in left:
            ctx.ledger.save_batch(replace(row, state=BatchState.RETIRED, updated_at=ctx.clock(), detail=EXPIRED))
