"""`tidegate restore`."""

from typing import Annotated

import typer

from tidegate.cli.frame import Run, add
from tidegate.cli.options import first_day, last_day
from tidegate.cli.restore_output import (
    drill_document,
    drill_lines,
    plan_document,
    plan_lines,
    result_document,
    result_lines,
)
from tidegate.errors import PartialFailure, UsageError
from tidegate.model.tiers import Retrieval


def register(app: typer.Typer) -> None:
    add(app, "restore", restore, exits=(3, 4, 5, 6, 7))


def restore(
    run: Run,
    name: Annotated[
        str | None, typer.Argument(metavar="TABLE", help="The table whose archived periods come back.")
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="P", help="First period: YYYY-MM or YYYY-MM-DD.")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="P", help="Last period, inclusive.")] = None,
    into: Annotated[
        str | None, typer.Option("--into", metavar="TABLE", help="A new table, instead of the own.")
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", metavar="N", help="Only make parked periods readable, for N days.")
    ] = None,
    retrieval: Annotated[
        Retrieval, typer.Option("--retrieval", help="How parked files are asked for.")
    ] = Retrieval.STANDARD,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until parked files are thawed.")] = False,
    drill: Annotated[
        bool, typer.Option("--drill", help="Restore a period that chance picks into a scratch table, and compare it.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print plan and SQL, change nothing.")] = False,
) -> None:
    """Bring archived periods back, all or nothing, with the same proof as an archive.

    Back in their own table the rows are hot again and under hold, so that the next run does not archive them.
    With --into they are copied to a new table and stay cold. With --days they stay where they are, and those that are
    parked can be read for so long. Parked files are asked for first, each once: until they are thawed the command
    ends with 5, and the same command goes on. With --drill nothing stays: it proves that a restore works.
    """
    if drill:
        if any(option is not None for option in (first, last, into, days)) or wait or dry_run:
            raise UsageError("--drill takes a table and no other option", hint="Leave the others out.")
        with run.app() as app:
            tried = app.drill(name)
        run.output.result(drill_document(tried), drill_lines(tried))
        return
    if name is None:
        raise UsageError("missing argument 'TABLE'", hint="Run `tidegate restore --help` to see what it takes.")
    with run.app() as app:
        plan = app.plan_restore(
            name, first_day(first, "--from"), last_day(last, "--to"), into, days=days, retrieval=retrieval
        )
        if dry_run:
            statements = app.restore_sql(plan)
            run.output.result(plan_document(plan, statements), plan_lines(plan, statements))
            return
        outcome = app.run_restore(plan, wait=wait)
    run.output.result(result_document(outcome), result_lines(plan, outcome))
    if outcome.states.waiting:
        raise typer.Exit(PartialFailure.exit_code)
