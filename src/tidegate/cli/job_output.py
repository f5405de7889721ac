"""Jobs of the queue, printed."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from tidegate.cli.output import counted, table
from tidegate.model.periods import Granularity, Period
from tidegate.model.queue import QueuedJob, Work
from tidegate.warehouse.base import ResultColumn

if TYPE_CHECKING:
    from tidegate.flows.queue.draft import EnqueueOutcome

_HEADS = ("job", "kind", "table", "periods", "state", "tries", "outcome")


def job_document(job: QueuedJob) -> dict[str, object]:
    work = job.work
    return {
        "job": job.id,
        "kind": work.kind,
        "table": str(work.table),
        "periods": [day.isoformat() for day in work.periods],
        "granularity": work.granularity.value if work.granularity else None,
        "as_of": work.as_of.isoformat() if work.as_of else None,
        "priority": work.priority,
        "max_delete_fraction": work.max_delete_fraction,
        "state": job.state.value,
        "attempts": job.attempts,
        "queued_at": job.queued_at.isoformat(),
        "available_at": job.available_at.isoformat(),
        "owner": job.owner,
        "lease_until": job.lease_until.isoformat() if job.lease_until else None,
        "started_at": job.started_at.isoformat() if job.started_at else None,
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
        "outcome": job.outcome,
    }


def job_table(jobs: Sequence[QueuedJob]) -> Iterator[str]:
    columns = [ResultColumn(name, "bigint" if name in ("job", "tries") else "varchar") for name in _HEADS]
    rows = [
        (job.id, job.work.kind, str(job.work.table), span(job.work), job.state.value, job.attempts, job.outcome)
        for job in jobs
    ]
    return table(columns, rows)


def span(work: Work) -> str:
    """`2020-01`, or `2 from 2020-01 to 2020-02`; a table that is copied as a whole has none."""
    if work.periods in ((), (date.min,)):
        return ""
    first, last = (
        str(Period(day, work.granularity or Granularity.DAILY)) for day in (work.periods[0], work.periods[-1])
    )
    return first if len(work.periods) == 1 else f"{len(work.periods)} from {first} to {last}"


def enqueued_document(outcome: "EnqueueOutcome") -> dict[str, object]:
    return {"message_type": "result", "new": [job_document(job) for job in outcome.new], "known": outcome.known}


def enqueued_lines(outcome: "EnqueueOutcome") -> list[str]:
    new, known = len(outcome.new), outcome.known
    were = f"{counted(known, 'job')} {'was' if known == 1 else 'were'} in the queue already"
    if not new:
        return [were if known else "nothing to put into the queue"]
    return [*job_table(outcome.new), f"{counted(new, 'new job')}{f', {were}' if known else ''}"]
