"""Backfill: load what a listing has and the warehouse has not."""

from collections.abc import Iterator, Sequence
from itertools import islice

from tidegate.errors import Interrupted, TidegateError
from tidegate.flows.context import Context
from tidegate.flows.landing.batches import Batch, Batches
from tidegate.flows.landing.reconcile import FileStanding, ReconcileRequest, Standing, reconcile
from tidegate.flows.landing.watch import Load, WatchedBatch

AT_ONCE = 50_000
"""Files that are sorted by when they landed before they are loaded; a run goes on until none is left."""

_TO_LOAD = (Standing.MISSING, Standing.NEWER)


def backfill(ctx: Context, request: ReconcileRequest, load: Load) -> Iterator[WatchedBatch]:
    """Load missing and newer versions, in the order in which they landed; files in quarantine stay there.

    A batch that fails stands in what is yielded, and is not tried again in this run.

    Raises:
        ObjectMissing: there is no such route.
        ConfigError: the warehouse was never initialised.
    """
    tried: set[str] = set()
    found = _next(ctx, request, tried)
    while found:
        for batch in _batches(ctx, found):
            ctx.check()
            tried.update(batch.files)
            yield _loaded(ctx, batch, load)
        found = _next(ctx, request, tried) if len(found) == AT_ONCE else ()


def _next(ctx: Context, request: ReconcileRequest, tried: set[str]) -> Sequence[FileStanding]:
    wanted = (one for one in reconcile(ctx, request) if one.standing in _TO_LOAD and one.uri not in tried)
    return sorted(islice(wanted, AT_ONCE), key=_order)


def _order(one: FileStanding) -> tuple[float, str]:
    landed = one.file.landed_at if one.file is not None else None
    return landed.timestamp() if landed else 0.0, one.uri


def _batches(ctx: Context, found: Sequence[FileStanding]) -> Iterator[Batch]:
    batches = Batches()
    for one in found:
        if one.file is not None:
            yield from batches.add(one.route, one.file, (), ctx.clock())
    yield from batches.rest()


def _loaded(ctx: Context, batch: Batch, load: Load) -> WatchedBatch:
    files, size = tuple(batch.files.values()), batch.bytes
    try:
        return WatchedBatch(batch.route, len(files), size, load(ctx, batch.route, files))
    except Interrupted:
        raise
    except TidegateError as error:
        return WatchedBatch(batch.route, len(files), size, error=error)
