"""Batches of landed files, as `watch` and `backfill` print them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tidegate.cli.failures import exit_code, failure_lines
from tidegate.cli.frame import Run
from tidegate.cli.output import counted, flush
from tidegate.cli.signals_output import delivered_document, metrics_document
from tidegate.model.metrics import Metric
from tidegate.model.outcome import Failure

if TYPE_CHECKING:
    from tidegate.app import App
    from tidegate.flows.landing.watch import WatchedBatch


_SUMMED = (
    Metric.FILES_PROCESSED,
    Metric.DATA_ROWS_LOADED,
    Metric.PROCESSING_ERRORS,
    Metric.EXECUTION_DURATION,
)


@dataclass
class Totals:
    """What a run did, over all of its batches."""

    files: int = 0
    rows: int = 0
    quarantined: int = 0
    failures: list[Failure] = field(default_factory=list)
    metrics: Counter[Metric] = field(default_factory=lambda: Counter(dict.fromkeys(_SUMMED, 0)))

    def add(self, batch: "WatchedBatch") -> None:
        if batch.outcome is not None:
            self.files += batch.outcome.files
            self.rows += batch.outcome.rows
            self.quarantined += len(batch.outcome.quarantined)
            self.metrics.update({metric: batch.outcome.metrics[metric] for metric in _SUMMED})
        if batch.error is not None:
            self.failures.append(Failure.of(batch.route.table, batch.error))
            self.metrics[Metric.PROCESSING_ERRORS] += 1

    @property
    def exit_code(self) -> int:
        codes = [failure.exit_code for failure in self.failures] + [5] * bool(self.quarantined)
        return exit_code(codes, done=self.rows > 0) if codes else 0


def print_batches(run: Run, app: "App", batches: "Iterable[WatchedBatch]") -> Totals:
    """Each batch as it ends, then the totals."""
    totals = Totals()
    for batch in batches:
        totals.add(batch)
        run.output.result(_document(batch), _lines(batch))
        flush()
    document = {
        "message_type": "result",
        "files": totals.files,
        "rows": totals.rows,
        "quarantined": totals.quarantined,
        "failed": len(totals.failures),
        "metrics": {metric.value: value for metric, value in totals.metrics.items()},
        "notifications": delivered_document(app.notifications),
    }
    run.output.result(document, [f"{counted(totals.rows, 'row')} of {counted(totals.files, 'file')} loaded"])
    return totals


def _document(batch: "WatchedBatch") -> dict[str, object]:
    outcome, error = batch.outcome, batch.error
    return {
        "message_type": "batch",
        "route": batch.route.match,
        "table": str(batch.route.table),
        "files": batch.files,
        "bytes": batch.bytes,
        "batches": [] if outcome is None else [loaded.batch for loaded in outcome.batches],
        "loaded": 0 if outcome is None else outcome.files,
        "rows": 0 if outcome is None else outcome.rows,
        "skipped": 0 if outcome is None else len(outcome.already) + len(outcome.stale) + len(outcome.gone),
        "quarantined": []
        if outcome is None
        else [{"uri": q.file.uri, "code": q.code, "reason": q.reason} for q in outcome.quarantined],
        "metrics": None if outcome is None else metrics_document(outcome),
        "error": None if error is None else {"code": error.code, "message": error.message, "hint": error.hint},
    }


def _lines(batch: "WatchedBatch") -> Iterator[str]:
    table = str(batch.route.table)
    if batch.error is not None:
        yield from failure_lines(Failure.of(table, batch.error))
    if batch.outcome is not None:
        outcome = batch.outcome
        skipped = len(outcome.already) + len(outcome.stale) + len(outcome.gone)
        left = f", {skipped:,} skipped" if skipped else ""
        yield f"{table}: {counted(outcome.rows, 'row')} of {counted(outcome.files, 'file')}{left}"
        for one in outcome.quarantined:
            yield f"  quarantine: {one.file.uri}: {one.reason}"
