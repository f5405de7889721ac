"""What an archive run would do: read, decided, and written down before anything changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from tidegate.errors import (
    BlastRadius,
    ConfigError,
    ObjectMissing,
    PolicyError,
    TidegateError,
    UsageError,
)
from tidegate.flows.batching import PeriodEstimate, cut, waits
from tidegate.flows.context import Context
from tidegate.flows.exports import check_place
from tidegate.flows.holds import held, read_holds
from tidegate.flows.identity import Identity, attach
from tidegate.flows.impact import Impact, Impacts, check_protections, read_impacts
from tidegate.flows.pinned import pinned
from tidegate.flows.published import used_externals
from tidegate.flows.records import RecordLog
from tidegate.flows.sizes import sized
from tidegate.flows.spec import WHOLE, BatchSpec, Source
from tidegate.flows.versions import Versions
from tidegate.ledger.base import BatchRow
from tidegate.model.batch import BatchState, TableVersion
from tidegate.model.layout import data_root
from tidegate.model.names import MAX_IDENTIFIER_BYTES, TableName
from tidegate.model.periods import Choice, Granularity, Period, due_before
from tidegate.model.policy import Action, Policy
from tidegate.model.records import Hold
from tidegate.model.tables import Table, TableStats, TypeKind
from tidegate.redshift.catalog import select_relations
from tidegate.redshift.fingerprint import fingerprint_by_period
from tidegate.redshift.identifiers import qualified
from tidegate.redshift.periods import PeriodColumn, period_expression, statistics
from tidegate.warehouse.base import Result

UNFINISHED = (BatchState.PLANNED, BatchState.UNLOADED, BatchState.CATALOGED, BatchState.VERIFIED, BatchState.PUBLISHED)


@dataclass(frozen=True)
class TablePlan:
    """One table: what is due, what stands in the way, and the batches. `error` when it cannot be archived at all.

    `null_rows` have no usable period and are never touched. `refusal` is a guard's verdict: a run would stop there.
    `only` limits what is due to some periods.
    """

    policy: Policy
    due_before: date | None = None
    total_rows: int = 0
    due_rows: int = 0
    null_rows: int = 0
    held: tuple[Period, ...] = ()
    waiting: tuple[Period, ...] = ()
    specs: tuple[BatchSpec, ...] = ()
    unfinished: tuple[BatchRow, ...] = ()
    refusal: TidegateError | None = None
    error: TidegateError | None = None
    impact: Impact = field(default_factory=Impact)
    only: Choice = field(default_factory=Choice)


@dataclass(frozen=True)
class ArchivePlan:
    """`warnings`: what could not be read for it."""

    as_of: date
    identity: Identity
    tables: tuple[TablePlan, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Request:
    """What the caller asked for: tables (all when empty), a date, a schema, a lifted fraction, some periods only."""

    tables: tuple[TableName, ...] = ()
    as_of: date | None = None
    schema: str | None = None
    max_delete_fraction: float | None = None
    only: Choice = field(default_factory=Choice)


@dataclass(frozen=True)
class Facts:
    """What is read once for all tables. `relations`: the kind of everything that has a name in the warehouse."""

    identity: Identity
    tables: Mapping[TableName, Table]
    stats: Mapping[TableName, TableStats]
    holds: Sequence[Hold]
    relations: Mapping[TableName, str]
    unfinished: Mapping[TableName, tuple[BatchRow, ...]] = field(default_factory=dict)
    copies: Mapping[TableName, Mapping[str, tuple[int, str]]] = field(default_factory=dict)
    impacts: Impacts = field(default_factory=Impacts)


def plan_archive(ctx: Context, request: Request) -> ArchivePlan:
    """Read only. One statement a table, and a fixed number for all of them.

    Raises:
        ConfigError: no such policy, or the warehouse is not initialised.
        ForeignWarehouse: this warehouse is a copy or was set back.
    """
    as_of = request.as_of or ctx.today()
    policies = choose(ctx, request)
    with pinned(ctx) as ctx:
        facts = read_facts(ctx, [p.table for p in policies])
        facts = replace(facts, impacts=read_impacts(ctx, policies, facts.relations))
        plans = tuple(plan_table(ctx, facts, policy, as_of, request.only) for policy in policies)
    return ArchivePlan(as_of, facts.identity, plans, facts.impacts.warnings)


def choose(ctx: Context, request: Request) -> list[Policy]:
    """The policies asked for, by priority; an unknown table is an error."""
    known = {p.table: p for p in ctx.settings.policies}
    if not known:
        raise ConfigError(f"{ctx.settings.file} has no [[archive]] policy", hint="Add an [[archive]] section.")
    missing = [t for t in request.tables if t not in known]
    if missing:
        names = ", ".join(str(t) for t in known)
        raise ConfigError(f"{missing[0]} has no policy", hint=f"Tables with a policy: {names}.")
    schemas = sorted({p.table.schema for p in ctx.settings.policies})
    if request.schema is not None and request.schema not in schemas:
        raise ConfigError(f"no table of {request.schema} has a policy", hint=f"Schemas with one: {', '.join(schemas)}.")
    chosen = [p for p in ctx.settings.policies if not request.tables or p.table in request.tables]
    chosen = [p for p in chosen if request.schema is None or p.table.schema == request.schema]
    if request.max_delete_fraction is not None:
        chosen = [replace(p, max_delete_fraction=request.max_delete_fraction) for p in chosen]
    return sorted(chosen, key=lambda p: (p.priority, p.table))


def read_facts(ctx: Context, tables: Sequence[TableName]) -> Facts:
    """The requests that are made once, however many tables there are."""
    identity = attach(ctx)
    unfinished: dict[TableName, tuple[BatchRow, ...]] = {}
    own = data_root(identity.warehouse)
    for row in (r for r in ctx.ledger.batches(states=UNFINISHED) if r.prefix.startswith(own)):
        unfinished[row.table] = (*unfinished.get(row.table, ()), row)
    relations = {TableName(str(s), str(n)): str(kind) for s, n, kind in ctx.warehouse.execute(select_relations()).rows}
    return Facts(
        identity,
        ctx.warehouse.tables(tables),
        ctx.warehouse.table_stats(tables),
        read_holds(ctx),
        relations,
        unfinished,
        _copies(ctx),
    )


def _copies(ctx: Context) -> dict[TableName, dict[str, tuple[int, str]]]:
    """Rows and fingerprint of every proven copy that counts, by table and period."""
    copies: dict[TableName, dict[str, tuple[int, str]]] = {}
    for table, _, period, rows, total, _ in ctx.warehouse.execute(ctx.control.select_proofs(ctx.control.copies)).rows:
        copies.setdefault(TableName.parse(str(table)), {})[str(period)] = (int(str(rows)), str(total))
    return copies


def plan_table(ctx: Context, facts: Facts, policy: Policy, as_of: date, only: Choice) -> TablePlan:
    """One table; what is wrong with it stands in the plan, so that one bad policy never blocks the others."""
    try:
        return _plan_table(ctx, facts, policy, as_of, only)
    except TidegateError as error:
        return TablePlan(policy, error=error)


def _plan_table(ctx: Context, facts: Facts, policy: Policy, as_of: date, only: Choice) -> TablePlan:
    table = facts.tables.get(policy.table)
    if table is None:
        raise ObjectMissing(f"table {policy.table} does not exist", hint="Check [[archive]] table, or create it.")
    check_place(ctx, policy)
    column = period_column(ctx, facts.identity.warehouse, policy, table)
    versions = [] if policy.action is Action.PURGE else _versions(ctx, facts, policy, table)
    source = Source(table, versions[-1] if versions else None, column)
    limit = due_before(as_of, policy.granularity, policy.retention) if column else None
    counts = _counts(ctx, table, column, facts)
    if policy.action is Action.COPY:
        counts = _uncopied(ctx, facts, source, counts)
    total = sum(rows for _, rows in counts)
    null_rows = sum(rows for period, rows in counts if period is None)
    stats = facts.stats.get(policy.table)
    width = (stats.bytes / total) if stats and total else 0.0
    due = [
        PeriodEstimate(period, rows, int(rows * width))
        for period, rows in counts
        if period is not None and rows and (limit is None or period.start < limit) and period in only
    ]
    on_hold = held(facts.holds, policy.table, [e.period for e in due]) if policy.action is not Action.COPY else ()
    free = [e for e in due if e.period not in on_hold]
    batches = cut(free, policy)
    waiting: tuple[Period, ...] = ()
    if batches and limit is not None and not only and waits(batches[-1], policy, limit):
        waiting = tuple(e.period for e in batches.pop())
    specs = tuple(
        sized(ctx, batches, lambda batch: BatchSpec.build(ctx, facts.identity, policy, source, batch), versions)
    )
    plan = TablePlan(
        policy,
        limit,
        total,
        sum(e.rows for e in due),
        null_rows,
        on_hold,
        waiting,
        specs,
        facts.unfinished.get(policy.table, ()),
        only=only,
    )
    return _with_impact(plan, facts)


def _with_impact(plan: TablePlan, facts: Facts) -> TablePlan:
    """The plan with the verdict of its guards, and with what it changes for others: nothing when nothing is done."""
    impact, policy = facts.impacts.of(plan.policy.table), plan.policy
    too_open = check_protections(policy, impact)
    if not plan.specs:
        impact = replace(impact, readers=())
    if impact.grants and (too_open or not (plan.specs or policy.view_name in facts.relations)):
        impact = replace(impact, grants=())
    if too_open and (plan.specs or plan.unfinished):
        return replace(plan, impact=impact, refusal=too_open)
    return replace(plan, impact=impact, refusal=_refusal(plan))


def period_column(ctx: Context, warehouse: str, policy: Policy, table: Table) -> PeriodColumn | None:
    """The policy's column as the table has it; a TIMESTAMPTZ keeps the time zone of the table's first version."""
    if policy.column is None:
        if policy.action is not Action.COPY:
            raise PolicyError(f"{policy.table}: no period column", hint="Set [[archive]] column.")
        return None
    column = table.column(policy.column)
    if column is None:
        names = ", ".join(c.name for c in table.columns)
        raise ObjectMissing(f'{policy.table} has no column "{policy.column}"', hint=f"Its columns: {names}.")
    zone = ctx.settings.timezone
    if column.type.kind is TypeKind.TIMESTAMPTZ:
        known = Versions(ctx, warehouse, policy.table).load()
        zone = known[0].time_zone if known else zone
    try:
        return PeriodColumn(column.name, column.type, policy.granularity, policy.column_format, zone)
    except PolicyError as error:
        raise PolicyError(f"{policy.table}: {error.message}", hint=error.hint) from error


def _versions(ctx: Context, facts: Facts, policy: Policy, table: Table) -> list[TableVersion]:
    """The versions of the external table up to the one that fits the table as it is now."""
    versions = Versions(ctx, facts.identity.warehouse, policy.table)
    known = versions.load()
    if policy.action is Action.ARCHIVE:
        _check_view(facts, policy, is_first=not known)
    log = RecordLog(ctx, facts.identity.warehouse)
    candidate = versions.candidate(table, known, lambda: used_externals(ctx, log, policy.table))
    return known if candidate in known else [*known, candidate]


def _check_view(facts: Facts, policy: Policy, *, is_first: bool) -> None:
    """The name of the table's view is free, or has been the view's own since the first batch."""
    try:
        view = policy.view_name
    except UsageError as error:
        raise PolicyError(
            f"{policy.table}: the name of its view would be too long",
            hint=f"Set [[archive]] view to a name of at most {MAX_IDENTIFIER_BYTES} bytes.",
        ) from error
    kind = facts.relations.get(view)
    if kind not in (None, "VIEW"):
        raise PolicyError(f"{view} is a table", hint="Set [[archive]] view to another name.")
    if kind is not None and is_first:
        raise PolicyError(f"the view {view} exists already", hint="Set [[archive]] view to another name, or drop it.")


def _counts(ctx: Context, table: Table, column: PeriodColumn | None, facts: Facts) -> list[tuple[Period | None, int]]:
    if column is None:
        stats = facts.stats.get(table.name)
        return [(Period(WHOLE, Granularity.DAILY), stats.rows if stats else 0)]
    return [
        (_period(value, column.granularity), int(str(rows)))
        for value, rows in _rows(ctx.warehouse.execute(statistics(table.name, column)))
    ]


def _uncopied(
    ctx: Context, facts: Facts, source: Source, counts: list[tuple[Period | None, int]]
) -> list[tuple[Period | None, int]]:
    """Without the periods whose proven copy still equals the hot rows."""
    known = facts.copies.get(source.table.name)
    if not known or source.version is None:
        return counts
    engine = ctx.warehouse.capabilities
    period = period_expression(source.column) if source.column else f"DATE '{WHOLE}'"
    statement = fingerprint_by_period(
        source.version.columns, engine.hash_function, period, qualified(source.table.name), "TRUE"
    )
    current = {f"{row[0]}": (int(str(row[1])), str(row[2])) for row in ctx.warehouse.execute(statement).rows}
    return [
        (period_, rows)
        for period_, rows in counts
        if period_ is None or known.get(period_.start.isoformat()) != current.get(period_.start.isoformat())
    ]


def _rows(result: Result) -> list[tuple[object, object]]:
    return [(row[0], row[1]) for row in result.rows]


def _period(value: object, granularity: Granularity) -> Period | None:
    """None for a NULL, and for a date that no calendar of ours can hold."""
    if value is None:
        return None
    try:
        return Period(value if isinstance(value, date) else date.fromisoformat(str(value)), granularity)
    except ValueError:
        return None


def _refusal(plan: TablePlan) -> TidegateError | None:
    if plan.policy.action is Action.COPY or not plan.total_rows:
        return None
    fraction = sum(spec.rows for spec in plan.specs) / plan.total_rows
    if fraction <= plan.policy.max_delete_fraction:
        return None
    return BlastRadius(
        f"{plan.policy.table}: {fraction:.0%} of the table is due, more than {plan.policy.max_delete_fraction:.0%}",
        hint="If that is meant, run again with --max-delete-fraction.",
    )
