"""Messages to a topic of SNS. Only this module speaks to SNS."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tidegate.config.settings import SnsTopic
from tidegate.errors import NotifyError
from tidegate.model.notification import MOST, Notification

_CONFIG = Config(
    connect_timeout=3,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 2},
    user_agent_extra="tidegate",
)
_LONGEST_SUBJECT = 100
"""ASCII without line breaks or control characters (SNS API reference, Publish)."""
_LONGEST_MESSAGE = 256_000
"""Bytes, of the 262,144 that a message may have with its attributes (SNS API reference, Publish)."""
_REASONS = {
    "AuthorizationError": ("access is denied", "Allow sns:Publish, and the use of its key where it has one."),
    "AccessDenied": ("access is denied", "Allow sns:Publish."),
    "NotFound": ("there is no such topic", "Check sns_topic in [notify]."),
    "InvalidClientTokenId": ("the credentials are not valid", "Check the AWS credentials of this machine."),
    "SignatureDoesNotMatch": ("the credentials are not valid", "Check the AWS credentials of this machine."),
    "ExpiredToken": ("the credentials have expired", "Sign in again."),
}


class SnsChannel:
    """One topic. Messages have the attributes `kind`, `status` and `table`, for filter policies of subscriptions."""

    def __init__(self, topic: SnsTopic) -> None:
        self._topic = topic

    @property
    def address(self) -> str:
        return self._topic.arn

    def send(self, notification: Notification) -> None:
        body = "\n".join((notification.title, *notification.lines))
        with self._reported():
            self._client.publish(
                TopicArn=self._topic.arn,
                Subject=subject(notification.title),
                Message=body.encode()[:_LONGEST_MESSAGE].decode(errors="ignore"),
                MessageAttributes=_attributes(notification),
            )

    @cached_property
    def _client(self) -> Any:
        aws = self._topic.aws
        session = boto3.session.Session(profile_name=aws.profile, region_name=aws.region)
        return session.client("sns", endpoint_url=aws.endpoint, config=_CONFIG)

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError, ValueError) as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> NotifyError:
        what = f"cannot send a message to {self.address}"
        if not isinstance(error, ClientError):
            return NotifyError(
                f"{what}: {type(error).__name__}", hint="Check the network, and profile and endpoint in [notify]."
            )
        told = error.response["Error"]
        code = told.get("Code", "")
        reason, hint = _REASONS.get(code) or (f"{code}: {told.get('Message', '')}", "Look the reason up.")
        return NotifyError(f"{what}: {reason}", hint=hint)


def subject(title: str) -> str:
    """At most 100 ASCII characters in one line; what is none is a question mark."""
    plain = " ".join(title.split()).encode("ascii", "replace").decode()
    plain = "".join(character if character.isprintable() else "?" for character in plain)
    return plain if len(plain) <= _LONGEST_SUBJECT else f"{plain[: _LONGEST_SUBJECT - 3]}..."


def _attributes(notification: Notification) -> Mapping[str, Mapping[str, str]]:
    """A value that is empty is not allowed; of several tables a filter finds each."""
    found = {name: _text(str(notification.facts[name])) for name in ("kind", "status")}
    tables = notification.tables[:MOST]
    if len(tables) == 1:
        found["table"] = _text(tables[0])
    elif tables:
        found["table"] = {"DataType": "String.Array", "StringValue": json.dumps(tables)}
    return found


def _text(value: str) -> Mapping[str, str]:
    return {"DataType": "String", "StringValue": value}
