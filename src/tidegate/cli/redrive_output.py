"""What loads put aside, and tries at it, printed."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import typer

from tidegate.cli.failures import exit_code, print_failures
from tidegate.cli.frame import Run
from tidegate.cli.output import counted, table
from tidegate.model.landing import FileVersion
from tidegate.model.quarantine import Quarantined, QuarantinedBatch, RedriveOutcome
from tidegate.warehouse.base import ResultColumn

if TYPE_CHECKING:
    from tidegate.flows.landing.redrive import RedrivePlan

_KIND, _STATE = "load", "quarantined"
_HEADS = (
    ("batch", "varchar"),
    ("kind", "varchar"),
    ("table", "varchar"),
    ("state", "varchar"),
    ("files", "bigint"),
    ("since", "varchar"),
    ("reason", "varchar"),
)


def batch_document(batch: QuarantinedBatch) -> dict[str, object]:
    return {
        "batch": batch.batch,
        "kind": _KIND,
        "table": str(batch.table),
        "state": _STATE,
        "files": batch.files,
        "rows": batch.rows,
        "code": batch.code,
        "reason": batch.reason,
        "quarantined_at": batch.at.isoformat(),
    }


def batch_lines(batches: Sequence[QuarantinedBatch]) -> Iterator[str]:
    rows = [(b.batch, _KIND, str(b.table), _STATE, b.files, b.at.isoformat(), b.reason) for b in batches]
    if rows:
        yield from table([ResultColumn(*head) for head in _HEADS], rows)


def entry_documents(entries: Sequence[Quarantined]) -> list[dict[str, object]]:
    return [
        {
            "batch": entry.batch,
            "kind": _KIND,
            "table": str(entry.table),
            "state": _STATE,
            **_file(entry.aside.file),
            "version": entry.aside.file.version,
            "code": entry.aside.code,
            "reason": entry.aside.reason,
            "hint": entry.aside.hint,
            "rows": entry.aside.rows,
            "place": entry.aside.place,
            "quarantined_at": entry.at.isoformat(),
        }
        for entry in entries
    ]


def entry_lines(entries: Sequence[Quarantined]) -> Iterator[str]:
    for document in entry_documents(entries):
        yield f"{document.pop('uri')}"
        yield from (f"  {key}: {value}" for key, value in document.items() if value not in (None, ""))


def print_redrive_plan(run: Run, plan: "RedrivePlan") -> None:
    """What would be tried; ends the command by what cannot be."""
    print_failures(run, plan.failures)
    document = {
        "message_type": "plan",
        "retries": [
            {"table": str(retry.table), "route": retry.route.match, **_file(file)}
            for retry in plan.retries
            for file in retry.files
        ],
        "asides": [{"table": str(one.table), "place": one.place, "rows": one.rows} for one in plan.asides],
        "loaded": [{"table": str(name), **_file(file)} for name, files in plan.loaded for file in files],
    }
    run.output.result(document, _plan_lines(plan))
    if plan.failures:
        done = bool(plan.retries or plan.asides)
        raise typer.Exit(exit_code([failure.exit_code for failure in plan.failures], done=done))


def _plan_lines(plan: "RedrivePlan") -> Iterator[str]:
    for retry in plan.retries:
        yield f"{retry.table}: {counted(len(retry.files), 'file')} by {retry.route.match}"
        yield from (f"  {file.uri}" for file in retry.files)
    for aside in plan.asides:
        yield f"{aside.table}: {counted(aside.rows, 'row')} at {aside.place}"
    for name, files in plan.loaded:
        yield f"{name}: {counted(len(files), 'file')} already loaded"
    if not (plan.retries or plan.asides or plan.loaded):
        yield "nothing to try"


def print_redrive(run: Run, outcome: RedriveOutcome) -> None:
    """What came in, after what did not; ends the command by that."""
    aside = [each.failure for load in outcome.loads for each in load.quarantined]
    failures = [*outcome.failures, *aside]
    print_failures(run, failures)
    rows = sum(load.rows for load in outcome.loads) - _kept(outcome)
    files = sum(load.files for load in outcome.loads)
    document = {
        "message_type": "result",
        "loads": [
            {"table": str(batch.table), "batch": batch.batch, "files": len(batch.files), "rows": batch.rows}
            for load in outcome.loads
            for batch in load.batches
        ],
        "forgotten": outcome.forgotten,
        "failed": len(failures),
    }
    lines = [f"{counted(rows, 'row')} of {counted(files, 'file')} loaded"]
    lines += [f"{counted(outcome.forgotten, 'file')} loaded before"] if outcome.forgotten else []
    left = f"{counted(len(failures), 'entry', 'entries')} still in quarantine, see `tidegate jobs list --quarantined`"
    lines += [left] if failures else []
    run.output.result(document, lines)
    if failures:
        raise typer.Exit(exit_code([failure.exit_code for failure in failures], done=files > 0))


def _kept(outcome: RedriveOutcome) -> int:
    """Rows of files that came in, which went aside again."""
    return sum(one.rows or 0 for load in outcome.loads for one in load.quarantined if one.place)


def print_forgotten(run: Run, entries: Sequence[Quarantined]) -> None:
    places = list(dict.fromkeys(entry.aside.place for entry in entries if entry.aside.place is not None))
    uris = list(dict.fromkeys(entry.aside.file.uri for entry in entries))
    lines = [f"forgotten: {uri}" for uri in uris]
    lines += [f"the rows that lie at {place} stay there, and out of the table" for place in places]
    lines.append(f"{counted(len(uris), 'file')} taken off the list; nothing else was touched")
    run.output.result({"message_type": "result", "forgotten": entry_documents(entries)}, lines)


def _file(file: FileVersion) -> dict[str, object]:
    return {"uri": file.uri, "identity": file.identity, "bytes": file.size}
