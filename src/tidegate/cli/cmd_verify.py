"""`tidegate verify`."""

from typing import Annotated

import typer

from tidegate.cli.frame import Run, add
from tidegate.cli.output import counted
from tidegate.errors import DifferenceFound


def register(app: typer.Typer) -> None:
    add(app, "verify", verify, exits=(3, 4, 6, 7))


def verify(
    run: Run,
    tables: Annotated[list[str] | None, typer.Argument(metavar="[TABLE]...", help="Only these tables.")] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Read every archived row back, too.")] = False,
) -> None:
    """Audit what is archived: warehouse, lake, catalog and ledger against one another.

    Every difference is named; the files are read and compared by their SHA-256.
    """
    with run.app() as app:
        outcome = app.verify(*(tables or ()), deep=deep)
    lines = [f"{d.table} {d.kind} {d.object}: {d.detail}" for d in outcome.differences]
    checked = (
        f"{counted(outcome.tables, 'table')}, {counted(outcome.batches, 'batch', 'batches')}, "
        f"{counted(outcome.files, 'file')}, {counted(outcome.rows, 'row')}"
    )
    unread = f", {counted(outcome.unread_rows, 'parked row')} not read" if outcome.unread_rows else ""
    verdict = counted(len(outcome.differences), "difference") if outcome.differences else "no difference"
    run.output.result(
        {
            "message_type": "result",
            "tables": outcome.tables,
            "batches": outcome.batches,
            "files": outcome.files,
            "rows": outcome.rows,
            "deep": outcome.deep,
            "unread_rows": outcome.unread_rows,
            "differences": [
                {"table": str(d.table), "kind": d.kind, "object": d.object, "detail": d.detail}
                for d in outcome.differences
            ],
        },
        [*lines, f"{checked}{unread}: {verdict}"],
    )
    if outcome.differences:
        raise typer.Exit(DifferenceFound.exit_code)
