"""`tidegate backfill`."""

from typing import Annotated

import typer

from tidegate.cli.frame import Run, add
from tidegate.cli.landing_output import print_batches
from tidegate.cli.options import moment


def register(app: typer.Typer) -> None:
    add(app, "backfill", backfill, exits=(3, 4, 5, 7))


def backfill(
    run: Run,
    route: Annotated[
        str | None, typer.Argument(metavar="[ROUTE]", help="The match of a route, or its table.  [default: all]")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Only files that landed then or later.")
    ] = None,
    folder: Annotated[
        str | None, typer.Option("--in", metavar="DIR", help="Where relative routes start, instead of the lake.")
    ] = None,
) -> None:
    """Load the files of the routes that a listing has and the warehouse has not, in the order in which they landed."""
    with run.app() as app:
        begin = moment(since, "--since", app.settings.timezone)
        totals = print_batches(run, app, app.backfill(route, since=begin, folder=folder))
    if totals.exit_code:
        raise typer.Exit(totals.exit_code)
