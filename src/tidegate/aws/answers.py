"""What a load handler tells of an event, in its log and to the one who called it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tidegate.aws.invocation import Invocation, Level
from tidegate.errors import PartialFailure, StillRunning, TidegateError

if TYPE_CHECKING:
    from tidegate.flows.landing.delivered import EventOutcome
    from tidegate.flows.landing.watch import WatchedBatch


@contextmanager
def told(invocation: Invocation) -> Iterator[None]:
    """Write what ends the invocation as one line, before Lambda adds the traceback."""
    try:
        yield
    except TidegateError as error:
        tell_error(invocation, error)
        raise


def tell_error(invocation: Invocation, error: TidegateError) -> None:
    invocation.tell(Level.ERROR, error.message, code=error.code, hint=error.hint)


def tell_outcome(invocation: Invocation, outcome: "EventOutcome") -> None:
    """A line for each batch, each file in quarantine, and each error."""
    for batch in outcome.batches:
        _tell_batch(invocation, batch)
    for error in outcome.errors:
        tell_error(invocation, error)


def answer(outcome: "EventOutcome") -> dict[str, object]:
    """What Lambda answers. Raises why something of an event that came without SQS was not loaded."""
    if any(message.id is not None for message in outcome.delivery.messages):
        return dict(outcome.answer())
    if outcome.undone:
        raise failure(outcome)
    batches = [batch.outcome for batch in outcome.batches if batch.outcome is not None]
    return {
        "files": outcome.files,
        "rows": outcome.rows,
        "skipped": sum(len(one.already) + len(one.stale) + len(one.gone) for one in batches),
        "quarantined": outcome.quarantined,
    }


def failure(outcome: "EventOutcome") -> TidegateError:
    """One error for all."""
    if not outcome.errors:
        return StillRunning(
            "the time of the function ended before all files of the event were loaded",
            hint="Give the function more time, or fewer files at once; what is loaded is not loaded again.",
        )
    first = outcome.errors[0]
    if len(outcome.errors) == 1:
        return first
    several = PartialFailure(f"{len(outcome.errors)} parts of the event failed, the first: {first.message}")
    several.hint = first.hint
    several.__cause__ = first
    return several


def _tell_batch(invocation: Invocation, batch: "WatchedBatch") -> None:
    outcome = batch.outcome
    if outcome is None:
        return
    invocation.tell(
        Level.INFO,
        f"{outcome.table}: {_counted(outcome.rows, 'row')} of {_counted(outcome.files, 'file')}",
        table=str(outcome.table),
        files=outcome.files,
        rows=outcome.rows,
        skipped=len(outcome.already) + len(outcome.stale) + len(outcome.gone),
        quarantined=len(outcome.quarantined),
        batches=[loaded.batch for loaded in outcome.batches],
    )
    for one in outcome.quarantined:
        invocation.tell(
            Level.WARNING,
            f"{one.file.uri} is in quarantine: {one.reason}",
            table=str(outcome.table),
            code=one.code,
            hint=one.hint,
        )


def _counted(number: int, singular: str) -> str:
    return f"{number} {singular}{'' if number == 1 else 's'}"
