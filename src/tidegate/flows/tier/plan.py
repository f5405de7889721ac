"""What a tier run would do: read and decided before anything changes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from tidegate.errors import ConfigError, PolicyError, TidegateError
from tidegate.flows.ages import Age, read_ages
from tidegate.flows.context import Context
from tidegate.flows.holds import read_holds
from tidegate.flows.identity import Identity, attach
from tidegate.flows.parts import Batches, Part, by_batch
from tidegate.flows.pinned import pinned
from tidegate.flows.published import by_table
from tidegate.flows.records import RecordLog
from tidegate.flows.tier.due import Calendar, due
from tidegate.model.aging import Kept, TierMove, TierStep
from tidegate.model.names import TableName
from tidegate.model.policy import Action, Policy, TierRule
from tidegate.model.records import Hold
from tidegate.model.tiers import Tier


@dataclass(frozen=True)
class AgeRequest:
    """Tables (all when empty), and the day that ages are counted to (today)."""

    tables: tuple[TableName, ...] = ()
    as_of: date | None = None


@dataclass(frozen=True)
class Step:
    """One step of some periods of one batch that are in the same tier."""

    kind: TierStep
    part: Part
    source: Tier
    tier: Tier

    @property
    def move(self) -> TierMove:
        part = self.part
        return TierMove(
            part.table,
            part.batch,
            self.kind,
            self.source,
            self.tier,
            part.days,
            part.rows,
            len(part.files),
            part.bytes,
        )


@dataclass(frozen=True)
class TableTiers:
    """One table. `waiting`: parked, and handed over by a later run. `error` when nothing can be done with it."""

    table: TableName
    steps: tuple[Step, ...] = ()
    waiting: tuple[Step, ...] = ()
    held: tuple[Kept, ...] = ()
    foreign: tuple[str, ...] = ()
    error: TidegateError | None = None


@dataclass(frozen=True)
class TierPlan:
    as_of: date
    identity: Identity
    tables: tuple[TableTiers, ...]

    @property
    def steps(self) -> list[Step]:
        return [step for table in self.tables for step in table.steps]


@dataclass(frozen=True)
class Survey:
    """What decides, read for all tables at once. `kinds`: the steps that are planned."""

    log: RecordLog
    ages: Mapping[TableName, Sequence[Age]]
    holds: Sequence[Hold]
    calendar: Calendar
    kinds: Collection[TierStep] = field(default=frozenset(TierStep))

    @classmethod
    def read(cls, ctx: Context, warehouse: str, calendar: Calendar, table: TableName | None = None) -> "Survey":
        log = RecordLog(ctx, warehouse)
        return cls(log, by_table(read_ages(ctx, table)), read_holds(ctx), calendar)

    def unsettled(self) -> list[TableName]:
        """Tables with periods whose way to a tier has begun, whatever their policy says now."""
        return [
            table
            for table, ages in self.ages.items()
            if any(age.thawed_until or (age.parked_at and not age.handed_at) for age in ages)
        ]

    def table(self, table: TableName, rules: Sequence[TierRule]) -> TableTiers:
        """What is due of one table; what is wrong with it stands in the plan."""
        try:
            return self._table(table, rules)
        except TidegateError as error:
            return TableTiers(table, error=error)

    def _table(self, table: TableName, rules: Sequence[TierRule]) -> TableTiers:
        batches = Batches(self.log, table)
        steps: list[Step] = []
        waiting: list[Step] = []
        held: list[Kept] = []
        foreign: list[str] = []
        for ages in by_batch(self.ages.get(table, ())):
            found = self._grouped(ages, rules)
            if found and not batches.is_own(ages[0].batch):
                foreign.append(ages[0].batch)
                continue
            for (kind, source, tier), group in found.items():
                free, on_hold = batches.part(group).split(self.holds)
                if free.ages:
                    steps.append(Step(kind, free, source, tier))
                if on_hold.ages:
                    held.append(Kept(table, on_hold.batch, on_hold.days))
            resting = [age for age in ages if self.calendar.rests(age)]
            for tier in sorted({age.tier for age in resting}):
                part = batches.part([age for age in resting if age.tier is tier])
                waiting.append(Step(TierStep.HAND_OVER, part, tier, tier))
        return TableTiers(table, tuple(steps), tuple(waiting), tuple(held), tuple(foreign))

    def _grouped(self, ages: Sequence[Age], rules: Sequence[TierRule]) -> dict[tuple[TierStep, Tier, Tier], list[Age]]:
        """The due periods of one batch, by step and tiers."""
        groups: dict[tuple[TierStep, Tier, Tier], list[Age]] = {}
        for age in ages:
            step = due(age, rules, self.calendar)
            if step is not None and step[0] in self.kinds:
                groups.setdefault((step[0], age.tier, step[1]), []).append(age)
        return groups


def plan_tiers(ctx: Context, request: AgeRequest) -> TierPlan:
    """Read only.

    Raises:
        ConfigError: a table was asked for that has no tiers, and nothing on its way to one.
        ForeignWarehouse: this warehouse is a copy or was set back.
    """
    calendar = Calendar.of(ctx, request.as_of)
    with pinned(ctx) as ctx:
        identity = attach(ctx)
        survey = Survey.read(ctx, identity.warehouse, calendar)
        policies = {p.table: p for p in ctx.settings.policies if p.tiers}
        known = dict.fromkeys([*policies, *survey.unsettled()])
        missing = [table for table in request.tables if table not in known]
        if missing:
            names = ", ".join(map(str, known)) or "none"
            raise ConfigError(f"{missing[0]} has no tiers", hint=f"Set [[archive]] tiers. Tables with tiers: {names}.")
        tables = [table for table in known if not request.tables or table in request.tables]
        plans = tuple(_plan(survey, table, policies.get(table)) for table in tables)
    return TierPlan(calendar.as_of, identity, plans)


def _plan(survey: Survey, table: TableName, policy: Policy | None) -> TableTiers:
    if policy is not None and policy.action is Action.COPY:
        error = PolicyError(
            f"{table}: copies have no tiers, they can only expire",
            hint='Leave expire alone in [[archive]] tiers, or set action = "archive".',
        )
        return TableTiers(table, error=error)
    return survey.table(table, policy.tiers if policy is not None else ())


def plan_hand_over(ctx: Context, warehouse: str, grace: timedelta) -> tuple[TableTiers, ...]:
    """Of all tables, what was parked for longer than `grace` and can go to its tier now: what `gc` does of this."""
    survey = replace(Survey.read(ctx, warehouse, Calendar.of(ctx, grace=grace)), kinds=frozenset({TierStep.HAND_OVER}))
    plans = (survey.table(table, ()) for table in survey.unsettled())
    return tuple(plan for plan in plans if plan.steps or plan.held or plan.error)


def still_due(plan: TableTiers, now: TableTiers) -> list[Step]:
    """The steps of `now` that were planned before, period by period."""
    planned = {(s.kind, s.tier, s.part.batch, day) for s in plan.steps for day in s.part.days}
    return [step for step in (_only(step, planned) for step in now.steps) if step.part.ages]


def _only(step: Step, planned: Iterable[tuple[TierStep, Tier, str, date]]) -> Step:
    ages = [age for age in step.part.ages if (step.kind, step.tier, step.part.batch, age.period) in planned]
    return replace(step, part=step.part.of(ages))
