"""`tidegate watch`."""

from typing import Annotated

import typer

from tidegate.cli.frame import Run, add
from tidegate.cli.landing_output import print_batches
from tidegate.cli.stopping import stopping


def register(app: typer.Typer) -> None:
    add(app, "watch", watch, exits=(3, 4, 5, 7))


def watch(
    run: Run,
    place: Annotated[
        str | None, typer.Argument(metavar="[PLACE]", help="A folder or a queue.  [default: what the routes name]")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="End when nothing more arrives.")] = False,
) -> None:
    """Load files as they land, by the routes of [[load]].

    A message of a queue is deleted when the rows of its files are committed. SIGTERM and Ctrl-C end it after the
    current batch; what is not loaded then comes again.
    """
    with stopping() as bell, run.app() as app:
        totals = print_batches(run, app, app.watch(place, once=once, bell=bell))
    if once and totals.exit_code:
        raise typer.Exit(totals.exit_code)
