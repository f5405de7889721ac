"""One try at a job: carried out, kept alive meanwhile, and settled as it ended."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from tidegate.config.settings import QueueSettings
from tidegate.errors import Interrupted, LeaseHeld, TidegateError
from tidegate.flows.context import Context
from tidegate.flows.leases import LEASE_SECONDS, heartbeat
from tidegate.model.queue import Ending, QueuedJob, QueueState

HELD_SECONDS = 30
"""After which a job is tried again whose table another run worked on."""


class Stop(Protocol):
    """Asks workers to end; a threading.Event is one."""

    def is_set(self) -> bool: ...


@dataclass(frozen=True)
class Done:
    """What came of a job, in words. `again`: some of it is left, to be done by another try."""

    outcome: str
    again: bool = False


@dataclass(frozen=True)
class Try:
    """`job` as it stands after the try. `error`: why it failed, if it did."""

    job: QueuedJob
    error: TidegateError | None = None


def backoff(attempts: int, settings: QueueSettings, chance: float) -> timedelta:
    """Full jitter: `chance` (0 to 1) of the longest wait, which doubles with each attempt up to the limit."""
    longest = min(settings.max_backoff_seconds, settings.backoff_seconds * 2.0 ** min(attempts - 1, 60))
    return timedelta(seconds=chance * longest)


@dataclass
class Attempt:
    """A taken job in the hands of a worker."""

    ctx: Context
    job: QueuedJob
    stop: Stop
    chance: Callable[[], float]

    def make(self, work: Callable[[Context], Done]) -> Try:
        """Do the job by `work` and settle it. Only what is no TidegateError is raised, and what the ledger says."""
        error: TidegateError | None = None
        try:
            with heartbeat(f"job {self.job.id}", self._keep):
                ending = self._ending(work(replace(self.ctx, check=self._check)))
        except TidegateError as found:
            error, ending = self._failed(found)
        except BaseException as found:
            self._settle(Ending(QueueState.FAILED, type(found).__name__))
            raise
        return Try(self._settle(ending), error)

    def _check(self) -> None:
        """Between two steps. Raises Interrupted, or LeaseHeld when the job was cancelled or taken away."""
        if self.stop.is_set():
            raise Interrupted(
                f"job {self.job.id} was stopped", hint="It is in the queue again: `tidegate work` goes on."
            )
        self._keep()

    def _keep(self) -> None:
        self.job = self.ctx.ledger.keep(self.job, self.ctx.clock(), LEASE_SECONDS)

    def _ending(self, done: Done) -> Ending:
        if done.again:
            return Ending(QueueState.QUEUED, done.outcome, counts=False)
        return Ending(QueueState.DONE, done.outcome)

    def _failed(self, error: TidegateError) -> tuple[TidegateError | None, Ending]:
        now, settings = self.ctx.clock(), self.ctx.settings.queue
        words = f"{error.code}: {error.message}"
        if isinstance(error, Interrupted):
            return None, Ending(QueueState.QUEUED, "interrupted", now, counts=False)
        if isinstance(error, LeaseHeld):
            later = now + timedelta(seconds=HELD_SECONDS)
            return None, Ending(QueueState.QUEUED, words, later, counts=False)
        if not error.retryable:
            return error, Ending(QueueState.FAILED, words)
        if self.job.attempts >= settings.max_attempts:
            return error, Ending(QueueState.DEAD, words)
        wait = backoff(self.job.attempts, settings, self.chance())
        return error, Ending(QueueState.QUEUED, words, now + wait)

    def _settle(self, ending: Ending) -> QueuedJob:
        """The job as it stands; one that was lost is somebody else's."""
        settled = self.ctx.ledger.settle(self.job, ending, self.ctx.clock())
        return settled or self.ctx.ledger.queued_job(self.job.id) or self.job
