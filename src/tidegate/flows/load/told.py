"""Loads that are told of and measured: what `load`, `watch`, `backfill` and the library all go through."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from tidegate.errors import Interrupted, StillRunning, TidegateError
from tidegate.flows.context import Context
from tidegate.flows.load.plan import LoadPlan
from tidegate.flows.load.run import run_load
from tidegate.model.landing import FileVersion
from tidegate.model.loading import LoadOutcome
from tidegate.model.metrics import Measures, Metric
from tidegate.model.names import TableName
from tidegate.model.notification import MOST, Notification, NotificationKind, Problem, Share
from tidegate.model.route import Route
from tidegate.redshift.loaded import LoadedFiles
from tidegate.signals.base import Metrics, Notifier


def load_told(ctx: Context, plan: LoadPlan) -> LoadOutcome:
    """As `run_load`. Afterwards people are told of it, at most once of each kind, and its numbers are written."""
    before = ctx.notifier.delivered
    landed = [landed.file for batch in plan.batches for landed in batch.files]
    if landed or plan.refused:
        files = [*landed, *(refused.file for refused in plan.refused)]
        ctx.notifier.send(Notification(NotificationKind.UPLOAD, (_share(plan.route, plan.name, files),)))
    began = ctx.clock()
    with failures_told(ctx, plan.route, len(landed)):
        outcome = run_load(ctx, plan)
    letters = _dead_letters(ctx, plan.name) if ctx.metrics.wanted else None
    outcome = replace(outcome, milliseconds=_since(ctx, began), dead_letters=letters)
    for notification in notifications(plan.route, outcome):
        ctx.notifier.send(notification)
    if outcome.batches or outcome.quarantined:
        ctx.metrics.put(Measures(ctx.clock(), outcome.metrics, str(plan.name)))
    return replace(outcome, notifications=ctx.notifier.delivered - before)


class Signals(Protocol):
    """A Context, or what stands for one before there is any."""

    @property
    def notifier(self) -> Notifier: ...

    @property
    def metrics(self) -> Metrics: ...

    @property
    def clock(self) -> Callable[[], datetime]: ...


@contextmanager
def failures_told(
    ctx: Signals, route: Route | None = None, files: int = 0, *, but: tuple[type[TidegateError], ...] = ()
) -> Iterator[None]:
    """Around work with files: an error that ends it is told and counted, and raised again.

    An end that was asked for is none, nor are errors of the types `but`. `files`: of how many it is, 0 = not known.
    """
    began = ctx.clock()
    try:
        yield
    except TidegateError as error:
        if isinstance(error, (Interrupted, StillRunning, *but)):
            raise
        table = str(route.table) if route is not None and route.table is not None else None
        problem = Problem(table or "load", error.message, error.hint)
        failure = Notification(NotificationKind.ERROR, problems=(problem,), failed=1, text="loading failed")
        if route is not None and table is not None:
            failure = replace(failure, shares=(Share(table, str(route.mode), files),), text="")
        ctx.notifier.send(failure)
        values = {Metric.PROCESSING_ERRORS: 1, Metric.EXECUTION_DURATION: _since(ctx, began)}
        ctx.metrics.put(Measures(ctx.clock(), values, table))
        raise


def notifications(route: Route, outcome: LoadOutcome) -> Iterator[Notification]:
    """What is told of a load that went through: nothing where nothing was loaded, failed, or gone."""
    loaded = [file for batch in outcome.batches for file in batch.files]
    failed = [quarantined.file for quarantined in outcome.quarantined]
    if loaded:
        share = _share(route, outcome.table, loaded, outcome.metrics[Metric.DATA_ROWS_LOADED])
        yield Notification(NotificationKind.SUCCESS, (share,), failed=len(failed))
    if outcome.gone:
        problems = tuple(Problem(file.uri, "it was gone before the load") for file in outcome.gone[:MOST])
        share = _share(route, outcome.table, outcome.gone)
        yield Notification(NotificationKind.WARNING, (share,), problems, len(outcome.gone))
    if failed:
        problems = tuple(Problem(one.file.uri, one.reason, one.hint) for one in outcome.quarantined[:MOST])
        yield Notification(
            NotificationKind.ERROR, (_share(route, outcome.table, failed),), problems, len(outcome.quarantined)
        )


def _share(route: Route, table: TableName, files: Sequence[FileVersion], rows: int = 0) -> Share:
    size = sum(file.size for file in files)
    return Share(str(table), str(route.mode), len(files), rows, size, files[0].uri)


def _since(ctx: Signals, began: datetime) -> int:
    return round((ctx.clock() - began).total_seconds() * 1000)


def _dead_letters(ctx: Context, table: TableName) -> int | None:
    """None: the warehouse cannot say now; what was loaded stays loaded."""
    statement = LoadedFiles(ctx.settings.control_schema).count_quarantined(table)
    try:
        return int(str(ctx.warehouse.execute(statement).rows[0][0]))
    except TidegateError as error:
        ctx.reporter.notice(f"files of {table} in quarantine are not counted: {error.message}")
        return None
