"""The verbs of the queue: put work in, look at it, work it off, by a schedule."""

import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING

from tidegate.app.opened import Name, Opened, check_order, schema_name, table_name
from tidegate.errors import ObjectMissing, UsageError
from tidegate.model.queue import QueuedJob, QueueFilter

if TYPE_CHECKING:
    from tidegate.flows.plan import ArchivePlan
    from tidegate.flows.queue.cycle import Bell, CycleOutcome
    from tidegate.flows.queue.draft import Draft, EnqueueOutcome
    from tidegate.flows.queue.schedule import Schedule
    from tidegate.flows.queue.tries import Stop
    from tidegate.flows.queue.work import WorkOutcome


class Queueing(Opened):
    def draft_jobs(self, plan: "ArchivePlan") -> "Draft":
        """The jobs that would carry out a plan made by `plan`, without those in the queue. Changes nothing."""
        from tidegate.flows.queue.archive import draft

        return draft(self.context, plan)

    def plan_job(
        self,
        kind: str,
        table: Name,
        first: date | None = None,
        last: date | None = None,
        priority: int | None = None,
    ) -> "Draft":
        """The jobs of this kind for the periods of a table that touch [first, last]. Changes nothing."""
        from tidegate.flows.queue.draft import JobRequest
        from tidegate.flows.queue.kinds import kind_of

        check_order(first, last)
        request = JobRequest(table_name(table), first, last, priority)
        with self._naming_jobs():
            return kind_of(kind).plan(self.context, request)

    def enqueue(self, draft: "Draft") -> "EnqueueOutcome":
        """Put jobs into the queue; those that are in it already stay as they are."""
        from tidegate.flows.queue.draft import enqueue

        return enqueue(self.context, draft)

    def jobs(self, wanted: QueueFilter | None = None, limit: int = 100) -> list[QueuedJob]:
        """Jobs of the queue, the newest first."""
        return list(self.ledger.queue(wanted or QueueFilter(), limit))

    def job(self, job: int) -> QueuedJob:
        """One job. Raises ObjectMissing."""
        found = self.ledger.queued_job(job)
        if found is None:
            raise ObjectMissing(f"there is no job {job}", hint="`tidegate jobs list` shows what is in the queue.")
        return found

    def retry_job(self, job: int) -> QueuedJob:
        """Queue a job that failed anew, or let one that waits for its next try start now."""
        return self.ledger.revive(job, self.context.clock())

    def cancel_job(self, job: int) -> QueuedJob:
        """A job that runs is stopped after its current step."""
        return self.ledger.cancel(job, self.context.clock())

    def work(
        self,
        workers: int | None = None,
        schema: str | None = None,
        until: datetime | None = None,
        stop: "Stop | None" = None,
    ) -> "WorkOutcome":
        """Do the jobs of the queue until nothing is left that can be done now. They run without a question.

        No job begins after `until` (aware). `stop`, a threading.Event, ends it after the current step of each job.
        """
        from tidegate.flows.queue.work import WorkRequest, work

        _check_workers(workers)
        with self._naming_jobs():
            return work(self.context, WorkRequest(workers, schema_name(schema), until, stop or threading.Event()))

    def run(
        self,
        schedule: "Schedule",
        bell: "Bell",
        workers: int | None = None,
        schema: str | None = None,
        window: Callable[[datetime], datetime | None] = lambda _: None,
    ) -> "Iterator[CycleOutcome]":
        """Put in what is due and work it off, by a schedule, until the bell, a threading.Event, rings.

        `window` gives the end of the maintenance window for a cycle that begins at a time. Schedules are
        tidegate.flows.queue.schedule.Every and Cron.
        """
        from tidegate.flows.queue.cycle import Cycles, run_cycles
        from tidegate.flows.queue.work import WorkRequest

        _check_workers(workers)
        return run_cycles(self.context, Cycles(schedule, WorkRequest(workers, schema_name(schema)), bell, window))


def _check_workers(workers: int | None) -> None:
    if workers is not None and workers < 1:
        raise UsageError(f"there cannot be {workers} workers", hint="Give 1 or more.")
