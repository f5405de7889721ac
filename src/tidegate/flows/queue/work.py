"""Work the queue off: several workers in one process, until nothing is left that can be done now."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from random import SystemRandom

from tidegate.flows.context import Context
from tidegate.flows.leases import LEASE_SECONDS, is_dead
from tidegate.flows.queue.kinds import kind_of
from tidegate.flows.queue.tries import Attempt, Done, Stop, Try
from tidegate.model.queue import Claimant, QueuedJob, QueueFilter, QueueState

_COUNTED = 10_000


@dataclass(frozen=True)
class WorkRequest:
    """`workers`: as configured when None. `schema`: only jobs of its tables. No job begins after `until` (aware).

    `stop`: set, it ends each worker after its current step. `chance` gives numbers from 0 to 1 for the time between
    two tries.
    """

    workers: int | None = None
    schema: str | None = None
    until: datetime | None = None
    stop: Stop = field(default_factory=threading.Event)
    chance: Callable[[], float] = SystemRandom().random


@dataclass(frozen=True)
class WorkOutcome:
    """The last try at each job, by job. `waiting` jobs are left in the queue, the next from `next_at` on."""

    tries: tuple[Try, ...]
    waiting: int = 0
    next_at: datetime | None = None
    stopped: bool = False


def work(ctx: Context, request: WorkRequest) -> WorkOutcome:
    """Take and do jobs; one that fails never stops the others.

    Raises:
        LedgerUnreachable: the queue cannot be read or written; jobs then running are taken back by the next worker.
    """
    crew = Crew(ctx, request)
    workers = request.workers or ctx.settings.queue.workers
    with ThreadPoolExecutor(workers, "worker") as pool:
        shares = [pool.submit(crew.drain) for _ in range(workers)]
    for share in shares:
        share.result()
    waiting = ctx.ledger.queue(QueueFilter((QueueState.QUEUED,), schema=request.schema), _COUNTED)
    next_at = min((job.available_at for job in waiting), default=None)
    tries = {one.job.id: one for one in crew.tries}
    return WorkOutcome(tuple(tries[job] for job in sorted(tries)), len(waiting), next_at, request.stop.is_set())


@dataclass
class Crew:
    """The workers of one call."""

    ctx: Context
    request: WorkRequest
    tries: list[Try] = field(default_factory=list)
    broken: bool = False

    def drain(self) -> None:
        """One worker: job after job. What breaks it ends the others after their current job."""
        try:
            while not self._over() and (job := self._take()):
                attempt = Attempt(self.ctx, job, self.request.stop, self.request.chance)
                self.tries.append(attempt.make(partial(self._do, job)))
        except BaseException:
            self.broken = True
            raise

    def _over(self) -> bool:
        until = self.request.until
        return self.broken or self.request.stop.is_set() or (until is not None and self.ctx.clock() >= until)

    def _take(self) -> QueuedJob | None:
        settings = self.ctx.settings.queue
        claimant = Claimant(
            self.ctx.worker, LEASE_SECONDS, is_dead, settings.max_attempts, self.request.schema, settings.schema_limits
        )
        return self.ctx.ledger.take(claimant, self.ctx.clock())

    def _do(self, job: QueuedJob, ctx: Context) -> Done:
        return kind_of(job.work.kind).run(ctx, job.work, self.request.until)
