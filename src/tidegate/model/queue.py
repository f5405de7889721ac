"""The queue of the ledger: what shall be done, how far it is, and how a try at it ended."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from tidegate.errors import UsageError
from tidegate.model.names import TableName
from tidegate.model.periods import Granularity


class QueueState(StrEnum):
    """`queued` and `running` are open; `dead` failed as often as it may, `failed` can only fail again as it is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    DEAD = "dead"
    CANCELLED = "cancelled"


MAX_PRIORITY = 2**31 - 1

OPEN = (QueueState.QUEUED, QueueState.RUNNING)


@dataclass(frozen=True)
class Work:
    """What a job shall do. `periods` are their first days, in order; none says that the kind needs none.

    `granularity`, `as_of` and `max_delete_fraction` are those under which it was planned. The smallest `priority`
    goes first.
    """

    kind: str
    table: TableName
    periods: tuple[date, ...] = ()
    granularity: Granularity | None = None
    as_of: date | None = None
    priority: int = 100
    max_delete_fraction: float | None = None

    def __post_init__(self) -> None:
        """Raises UsageError when databases cannot keep the priority."""
        if abs(self.priority) > MAX_PRIORITY:
            raise UsageError(f"the priority {self.priority} is out of range", hint=f"Give at most {MAX_PRIORITY}.")


@dataclass(frozen=True)
class QueuedJob:
    """Work in the queue. `attempts` are those that count against the limit, `claims` how often it was taken.

    It is not taken before `available_at`. `owner` and `lease_until` are those of the worker that has it, or had it
    last. `outcome` says in words how the last try ended. Times are UTC.
    """

    id: int
    work: Work
    state: QueueState
    attempts: int
    claims: int
    queued_at: datetime
    available_at: datetime
    owner: str = ""
    lease_until: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    outcome: str = ""


@dataclass(frozen=True)
class Claimant:
    """A worker that asks for work. `is_dead` tells of another one's owner whether it is known to be gone.

    `seconds` is the length of its leases. `schema`: only work on its tables; `limits`: how many jobs of a schema may
    run at once. A job that was lost `max_attempts` times is dead.
    """

    owner: str
    seconds: int
    is_dead: Callable[[str], bool]
    max_attempts: int
    schema: str | None = None
    limits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Ending:
    """How a try ended. With the state `queued` the job is taken again from `available_at` on, else from now on.

    `counts`: whether the try counts as an attempt.
    """

    state: QueueState
    outcome: str
    available_at: datetime | None = None
    counts: bool = True


@dataclass(frozen=True)
class QueueFilter:
    """Which jobs to list: all that agree with everything given."""

    states: tuple[QueueState, ...] = ()
    table: TableName | None = None
    schema: str | None = None
