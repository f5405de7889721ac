"""`tidegate erase`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.confirm import confirm
from tidegate.cli.frame import Run, add
from tidegate.cli.output import counted, table
from tidegate.cli.progress import size
from tidegate.model.rewrites import ErasedPeriod, Place
from tidegate.warehouse.base import ResultColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.app import App
    from tidegate.flows.rewrite.erase_plan import ErasePlan
    from tidegate.model.rewrites import EraseOutcome

_HEADS = (("place", "varchar"), ("batch", "varchar"), ("period", "varchar"), ("rows", "bigint"))


def register(app: typer.Typer) -> None:
    add(app, "erase", erase, exits=(3, 4, 6, 7))


def erase(
    run: Run,
    name: Annotated[str, typer.Argument(metavar="TABLE", help="The table whose rows are erased.")],
    where: Annotated[str, typer.Option("--where", metavar="SQL", help="One condition over the table's columns.")],
    hot: Annotated[bool, typer.Option("--hot", help="Delete the hot rows too.")] = False,
    now: Annotated[
        bool, typer.Option("--now", help="Delete the old files at once: queries that read them fail.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Kept in the record of the erasure.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print plan and SQL, change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before rows are erased.")] = False,
    fraction: Annotated[
        float | None,
        typer.Option("--max-delete-fraction", min=0.0, max=1.0, metavar="F", help="Of the hot rows, with --hot."),
    ] = None,
) -> None:
    """Erase rows for good: from every batch whose files exist, and with --hot from the table itself.

    New batches without the rows are proven and count from one transaction on. The old files go with every version of
    them: by `gc` after delete_grace, or at once with --now. Killed at any point, the same command goes on.
    """
    with run.app() as app:
        plan = app.plan_erase(name, where, hot=hot, now=now, reason=reason, max_delete_fraction=fraction)
        if dry_run:
            _print_plan(run, app, plan)
            return
        if not yes and plan.refusal is None:
            _confirm(run, plan)
        outcome = app.run_erase(plan)
    run.output.result(_document(outcome), _lines(outcome))


def _print_plan(run: Run, app: "App", plan: "ErasePlan") -> None:
    statements = app.erase_sql(plan)
    problem = plan.refusal
    document = {
        "message_type": "plan",
        "table": str(plan.request.table),
        "condition_sha256": plan.condition.sha256,
        "columns": list(plan.condition.columns),
        "found": [_found(item) for item in plan.found],
        "verdict": "refused" if problem else "ok",
        "problem": {"code": problem.code, "message": problem.message, "hint": problem.hint} if problem else None,
        "sql": statements,
    }
    lines = _table(plan.found)
    if problem:
        lines += [f"refused: {problem.message}", f"hint: {problem.hint}"]
    lines += _hot_lines(0 if plan.request.hot else plan.hot.rows)
    run.output.result(document, [*lines, *(f"{statement};" for statement in statements)])


def _confirm(run: Run, plan: "ErasePlan") -> None:
    """Ask a person before rows are gone for ever."""
    if plan.is_empty:
        return
    going = [item for item in plan.found if item.place is not Place.HOT or plan.request.hot]
    rows = counted(sum(item.rows or 0 for item in going), "row")
    question = f"Erase {rows} of {plan.request.table} for ever?"
    confirm(run, f"{rows} would be erased for ever", question, _table(going))


def _found(item: ErasedPeriod) -> dict[str, object]:
    return {
        "place": item.place.value,
        "batch": item.batch or None,
        "period": item.period.isoformat() if item.period else None,
        "rows": item.rows,
    }


def _document(outcome: "EraseOutcome") -> dict[str, object]:
    return {
        "message_type": "result",
        "table": str(outcome.table),
        "erasure": outcome.id,
        "condition_sha256": outcome.sha256,
        "columns": list(outcome.columns),
        "found": [_found(item) for item in outcome.found],
        "batches": list(outcome.batches),
        "hot_left": outcome.hot_left,
        "objects": outcome.objects,
        "bytes": outcome.bytes,
        "waiting": outcome.waiting,
    }


def _lines(outcome: "EraseOutcome") -> list[str]:
    if outcome.id is None:
        lines = [f"{outcome.table}: no archived row is one of these"]
    else:
        rows = sum(item.rows or 0 for item in outcome.found)
        lines = [*_table(outcome.found), f"erased {counted(rows, 'row')} of {outcome.table}: {outcome.id}"]
    if outcome.objects:
        lines.append(f"{counted(outcome.objects, 'object')} went with every version, {size(outcome.bytes)}")
    if outcome.waiting:
        lines.append(f"{counted(outcome.waiting, 'old file')} will go with `tidegate gc` after delete_grace")
    return lines + _hot_lines(outcome.hot_left)


def _hot_lines(left: int) -> list[str]:
    return [f"{counted(left, 'hot row')} would need --hot"] if left else []


def _table(found: "Sequence[ErasedPeriod]") -> list[str]:
    rows = [
        (
            item.place.value,
            item.batch or None,
            item.period.isoformat() if item.period else None,
            "all" if item.rows is None else item.rows,
        )
        for item in found
    ]
    return list(table([ResultColumn(*head) for head in _HEADS], rows)) if rows else []
