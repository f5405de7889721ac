"""Jobs of the kind `archive`: one table and batch of periods each, carried out as the table's policy says by then."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from tidegate.errors import PolicyError
from tidegate.flows.archive import TableRun
from tidegate.flows.context import Context
from tidegate.flows.plan import ArchivePlan, Request, TablePlan, plan_archive
from tidegate.flows.queue.draft import Draft, JobRequest
from tidegate.flows.queue.tries import Done
from tidegate.model.batch import BatchState
from tidegate.model.names import TableName
from tidegate.model.outcome import BatchOutcome, Failure
from tidegate.model.periods import Choice, Granularity, Period
from tidegate.model.policy import Action
from tidegate.model.queue import OPEN, QueueFilter, Work

KIND = "archive"
_ALL = 1_000_000

Open = Mapping[tuple[TableName, Granularity | None], frozenset[date]]
"""Periods that a job in the queue is for."""


def plan(ctx: Context, request: JobRequest) -> Draft:
    """What is due of one table, or of the periods that touch the days given. Raises as plan_archive does."""
    only = Choice(first=request.first, last=request.last)
    made = plan_archive(ctx, Request((request.table,), only=only))
    return draft(ctx, made, request.priority)


def draft(ctx: Context, made: ArchivePlan, priority: int | None = None) -> Draft:
    """A job for each batch of an archive plan, without the periods that are in the queue already.

    A table that cannot be planned, or that a guard refuses as a whole, is a failure and gets no job.
    """
    works: list[Work] = []
    known = rows = 0
    waiting = _open(ctx)
    due = [t for t in made.tables if t.error is None and t.refusal is None]
    for table in due:
        found = _works(ctx, made, table, priority)
        new = [left for work in found if (left := _without(work, waiting))]
        works += new
        known += len(found) - len(new)
        rows += sum(spec.rows for spec in table.specs) if new and table.policy.action is not Action.COPY else 0
    stopped = [(t.policy.table, t.error or t.refusal) for t in made.tables if t.error or t.specs or t.unfinished]
    failures = tuple(Failure.of(name, error) for name, error in stopped if error is not None)
    return Draft(tuple(works), known, rows, failures)


def run(ctx: Context, work: Work, until: datetime | None) -> Done:
    """Plan the work anew, for what is still due of its periods, and do it.

    Raises:
        TidegateError: it cannot be done, or not now.
    """
    only = Choice(frozenset(work.periods))
    made = plan_archive(ctx, Request((work.table,), work.as_of, None, work.max_delete_fraction, only))
    (table,) = made.tables
    if work.granularity is not None and table.policy.granularity is not work.granularity:
        raise PolicyError(
            f"{work.table}: the job is for {work.granularity} periods, the policy is {table.policy.granularity} now",
            hint="Plan anew with `tidegate plan --enqueue`.",
        )
    carried = TableRun(ctx, made.identity, made.as_of, table, until)
    carried.run()
    done = {proof.period for batch in carried.outcomes for proof in batch.periods}
    left = any(period.start not in done for spec in carried.plan.specs for period in spec.periods)
    if until is not None and left and ctx.clock() >= until:
        return Done("the window ended before it was done", again=True)
    return Done("; ".join(_words(carried.outcomes, table)))


def _works(ctx: Context, made: ArchivePlan, table: TablePlan, priority: int | None) -> list[Work]:
    """One for each batch; where nothing is due, one for what a killed run left."""
    policy = table.policy
    periods = [tuple(period.start for period in spec.periods) for spec in table.specs]
    if not periods and table.unfinished:
        left = {proof.period for row in table.unfinished for proof in ctx.ledger.periods(row.id)}
        periods = [tuple(sorted(left))]
    configured = next((p for p in ctx.settings.policies if p.table == policy.table), policy)
    lifted = policy.max_delete_fraction != configured.max_delete_fraction
    return [
        Work(
            KIND,
            policy.table,
            some,
            policy.granularity,
            made.as_of,
            policy.priority if priority is None else priority,
            policy.max_delete_fraction if lifted else None,
        )
        for some in periods
    ]


def _open(ctx: Context) -> Open:
    found: dict[tuple[TableName, Granularity | None], frozenset[date]] = {}
    for job in ctx.ledger.queue(QueueFilter(OPEN), _ALL):
        if job.work.kind == KIND:
            key = job.work.table, job.work.granularity
            found[key] = found.get(key, frozenset()) | frozenset(job.work.periods)
    return found


def _without(work: Work, waiting: Open) -> Work | None:
    if not work.periods:
        return work
    known = waiting.get((work.table, work.granularity), frozenset())
    left = tuple(day for day in work.periods if day not in known)
    return replace(work, periods=left) if left else None


_DONE = {Action.ARCHIVE: "archived", Action.COPY: "copied", Action.PURGE: "purged"}


def _words(batches: list[BatchOutcome], table: TablePlan) -> list[str]:
    finished = [batch for batch in batches if batch.state is not BatchState.ABANDONED]
    rows, names = sum(batch.rows for batch in finished), ", ".join(batch.batch for batch in finished)
    amount = f"{rows:,} row{'' if rows == 1 else 's'} in batch{'' if len(finished) == 1 else 'es'}"
    words = [f"{_DONE[table.policy.action]} {amount} {names}"] if finished else []
    if table.held:
        words.append(f"under hold: {_spans(table.held)}")
    return words or ["nothing is due any more"]


def _spans(periods: tuple[Period, ...]) -> str:
    first, last = min(periods), max(periods)
    return str(first) if first == last else f"{len(periods)} periods from {first} to {last}"
