"""Watch: messages of landed files become batches, batches become rows, and only then are the messages done."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from tidegate.arrivals.base import Arrivals, Received
from tidegate.errors import Interrupted, TidegateError, Unreachable
from tidegate.flows.context import Context
from tidegate.flows.landing.batches import Batch, Batches
from tidegate.flows.landing.listing import LOOK_SECONDS
from tidegate.flows.landing.routing import Router
from tidegate.flows.load.landing import Landing, check_address
from tidegate.formats.events.landed import Landed
from tidegate.model.landing import FileVersion
from tidegate.model.loading import LoadOutcome
from tidegate.model.route import Route

POLL_SECONDS = 10.0
"""The longest wait for a message: what a wish to stop may take, too."""

SETTLE_LOOKS = 3
LONGEST_PAUSE = 60.0
"""Seconds after a batch that failed for a reason that may pass."""

Load = Callable[[Context, Route, tuple[FileVersion, ...]], LoadOutcome]


def untold(error: TidegateError) -> None:
    """Nobody collects errors: batches and notices tell them."""


class Bell(Protocol):
    """What tells to stop: a threading.Event."""

    def is_set(self) -> bool: ...

    def wait(self, timeout: float) -> bool: ...


@dataclass(frozen=True)
class WatchRequest:
    """`once`: end when nothing more arrives, instead of waiting for more. `on_error`: why messages come again."""

    sources: Sequence[Arrivals]
    router: Router
    load: Load
    bell: Bell
    once: bool = False
    on_error: Callable[[TidegateError], None] = untold


@dataclass(frozen=True)
class WatchedBatch:
    """A batch that was closed. `outcome` is None when it failed with `error`; its messages then come again."""

    route: Route
    files: int
    bytes: int
    outcome: LoadOutcome | None = None
    error: TidegateError | None = None


def watch(ctx: Context, request: WatchRequest) -> Iterator[WatchedBatch]:
    """Load what arrives, batch by batch, until the bell rings; a batch that was begun is ended.

    Files of batches that are still open then are not loaded: their messages come again.

    Raises:
        ConfigError: a source is not there.
        Unreachable: a source cannot be reached at the first look, or in a run that ends by itself.
    """
    watching = _Watch(ctx, request)
    looks = 0
    while not request.bell.is_set():
        arrived = yield from watching.look(0 if request.once else POLL_SECONDS)
        if not request.once or arrived:
            continue
        if looks < SETTLE_LOOKS and any(source.waiting() for source in request.sources):
            looks += 1
            request.bell.wait(LOOK_SECONDS)
            continue
        yield from watching.end()
        return


@dataclass(frozen=True)
class _Outage:
    """A source could not be reached at so many `looks`; the next one comes after `until`."""

    looks: int
    until: datetime


@dataclass
class _Watch:
    """`parts`: of each message in hand the files that are still to be loaded, and where it came from.

    `returned`: messages that go back to their source at the end of a run that ends by itself, or it would never end.
    `reached`, `outages`: addresses of sources that could be reached at some time, and of those that cannot be now.
    """

    ctx: Context
    request: WatchRequest
    batches: Batches = field(default_factory=Batches)
    parts: dict[str, tuple[Arrivals, int]] = field(default_factory=dict)
    returned: list[tuple[Arrivals, str]] = field(default_factory=list)
    failures: int = 0
    reached: set[str] = field(default_factory=set)
    outages: dict[str, "_Outage"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.landing = Landing(self.ctx)

    def look(self, seconds: float) -> Generator[WatchedBatch, None, int]:
        """One round over the sources; returns how many messages came."""
        arrived = 0
        for source in self.request.sources:
            dues = [at for at in (self.batches.next_at(), self.ctx.notifier.next_at()) if at is not None]
            left = min([seconds, *(max(0.0, (at - self.ctx.clock()).total_seconds()) for at in dues)])
            received = self._received(source, left / len(self.request.sources))
            arrived += len(received)
            for one in received:
                yield from self._loaded(self._taken(source, one))
            yield from self._loaded(self.batches.due(self.ctx.clock()))
            self.ctx.notifier.due()
        return arrived

    def _received(self, source: Arrivals, seconds: float) -> Sequence[Received]:
        """What came. A source that could be reached before is tried again, after growing pauses.

        Raises:
            Unreachable: it cannot be reached at the first look, or in a run that ends by itself.
        """
        outage = self.outages.get(source.address)
        if outage is not None and self.ctx.clock() < outage.until:
            self.request.bell.wait(min(seconds, (outage.until - self.ctx.clock()).total_seconds()))
            return ()
        try:
            received = source.receive(seconds)
        except Unreachable as error:
            if self.request.once or source.address not in self.reached:
                raise
            looks = 1 if outage is None else outage.looks + 1
            pause = min(LONGEST_PAUSE, 2.0**looks)
            self.outages[source.address] = _Outage(looks, self.ctx.clock() + timedelta(seconds=pause))
            self.ctx.reporter.notice(f"{source.address}: {error.message}; it is looked at again in {pause:g} seconds")
            return ()
        self.reached.add(source.address)
        if self.outages.pop(source.address, None) is not None:
            self.ctx.reporter.notice(f"{source.address} can be reached again")
        return received

    def end(self) -> Iterator[WatchedBatch]:
        """Load what is in open batches, and tell what is not complete."""
        yield from self._loaded(self.batches.rest())
        for source, receipt in self.returned:
            source.failed([receipt])
        for source in self.request.sources:
            if source.waiting():
                self.ctx.reporter.notice(f"{source.waiting()} files below {source.address} are still written to")

    def _taken(self, source: Arrivals, received: Received) -> list[Batch]:
        """Put the files of a message into batches; returns those that this closes."""
        message = received.message
        if message.error is not None:
            self._give_back(source, received, message.error)
            return []
        for told in message.told:
            self.ctx.reporter.notice(told)
        try:
            found = [self._routed(landed) for landed in message.landed]
        except TidegateError as error:
            self._give_back(source, received, error)
            return []
        files = [one for one in found if one is not None]
        if not files:
            self._told(source, source.done, received.receipt)
            return []
        self.parts[received.receipt] = (source, len(files))
        now = self.ctx.clock()
        return [batch for route, file in files for batch in self.batches.add(route, file, [received.receipt], now)]

    def _routed(self, landed: Landed) -> tuple[Route, FileVersion] | None:
        """The file with its route; None, and a notice, when there is none, or the file is gone."""
        choice = self.request.router.choose(landed.uri)
        if choice.route is None:
            if not choice.hidden:
                self.ctx.reporter.notice(f"{landed.uri} is not loaded: {choice.reason}")
            return None
        check_address(landed.uri)
        file = landed.file or self.landing.head(landed.uri)
        if file is None:
            self.ctx.reporter.notice(f"{landed.uri} is not loaded: it is gone")
            return None
        return choice.route, file

    def _give_back(self, source: Arrivals, received: Received, error: TidegateError) -> None:
        self.ctx.reporter.notice(f"{source.address}: {error.message}")
        self.request.on_error(error)
        self._return(source, received.receipt)

    def _return(self, source: Arrivals, receipt: str) -> None:
        if self.request.once:
            self.returned.append((source, receipt))
        else:
            self._told(source, source.failed, receipt)

    def _told(self, source: Arrivals, what: Callable[[Sequence[str]], None], receipt: str) -> None:
        """Tell a source what became of a message; one that cannot be told delivers it again, which does no harm."""
        try:
            what([receipt])
        except Unreachable as error:
            if self.request.once:
                raise
            self.ctx.reporter.notice(f"{source.address}: {error.message}; its message comes again")

    def _loaded(self, batches: Sequence[Batch]) -> Iterator[WatchedBatch]:
        for batch in batches:
            if self.request.bell.is_set():
                return
            yield self._load(batch)

    def _load(self, batch: Batch) -> WatchedBatch:
        files = tuple(batch.files.values())
        size = batch.bytes
        try:
            outcome = self.request.load(self.ctx, batch.route, files)
        except Interrupted:
            raise
        except TidegateError as error:
            self.request.on_error(error)
            self._failed(batch)
            return WatchedBatch(batch.route, len(files), size, error=error)
        self.failures = 0
        self._done(batch)
        return WatchedBatch(batch.route, len(files), size, outcome)

    def _done(self, batch: Batch) -> None:
        """A message is done when the last of its files is."""
        for receipt in batch.receipts:
            if receipt not in self.parts:
                continue
            source, left = self.parts.pop(receipt)
            if left > 1:
                self.parts[receipt] = (source, left - 1)
            else:
                self._told(source, source.done, receipt)

    def _failed(self, batch: Batch) -> None:
        """Its messages come again; not at once, so that what went wrong may pass."""
        for receipt in dict.fromkeys(batch.receipts):
            if receipt in self.parts:
                source, _ = self.parts.pop(receipt)
                self._return(source, receipt)
        self.failures += 1
        if not self.request.once:
            self.request.bell.wait(min(LONGEST_PAUSE, 2.0**self.failures))
