"""The ledger port: the durable record of work. It speeds up and explains; safety never rests on it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from tidegate.model.batch import BatchState, FileEntry, PeriodProof
from tidegate.model.lifecycle import ImportedPolicy
from tidegate.model.names import TableName
from tidegate.model.queue import Claimant, Ending, QueuedJob, QueueFilter, Work
from tidegate.model.records import Hold


class JobState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Job:
    """One unit of work on one table. `lease_until` is UTC; a running job whose lease has passed may be taken over."""

    id: str
    kind: str
    table: TableName
    state: JobState
    owner: str
    lease_until: datetime
    attempts: int
    started_at: datetime
    finished_at: datetime | None = None
    outcome: str = ""


@dataclass(frozen=True)
class BatchRow:
    """A batch as the ledger knows it. `rows` is the planned, then the proven count. `statement` is the last step's."""

    id: str
    table: TableName
    job: str
    state: BatchState
    action: str
    prefix: str
    rows: int
    bytes: int
    planned_at: datetime
    updated_at: datetime
    external: TableName | None = None
    detail: str = ""


@dataclass(frozen=True)
class StepRow:
    """One attempt at one step of a batch; `finished_at` is None while it runs or when its worker died."""

    batch: str
    step: str
    attempt: int
    started_at: datetime
    finished_at: datetime | None
    detail: str = ""


class Queue(Protocol):
    """The work that waits. Many workers share it, and no two of them ever have the same claim of a job."""

    def enqueue(self, works: Sequence[Work], now: datetime) -> Sequence[QueuedJob]:
        """All or nothing; returns the jobs that are new, in order.

        Left out is what is queued or running already: the same kind, table and periods.
        """
        ...

    def take(self, claimant: Claimant, now: datetime) -> QueuedJob | None:
        """The next job that may run now, by priority and then by age, running and leased; None when there is none.

        First, jobs whose lease has passed or whose worker died are queued again, or dead. Of one kind and table one
        job runs at a time, of a schema as many as its limit says.
        """
        ...

    def keep(self, job: QueuedJob, now: datetime, seconds: int) -> QueuedJob:
        """Renew the lease of this claim. Raises LeaseHeld when the job was cancelled or taken by another worker."""
        ...

    def settle(self, job: QueuedJob, ending: Ending, now: datetime) -> QueuedJob | None:
        """End this claim; None when it had been lost, and nothing was changed."""
        ...

    def revive(self, job: int, now: datetime) -> QueuedJob:
        """Queue a job anew, as if never tried; one that waits for its next try may start now.

        Raises:
            ObjectMissing: there is no such job.
            Refused: it is running or done, or the same work is in the queue as another job.
        """
        ...

    def cancel(self, job: int, now: datetime) -> QueuedJob:
        """The job is not done any more; its worker, if it has one, loses it.

        Raises:
            ObjectMissing: there is no such job.
            Refused: it has ended.
        """
        ...

    def queued_job(self, job: int) -> QueuedJob | None: ...

    def queue(self, wanted: QueueFilter, limit: int) -> Sequence[QueuedJob]:
        """The newest first."""
        ...


class Ledger(Queue, Protocol):
    """All methods are atomic. Each raises LedgerUnreachable when the database cannot be reached or is damaged."""

    def claim(
        self, kind: str, table: TableName, owner: str, now: datetime, seconds: int, is_dead: Callable[[str], bool]
    ) -> Job:
        """Take the lease on (kind, table) and open a job; a finished, expired or dead worker's one is succeeded.

        `is_dead` tells of a running job's owner whether that worker is known to be gone.

        Raises:
            LeaseHeld: another owner's lease is in force; the message names job and owner.
        """
        ...

    def renew(self, job: Job, now: datetime, seconds: int) -> Job:
        """Raises LeaseHeld when the job has been taken over."""
        ...

    def finish(self, job: Job, state: JobState, now: datetime, outcome: str) -> None:
        """Close the job and free its lease; a job that was taken over is left alone."""
        ...

    def jobs(self, table: TableName | None = None, limit: int = 100) -> Sequence[Job]:
        """The newest first."""
        ...

    def save_batch(self, batch: BatchRow) -> None:
        """Insert or replace by id."""
        ...

    def batch(self, batch: str) -> BatchRow | None: ...

    def batches(self, table: TableName | None = None, states: Iterable[BatchState] = ()) -> Sequence[BatchRow]:
        """By id, oldest first; all states when none is given."""
        ...

    def save_periods(self, batch: str, periods: Sequence[PeriodProof]) -> None:
        """Replace the batch's periods."""
        ...

    def periods(self, batch: str) -> Sequence[PeriodProof]: ...

    def save_files(self, batch: str, files: Sequence[FileEntry]) -> None:
        """Replace the batch's files."""
        ...

    def files(self, batch: str) -> Sequence[FileEntry]: ...

    def file_sizes(self) -> dict[tuple[str, date], tuple[int, int]]:
        """Number and bytes of the files of every (batch, period), in one query."""
        ...

    def begin_step(self, batch: str, step: str, now: datetime) -> int:
        """Record that a step begins; returns the attempt, counted from 1."""
        ...

    def end_step(self, batch: str, step: str, attempt: int, now: datetime, detail: str = "") -> None: ...

    def steps(self, batch: str) -> Sequence[StepRow]: ...

    def set_checkpoint(self, table: TableName, value: date, now: datetime) -> None:
        """The newest period of a table that has been archived."""
        ...

    def checkpoints(self) -> dict[TableName, date]: ...

    def imported_policies(self) -> Sequence[ImportedPolicy]:
        """By table."""
        ...

    def import_policies(
        self, source: str, policies: Sequence[ImportedPolicy], *, replace_all: bool
    ) -> Sequence[TableName]:
        """Put in `policies`, each instead of one for the same table, whose checkpoint it keeps; forget the others that
        came from `source`, or all others. Returns the tables of those that are gone.
        """
        ...

    def set_imported_checkpoint(self, table: TableName, value: str) -> None:
        """Nothing happens where the table has no imported policy."""
        ...

    def replace_holds(self, holds: Sequence[Hold]) -> None:
        """Mirror the warehouse's holds, for display."""
        ...

    def holds(self) -> Sequence[Hold]: ...

    def clear(self) -> None:
        """Forget everything except what people put in: running jobs, the queue, imported policies. The first step of a
        rebuild.
        """
        ...

    def close(self) -> None: ...
