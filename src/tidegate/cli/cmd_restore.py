"""`tidegate restore`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.frame import Run, add
from tidegate.cli.options import first_day, last_day
from tidegate.cli.output import counted, table
from tidegate.cli.progress import size
from tidegate.warehouse.base import ResultColumn

if TYPE_CHECKING:
    from tidegate.app import App
    from tidegate.flows.restore_plan import RestorePlan
    from tidegate.model.outcome import RestoreOutcome


def register(app: typer.Typer) -> None:
    add(app, "restore", restore, exits=(3, 4, 6, 7))


def restore(
    run: Run,
    name: Annotated[str, typer.Argument(metavar="TABLE", help="The table whose archived periods come back.")],
    first: Annotated[
        str | None, typer.Option("--from", metavar="P", help="First period: YYYY-MM or YYYY-MM-DD.")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="P", help="Last period, inclusive.")] = None,
    into: Annotated[
        str | None, typer.Option("--into", metavar="TABLE", help="A new table, instead of the own.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print plan and SQL, change nothing.")] = False,
) -> None:
    """Bring archived periods back, all or nothing, with the same proof as an archive.

    Back in their own table the rows are hot again and under hold, so that the next run does not archive them.
    With --into they are copied to a new table and stay cold.
    """
    with run.app() as app:
        plan = app.plan_restore(name, first_day(first, "--from"), last_day(last, "--to"), into)
        if dry_run:
            _print_plan(run, app, plan)
            return
        outcome = app.run_restore(plan)
    run.output.result(_document(outcome), _lines(outcome))


def _print_plan(run: Run, app: "App", plan: "RestorePlan") -> None:
    statements = app.restore_sql(plan)
    periods = [
        {"batch": part.batch, "period": p.period.isoformat(), "rows": p.rows}
        for part in plan.parts
        for p in part.proofs
    ]
    heads = [ResultColumn("batch", "varchar"), ResultColumn("period", "varchar"), ResultColumn("rows", "bigint")]
    rows = [(p["batch"], p["period"], p["rows"]) for p in periods]
    run.output.result(
        {
            "message_type": "plan",
            "table": str(plan.request.table),
            "into": str(plan.target.name),
            "create": plan.create,
            "rows": plan.rows,
            "bytes": plan.bytes,
            "periods": periods,
            "sql": statements,
        },
        [
            *table(heads, rows),
            f"{counted(plan.rows, 'row')}, {size(plan.bytes)} into {plan.target.name}",
            *(f"{statement};" for statement in statements),
        ],
    )


def _document(outcome: "RestoreOutcome") -> dict[str, object]:
    return {
        "message_type": "result",
        "table": str(outcome.table),
        "into": str(outcome.into),
        "rows": outcome.rows,
        "already": outcome.already,
        "hold": outcome.hold,
        "batches": list(outcome.batches),
        "periods": [
            {"period": p.period.isoformat(), "rows": p.rows, "fingerprint": p.fingerprint} for p in outcome.periods
        ],
    }


def _lines(outcome: "RestoreOutcome") -> list[str]:
    if outcome.already:
        return [f"{outcome.table}: these periods were restored into {outcome.into} before"]
    amount = f"{counted(outcome.rows, 'row')} of {counted(len({p.period for p in outcome.periods}), 'period')}"
    lines = [f"brought {amount} back into {outcome.into}"]
    if outcome.hold:
        lines.append(f"under hold {outcome.hold}: `tidegate hold release` lets them be archived again")
    return lines
