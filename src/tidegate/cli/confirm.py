"""A person's word before rows leave the warehouse, or files their tier."""

import sys
from collections.abc import Iterable

from tidegate.cli.frame import Run
from tidegate.cli.output import counted
from tidegate.errors import ConfirmationNeeded


def confirm(run: Run, what: str, question: str, lines: Iterable[str], look: str = "--dry-run") -> None:
    """Show `lines`, then ask. `what` would happen; `look` says how to see first what would be done.

    Raises:
        ConfirmationNeeded: nobody is there to ask, or the answer was no.
    """
    if run.output.as_json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfirmationNeeded(
            f"{what} and nobody is there to confirm it",
            hint=f"Run it with --yes, or look at it first with {look}.",
        )
    for line in lines:
        run.output.notice(line)
    if not run.output.ask(question):
        raise ConfirmationNeeded("not confirmed", hint="Nothing was changed.")


def confirm_rows(run: Run, rows: int, lines: Iterable[str], question: str, look: str) -> None:
    """`confirm` for so many rows that would leave the warehouse, if there are any."""
    if rows:
        text = counted(rows, "row")
        confirm(run, f"{text} would leave the warehouse", f"{question} {text}?", lines, look)
