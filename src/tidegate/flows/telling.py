"""What any flow tells people elsewhere of its failures."""

from collections.abc import Sequence

from tidegate.flows.context import Context
from tidegate.model.notification import MOST, Notification, NotificationKind, Problem
from tidegate.model.outcome import Failure


def tell(ctx: Context, text: str, problems: Sequence[Problem], kind: NotificationKind = NotificationKind.ERROR) -> None:
    """One message with `text` as its title; none without problems."""
    if problems:
        ctx.notifier.send(Notification(kind, problems=tuple(problems[:MOST]), failed=len(problems), text=text))


def problem_of(failure: Failure) -> Problem:
    return Problem(failure.name, failure.message, failure.hint)
