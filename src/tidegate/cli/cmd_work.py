"""`tidegate work`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.failures import exit_code, print_failures
from tidegate.cli.frame import Run, add
from tidegate.cli.job_output import job_document, job_table
from tidegate.cli.options import window_end
from tidegate.cli.output import counted
from tidegate.cli.stopping import stopping
from tidegate.errors import Interrupted
from tidegate.model.outcome import Failure
from tidegate.model.queue import QueueState

if TYPE_CHECKING:
    from tidegate.flows.queue.work import WorkOutcome

Workers = Annotated[
    int | None, typer.Option("--workers", min=1, max=32, metavar="N", help="Jobs at once.  [default: [queue] workers]")
]
Schema = Annotated[str | None, typer.Option("--schema", metavar="S", help="Only jobs on tables of this schema.")]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Begin no job after TIME.")]


def register(app: typer.Typer) -> None:
    add(app, "work", work, exits=(3, 4, 5, 6, 7))


def work(run: Run, workers: Workers = None, schema: Schema = None, until: Until = None) -> None:
    """Do the jobs of the queue until nothing is left that can be done now; nobody is asked.

    Any number of processes, on any number of machines, may work on one ledger. SIGTERM and Ctrl-C end it after the
    current step of each job, which is then in the queue again.
    """
    with stopping() as stop, run.app() as app:
        end = window_end(until, app.context.clock(), app.settings.timezone)
        outcome = app.work(workers, schema, end, stop)
    failures = [Failure.of(f"job {one.job.id}", one.error) for one in outcome.tries if one.error is not None]
    print_failures(run, failures)
    document = {
        "message_type": "result",
        "jobs": [job_document(one.job) for one in outcome.tries],
        "waiting": outcome.waiting,
        "next_at": outcome.next_at.isoformat() if outcome.next_at else None,
        "stopped": outcome.stopped,
    }
    run.output.result(document, _lines(outcome))
    if outcome.stopped:
        raise Interrupted("stopped before the queue was empty", hint="Run `tidegate work` again: it goes on there.")
    if failures:
        done = any(one.job.state is QueueState.DONE for one in outcome.tries)
        raise typer.Exit(exit_code([failure.exit_code for failure in failures], done=done))


def _lines(outcome: "WorkOutcome") -> list[str]:
    if not outcome.tries and not outcome.waiting:
        return ["nothing to do"]
    done = sum(one.job.state is QueueState.DONE for one in outcome.tries)
    lines = list(job_table([one.job for one in outcome.tries])) if outcome.tries else []
    waiting = f", {outcome.waiting:,} {'waits' if outcome.waiting == 1 else 'wait'}" if outcome.waiting else ""
    at = f", the next from {outcome.next_at:%Y-%m-%d %H:%M:%S} UTC on" if waiting and outcome.next_at else ""
    return [*lines, f"{counted(done, 'job')} done{waiting}{at}"]
