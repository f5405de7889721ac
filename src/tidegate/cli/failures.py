"""Failures of single tables in a run that went on with the others."""

from collections.abc import Iterable, Sequence

from tidegate.cli.frame import Run
from tidegate.errors import PartialFailure
from tidegate.model.outcome import Failure


def exit_code(codes: Sequence[int], *, done: bool) -> int:
    """The failures' own exit code when nothing else was done and all agree; else 5, some work failed."""
    return codes[0] if len(set(codes)) == 1 and not done else PartialFailure.exit_code


def failure_document(failure: Failure) -> dict[str, object]:
    return {
        "message_type": "error",
        "object": failure.name,
        "code": failure.code,
        "message": failure.message,
        "hint": failure.hint,
    }


def print_failures(run: Run, failures: Iterable[Failure]) -> None:
    """As JSON lines on stdout, or as text on stderr."""
    for failure in failures:
        if run.output.as_json:
            run.output.document(failure_document(failure))
        else:
            for line in failure_lines(failure):
                run.output.notice(line)


def failure_lines(failure: Failure) -> list[str]:
    """The message names the table, or the table stands before it."""
    named = failure.message if failure.name in failure.message else f"{failure.name}: {failure.message}"
    lines = [f"error: {named}"]
    return [*lines, f"hint: {failure.hint}"] if failure.hint else lines
