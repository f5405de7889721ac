"""`tidegate reconcile`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.frame import Run, add
from tidegate.cli.output import counted
from tidegate.errors import DifferenceFound

if TYPE_CHECKING:
    from tidegate.flows.landing.reconcile import FileStanding

_SAID = {
    "missing": "was never loaded",
    "newer": "is newer than what was loaded",
    "quarantined": "is in quarantine",
    "gone": "was loaded and is gone",
}


def register(app: typer.Typer) -> None:
    add(app, "reconcile", reconcile, exits=(3, 4, 6, 7))


def reconcile(
    run: Run,
    route: Annotated[
        str | None, typer.Argument(metavar="[ROUTE]", help="The match of a route, or its table.  [default: all]")
    ] = None,
    folder: Annotated[
        str | None, typer.Option("--in", metavar="DIR", help="Where relative routes start, instead of the lake.")
    ] = None,
) -> None:
    """Compare the files of the routes with what is loaded. Changes nothing: `backfill` loads what is missing."""
    from tidegate.flows.landing.reconcile import Counts, Standing

    counts = Counts()
    with run.app() as app:
        for one in app.reconcile(route, folder=folder, counts=counts):
            run.output.result(_document(one), [_line(one)])
    numbers = {standing.value: number for standing, number in counts.differing.items()} | {"stale": counts.stale}
    told = ", ".join(f"{number:,} {name}" for name, number in numbers.items() if number)
    run.output.result(
        {"message_type": "result", "loaded": counts.agreed, **numbers},
        [f"{counted(counts.agreed, 'file')} loaded{f', {told}' if told else ''}"],
    )
    if counts.to_load or counts.differing[Standing.QUARANTINED]:
        raise typer.Exit(DifferenceFound.exit_code)


def _document(one: "FileStanding") -> dict[str, object]:
    return {
        "message_type": "difference",
        "kind": one.standing.value,
        "uri": one.uri,
        "table": str(one.table),
        "route": one.route.match,
        "bytes": one.file.size if one.file else None,
        "landed_at": one.file.landed_at.isoformat() if one.file and one.file.landed_at else None,
        "detail": one.detail,
    }


def _line(one: "FileStanding") -> str:
    return f"{one.table}: {one.uri} {_SAID[one.standing.value]}{f': {one.detail}' if one.detail else ''}"
