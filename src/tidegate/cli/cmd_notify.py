"""`tidegate notify`."""

from typing import Annotated

import typer

from tidegate.cli.frame import Run, add
from tidegate.errors import NotifyError
from tidegate.model.notification import NotificationKind


def register(app: typer.Typer) -> None:
    add(app, "notify", notify, exits=(3, 7))


def notify(
    run: Run,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The message; its first line is the title.")],
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="upload, success, warning or error.")
    ] = NotificationKind.WARNING.value,
) -> None:
    """Send a message to every channel of [notify], whatever its `on` says.

    To see that messages arrive, and for scripts that have something to tell.
    """
    if kind not in list(NotificationKind):
        raise typer.BadParameter(f"{kind!r} is none of {', '.join(NotificationKind)}", param_hint="--kind")
    if not text.strip():
        raise typer.BadParameter("the message is empty", param_hint="TEXT")
    with run.app() as app:
        deliveries = app.notify(text, NotificationKind(kind))
    document = {
        "message_type": "result",
        "channels": [
            {
                "channel": one.channel,
                "sent": one.error is None,
                "message": one.error.message if one.error else None,
                "hint": one.error.hint if one.error else None,
            }
            for one in deliveries
        ],
    }
    run.output.result(document, [f"sent to {one.channel}" for one in deliveries if one.error is None])
    failed = [one.error for one in deliveries if one.error is not None]
    if failed and not run.output.as_json:
        for error in failed:
            run.output.notice(f"error: {error.message}\nhint: {error.hint}")
    if failed:
        raise typer.Exit(NotifyError.exit_code)
