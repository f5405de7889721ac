"""The statements of a tier run: what a plan prints and what a run submits are the same, but for the records."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from tidegate.flows.context import Context
from tidegate.flows.parts import Part, portions
from tidegate.flows.planned import PlannedStatement
from tidegate.flows.tier.coverage import coverage_statement
from tidegate.flows.tier.plan import Step, TierPlan
from tidegate.model.aging import TierMove, TierStep
from tidegate.model.batch import BATCH_COLUMN, PERIOD_COLUMN
from tidegate.model.names import TableName
from tidegate.model.tiers import Tier
from tidegate.redshift.external import drop_partition
from tidegate.redshift.identifiers import comment
from tidegate.redshift.lock import lock

_WORDS = {TierStep.MOVE: "tier", TierStep.PARK: "park", TierStep.HAND_OVER: "hand over"}
"""Steps as comments name them."""


@dataclass(frozen=True)
class Portion:
    """Parts that one transaction is about."""

    kind: TierStep
    table: TableName
    source: Tier
    tier: Tier
    parts: tuple[Part, ...]

    @property
    def moves(self) -> list[TierMove]:
        return [Step(self.kind, part, self.source, self.tier).move for part in self.parts]

    @property
    def spans(self) -> list[tuple[date, date]]:
        return sorted({span for part in self.parts for span in part.spans})


def portions_of(steps: Iterable[Step]) -> Iterator[Portion]:
    """Steps of one table: files that wait go first, then those that can be read in their new tier as well."""
    order = (TierStep.HAND_OVER, TierStep.MOVE, TierStep.PARK)
    ordered = sorted(steps, key=lambda s: (order.index(s.kind), s.source, s.tier, s.part.batch))
    for (kind, source, tier), group in groupby(ordered, lambda s: (s.kind, s.source, s.tier)):
        for parts in portions(step.part for step in group):
            yield Portion(kind, parts[0].table, source, tier, tuple(parts))


@dataclass(frozen=True)
class TierStatements:
    """The statements of one run. `today` is the day on which a thaw may still be in force."""

    ctx: Context
    id: str
    today: date

    def transaction(self, portion: Portion, log: Sequence[str] = ()) -> list[str]:
        """ONE transaction: LOCK, guards, the change, and its record where it has one."""
        control, serializable = self.ctx.control, self.ctx.warehouse.capabilities.serializable
        records = [part.record for part in portion.parts]
        holds = control.guard_no_hold(portion.table, portion.spans)
        if portion.kind is TierStep.HAND_OVER:
            changes = [*control.guard_all_parked(records), *control.set_handed(records, self.ctx.stamp())]
        elif portion.kind is TierStep.PARK:
            changes = [
                *control.guard_all_published(records),
                *control.guard_no_thaw(records, self.today),
                *holds,
                *control.park(records, portion.tier, self.ctx.stamp()),
            ]
        elif portion.source.parks:
            changes = [
                *control.guard_all_parked(records),
                *holds,
                *control.set_tier(records, portion.tier, parked=True),
            ]
        else:
            changes = [*control.guard_all_published(records), *holds, *control.set_tier(records, portion.tier)]
        first = lock(self.ctx.settings.control_schema, [portion.table], serializable=serializable)
        return self.marked(portion.kind, [first, *changes, *log])

    def marked(self, kind: TierStep, statements: Iterable[str]) -> list[str]:
        mark = comment(self.id, _WORDS[kind])
        return [f"{mark} {statement}" for statement in statements]

    def drop(self, part: Part, days: Iterable[date]) -> list[str]:
        """Forget the partitions of periods that are not read any more."""
        statements = (
            drop_partition(part.descriptor.external, ((BATCH_COLUMN, part.batch), (PERIOD_COLUMN, day.isoformat())))
            for day in days
        )
        return self.marked(TierStep.HAND_OVER, statements)


def tier_statements(ctx: Context, plan: TierPlan) -> Iterator[PlannedStatement]:
    """In the order in which a run submits them."""
    statements = TierStatements(ctx, ctx.new_id(), min(plan.as_of, ctx.today()))
    for table in plan.tables:
        if table.steps:
            yield PlannedStatement(table.table, "", "coverage", coverage_statement(ctx, table.table))
        for portion in portions_of(table.steps):
            step = _WORDS[portion.kind]
            if portion.kind is TierStep.HAND_OVER:
                for part in portion.parts:
                    for sql in statements.drop(part, part.days):
                        yield PlannedStatement(table.table, part.batch, step, sql)
            for sql in statements.transaction(portion):
                yield PlannedStatement(table.table, "", step, sql)
