"""The verbs of landed files: wait for them, compare them with what is loaded, load what is missing."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.app.opened import Opened
from tidegate.config.extras import needing
from tidegate.config.queue_url import QUEUE_SCHEMES, parse_queue
from tidegate.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from tidegate.arrivals.base import Arrivals
    from tidegate.flows.context import Context
    from tidegate.flows.landing.delivered import EventOutcome
    from tidegate.flows.landing.places import Place
    from tidegate.flows.landing.reconcile import Counts, FileStanding, ReconcileRequest
    from tidegate.flows.landing.watch import Bell, WatchedBatch
    from tidegate.model.route import Route


@dataclass(frozen=True)
class _Spot:
    """What `watch` looks at: a queue, or a folder; neither: what the routes name."""

    queue: str | None = None
    folder: Path | None = None


@dataclass(frozen=True)
class _TimeOver:
    """A bell that rings when the caller's time is over."""

    time_left: Callable[[], float | None]

    def is_set(self) -> bool:
        left = self.time_left()
        return left is not None and left <= 0

    def wait(self, timeout: float) -> bool:
        """An event is handed over whole: nothing is waited for."""
        return self.is_set()


class Watching(Opened):
    def watch(
        self, place: str | None = None, *, once: bool = False, bell: "Bell | None" = None
    ) -> "Iterator[WatchedBatch]":
        """Load files as they arrive, batch by batch, until the bell, a threading.Event, rings.

        `place`: a folder, or a queue as `sqs://NAME` or by its URL; without it the queues and folders of the routes.
        `once`: end when nothing more arrives.
        """
        from tidegate.flows.identity import attach
        from tidegate.flows.landing.files import load_files
        from tidegate.flows.landing.routing import Router
        from tidegate.flows.landing.watch import WatchRequest, watch

        self._check_routes()
        ringing = bell or threading.Event()
        spot = _spot(place)
        with self._digesting() as ctx, ExitStack() as stack:
            attach(ctx)
            sources = self._sources(spot, ringing, once=once)
            for source in sources:
                stack.callback(source.close)
            router = Router(self.settings, self._outside(spot.folder))
            yield from watch(ctx, WatchRequest(sources, router, load_files, ringing, once))

    def load_event(self, event: object, routes: "Sequence[Route] | None" = None) -> "EventOutcome":
        """Load the files that an event tells of, in any shape of docs/events.md, by the routes of the configuration.

        What failed stands in the outcome, with the messages that have to come again. `event` may be a Delivery, too.
        `routes`: by these instead, the most specific first.

        Raises:
            UsageError: it has none of those shapes, or came without a queue and cannot be read.
        """
        from tidegate.flows.identity import attach
        from tidegate.flows.landing.delivered import EventRequest, load_event
        from tidegate.flows.landing.files import load_files
        from tidegate.flows.landing.routing import Router
        from tidegate.formats.events.landed import Delivery
        from tidegate.formats.events.parse import parse_event

        if routes is None:
            self._check_routes()
        settings = self.settings if routes is None else replace(self.settings, routes=tuple(routes))
        delivery = event if isinstance(event, Delivery) else parse_event(event)
        with self._digesting() as ctx:
            attach(ctx)
            return load_event(ctx, EventRequest(delivery, Router(settings), load_files, _TimeOver(self.time_left)))

    def reconcile(
        self, route: str | None = None, *, folder: str | None = None, counts: "Counts | None" = None
    ) -> "Iterator[FileStanding]":
        """Files that are not loaded, or are loaded and gone. `route`: its match or its table. Changes nothing."""
        from tidegate.flows.landing.reconcile import reconcile

        self._check_routes()
        return reconcile(self.context, self._request(route, folder, None), counts)

    def backfill(
        self, route: str | None = None, *, since: datetime | None = None, folder: str | None = None
    ) -> "Iterator[WatchedBatch]":
        """Load what `reconcile` finds missing. `since`: only files that landed then or later."""
        self._check_routes()
        return self._backfill(self._request(route, folder, since))

    def _backfill(self, request: "ReconcileRequest") -> "Iterator[WatchedBatch]":
        from tidegate.flows.landing.backfill import backfill
        from tidegate.flows.landing.files import load_files

        with self._digesting() as ctx:
            for batch in backfill(ctx, request, load_files):
                ctx.notifier.due()
                yield batch

    @contextmanager
    def _digesting(self) -> "Iterator[Context]":
        """What batches tell within a time is one message of each kind; what is left is told at the end."""
        from tidegate.flows.load.told import failures_told
        from tidegate.signals.digest import Digest

        seconds = self.settings.notify.digest_seconds
        notifier = Digest(self.channels, seconds) if seconds else self.channels
        with closing(notifier), failures_told(self, but=(UsageError,)):
            yield replace(self.context, notifier=notifier)

    def _request(self, route: str | None, folder: str | None, since: datetime | None) -> "ReconcileRequest":
        from tidegate.flows.landing.reconcile import ReconcileRequest

        return ReconcileRequest(route, self._outside(_folder(folder)) if folder is not None else None, since)

    def _check_routes(self) -> None:
        if not self.settings.routes:
            raise ConfigError(
                f"{self.settings.file} has no [[load]]", hint="Say in [[load]] which files go into which table."
            )

    def _outside(self, folder: Path | None) -> Path | None:
        """The folder that relative routes start from; in the lake they start from the lake."""
        lake = self.settings.lake
        inside = folder is not None and isinstance(lake, Path) and folder.is_relative_to(lake)
        return None if inside else folder

    def _sources(self, spot: _Spot, bell: "Bell", *, once: bool) -> "list[Arrivals]":
        from tidegate.flows.landing.listing import ListedFiles
        from tidegate.flows.landing.places import distinct, folder_place, place_of

        if spot.queue is not None:
            return [_queue(spot.queue)]
        if spot.folder is not None:
            places: list[Place] = [folder_place(self.context, f"{spot.folder}/")]
            return [ListedFiles(places, self.context.clock, bell.wait)]
        routes = self.settings.routes
        queues = [_queue(one) for one in dict.fromkeys(route.queue for route in routes if route.queue is not None)]
        listed = [(route, place_of(self.context, route)) for route in routes if route.queue is None]
        for route, place in listed:
            if place.whole and not once:
                raise ConfigError(
                    f"[[load]] {route.match} lies in S3 and names no queue",
                    hint="Set queue, or run `tidegate backfill` by a schedule.",
                )
        folders = distinct(place for _, place in listed)
        return [*queues, *([ListedFiles(folders, self.context.clock, bell.wait)] if folders else [])]


def _spot(place: str | None) -> _Spot:
    if place is None:
        return _Spot()
    if place.startswith(QUEUE_SCHEMES):
        return _Spot(queue=place)
    return _Spot(folder=_folder(place))


def _folder(text: str) -> Path:
    if "://" in text and not text.startswith("file://"):
        raise UsageError(f"{text} is neither a folder nor a queue", hint="Give a folder, or sqs://NAME?region=REGION.")
    folder = Path(text.removeprefix("file://")).absolute()
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", hint="Check the path.")
    return folder


def _queue(text: str) -> "Arrivals":
    try:
        queue = parse_queue(text)
    except ValueError as error:
        raise UsageError(f"queue {error}", hint="Write it as sqs://NAME?region=REGION.") from error
    with needing("aws", f"the queue {queue.address!r}"):
        from tidegate.arrivals.sqs import SqsArrivals

    return SqsArrivals(queue)
