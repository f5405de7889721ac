"""`tidegate jobs list|show|add|retry|cancel`."""

from typing import Annotated

import typer

from tidegate.cli.confirm import confirm_rows
from tidegate.cli.failures import exit_code, print_failures
from tidegate.cli.frame import Run, add, add_default, new_group
from tidegate.cli.job_output import enqueued_document, enqueued_lines, job_document, job_table
from tidegate.cli.options import first_day, last_day
from tidegate.model.names import TableName
from tidegate.model.queue import QueuedJob, QueueFilter, QueueState

Job = Annotated[int, typer.Argument(metavar="ID", min=1, max=2**63 - 1, help="The job's number.")]
States = Annotated[
    list[QueueState] | None, typer.Option("--state", help="Only jobs in this state; may be given again.")
]
Table = Annotated[str | None, typer.Option("--table", metavar="TABLE", help="Only jobs of this table.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1_000_000, metavar="N", help="The newest N.")]


def register(app: typer.Typer) -> None:
    group = new_group("The work that waits, runs, and is done.")
    app.add_typer(group, name="jobs")
    add_default(group, listing, exits=(3, 7))
    add(group, "list", listing, exits=(3, 7))
    add(group, "show", show, exits=(3, 7))
    add(group, "add", put_in, exits=(3, 4, 5, 6, 7))
    add(group, "retry", retry, exits=(3, 4, 7))
    add(group, "cancel", cancel, exits=(3, 4, 7))


def listing(run: Run, states: States = None, name: Table = None, limit: Limit = 100) -> None:
    """The jobs of the queue, the newest first."""
    wanted = QueueFilter(tuple(states or ()), TableName.parse(name) if name else None)
    with run.app() as app:
        jobs = app.jobs(wanted, limit)
    document = {"message_type": "result", "jobs": [job_document(job) for job in jobs]}
    run.output.result(document, job_table(jobs) if jobs else ["no jobs"])


def show(run: Run, job: Job) -> None:
    """All that is known of one job."""
    with run.app() as app:
        found = app.job(job)
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


def retry(run: Run, job: Job) -> None:
    """Queue a job that failed, is dead or was cancelled anew; one that waits for its next try may start now."""
    with run.app() as app:
        _print(run, app.retry_job(job), [f"job {job} is queued"])


def cancel(run: Run, job: Job) -> None:
    """Take a job out of the queue. One that runs ends after its current step; its batch can be finished later."""
    with run.app() as app:
        cancelled = app.cancel_job(job)
    _print(run, cancelled, [f"job {job} was {cancelled.outcome}"])


def _print(run: Run, job: QueuedJob, lines: list[str]) -> None:
    run.output.result({"message_type": "result", "job": job_document(job)}, lines)


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
