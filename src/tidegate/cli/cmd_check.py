"""`tidegate check`."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.failures import exit_code, print_failures
from tidegate.cli.frame import Run, add
from tidegate.cli.output import counted, table
from tidegate.errors import DifferenceFound
from tidegate.model.checking import CheckOutcome, CheckResult
from tidegate.model.outcome import Failure
from tidegate.warehouse.base import ResultColumn

if TYPE_CHECKING:
    from tidegate.flows.check_table import CheckPlan
    from tidegate.flows.planned import PlannedStatement

_HEADS = (
    ("table", "varchar"),
    ("check", "varchar"),
    ("severity", "varchar"),
    ("result", "varchar"),
    ("broken rows", "bigint"),
)


def register(app: typer.Typer) -> None:
    add(app, "check", check, exits=(3, 4, 5, 6, 7))


def check(
    run: Run,
    tables: Annotated[
        list[str] | None, typer.Argument(metavar="[TABLE]...", help="Only these tables.  [default: all with checks]")
    ] = None,
    cold: Annotated[bool, typer.Option("--all", help="Check the archived rows, too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the SQL, check nothing.")] = False,
) -> None:
    """Hold tables against their checks: those of [[check]], and those of the [[load]] that fill them.

    One pass over a table tells all rules but unique ones. A rule of severity warn that does not hold is told alone.
    """
    with run.app() as app:
        plan = app.plan_checks(*(tables or ()), cold=cold)
        if dry_run:
            _print_plan(run, plan, app.check_sql(plan))
            _end(plan.failures, done=bool(plan.checks))
            return
        outcome = app.run_checks(plan)
    print_failures(run, outcome.failures)
    run.output.result(_document(outcome), _lines(outcome))
    if outcome.failed:
        raise typer.Exit(DifferenceFound.exit_code)
    _end(outcome.failures, done=bool(outcome.results))


def _end(failures: Sequence[Failure], *, done: bool) -> None:
    if failures:
        raise typer.Exit(exit_code([failure.exit_code for failure in failures], done=done))


def _print_plan(run: Run, plan: "CheckPlan", statements: "Sequence[PlannedStatement]") -> None:
    print_failures(run, plan.failures)
    document = {
        "message_type": "plan",
        "tables": [{"table": str(checks.table), "relation": str(checks.relation)} for checks in plan.checks],
        "sql": [{"table": str(s.table), "step": s.step, "statement": s.sql} for s in statements],
    }
    run.output.result(document, [f"{s.sql};" for s in statements])


def _lines(outcome: CheckOutcome) -> Iterator[str]:
    results = outcome.results
    if results:
        yield from table([ResultColumn(*head) for head in _HEADS], [_row(result) for result in results])
    for result in results:
        if not result.holds:
            yield f"{result.table}: {result.reason}"
    tables = counted(len({result.table for result in results}), "table")
    warned = sum(1 for result in results if not result.holds and not result.fails)
    warning = f", {counted(warned, 'warning')}" if warned else ""
    yield f"{counted(len(results), 'check')} of {tables}: {len(outcome.failed) or 'none'} failed{warning}"


def _row(result: CheckResult) -> tuple[object, ...]:
    state = "failed" if result.fails else "holds" if result.holds else "warning"
    return str(result.table), result.name, result.rule.severity.value, state, "" if result.rows is None else result.rows


def _document(outcome: CheckOutcome) -> dict[str, object]:
    return {
        "message_type": "result",
        "checks": [
            {
                "table": str(result.table),
                "kind": result.rule.kind.value,
                "columns": list(result.rule.columns),
                "expression": result.rule.expression,
                "severity": result.rule.severity.value,
                "holds": result.holds,
                "rows": result.rows,
                "reason": result.reason,
            }
            for result in outcome.results
        ],
        "failed": len(outcome.failed),
    }
