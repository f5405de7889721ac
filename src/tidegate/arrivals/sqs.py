"""Messages of an SQS queue, by long polling. Only this module speaks to SQS."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tidegate.arrivals.base import Received
from tidegate.config.queue_url import SqsQueue
from tidegate.errors import ConfigError, TidegateError, Unreachable
from tidegate.formats.events.parse import parse_message

_CONFIG = Config(
    connect_timeout=10,
    read_timeout=60,
    retries={"mode": "standard", "total_max_attempts": 6},
    user_agent_extra="tidegate",
)
_AT_ONCE = 10
"""Messages of one request (SQS API reference, ReceiveMessage and the batch actions)."""
_LONGEST_POLL = 20
_SHORTEST_POLL = 1
"""A poll that does not wait asks some servers only, and may find nothing where there is something (SQS developer guide,
Short and long polling)."""
_HIDDEN_SECONDS = 300
"""For how long a message that was received is hidden from others; it is prolonged as long as this process has it."""
_MISSING = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
_REASONS = {
    "AccessDenied": (
        "access is denied",
        "Allow sqs:GetQueueUrl, sqs:ReceiveMessage, sqs:DeleteMessage and sqs:ChangeMessageVisibility.",
    ),
    "InvalidClientTokenId": ("the credentials are not valid", "Check the AWS credentials of this machine."),
    "SignatureDoesNotMatch": ("the credentials are not valid", "Check the AWS credentials of this machine."),
    "ExpiredToken": ("the credentials have expired", "Sign in again."),
}


class SqsArrivals:
    """One queue. A thread prolongs the time for which messages in hand are hidden, until `close`."""

    def __init__(self, queue: SqsQueue, hidden_seconds: int = _HIDDEN_SECONDS) -> None:
        self._queue = queue
        self._hidden = hidden_seconds
        self._in_hand: set[str] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._keeper: threading.Thread | None = None

    @property
    def address(self) -> str:
        return self._queue.address

    def receive(self, seconds: float) -> Sequence[Received]:
        with self._reported():
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=_AT_ONCE,
                WaitTimeSeconds=max(_SHORTEST_POLL, min(_LONGEST_POLL, round(seconds))),
                VisibilityTimeout=self._hidden,
            )
        messages = answer.get("Messages", ())
        with self._lock:
            self._in_hand.update(message["ReceiptHandle"] for message in messages)
        if messages and self._keeper is None:
            self._keeper = threading.Thread(target=self._keep, name=f"hides {self._queue.name}", daemon=True)
            self._keeper.start()
        return [Received(m["ReceiptHandle"], parse_message(m["MessageId"], m["Body"])) for m in messages]

    def done(self, receipts: Sequence[str]) -> None:
        self._forget(receipts)
        self._in_batches(
            receipts, lambda client, url, entries: client.delete_message_batch(QueueUrl=url, Entries=entries)
        )

    def failed(self, receipts: Sequence[str]) -> None:
        """They are seen again when the time for which they are hidden ends."""
        self._forget(receipts)

    def extend(self) -> None:
        """Hide all messages in hand for another while; one that is gone is no error."""
        with self._lock:
            receipts = sorted(self._in_hand)
        hidden = self._hidden
        self._in_batches(
            receipts,
            lambda client, url, entries: client.change_message_visibility_batch(
                QueueUrl=url, Entries=[{**entry, "VisibilityTimeout": hidden} for entry in entries]
            ),
        )

    def waiting(self) -> int:
        return 0

    def close(self) -> None:
        self._closed.set()
        if self._keeper is not None:
            self._keeper.join()

    def _forget(self, receipts: Sequence[str]) -> None:
        with self._lock:
            self._in_hand.difference_update(receipts)

    def _keep(self) -> None:
        while not self._closed.wait(self._hidden / 3):
            try:
                self.extend()
            except TidegateError:
                continue  # a message that comes twice is loaded once

    def _in_batches(self, receipts: Sequence[str], send: Callable[[Any, str, list[dict[str, Any]]], Any]) -> None:
        """Entries that SQS refuses are those of messages that came again to somebody else, or are gone."""
        for start in range(0, len(receipts), _AT_ONCE):
            some = receipts[start : start + _AT_ONCE]
            with self._reported():
                send(
                    self._client,
                    self._url,
                    [{"Id": str(number), "ReceiptHandle": one} for number, one in enumerate(some)],
                )

    @cached_property
    def _client(self) -> Any:
        aws = self._queue.aws
        session = boto3.session.Session(profile_name=aws.profile, region_name=aws.region)
        return session.client("sqs", endpoint_url=aws.endpoint, config=_CONFIG)

    @cached_property
    def _url(self) -> str:
        return self._queue.url or str(self._client.get_queue_url(QueueName=self._queue.name)["QueueUrl"])

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError, ValueError) as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> TidegateError:
        what = f"cannot use the queue {self.address}"
        if not isinstance(error, ClientError):
            return Unreachable(
                f"{what}: {type(error).__name__}",
                hint="Check the network, and region, profile and endpoint of the address.",
            )
        code = error.response["Error"].get("Code", "")
        if code.startswith(_MISSING):
            return ConfigError(f"{what}: there is no such queue", hint="Check its name, and the region.")
        reason, hint = _REASONS.get(code) or (f"{code}: {error.response['Error'].get('Message', '')}", "Look it up.")
        return Unreachable(f"{what}: {reason}", hint=hint)
