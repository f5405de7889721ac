"""One event that was handed to us: its files are loaded, and what of it has to come again is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import dropwhile

from tidegate.arrivals.base import Received
from tidegate.errors import TidegateError
from tidegate.flows.context import Context
from tidegate.flows.landing.routing import Router
from tidegate.flows.landing.watch import Bell, Load, WatchedBatch, WatchRequest, watch
from tidegate.formats.events.landed import Delivery, Message


@dataclass(frozen=True)
class EventRequest:
    """`bell` rings when no further batch may begin."""

    delivery: Delivery
    router: Router
    load: Load
    bell: Bell


@dataclass(frozen=True)
class EventOutcome:
    """`errors`: why something of the event was not loaded; empty where only the time was over.

    `undone`: the numbers, from 0, of the messages that have to come again. A file in quarantine is not among them.
    """

    delivery: Delivery
    batches: tuple[WatchedBatch, ...]
    errors: tuple[TidegateError, ...] = ()
    undone: tuple[int, ...] = ()

    @property
    def files(self) -> int:
        return sum(batch.outcome.files for batch in self.batches if batch.outcome is not None)

    @property
    def rows(self) -> int:
        return sum(batch.outcome.rows for batch in self.batches if batch.outcome is not None)

    @property
    def quarantined(self) -> int:
        return sum(len(batch.outcome.quarantined) for batch in self.batches if batch.outcome is not None)

    @property
    def refused(self) -> tuple[TidegateError, ...]:
        """Why messages were not loaded that got into no batch."""
        of_batches = [batch.error for batch in self.batches]
        return tuple(error for error in self.errors if not any(error is other for other in of_batches))

    def answer(self) -> dict[str, list[dict[str, str]]]:
        """What Lambda answers SQS."""
        messages = self.delivery.messages
        return self.delivery.answer([id for number in self.undone if (id := messages[number].id) is not None])


def load_event(ctx: Context, request: EventRequest) -> EventOutcome:
    """Load the files that the event tells of, in batches, as `watch` does. What fails stands in the outcome.

    Of a FIFO queue nothing is loaded after what failed: it would overtake it.
    """
    source = _Delivered(request.delivery)
    errors: list[TidegateError] = []
    bell = _FirstError(request.bell, errors) if request.delivery.ordered else request.bell
    wanted = WatchRequest([source], request.router, request.load, bell, once=True, on_error=errors.append)
    batches = tuple(watch(ctx, wanted))
    errors += [message.error for message in source.held if message.error is not None]
    return EventOutcome(request.delivery, batches, tuple(errors), tuple(source.undone()))


@dataclass
class _Delivered:
    """The messages of one event, as arrivals; a message is known by its number.

    `held`: those of a FIFO queue from the first on that cannot be read.
    """

    delivery: Delivery
    address: str = "the event"
    _given: bool = False
    _done: set[str] = field(default_factory=set)

    @property
    def held(self) -> Sequence[Message]:
        messages = self.delivery.messages
        return list(dropwhile(lambda message: message.error is None, messages)) if self.delivery.ordered else ()

    def receive(self, seconds: float) -> Sequence[Received]:
        if self._given:
            return ()
        self._given = True
        messages = self.delivery.messages
        given = messages[: len(messages) - len(self.held)]
        return [Received(str(number), message) for number, message in enumerate(given)]

    def done(self, receipts: Sequence[str]) -> None:
        self._done.update(receipts)

    def failed(self, receipts: Sequence[str]) -> None:
        """Whatever is not done has to come again."""

    def waiting(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing is open."""

    def undone(self) -> list[int]:
        return [number for number in range(len(self.delivery.messages)) if str(number) not in self._done]


@dataclass(frozen=True)
class _FirstError:
    """A bell that rings when the other does, or when something failed."""

    bell: Bell
    errors: Sequence[TidegateError]

    def is_set(self) -> bool:
        return bool(self.errors) or self.bell.is_set()

    def wait(self, timeout: float) -> bool:
        return self.bell.wait(timeout)
