"""`tidegate run`."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.cmd_work import Schema, Until, Workers
from tidegate.cli.failures import failure_lines
from tidegate.cli.frame import Run, add
from tidegate.cli.options import duration, window_end
from tidegate.cli.output import flush
from tidegate.cli.stopping import stopping
from tidegate.errors import UsageError

if TYPE_CHECKING:
    from tidegate.flows.queue.cycle import CycleOutcome
    from tidegate.flows.queue.schedule import Schedule


def register(app: typer.Typer) -> None:
    add(app, "run", run_cycles, exits=(3, 4, 6, 7))


def run_cycles(
    run: Run,
    every: Annotated[str | None, typer.Option("--every", metavar="AGE", help="Begin now, and again: 1h, 1d, …")] = None,
    cron: Annotated[
        str | None, typer.Option("--cron", metavar="EXPR", help='Begin when these five fields say, as "0 2 * * *".')
    ] = None,
    until: Until = None,
    workers: Workers = None,
    schema: Schema = None,
) -> None:
    """Put in what is due and work it off, again and again; for those without a scheduler. Nobody is asked.

    --until is the end of each cycle's window. SIGTERM and Ctrl-C end it after the current step of each job.
    """
    with stopping() as bell, run.app() as app:
        zone = app.settings.timezone
        schedule = _schedule(every, cron, zone)
        window_end(until, app.context.clock(), zone)
        for cycle in app.run(schedule, bell, workers, schema, lambda now: window_end(until, now, zone)):
            run.output.result(_document(cycle), _lines(cycle))
            flush()


def _schedule(every: str | None, cron: str | None, zone: str) -> "Schedule":
    from tidegate.flows.queue.schedule import Cron, Every

    if (every is None) == (cron is None):
        given = "neither --every nor --cron was" if every is None else "both --every and --cron were"
        raise UsageError(f"{given} given", hint="Give one of them, such as --every 1h.")
    if cron is not None:
        return Cron.parse(cron, zone)
    distance = duration(every, "--every") or timedelta()
    if distance < timedelta(seconds=1):
        raise UsageError(f"--every is {every!r}, must be 1 second or more", hint="Write it as 1h or 1d.")
    return Every(distance)


def _document(cycle: "CycleOutcome") -> dict[str, object]:
    return {
        "message_type": "cycle",
        "cycle": cycle.number,
        "began_at": cycle.began_at.isoformat(),
        "ended_at": cycle.ended_at.isoformat(),
        "stopped": cycle.stopped,
        "steps": [
            {
                "step": step.name,
                **step.counts,
                "failures": [
                    {"object": f.name, "code": f.code, "message": f.message, "hint": f.hint} for f in step.failures
                ],
            }
            for step in cycle.steps
        ],
    }


def _lines(cycle: "CycleOutcome") -> list[str]:
    lines = [f"cycle {cycle.number}, {_time(cycle.began_at)} to {_time(cycle.ended_at)} UTC"]
    for step in cycle.steps:
        counts = ", ".join(f"{number:,} {name}" for name, number in step.counts.items())
        lines.append(f"  {step.name}: {counts or 'failed'}")
        lines += [f"    {line}" for failure in step.failures for line in failure_lines(failure)]
    return [*lines, "  stopped"] if cycle.stopped else lines


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
