"""The kinds of jobs: how each is planned when a person adds it, and how it is carried out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tidegate.errors import UsageError
from tidegate.flows.context import Context
from tidegate.flows.queue import archive
from tidegate.flows.queue.draft import Draft, JobRequest
from tidegate.flows.queue.tries import Done
from tidegate.model.queue import Work


@dataclass(frozen=True)
class Kind:
    """`plan` reads and says what would be put into the queue. `run` does one piece of it; the time is the end of the
    maintenance window. Both raise TidegateError.
    """

    plan: Callable[[Context, JobRequest], Draft]
    run: Callable[[Context, Work, datetime | None], Done]


KINDS: Mapping[str, Kind] = {
    archive.KIND: Kind(archive.plan, archive.run),
}


def kind_of(name: str) -> Kind:
    """Raises UsageError when there is no such kind."""
    if name not in KINDS:
        raise UsageError(f"{name!r} is not a kind of job", hint=f"Kinds: {', '.join(KINDS)}.")
    return KINDS[name]
