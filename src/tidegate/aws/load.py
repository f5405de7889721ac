"""The Lambda handler of landed files: `tidegate.aws.load.handler`."""

import os
from typing import TYPE_CHECKING

from tidegate.aws.answers import answer, tell_outcome, told
from tidegate.aws.invocation import Invocation, LambdaContext, LogLines
from tidegate.aws.warm import WarmApps, measured
from tidegate.errors import Unreachable

if TYPE_CHECKING:
    from tidegate.app import App

_CONFIG = "TIDEGATE_CONFIG"
_DEFAULT_CONFIG = "/var/task/tidegate.toml"

_invocation = Invocation()
_apps = WarmApps()


def handler(event: object, context: LambdaContext | None) -> dict[str, object]:
    """Load the files that an event names, in any shape of docs/events.md, by the routes of the configuration.

    The configuration is what TIDEGATE_CONFIG names, else /var/task/tidegate.toml. Messages of SQS that have to come
    again are answered as `{"batchItemFailures": [{"itemIdentifier": …}]}`; anything else gets `{"files", "rows",
    "skipped", "quarantined"}`. A file in quarantine is not a failure: its reason is recorded in the warehouse.

    Raises:
        TidegateError: the event did not come from SQS and something of it was not loaded. Lambda calls an asynchronous
            function again only after an error, and only then hands the event to a dead letter queue or destination;
            an answer, whatever it says, means that all is done (developer guide, Asynchronous invocation).
    """
    with told(_invocation):
        _invocation.begin(context, os.environ)
        name = os.environ.get(_CONFIG) or _DEFAULT_CONFIG
        with _apps.use(name, lambda: _open(name)) as app:
            outcome = app.load_event(event)
    tell_outcome(_invocation, outcome)
    if any(isinstance(error, Unreachable) for error in outcome.errors):
        _apps.drop(name)
    return answer(outcome)


def _open(name: str) -> "App":
    from pathlib import Path

    from tidegate.app import open_app

    return measured(open_app(Path(name), LogLines(_invocation), _invocation.time_left))
