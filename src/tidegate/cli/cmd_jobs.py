"""`tidegate jobs list|show|add|retry|cancel`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.confirm import confirm_rows
from tidegate.cli.failures import exit_code, print_failures
from tidegate.cli.frame import Run, add, add_default, new_group
from tidegate.cli.job_output import enqueued_document, enqueued_lines, job_document, job_table
from tidegate.cli.options import first_day, last_day
from tidegate.cli.redrive_output import (
    batch_document,
    batch_lines,
    entry_documents,
    entry_lines,
    print_forgotten,
    print_redrive,
    print_redrive_plan,
)
from tidegate.errors import Unreachable
from tidegate.model.names import TableName
from tidegate.model.quarantine import QuarantinedBatch, QuarantineFilter
from tidegate.model.queue import QueuedJob, QueueFilter, QueueState

if TYPE_CHECKING:
    from tidegate.app import App

Job = Annotated[str, typer.Argument(metavar="ID", help="The number of a job, or a batch in quarantine.")]
States = Annotated[
    list[QueueState] | None, typer.Option("--state", help="Only jobs in this state; may be given again.")
]
Table = Annotated[str | None, typer.Option("--table", metavar="TABLE", help="Only jobs of this table.")]
InQuarantine = Annotated[bool, typer.Option("--quarantined", help="Only files that loads put aside.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1_000_000, metavar="N", help="The newest N.")]


def register(app: typer.Typer) -> None:
    group = new_group("The work that waits, runs, and is done; the files that loads put aside.")
    app.add_typer(group, name="jobs")
    add_default(group, listing, exits=(3, 7))
    add(group, "list", listing, exits=(3, 7))
    add(group, "show", show, exits=(3, 7))
    add(group, "add", put_in, exits=(3, 4, 5, 6, 7))
    add(group, "retry", retry, exits=(3, 4, 5, 6, 7))
    add(group, "cancel", cancel, exits=(3, 4, 6, 7))


def listing(
    run: Run, states: States = None, name: Table = None, quarantined: InQuarantine = False, limit: Limit = 100
) -> None:
    """The jobs of the queue and, unless a state is asked for, what loads put aside, by batch; the newest first."""
    if states and quarantined:
        raise typer.BadParameter("what is in quarantine has no state of a job", param_hint="--state")
    table = TableName.parse(name) if name else None
    with run.app() as app:
        jobs = [] if quarantined else app.jobs(QueueFilter(tuple(states or ()), table), limit)
        aside = [] if states else _aside(run, app, QuarantineFilter(table=table), limit, alone=quarantined)
    document = {
        "message_type": "result",
        "jobs": [job_document(job) for job in jobs],
        "quarantined": [batch_document(batch) for batch in aside],
    }
    lines = [*(job_table(jobs) if jobs else ()), *batch_lines(aside)]
    run.output.result(document, lines or ["nothing is in quarantine" if quarantined else "no jobs"])


def _aside(run: Run, app: "App", wanted: QuarantineFilter, limit: int, *, alone: bool) -> list[QuarantinedBatch]:
    """What is in quarantine; beside the jobs, which are in the ledger, the warehouse need not be there."""
    try:
        return app.quarantined_batches(wanted, limit)
    except Unreachable as error:
        if alone:
            raise
        run.output.notice(f"what is in quarantine is not known: {error.message}")
        return []


def show(run: Run, job: Job) -> None:
    """All that is known of one job, or of the files that a batch put aside."""
    number = _number(job)
    with run.app() as app:
        if number is None:
            entries = app.quarantined_files(QuarantineFilter(job))
            document = {"message_type": "result", "quarantined": entry_documents(entries)}
            run.output.result(document, entry_lines(entries))
            return
        found = app.job(number)
    _print(run, found, [f"{key}: {_text(value)}" for key, value in job_document(found).items()])


def put_in(
    run: Run,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="What to do: archive, as the table's policy says.")],
    name: Annotated[str, typer.Argument(metavar="TABLE", help="The table.")],
    first: Annotated[
        str | None, typer.Option("--from", metavar="P", help="First period: YYYY-MM or YYYY-MM-DD.")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="P", help="Last period, inclusive.")] = None,
    priority: Annotated[
        int | None, typer.Option("--priority", metavar="N", help="The smallest goes first.  [default: the policy's]")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before rows are to be deleted.")] = False,
) -> None:
    """Put work on one table into the queue: what is due of it, one job for each batch.

    Jobs run without a question later, so the question is asked here.
    """
    with run.app() as app:
        draft = app.plan_job(kind, name, first_day(first, "--from"), last_day(last, "--to"), priority)
        if not yes:
            confirm_rows(run, draft.rows, (), f"Enqueue the {kind} of", "`tidegate plan`")
        outcome = app.enqueue(draft)
    print_failures(run, outcome.failures)
    run.output.result(enqueued_document(outcome), enqueued_lines(outcome))
    if outcome.failures:
        codes = [failure.exit_code for failure in outcome.failures]
        raise typer.Exit(exit_code(codes, done=bool(outcome.new or outcome.known)))


def retry(
    run: Run,
    job: Annotated[
        str | None, typer.Argument(metavar="ID", help="The number of a job, or a batch in quarantine.")
    ] = None,
    quarantined: Annotated[bool, typer.Option("--quarantined", help="Try all that loads put aside.")] = False,
    name: Annotated[str | None, typer.Option("--table", metavar="TABLE", help="Only files of this table.")] = None,
    code: Annotated[str | None, typer.Option("--code", metavar="CODE", help="Only files with this code.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be tried, change nothing.")] = False,
) -> None:
    """Queue a job anew that failed, is dead or was cancelled; or load files again that were put aside.

    A job that waits for its next try may start now. Files take the routes of the configuration, each version once.
    """
    if (job is None) != quarantined:
        raise typer.BadParameter("give either a job, a batch, or --quarantined", param_hint="ID")
    number = None if job is None else _number(job)
    if number is not None:
        if name or code or dry_run:
            raise typer.BadParameter("--table, --code and --dry-run are for files in quarantine", param_hint="ID")
        with run.app() as app:
            _print(run, app.retry_job(number), [f"job {number} is queued"])
        return
    wanted = QuarantineFilter(job, TableName.parse(name) if name else None, code)
    with run.app() as app:
        plan = app.plan_redrive(wanted)
        if dry_run:
            print_redrive_plan(run, plan)
            return
        outcome = app.run_redrive(plan)
    print_redrive(run, outcome)


def cancel(run: Run, job: Job) -> None:
    """Take a job out of the queue, or the files of a batch off the list of what loads put aside.

    A job that runs ends after its current step; its batch can be finished later. Files and rows stay where they are.
    """
    number = _number(job)
    with run.app() as app:
        if number is None:
            print_forgotten(run, app.forget_quarantined(job))
            return
        cancelled = app.cancel_job(number)
    _print(run, cancelled, [f"job {number} was {cancelled.outcome}"])


def _number(job: str) -> int | None:
    """The number of a job; None for the id of a batch."""
    if not job.isdecimal():
        return None
    if not 1 <= int(job) < 2**63:
        raise typer.BadParameter(f"{job} is no number of a job", param_hint="ID")
    return int(job)


def _print(run: Run, job: QueuedJob, lines: list[str]) -> None:
    run.output.result({"message_type": "result", "job": job_document(job)}, lines)


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
