"""`tidegate hold add|list|release`."""

from typing import Annotated

import typer

from tidegate.cli.frame import Run, add, new_group
from tidegate.cli.options import first_day, last_day
from tidegate.cli.output import table
from tidegate.model.records import Hold
from tidegate.warehouse.base import ResultColumn


def register(app: typer.Typer) -> None:
    group = new_group("Keep rows where they are.")
    app.add_typer(group, name="hold")
    add(group, "add", place, exits=(3, 4, 6, 7))
    add(group, "list", listing, exits=(3, 4, 6, 7))
    add(group, "release", release, exits=(3, 4, 6, 7))


def place(
    run: Run,
    name: Annotated[str, typer.Argument(metavar="TABLE", help="The table.")],
    reason: Annotated[str, typer.Option("--reason", metavar="R", help="Why.")],
    first: Annotated[
        str | None, typer.Option("--from", metavar="P", help="First period: YYYY-MM or YYYY-MM-DD.")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="P", help="Last period, inclusive.")] = None,
) -> None:
    """From now on no row of these periods leaves the table."""
    with run.app() as app:
        hold = app.hold(name, reason, first_day(first, "--from"), last_day(last, "--to"))
    run.output.result({"message_type": "result", "hold": _document(hold)}, [f"hold {hold.id} on {hold.table}"])


def listing(run: Run) -> None:
    """The holds in force."""
    with run.app() as app:
        holds = app.holds()
    columns = [ResultColumn(n, "varchar") for n in ("hold", "table", "from", "to", "reason", "placed at")]
    rows = [(h.id, str(h.table), h.first or "", h.last or "", h.reason, h.placed_at) for h in holds]
    lines = list(table(columns, rows)) if rows else ["no hold is in force"]
    run.output.result({"message_type": "result", "holds": [_document(h) for h in holds]}, lines)


def release(run: Run, hold: Annotated[str, typer.Argument(metavar="ID", help="The hold.")]) -> None:
    """End a hold."""
    with run.app() as app:
        ended = app.release(hold)
    run.output.result({"message_type": "result", "released": _document(ended)}, [f"hold {ended.id} is released"])


def _document(hold: Hold) -> dict[str, object]:
    return {
        "id": hold.id,
        "table": str(hold.table),
        "from": hold.first.isoformat() if hold.first else None,
        "to": hold.last.isoformat() if hold.last else None,
        "reason": hold.reason,
        "placed_at": hold.placed_at,
    }
