"""`tidegate load --event`: the files that an event names, as a function on Lambda would load them."""

import json
import sys
from pathlib import Path

import typer

from tidegate.cli.failures import exit_code, print_failures
from tidegate.cli.frame import Run
from tidegate.cli.landing_output import print_batches
from tidegate.errors import UsageError
from tidegate.model.outcome import Failure

_STDIN = "-"


def load_event(run: Run, source: str) -> None:
    """Load what an event in a file, or on stdin, tells of; batches are printed as `watch` does."""
    event = _event(source)
    with run.app() as app:
        outcome = app.load_event(event)
        told = [Failure.of("event", error) for error in outcome.refused]
        print_failures(run, told)
        totals = print_batches(run, app, outcome.batches)
    codes = [failure.exit_code for failure in told] + [totals.exit_code] * bool(totals.exit_code)
    if codes:
        raise typer.Exit(exit_code(codes, done=totals.rows > 0))


def _event(source: str) -> object:
    """JSON, or else the text itself: a plain address is an event too."""
    text = _text(source).strip()
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _text(source: str) -> str:
    if source == _STDIN:
        return sys.stdin.read()
    try:
        return Path(source).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(
            f"cannot read {source}: {(error.strerror or type(error).__name__).lower()}",
            hint="Name a file that holds the event, or - for standard input.",
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{source} is not UTF-8 text at byte {error.start}", hint="Save it as UTF-8.") from error
