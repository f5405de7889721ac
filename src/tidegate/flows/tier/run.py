"""Carry a tier plan out: each step is one transaction with its record, and can be repeated.

Files that stay readable are handed over to their tier first and noted after. What parks is noted first; its files go
after `delete_grace`, when no query reads them any more, and not while a hold is on them.
"""

from dataclasses import dataclass, field
from datetime import date

from tidegate.errors import GuardFailed, Interrupted, TidegateError
from tidegate.flows.context import Context
from tidegate.flows.leases import lease
from tidegate.flows.pinned import pinned
from tidegate.flows.records import ATTEMPTS, RecordLog
from tidegate.flows.tier.coverage import refresh_coverage
from tidegate.flows.tier.due import Calendar
from tidegate.flows.tier.hand_over import HandOver
from tidegate.flows.tier.plan import Step, Survey, TableTiers, TierPlan, still_due
from tidegate.flows.tier.statements import Portion, TierStatements, portions_of
from tidegate.model.aging import TierMove, TierStep
from tidegate.model.names import TableName
from tidegate.model.outcome import Failure, TierOutcome
from tidegate.model.policy import TierRule
from tidegate.model.records import LogRecord, RecordKind

JOB = "tier"


def run_tiers(ctx: Context, plan: TierPlan) -> TierOutcome:
    """A table that fails never stops the others; what was done stands in the outcome. Raises Interrupted."""
    moves: list[TierMove] = []
    failures: list[Failure] = []
    for table in plan.tables:
        run = _TableRun(ctx, plan, table)
        try:
            run.run()
        except Interrupted:
            raise
        except TidegateError as error:
            failures.append(Failure.of(table.table, error))
        moves += run.moves
    return TierOutcome(
        tuple(moves),
        tuple(step.move for table in plan.tables for step in table.waiting),
        tuple(kept for table in plan.tables for kept in table.held),
        tuple(failures),
    )


@dataclass
class _TableRun:
    """One table. It plans anew before it begins, and whenever somebody else came first."""

    ctx: Context
    plan: TierPlan
    planned: TableTiers
    moves: list[TierMove] = field(default_factory=list)

    def run(self) -> None:
        if self.planned.error is not None:
            raise self.planned.error
        if not self.planned.steps:
            RecordLog(self.ctx, self.plan.identity.warehouse).sync(self.planned.table)
            return
        with lease(self.ctx, JOB, self.planned.table), pinned(self.ctx) as one:
            log = RecordLog(one, self.plan.identity.warehouse)
            log.sync(self.planned.table)
            refresh_coverage(one, self.planned.table, one.new_id())
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    self._steps(one, log, self._due(one))
                    return
                except GuardFailed:
                    if attempt == ATTEMPTS:
                        raise

    def _due(self, ctx: Context) -> list[Step]:
        """The planned steps that are due still, now that the holds were looked at a second time."""
        table = self.planned.table
        now = Survey.read(ctx, self.plan.identity.warehouse, Calendar.of(ctx, self.plan.as_of), table)
        again = now.table(table, _rules(ctx, table))
        if again.error is not None:
            raise again.error
        planned = {(kept.batch, day) for kept in self.planned.held for day in kept.periods}
        for kept in again.held:
            late = [day for day in kept.periods if (kept.batch, day) not in planned]
            if late:
                ctx.reporter.notice(f"{table}: {_days(late)} of batch {kept.batch} under hold; left as it is")
        return still_due(self.planned, again)

    def _steps(self, ctx: Context, log: RecordLog, steps: list[Step]) -> None:
        statements = TierStatements(ctx, ctx.new_id(), min(self.plan.as_of, ctx.today()))
        over = HandOver(ctx, statements)
        for portion in portions_of(steps):
            if portion.kind is TierStep.HAND_OVER:
                done = over.run(portion)
            else:
                done = portion
                if portion.kind is TierStep.MOVE:
                    _transition(ctx, portion)
                _commit(ctx, log, statements, portion)
            self.moves += done.moves


def _transition(ctx: Context, portion: Portion) -> None:
    ctx.lake.prepare_tiers([portion.tier])
    ctx.lake.transition((key for part in portion.parts for key in part.keys), portion.tier)


def _commit(ctx: Context, log: RecordLog, statements: TierStatements, portion: Portion) -> None:
    parks = portion.kind is TierStep.PARK or portion.source.parks

    def build(number: int) -> list[str]:
        record = LogRecord(
            number,
            RecordKind.PARK if parks else RecordKind.MOVE,
            log.warehouse,
            portion.table,
            ctx.clock().isoformat(),
            inputs=tuple(part.record for part in portion.parts),
            tier=portion.tier,
        )
        return statements.transaction(portion, log.append([record]))

    log.commit(portion.table, build)


def _rules(ctx: Context, table: TableName) -> tuple[TierRule, ...]:
    return next((p.tiers for p in ctx.settings.policies if p.table == table), ())


def _days(days: list[date]) -> str:
    return f"{days[0]}" if len(days) == 1 else f"{days[0]} and {len(days) - 1} more"
