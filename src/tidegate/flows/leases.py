"""The lease of a job on a table: one worker at a time, for thrift. Safety never rests on it."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass

from tidegate.errors import LedgerUnreachable, TidegateError, Unreachable
from tidegate.flows.context import Context, process_start
from tidegate.ledger.base import Job, JobState
from tidegate.model.names import TableName

LEASE_SECONDS = 900


def is_dead(owner: str) -> bool:
    """Whether the worker that `host/pid/start` names ran on this host and is gone."""
    host, _, rest = owner.rpartition("/")[0].rpartition("/")
    pid, start = rest, owner.rpartition("/")[2]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return bool(start) and process_start(int(pid)) != start


@dataclass
class Lease:
    """A claimed job. `renew` between steps; a step that takes long is kept by a heartbeat."""

    ctx: Context
    job: Job

    def renew(self) -> None:
        """Between two steps. Raises LeaseHeld when another worker has taken the job over, Interrupted to stop here."""
        self.ctx.check()
        self.job = self.ctx.ledger.renew(self.job, self.ctx.clock(), LEASE_SECONDS)

    def heartbeat(self) -> AbstractContextManager[None]:
        """Renew from a thread for as long as the block runs; a lease that is lost is left to the next `renew`."""
        return heartbeat(
            f"lease {self.job.id}", lambda: self.ctx.ledger.renew(self.job, self.ctx.clock(), LEASE_SECONDS)
        )


@contextmanager
def heartbeat(name: str, beat: Callable[[], object]) -> Iterator[None]:
    """Call `beat` from a thread, three times a lease, until the block ends; a ledger that is away may be back then."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(LEASE_SECONDS / 3):
            with suppress(Unreachable):
                beat()

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def lease(ctx: Context, kind: str, table: TableName) -> Iterator[Lease]:
    """Claim (kind, table); the job ends as done, or as failed with the error's message.

    What went wrong is told even when the ledger cannot take it; the lease is then over when the worker is.

    Raises:
        LeaseHeld: a living worker has it.
    """
    job = ctx.ledger.claim(kind, table, ctx.worker, ctx.clock(), LEASE_SECONDS, is_dead)
    held = Lease(ctx, job)
    try:
        with held.heartbeat():
            yield held
    except BaseException as error:
        outcome = f"{error.code}: {error.message}" if isinstance(error, TidegateError) else type(error).__name__
        with suppress(LedgerUnreachable):
            ctx.ledger.finish(held.job, JobState.FAILED, ctx.clock(), outcome)
        raise
    ctx.ledger.finish(held.job, JobState.DONE, ctx.clock(), "")
