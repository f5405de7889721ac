"""Ask the lake for parked files, each once, and wait for them where that is wanted."""

from collections.abc import Iterator, Sequence
from itertools import chain

from tidegate.flows.context import Context
from tidegate.flows.thaw.standing import KEPT_DAYS, ParkedFiles, objects, stand, state_of
from tidegate.lake.base import ObjectInfo
from tidegate.model.names import TableName
from tidegate.model.thawing import FileStates
from tidegate.model.tiers import Retrieval, ThawState
from tidegate.signals.base import Progress

FIRST_PAUSE, LONGEST_PAUSE = 15.0, 900.0
"""Seconds between two looks: twice as long each time."""


def thaw_files(
    ctx: Context, table: TableName, batches: Sequence[ParkedFiles], retrieval: Retrieval, *, wait: bool
) -> FileStates:
    """Ask for the files that nobody asked for yet; where all of them stand now, with `wait` once all can be read.

    Raises:
        DifferenceFound: a file is missing.
        UsageError: the tier has no such retrieval.
        Interrupted: the run was asked to stop while it waits.
    """
    pause = FIRST_PAUSE
    while True:
        states = stand(chain.from_iterable(_asked(ctx, batch, retrieval) for batch in batches)).states
        _report(ctx, table, states)
        if not (states.waiting and wait):
            return states
        ctx.check()
        ctx.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _asked(ctx: Context, batch: ParkedFiles, retrieval: Retrieval) -> Iterator[ObjectInfo]:
    parked = []
    for info in objects(ctx, batch):
        if state_of(info) is ThawState.PARKED:
            parked.append(info.key)
        else:
            yield info
    if parked:
        yield from ctx.lake.thaw(parked, KEPT_DAYS, retrieval)


def _report(ctx: Context, table: TableName, states: FileStates) -> None:
    amounts = (states.readable, states.thawed, states.thawing, states.parked)
    done = sum(amount.bytes for amount in amounts[:2])
    total = sum(amount.bytes for amount in amounts)
    ctx.reporter.progress(Progress(f"{table} thaw", bytes=done, total_bytes=total))
