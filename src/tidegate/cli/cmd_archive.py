"""`tidegate plan` and `tidegate archive`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.confirm import confirm_rows
from tidegate.cli.failures import exit_code, print_failures
from tidegate.cli.frame import Run, add
from tidegate.cli.job_output import enqueued_document, enqueued_lines
from tidegate.cli.money import saving_lines
from tidegate.cli.options import day, window_end
from tidegate.cli.output import counted, table
from tidegate.cli.plan_output import plan_document, plan_lines, sql_lines
from tidegate.cli.progress import size
from tidegate.errors import UsageError
from tidegate.warehouse.base import ResultColumn

if TYPE_CHECKING:
    from tidegate.app import App
    from tidegate.flows.plan import ArchivePlan, TablePlan
    from tidegate.model.outcome import ArchiveOutcome, BatchOutcome

Tables = Annotated[list[str] | None, typer.Argument(metavar="[TABLE]...", help="Tables with a policy; all if none.")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Plan as if today were DATE.")]
Schema = Annotated[str | None, typer.Option("--schema", metavar="S", help="Only tables of this schema.")]
Fraction = Annotated[
    float | None,
    typer.Option("--max-delete-fraction", min=0.0, max=1.0, metavar="F", help="Lift the policy's guard to F (0 to 1)."),
]


def register(app: typer.Typer) -> None:
    add(app, "plan", plan, exits=(3, 4, 5, 6, 7))
    add(app, "archive", archive, exits=(3, 4, 5, 6, 7))


def plan(
    run: Run,
    tables: Tables = None,
    as_of: AsOf = None,
    schema: Schema = None,
    enqueue: Annotated[bool, typer.Option("--enqueue", help="Put it into the queue, for `tidegate work`.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --enqueue: do not ask before rows are to go.")] = False,
    fraction: Fraction = None,
) -> None:
    """Show what `archive` would do: what is due, in which batches, and what stands in the way.

    With --json every statement stands under "sql". A guard's refusal is part of the plan; a table that cannot be
    planned at all is an error, after the plan. With --enqueue each batch becomes a job of the queue, if it is none
    yet; jobs run without a question, so it is asked here.
    """
    if yes and not enqueue:
        raise UsageError("--yes was given without --enqueue", hint="A plan changes nothing: leave --yes out.")
    with run.app() as app:
        made = app.plan(*(tables or ()), as_of=day(as_of, "--as-of"), schema=schema, max_delete_fraction=fraction)
        if enqueue:
            _enqueue(run, app, made, yes=yes)
            return
        _print_plan(run, app, made, with_sql=run.output.as_json)


def archive(
    run: Run,
    tables: Tables = None,
    as_of: AsOf = None,
    schema: Schema = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Begin no batch after TIME.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print plan and SQL, change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before rows are deleted.")] = False,
    fraction: Fraction = None,
) -> None:
    """Move what is due to the lake: unload, prove, and only then delete.

    Killed at any point, the same command goes on where it stopped.
    """
    with run.app() as app:
        made = app.plan(*(tables or ()), as_of=day(as_of, "--as-of"), schema=schema, max_delete_fraction=fraction)
        if dry_run:
            _print_plan(run, app, made, with_sql=True)
            return
        end = window_end(until, app.context.clock(), app.settings.timezone)
        if not yes:
            confirm_rows(run, _leaving(made), plan_lines(made), "Archive", "--dry-run")
        outcome = app.run_archive(made, end)
    _print_outcome(run, made, outcome)
    if outcome.failures:
        codes = [failure.exit_code for failure in outcome.failures]
        raise typer.Exit(exit_code(codes, done=bool(outcome.batches)))


def _show_plan(run: Run, app: "App", made: "ArchivePlan", *, with_sql: bool) -> None:
    statements = app.archive_sql(made) if with_sql else []
    estimate = app.estimate(made)
    lines = [*plan_lines(made), *saving_lines(estimate), *sql_lines(statements)]
    run.output.result(plan_document(made, statements, estimate), lines or ["nothing is due"])


def _print_plan(run: Run, app: "App", made: "ArchivePlan", *, with_sql: bool) -> None:
    """The plan; then the exit code tells of tables that could not be planned."""
    _show_plan(run, app, made, with_sql=with_sql)
    broken = [t.error for t in made.tables if t.error is not None]
    if broken:
        raise typer.Exit(exit_code([error.exit_code for error in broken], done=len(broken) < len(made.tables)))


def _enqueue(run: Run, app: "App", made: "ArchivePlan", *, yes: bool) -> None:
    """Print the plan and put its batches into the queue. What cannot be planned, or is refused, is a failure."""
    _show_plan(run, app, made, with_sql=run.output.as_json)
    draft = app.draft_jobs(made)
    if not yes:
        confirm_rows(run, draft.rows, (), "Enqueue the archive of", "`tidegate plan`")
    outcome = app.enqueue(draft)
    run.output.result(enqueued_document(outcome), enqueued_lines(outcome))
    if outcome.failures:
        codes = [failure.exit_code for failure in outcome.failures]
        raise typer.Exit(exit_code(codes, done=bool(outcome.new or outcome.known)))


def _leaving(made: "ArchivePlan") -> int:
    """How many rows would leave the warehouse."""
    return sum(s.rows for t in made.tables for s in t.specs if t.policy.action.value != "copy" and not t.refusal)


def _print_outcome(run: Run, made: "ArchivePlan", outcome: "ArchiveOutcome") -> None:
    print_failures(run, outcome.failures)
    document = {"message_type": "result", "batches": [batch_document(b) for b in outcome.batches]}
    run.output.result(document, _lines(made, outcome))


def batch_document(batch: "BatchOutcome") -> dict[str, object]:
    return {
        "table": str(batch.table),
        "batch": batch.batch,
        "state": batch.state.value,
        "rows": batch.rows,
        "files": batch.files,
        "bytes": batch.bytes,
        "checkpoint": batch.checkpoint.isoformat() if batch.checkpoint else None,
        "periods": [
            {"period": p.period.isoformat(), "rows": p.rows, "fingerprint": p.fingerprint} for p in batch.periods
        ],
    }


def _lines(made: "ArchivePlan", outcome: "ArchiveOutcome") -> list[str]:
    untouched = [
        f"{t.policy.table}: not touched: {counted(t.null_rows, 'row')} without a usable date"
        for t in made.tables
        if t.null_rows
    ]
    return [*_done(made, outcome), *untouched]


def _nothing(made: "ArchivePlan") -> str:
    """Why no batch was made."""
    if any(t.specs for t in made.tables):
        return "nothing was done"
    kept = [t for t in made.tables if t.held or t.waiting]
    if not kept:
        return "nothing was due"
    return "; ".join(
        f"{t.policy.table}: {counted(t.due_rows, 'due row')} {' or '.join(_reasons(t))}: nothing was archived"
        for t in kept
    )


def _reasons(plan: "TablePlan") -> list[str]:
    return [*(["under hold"] if plan.held else []), *(["waiting for a larger batch"] if plan.waiting else [])]


def _done(made: "ArchivePlan", outcome: "ArchiveOutcome") -> list[str]:
    if not outcome.batches:
        return [] if outcome.failures else [_nothing(made)]
    heads = ("table", "batch", "state", "rows", "periods", "files", "size")
    columns = [ResultColumn(name, "bigint" if name in ("rows", "periods", "files") else "varchar") for name in heads]
    rows = [
        (str(b.table), b.batch, b.state.value, b.rows, len(b.periods), b.files, size(b.bytes)) for b in outcome.batches
    ]
    total = sum(b.rows for b in outcome.batches)
    return [*table(columns, rows), f"{counted(total, 'row')} in {counted(len(rows), 'batch', 'batches')}"]
