"""A person's word before rows leave the warehouse."""

import sys
from collections.abc import Iterable

from tidegate.cli.frame import Run
from tidegate.cli.output import counted
from tidegate.errors import ConfirmationNeeded


def confirm_rows(run: Run, rows: int, lines: Iterable[str], question: str, look: str) -> None:
    """Show `lines`, then ask the question about `rows`; `look` says how to see first what would be done.

    Raises:
        ConfirmationNeeded: nobody is there to ask, or the answer was no.
    """
    if not rows:
        return
    if run.output.as_json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfirmationNeeded(
            f"{counted(rows, 'row')} would leave the warehouse and nobody is there to confirm it",
            hint=f"Run it with --yes, or look at it first with {look}.",
        )
    for line in lines:
        run.output.notice(line)
    if not run.output.ask(f"{question} {counted(rows, 'row')}?"):
        raise ConfirmationNeeded("not confirmed", hint="Nothing was changed.")
