"""`tidegate ledger rebuild`."""

from typing import Annotated

import typer

from tidegate.cli.frame import Run, add, new_group
from tidegate.cli.output import counted
from tidegate.errors import DifferenceFound
from tidegate.model.outcome import Difference


def register(app: typer.Typer) -> None:
    group = new_group("The durable record of work.")
    app.add_typer(group, name="ledger")
    add(group, "rebuild", rebuild, exits=(3, 4, 6, 7))


def rebuild(
    run: Run,
    warehouse: Annotated[
        str | None, typer.Option("--warehouse", metavar="ID", help="The lake folder, if several could be this one's.")
    ] = None,
) -> None:
    """Rebuild the ledger from lake and warehouse.

    Where the warehouse is gone, what counted in it comes back from the lake alone: published batches, external
    tables, holds. A batch that no record knows is listed and not counted. What cannot be read is named.
    """
    with run.app() as app:
        outcome = app.rebuild_ledger(warehouse)
    lines = [
        f"{counted(outcome.tables, 'table')}, {counted(outcome.batches, 'batch', 'batches')}, "
        f"{counted(outcome.rows, 'archived row')}, {counted(outcome.holds, 'hold')}"
    ]
    if outcome.warehouse:
        lines.insert(0, f"warehouse {outcome.identity.warehouse} was brought back from the lake")
    lines += [f"{d.table} {d.kind} {d.object}: {d.detail}" for d in (*outcome.unrecorded, *outcome.differences)]
    run.output.result(
        {
            "message_type": "result",
            "warehouse": outcome.identity.warehouse,
            "warehouse_rebuilt": outcome.warehouse,
            "tables": outcome.tables,
            "batches": outcome.batches,
            "rows": outcome.rows,
            "holds": outcome.holds,
            "unrecorded": [_document(d) for d in outcome.unrecorded],
            "differences": [_document(d) for d in outcome.differences],
        },
        lines,
    )
    if outcome.differences:
        raise typer.Exit(DifferenceFound.exit_code)


def _document(difference: Difference) -> dict[str, object]:
    return {
        "table": str(difference.table),
        "kind": difference.kind,
        "object": difference.object,
        "detail": difference.detail,
    }
