"""The port of arrivals: messages that tell of landed files, each of which comes again until it is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tidegate.formats.events.landed import Message


@dataclass(frozen=True)
class Received:
    """A message. `receipt` is what the source knows this delivery of it by."""

    receipt: str
    message: Message


class Arrivals(Protocol):
    """Delivers at least once, in no order. Every method raises ConfigError when there is no such place, and
    Unreachable when it cannot be reached.
    """

    @property
    def address(self) -> str:
        """Names it in messages."""
        ...

    def receive(self, seconds: float) -> Sequence[Received]:
        """Messages that are there, or that come within that time. Nobody else gets them until they are done, failed,
        or this process ends.
        """
        ...

    def done(self, receipts: Sequence[str]) -> None:
        """These messages never come again. Harmless when they were done before."""
        ...

    def failed(self, receipts: Sequence[str]) -> None:
        """These come again, later; a queue that has a dead letter queue gives them up in the end."""
        ...

    def waiting(self) -> int:
        """Files that are seen, but not yet complete."""
        ...

    def close(self) -> None: ...
