"""The functions of a common loader of S3 files into Redshift, under their own names: for a handler that is swapped.

Set the handler of such a function to `tidegate.aws.s3_loader.lambda_handler`; its environment variables stay. What is
loaded goes through the same flow as everything else. docs/lambda.md lists the variables, and what differs.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from tidegate.aws.answers import answer, tell_outcome, told
from tidegate.aws.environment import Environment
from tidegate.aws.invocation import Invocation, LambdaContext, Level, LogLines
from tidegate.aws.naming import is_data, named, routes
from tidegate.aws.warm import WarmApps, measured
from tidegate.config.patterns import is_hidden
from tidegate.errors import ConfigError, ForeignWarehouse, TidegateError, Unreachable, UsageError

if TYPE_CHECKING:
    from tidegate.app import App
    from tidegate.flows.landing.delivered import EventOutcome
    from tidegate.formats.events.landed import Delivery
    from tidegate.model.names import TableName
    from tidegate.model.notification import Notification

_invocation = Invocation()
_apps = WarmApps()


def lambda_handler(event: object, context: LambdaContext | None) -> dict[str, object]:
    """Load the files that an event names, in any shape of docs/events.md.

    Answers `{"statusCode": 200, "body": "<JSON>"}`, or SQS what `tidegate.aws.load.handler` answers it.

    Raises:
        TidegateError: something was not loaded. An answer with statusCode 500 would mean to Lambda that all is done,
            and the event would be lost (developer guide, Asynchronous invocation).
    """
    from tidegate.formats.events.parse import parse_event

    with told(_invocation):
        _invocation.begin(context, os.environ)
        outcome = _loaded(parse_event(event))
    tell_outcome(_invocation, outcome)
    document = answer(outcome)
    if "batchItemFailures" in document:
        return document
    tables = sorted({str(batch.route.table) for batch in outcome.batches})
    return {"statusCode": 200, "body": json.dumps({**document, "tables": tables})}


def extract_table_name(object_key: str) -> str:
    """The table that a key names: its first folder, or the file's name where it lies in none; or by TIDEGATE_MATCH.

    Raises:
        UsageError: the name is none, or no pattern matches the key.
    """
    return named(Environment(os.environ), object_key).table.name


def process_parquet_file(bucket_name: str, object_key: str, table_name: str) -> dict[str, object]:
    """What is in a file, and how the table would look: `{"table", "columns": [{"name", "type"}], "rows", "bytes"}`.

    Changes nothing; of a file that is loaded already, `rows` is 0.

    Raises:
        UsageError: there is no such file, or it cannot be loaded as it is.
    """
    from tidegate.redshift.types import render

    environment = Environment(os.environ)
    table = _table(environment, table_name)
    with _opened(environment, bucket_name) as app:
        plan = app.plan_load(_address(bucket_name, object_key), route=environment.direct(table), exact=True)
    for refused in plan.refused:
        raise UsageError(refused.reason, hint=refused.hint)
    known = plan.batches[0].fit.table if plan.batches else plan.table
    columns = known.columns if known is not None else ()
    return {
        "table": str(table),
        "columns": [{"name": column.name, "type": render(column.type)} for column in columns],
        "rows": sum(batch.rows for batch in plan.batches),
        "bytes": sum(batch.bytes for batch in plan.batches),
    }


def create_redshift_table(table_name: str, metadata: Mapping[str, object]) -> dict[str, object]:
    """Create the table with the columns that `process_parquet_file` found, unless it is there.

    A load does so by itself, and adds and widens columns of a table that is there.
    """
    from tidegate.model.tables import Column, Table
    from tidegate.redshift.ddl import create_table
    from tidegate.redshift.types import parse

    environment = Environment(os.environ)
    table = _table(environment, table_name)
    given = metadata.get("columns")
    if not isinstance(given, list) or not given or not all(_is_column(one) for one in given):
        raise UsageError(
            f"the metadata of {table} has no columns with name and type",
            hint="Give what process_parquet_file returned.",
        )
    columns = tuple(Column(one["name"], parse(one["type"])) for one in given)
    statement = create_table(Table(table, columns), if_not_exists=True)
    with _opened(environment, None) as app:
        before = app.warehouse.tables([table])
        if table not in before:
            app.warehouse.execute(statement)
    return {"table": str(table), "created": table not in before, "statement": statement}


def copy_data_to_redshift(bucket_name: str, object_key: str, table_name: str) -> dict[str, object]:
    """Load one file: `{"table", "status", "rows", "reason"}`, once however often it is called.

    `status` is `loaded`, `already loaded`, `gone` or `quarantined`; then `reason` says why.

    Raises:
        TidegateError: the warehouse or the lake refused, or cannot be reached.
    """
    environment = Environment(os.environ)
    table = _table(environment, table_name)
    with _opened(environment, bucket_name) as app:
        route = environment.direct(table)
        outcome = app.run_load(app.plan_load(_address(bucket_name, object_key), route=route))
    status = "loaded" if outcome.files else "gone" if outcome.gone else "already loaded"
    if outcome.quarantined:
        status = "quarantined"
    reason = "; ".join(one.reason for one in outcome.quarantined)
    return {"table": str(table), "status": status, "rows": outcome.rows, "reason": reason}


def load_to_redshift(bucket_name: str, object_key: str) -> dict[str, object]:
    """`copy_data_to_redshift` into the table that the key names."""
    one = named(Environment(os.environ), object_key)
    return copy_data_to_redshift(bucket_name, object_key, str(one.table))


def send_notification(message: str) -> None:
    """Send a message to the topic of SNS_TOPIC_ARN; without one it is only logged. What the topic refuses is logged.

    A message that begins with `UPLOAD:`, `SUCCESS:`, `WARNING:` or `ERROR:` is of that kind, any other a warning.

    Raises:
        ConfigError: the variable holds something else.
    """
    from tidegate.model.notification import Notification, NotificationKind

    head, colon, rest = message.partition(":")
    known = head.lower() in list(NotificationKind) and bool(colon)
    kind = NotificationKind(head.lower()) if known else NotificationKind.WARNING
    _invocation.tell(Level.INFO, message)
    _tell(Notification(kind, text=(rest if known else message).strip()))


def _loaded(delivery: "Delivery") -> "EventOutcome":
    from tidegate.flows.landing.delivered import EventOutcome

    environment = Environment(os.environ)
    wanted, refused = routes(environment, delivery)
    if refused:
        _tell_refused(list(refused.values()))
    if delivery.ordered:
        delivery, refused = _without(delivery, refused), {}
    if wanted:
        bucket = wanted[0].match.removeprefix("s3://").partition("/")[0]
        with _opened(environment, bucket) as app:
            outcome = app.load_event(delivery, wanted)
        if any(isinstance(error, Unreachable) for error in outcome.errors):
            _apps.drop(environment.lake(bucket) or "")
    else:
        _tell_left(delivery)
        unread = {number: m.error for number, m in enumerate(delivery.messages) if m.error is not None}
        outcome = EventOutcome(delivery, (), tuple(unread.values()), tuple(unread))
    undone = tuple(sorted({*outcome.undone, *refused}))
    return replace(outcome, errors=(*refused.values(), *outcome.errors), undone=undone)


def _without(delivery: "Delivery", refused: "Mapping[int, UsageError]") -> "Delivery":
    """The same with messages of files that no table takes as such that cannot be read: nothing overtakes them."""
    messages = [
        replace(message, landed=(), error=refused[number]) if number in refused else message
        for number, message in enumerate(delivery.messages)
    ]
    return replace(delivery, messages=tuple(messages))


def _tell_left(delivery: "Delivery") -> None:
    """What is neither loaded nor refused."""
    for message in delivery.messages:
        for told_of in message.told:
            _invocation.tell(Level.INFO, told_of)
        for landed in message.landed:
            if not is_hidden(landed.key) and not is_data(landed):
                _invocation.tell(
                    Level.INFO, f"{landed.uri} is not loaded: it is no object of S3 that ends as data does"
                )


def _tell_refused(errors: Sequence[UsageError]) -> None:
    """Files that no table takes get into no load, which would tell of them."""
    from tidegate.model.notification import MOST, Notification, NotificationKind, Problem

    problems = tuple(Problem("", error.message, error.hint) for error in errors[:MOST])
    text = "files that no table takes"
    _tell(Notification(NotificationKind.ERROR, problems=problems, failed=len(errors), text=text))


def _tell(notification: "Notification") -> None:
    from tidegate.app.signalling import open_channels
    from tidegate.signals.base import Unmeasured

    log = LogLines(_invocation)
    open_channels(Environment(os.environ).notify(), log, Unmeasured()).send(notification)


def _address(bucket_name: str, object_key: str) -> str:
    """Raises UsageError: it names a folder, which would stand for all files below it."""
    if not object_key or object_key.endswith("/"):
        raise UsageError(f"the key {object_key!r} names no file", hint="Give the key of one file.")
    return f"s3://{bucket_name}/{object_key}"


def _is_column(given: object) -> bool:
    return isinstance(given, dict) and all(isinstance(given.get(name), str) for name in ("name", "type"))


def _table(environment: Environment, text: str) -> "TableName":
    from tidegate.model.names import TableName

    return TableName.parse(text, environment.schema)


@contextmanager
def _opened(environment: Environment, bucket: str | None) -> "Iterator[App]":
    """The App of this process; a warehouse that was never initialised is, since nobody else would."""
    lake = environment.lake(bucket) or _apps.latest
    if lake is None:
        raise ConfigError("it is not known where the lake is", hint="Set TIDEGATE_LAKE to s3://bucket/prefix.")
    with _apps.use(lake, lambda: _open_told(environment, lake)) as app:
        try:
            yield app
        except ForeignWarehouse as error:
            hint = "Set TIDEGATE_LAKE to the lake of this warehouse: without it, the bucket of the files is taken."
            raise ForeignWarehouse(error.message, hint=hint) from error


def _open_told(environment: Environment, lake: str) -> "App":
    """As `_open`; what an App tells of a failure it cannot tell before it is open."""
    from tidegate.model.notification import Notification, NotificationKind, Problem

    try:
        return _open(environment, lake)
    except TidegateError as error:
        problem = Problem("", error.message, error.hint)
        _tell(Notification(NotificationKind.ERROR, problems=(problem,), failed=1, text="the warehouse is not open"))
        raise


def _open(environment: Environment, lake: str) -> "App":
    from tidegate.app import App
    from tidegate.flows.identity import stored_identity

    with ExitStack() as stack:
        app = measured(App(environment.settings(lake), LogLines(_invocation), _invocation.time_left))
        stack.enter_context(app)
        if stored_identity(app.context) is None:
            identity, _ = app.init()
            _invocation.tell(Level.INFO, f"the warehouse was new: its control tables are made, as {identity.warehouse}")
        stack.pop_all()
    return app
