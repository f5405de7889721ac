"""What would be put into the queue: read and decided, for a person to confirm; then put in."""

from dataclasses import dataclass
from datetime import date

from tidegate.flows.context import Context
from tidegate.model.names import TableName
from tidegate.model.outcome import Failure
from tidegate.model.queue import QueuedJob, Work


@dataclass(frozen=True)
class JobRequest:
    """What a person asks for by hand: a table, the days that periods must touch, another priority."""

    table: TableName
    first: date | None = None
    last: date | None = None
    priority: int | None = None


@dataclass(frozen=True)
class Draft:
    """Work to put into the queue. `rows` would leave the warehouse; `known` are in the queue already.

    `failures`: tables that cannot be planned, or that a guard refuses.
    """

    works: tuple[Work, ...] = ()
    known: int = 0
    rows: int = 0
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True)
class EnqueueOutcome:
    """`known`: how many jobs were not put in, because their work is in the queue already."""

    new: tuple[QueuedJob, ...]
    known: int
    failures: tuple[Failure, ...] = ()


def enqueue(ctx: Context, draft: Draft) -> EnqueueOutcome:
    """Put the draft's work in, all at once."""
    new = tuple(ctx.ledger.enqueue(draft.works, ctx.clock()))
    return EnqueueOutcome(new, draft.known + len(draft.works) - len(new), draft.failures)
