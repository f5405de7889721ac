"""Run an archive plan: table by table, batch by batch, each finished or given up before the next."""

from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime

from tidegate.errors import Interrupted, PolicyError, Refused, TidegateError, ViewTooOpen
from tidegate.flows.batch_run import BatchRun
from tidegate.flows.context import Context
from tidegate.flows.identity import Identity
from tidegate.flows.impact import GRANTS_ALONE, Impacts, carry_grants
from tidegate.flows.leases import Lease, lease
from tidegate.flows.pinned import pinned
from tidegate.flows.plan import ArchivePlan, TablePlan, plan_table, read_facts
from tidegate.flows.purge import purge
from tidegate.flows.reclaim import reclaim
from tidegate.flows.records import RecordLog
from tidegate.flows.resume import resume
from tidegate.flows.spec import BatchSpec
from tidegate.formats.stored import load
from tidegate.ledger.base import BatchRow
from tidegate.model.batch import BatchState, PeriodProof
from tidegate.model.outcome import ArchiveOutcome, BatchOutcome, Failure
from tidegate.model.policy import Action, Policy
from tidegate.model.records import LogRecord, RecordKind
from tidegate.redshift.catalog import select_relations
from tidegate.redshift.lock import lock

ROUNDS = 4
"""How often a table is planned anew in one run when its rows keep changing."""


def run_archive(ctx: Context, plan: ArchivePlan, until: datetime | None = None) -> ArchiveOutcome:
    """Carry the plan out. A table that fails never stops the others; what was done stands in the outcome.

    `until` (aware) is the end of the maintenance window: no batch is begun after it. Raises Interrupted.
    """
    outcomes: list[BatchOutcome] = []
    failures: list[Failure] = []
    for table_plan in plan.tables:
        run = TableRun(ctx, plan.identity, plan.as_of, table_plan, until)
        try:
            run.run()
        except Interrupted:
            raise
        except TidegateError as error:
            failures.append(Failure.of(table_plan.policy.table, error))
        outcomes.extend(run.outcomes)
    return ArchiveOutcome(tuple(outcomes), tuple(failures))


@dataclass
class TableRun:
    """One table's part of a run."""

    ctx: Context
    identity: Identity
    as_of: date
    plan: TablePlan
    until: datetime | None = None
    outcomes: list[BatchOutcome] = field(default_factory=list)

    def run(self) -> None:
        if self.plan.error is not None:
            raise self.plan.error
        log = RecordLog(self.ctx, self.identity.warehouse)
        if not self.plan.specs and not self.plan.unfinished:
            log.sync(self.plan.policy.table)
            if self.plan.impact.grants:
                carry_grants(self.ctx, self.plan.policy, GRANTS_ALONE)
            return
        with lease(self.ctx, "archive", self.plan.policy.table) as held:
            with pinned(self.ctx) as one:
                RecordLog(one, log.warehouse).sync(self.plan.policy.table)
            if isinstance(self.plan.refusal, ViewTooOpen):
                raise self.plan.refusal
            if self.plan.unfinished:
                for batch in resume(self.ctx, log, held, self.plan):
                    self._finish(batch)
                self._replan()
            for _ in range(ROUNDS):
                if self.plan.refusal is not None and self.plan.specs:
                    raise self.plan.refusal
                if not self._batches(log, held):
                    return
                self._replan()
            if self.plan.specs:
                periods = sum(len(spec.periods) for spec in self.plan.specs)
                raise Refused(
                    f"{self.plan.policy.table}: the rows of {periods} due periods keep changing",
                    hint="Nothing of them was deleted. Run the archive again when fewer rows arrive.",
                )

    def _replan(self) -> None:
        with pinned(self.ctx) as ctx:
            impacts = Impacts({self.plan.policy.table: self.plan.impact})
            facts = replace(read_facts(ctx, [self.plan.policy.table]), impacts=impacts)
            planned = plan_table(ctx, facts, self.plan.policy, self.as_of, self.plan.only)
            self.plan = replace(planned, unfinished=())
        if self.plan.error is not None:
            raise self.plan.error

    def _batches(self, log: RecordLog, held: Lease) -> bool:
        """Run every planned batch; True when some periods have to be planned anew."""
        again = False
        if self.plan.specs:
            with pinned(self.ctx) as one:
                record_policy(one, RecordLog(one, log.warehouse), self.plan.policy)
        for spec in self.plan.specs:
            if self.until is not None and self.ctx.clock() >= self.until:
                self.ctx.reporter.notice(f"{spec.table.name}: the window has ended, the rest waits for the next run")
                return False
            row = planned_row(self.ctx, held, spec)
            if spec.policy.action is Action.PURGE:
                row, changed = purge(self.ctx, log, held, spec, row)
                self.outcomes.append(outcome(row, BatchRun(self.ctx, log, held, spec, row)))
                if row.state is BatchState.RECLAIMED:
                    self.ctx.archived_until(row.table, max(p.start for p in spec.periods))
                again = again or changed
                continue
            batch = BatchRun(self.ctx, log, held, spec, row)
            batch.run()
            self._finish(batch)
            again = again or batch.replan
        return again

    def _finish(self, batch: BatchRun) -> None:
        if batch.row.state is BatchState.PUBLISHED:
            newest = max(p.period for p in batch.proofs)
            self.ctx.ledger.set_checkpoint(batch.row.table, newest, self.ctx.clock())
            self.ctx.archived_until(batch.row.table, newest)
            with pinned(self.ctx) as one:
                reclaim(one, batch.spec.policy, batch.row)
            batch.save(BatchState.RECLAIMED)
        if batch.row.state is BatchState.COPIED and batch.spec.column is not None:
            self.ctx.archived_until(batch.row.table, max(p.period for p in batch.proofs))
        if batch.row.state is not BatchState.ABANDONED:
            self.outcomes.append(outcome(batch.row, batch))


def planned_row(ctx: Context, held: Lease, spec: BatchSpec) -> BatchRow:
    """Record the batch, its periods and its prefix before anything is submitted."""
    now = ctx.clock()
    row = BatchRow(
        id=spec.batch,
        table=spec.table.name,
        job=held.job.id,
        state=BatchState.PLANNED,
        action=spec.policy.action.value,
        prefix=spec.prefix,
        rows=spec.rows,
        bytes=spec.bytes,
        planned_at=now,
        updated_at=now,
        external=spec.version.external if spec.version else None,
    )
    ctx.ledger.save_batch(row)
    ctx.ledger.save_periods(row.id, [PeriodProof(p.start, 0, "0") for p in spec.periods])
    return row


def outcome(row: BatchRow, batch: BatchRun) -> BatchOutcome:
    newest = max((p.period for p in batch.proofs), default=None)
    return BatchOutcome(
        row.table, row.id, row.state, row.rows, len(batch.written), row.bytes, newest, tuple(batch.proofs)
    )


def record_policy(ctx: Context, log: RecordLog, policy: Policy) -> None:
    """Write the policy into the lake's record when it is not the one recorded last."""
    document = policy_document(policy)
    last = ctx.warehouse.execute(ctx.control.select_last_of_kind(policy.table, RecordKind.POLICY.value)).rows
    if last:
        known = load(LogRecord, str(last[0][0]).encode(), f"the policy of {policy.table}").policy
        if known == document:
            return
        _check_view(ctx, policy, known)
    first = lock(ctx.settings.control_schema, [policy.table], serializable=ctx.warehouse.capabilities.serializable)

    def build(number: int) -> list[str]:
        at = ctx.clock().isoformat()
        record = LogRecord(number, RecordKind.POLICY, log.warehouse, policy.table, at, policy=document)
        return [first, *log.append([record])]

    log.commit(policy.table, build)


def _check_view(ctx: Context, policy: Policy, known: dict[str, object]) -> None:
    """A new name for the view must not be that of a view of somebody else."""
    if policy.action is not Action.ARCHIVE or known.get("view") == policy.view:
        return
    relations = {(str(row[0]), str(row[1])) for row in ctx.warehouse.execute(select_relations()).rows}
    if (policy.view_name.schema, policy.view_name.name) in relations:
        raise PolicyError(
            f"{policy.view_name} exists already", hint="Set [[archive]] view to another name, or drop it."
        )


def policy_document(policy: Policy) -> dict[str, object]:
    """The policy as plain values, without those that are None."""
    document = asdict(policy)
    document["table"] = str(policy.table)
    document["acknowledge"] = sorted(policy.acknowledge)
    document["unload"] = {**asdict(policy.unload), "partition_by": list(policy.unload.partition_by)}
    document["tiers"] = {rule.tier.value: rule.days for rule in policy.tiers}
    return {key: value for key, value in document.items() if value is not None}
