"""`tidegate tier`."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.aging_output import (
    end,
    held_lines,
    kept_document,
    move_document,
    move_lines,
    problem_document,
    problem_lines,
    sql_documents,
)
from tidegate.cli.confirm import confirm
from tidegate.cli.failures import print_failures
from tidegate.cli.frame import Run, add
from tidegate.cli.options import day
from tidegate.cli.output import counted
from tidegate.cli.plan_output import sql_lines
from tidegate.model.aging import TierMove, TierStep
from tidegate.model.outcome import TierOutcome

if TYPE_CHECKING:
    from tidegate.flows.planned import PlannedStatement
    from tidegate.flows.tier.plan import TierPlan


def register(app: typer.Typer) -> None:
    add(app, "tier", tier, exits=(3, 4, 5, 6, 7))


def tier(
    run: Run,
    tables: Annotated[
        list[str] | None, typer.Argument(metavar="[TABLE]...", help="Tables with tiers; all if none.")
    ] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Plan as if today were DATE.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print plan and SQL, change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before files change their tier.")] = False,
) -> None:
    """Let the files of archived periods go to cheaper tiers as they grow old.

    STANDARD_IA and GLACIER_IR can be read as before. What goes to GLACIER or DEEP_ARCHIVE is parked: it still counts,
    but is not read any more until `restore` thaws it.
    """
    with run.app() as app:
        plan = app.plan_tier(*(tables or ()), as_of=day(as_of, "--as-of"))
        if dry_run:
            statements = app.tier_sql(plan)
            lines = [*_plan_lines(plan), *sql_lines(statements)]
            run.output.result(_plan_document(plan, statements), lines or ["nothing is due"])
            end([t.error.exit_code for t in plan.tables if t.error], done=any(not t.error for t in plan.tables))
            return
        if not yes:
            _confirm(run, plan)
        outcome = app.run_tier(plan)
    print_failures(run, outcome.failures)
    run.output.result(_document(outcome), _lines(plan, outcome))
    end([failure.exit_code for failure in outcome.failures], done=bool(outcome.moves))


def _confirm(run: Run, plan: "TierPlan") -> None:
    """Ask before files leave for a colder tier; to hand over what was parked before needs no second word."""
    moves = [step.move for step in plan.steps if step.kind is not TierStep.HAND_OVER]
    if moves:
        rows = counted(sum(move.rows for move in moves), "row")
        parked = sum(move.rows for move in moves if move.step is TierStep.PARK)
        what = f"{rows} would go to a colder tier, {parked:,} of them could not be read there,"
        confirm(run, what, f"Move {rows} to a colder tier?", _plan_lines(plan))


def _plan_document(plan: "TierPlan", statements: "Sequence[PlannedStatement]") -> dict[str, object]:
    return {
        "message_type": "plan",
        "as_of": plan.as_of.isoformat(),
        "moves": [move_document(step.move) for step in plan.steps],
        "waiting": [move_document(step.move) for table in plan.tables for step in table.waiting],
        "held": [kept_document(kept) for table in plan.tables for kept in table.held],
        "foreign": [{"table": str(table.table), "batch": batch} for table in plan.tables for batch in table.foreign],
        "problems": [problem_document(table.table, table.error) for table in plan.tables if table.error is not None],
        "sql": sql_documents(statements),
    }


def _plan_lines(plan: "TierPlan") -> Iterator[str]:
    yield from move_lines(step.move for step in plan.steps)
    for table in plan.tables:
        yield from held_lines(table.held)
        yield from _waiting_lines([step.move for step in table.waiting])
        for batch in table.foreign:
            yield f"{table.table}: batch {batch} belongs to another warehouse and stays as it is"
        if table.error is not None:
            yield from problem_lines(table.error, "error")


def _document(outcome: TierOutcome) -> dict[str, object]:
    return {
        "message_type": "result",
        "moves": [move_document(move) for move in outcome.moves],
        "waiting": [move_document(move) for move in outcome.waiting],
        "held": [kept_document(kept) for kept in outcome.held],
    }


def _lines(plan: "TierPlan", outcome: TierOutcome) -> Iterator[str]:
    yield from move_lines(outcome.moves)
    if not outcome.moves and not outcome.failures:
        yield "nothing was done" if plan.steps else "nothing was due"
    yield from held_lines(outcome.held)
    yield from _waiting_lines(outcome.waiting)


def _waiting_lines(waiting: Sequence[TierMove]) -> Iterator[str]:
    for move in waiting:
        yield (
            f"{move.table}: {counted(len(move.periods), 'parked period')} of batch {move.batch} "
            f"go to {move.tier.value} in a later run"
        )
