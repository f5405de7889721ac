"""`tidegate expire`."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.aging_output import (
    end,
    expiry_document,
    expiry_lines,
    held_lines,
    kept_document,
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
from tidegate.cli.progress import size
from tidegate.model.aging import Expiry
from tidegate.model.outcome import ExpireOutcome

if TYPE_CHECKING:
    from tidegate.flows.expire import ExpirePlan
    from tidegate.flows.planned import PlannedStatement


def register(app: typer.Typer) -> None:
    add(app, "expire", expire, exits=(3, 4, 5, 6, 7))


def expire(
    run: Run,
    tables: Annotated[
        list[str] | None, typer.Argument(metavar="[TABLE]...", help="Tables that expire; all if none.")
    ] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Plan as if today were DATE.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print plan and SQL, change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before archives are given up.")] = False,
    fraction: Annotated[
        float | None,
        typer.Option(
            "--max-delete-fraction", min=0.0, max=1.0, metavar="F", help="Lift the policy's guard to F (0 to 1)."
        ),
    ] = None,
) -> None:
    """Give up archives that are older than their policy's `expire`, for ever.

    Their rows count no more at once; `gc` deletes the files when no query can read them any more. Nothing goes that is
    under hold.
    """
    with run.app() as app:
        plan = app.plan_expire(*(tables or ()), as_of=day(as_of, "--as-of"), max_delete_fraction=fraction)
        if dry_run:
            statements = app.expire_sql(plan)
            lines = [*_plan_lines(plan), *sql_lines(statements)]
            run.output.result(_plan_document(plan, statements), lines or ["nothing is due"])
            end([t.error.exit_code for t in plan.tables if t.error], done=any(not t.error for t in plan.tables))
            return
        if not yes:
            _confirm(run, plan)
        outcome = app.run_expire(plan)
    print_failures(run, outcome.failures)
    run.output.result(_document(outcome), _lines(outcome))
    end([failure.exit_code for failure in outcome.failures], done=bool(outcome.expired))


def _planned(plan: "ExpirePlan") -> list[Expiry]:
    return [item.expiry for table in plan.tables for item in table.parts]


def _confirm(run: Run, plan: "ExpirePlan") -> None:
    going = [item.expiry for table in plan.tables if table.refusal is None for item in table.parts]
    if going:
        text = _total(going)
        confirm(run, f"{text} would be gone for ever", f"Give up {text} for ever?", _plan_lines(plan))


def _total(going: Sequence[Expiry]) -> str:
    rows, periods = sum(e.rows for e in going), sum(len(e.periods) for e in going)
    return f"{counted(rows, 'row')} in {counted(periods, 'period')}, {size(sum(e.bytes for e in going))},"


def _plan_document(plan: "ExpirePlan", statements: "Sequence[PlannedStatement]") -> dict[str, object]:
    problems = [(t.policy.table, problem) for t in plan.tables for problem in (t.error, t.refusal) if problem]
    return {
        "message_type": "plan",
        "as_of": plan.as_of.isoformat(),
        "expired": [expiry_document(expiry) for expiry in _planned(plan)],
        "held": [kept_document(kept) for table in plan.tables for kept in table.held],
        "problems": [problem_document(name, problem) for name, problem in problems],
        "sql": sql_documents(statements),
    }


def _plan_lines(plan: "ExpirePlan") -> Iterator[str]:
    going = _planned(plan)
    yield from expiry_lines(going)
    if going:
        yield f"{_total(going)} will be gone for ever"
    yield from _early_lines(going)
    for table in plan.tables:
        yield from held_lines(table.held)
        if table.error is not None:
            yield from problem_lines(table.error, "error")
        if table.refusal is not None:
            yield from problem_lines(table.refusal, "refused")


def _early_lines(going: Sequence[Expiry]) -> Iterator[str]:
    for expiry in going:
        if expiry.early_days:
            yield (
                f"{expiry.table}: batch {expiry.batch} goes {counted(expiry.early_days, 'day')} before the minimum of "
                f"{expiry.tier.value} is over, which is paid for all the same"
            )


def _document(outcome: ExpireOutcome) -> dict[str, object]:
    return {
        "message_type": "result",
        "expired": [expiry_document(expiry) for expiry in outcome.expired],
        "held": [kept_document(kept) for kept in outcome.held],
    }


def _lines(outcome: ExpireOutcome) -> Iterator[str]:
    yield from expiry_lines(outcome.expired)
    if outcome.expired:
        yield f"{_total(outcome.expired)} expired; `tidegate gc` deletes the files after delete_grace"
    elif not outcome.failures:
        yield "nothing was due"
    yield from held_lines(outcome.held)
