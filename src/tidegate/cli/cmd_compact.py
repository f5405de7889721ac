"""`tidegate compact`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.failures import exit_code, print_failures
from tidegate.cli.frame import Run, add
from tidegate.cli.options import byte_size
from tidegate.cli.output import counted, table
from tidegate.cli.progress import size
from tidegate.model.outcome import Failure
from tidegate.warehouse.base import ResultColumn

if TYPE_CHECKING:
    from tidegate.app import App
    from tidegate.flows.rewrite.compact import CompactPlan
    from tidegate.flows.rewrite.spec import RewriteSpec
    from tidegate.model.records import BatchPeriods
    from tidegate.model.rewrites import CompactOutcome, Merged

_HEADS = (
    ("table", "varchar"),
    ("batch", "varchar"),
    ("instead of", "bigint"),
    ("periods", "bigint"),
    ("rows", "bigint"),
    ("files", "bigint"),
    ("size", "varchar"),
)


def register(app: typer.Typer) -> None:
    add(app, "compact", compact, exits=(3, 4, 5, 6, 7))


def compact(
    run: Run,
    tables: Annotated[list[str] | None, typer.Argument(metavar="[TABLE]...", help="Tables; all if none.")] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="SIZE", help="Merge batches smaller than SIZE.  [default: 1GB]")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print plan and SQL, change nothing.")] = False,
) -> None:
    """Merge small batches of archived rows, and batches that share a period, into fewer: no row changes.

    The new batch is proven like an archive and counts from one transaction on; `gc` deletes the old files.
    """
    with run.app() as app:
        plan = app.plan_compact(*(tables or ()), target=byte_size(target, "--target"))
        if dry_run:
            _print_plan(run, app, plan)
            return
        outcome = app.run_compact(plan)
    print_failures(run, outcome.failures)
    run.output.result(_document(outcome), _lines(outcome))
    if outcome.failures:
        raise typer.Exit(exit_code([f.exit_code for f in outcome.failures], done=bool(outcome.merged)))


def _print_plan(run: Run, app: "App", plan: "CompactPlan") -> None:
    statements = app.compact_sql(plan)
    failures = [Failure.of(t.table, t.error) for t in plan.tables if t.error is not None]
    print_failures(run, failures)
    rows = [
        (
            str(spec.table),
            spec.id,
            len(spec.sources),
            len(spec.days),
            spec.batch.rows,
            sum(len(s.part.files) for s in spec.sources),
            size(spec.batch.bytes),
        )
        for spec in plan.specs
    ]
    document = {
        "message_type": "plan",
        "batches": [_planned(spec) for spec in plan.specs],
        "sql": [{"table": str(s.table), "batch": s.id, "step": step, "statement": sql} for s, step, sql in statements],
    }
    lines = list(table([ResultColumn(*head) for head in _HEADS], rows)) if rows else ["nothing to merge"]
    run.output.result(document, [*lines, *(f"{sql};" for _, _, sql in statements)])
    if failures:
        raise typer.Exit(exit_code([f.exit_code for f in failures], done=len(failures) < len(plan.tables)))


def _planned(spec: "RewriteSpec") -> dict[str, object]:
    return {
        "table": str(spec.table),
        "batch": spec.id,
        "rows": spec.batch.rows,
        "bytes": spec.batch.bytes,
        "periods": [day.isoformat() for day in spec.days],
        "inputs": _inputs(spec.inputs),
    }


def _inputs(inputs: "Sequence[BatchPeriods]") -> list[dict[str, object]]:
    return [{"batch": part.batch, "periods": [day.isoformat() for day in part.periods]} for part in inputs]


def _document(outcome: "CompactOutcome") -> dict[str, object]:
    return {"message_type": "result", "batches": [_merged(merged) for merged in outcome.merged]}


def _merged(merged: "Merged") -> dict[str, object]:
    return {
        "table": str(merged.table),
        "batch": merged.batch,
        "rows": merged.rows,
        "files": merged.files,
        "bytes": merged.bytes,
        "periods": [
            {"period": p.period.isoformat(), "rows": p.rows, "fingerprint": p.fingerprint} for p in merged.periods
        ],
        "inputs": _inputs(merged.inputs),
        "files_before": merged.files_before,
        "bytes_before": merged.bytes_before,
    }


def _lines(outcome: "CompactOutcome") -> list[str]:
    if not outcome.merged:
        return [] if outcome.failures else ["nothing to merge"]
    rows = [
        (str(m.table), m.batch, len(m.inputs), len(m.periods), m.rows, m.files, size(m.bytes)) for m in outcome.merged
    ]
    before = sum(m.files_before for m in outcome.merged)
    after = sum(m.files for m in outcome.merged)
    return [
        *table([ResultColumn(*head) for head in _HEADS], rows),
        f"{counted(before, 'file')} became {after:,}; `tidegate gc` deletes the old ones",
    ]
