"""An event of any shape: S3's own, or S3's in the envelopes of SQS, SNS and EventBridge, or a plain address."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tidegate.errors import UsageError
from tidegate.formats.events.fields import Document, document, etag, inner, optional, shown, size, text, unreadable
from tidegate.formats.events.landed import Delivery, Landed, Message
from tidegate.formats.events.records import Read, bridged, listed, notification

_TEST = "s3:TestEvent"
_BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}")
"""What names of buckets ever could be (S3 User Guide, General purpose bucket naming rules)."""
_MOST_ENVELOPES = 4
"""SNS in SQS, forwarded by another SNS topic, is as deep as services go."""


def parse_event(event: object) -> Delivery:
    """What Lambda is called with, or what a person writes: every landed file of it, message by message.

    A message of SQS that cannot be read keeps its error beside the others.

    Raises:
        UsageError: the event is none of those shapes, or came without a queue and cannot be read.
    """
    if isinstance(event, dict) and (queued := _sqs_records(event)) is not None:
        return Delivery(tuple(_queued(record) for record in queued), any(_is_fifo(record) for record in queued))
    if isinstance(event, dict) and "Messages" in event:
        return Delivery(tuple(_received(message) for message in _objects(event["Messages"], "Messages")))
    reader = _Reader()
    reader.read(event, 0)
    return Delivery((reader.message(None),))


def parse_message(id: str, body: str) -> Message:
    """One message of a queue that was received by ourselves; an error stands in the message."""
    reader = _Reader()
    try:
        reader.read(body, 0)
    except UsageError as error:
        return Message(id, error=UsageError(f"message {id}: {error.message}", hint=error.hint))
    return reader.message(id)


def _sqs_records(event: Document) -> list[Document] | None:
    """The records of an event that SQS sends to Lambda; None for anything else."""
    records = event.get("Records")
    if not isinstance(records, list) or not records:
        return None
    if not all(isinstance(record, dict) and record.get("eventSource") == "aws:sqs" for record in records):
        return None
    return records


def _queued(record: Document) -> Message:
    return _with_body(text(record, "messageId", "a record of SQS"), record, "body")


def _received(message: Document) -> Message:
    """A message as ReceiveMessage answers it (SQS API reference): what a person gets out of a queue."""
    return _with_body(text(message, "MessageId", "a message of SQS"), message, "Body")


def _with_body(id: str, message: Document, name: str) -> Message:
    """A body that is no text is an error of this message alone."""
    what = f"message {id}"
    try:
        body = optional(message, name, what) or ""
    except UsageError as error:
        return Message(id, error=error)
    return parse_message(id, body)


def _is_fifo(record: Document) -> bool:
    return str(record.get("eventSourceARN", "")).endswith(".fifo")


@dataclass
class _Reader:
    """Takes envelopes off until what is inside tells of files."""

    landed: list[Landed] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def message(self, id: str | None) -> Message:
        return Message(id, tuple(self.landed), tuple(self.told))

    def read(self, value: object, depth: int) -> None:
        if depth > _MOST_ENVELOPES:
            raise unreadable("the event", f"has more than {_MOST_ENVELOPES} envelopes around one another")
        if isinstance(value, str):
            self._read_text(value.strip(), depth)
            return
        event = document(value, "the event")
        if "Records" in event:
            self._read_records(event["Records"], depth)
        elif event.get("Type") == "Notification" and "Message" in event:
            self.read(text(event, "Message", "an SNS notification"), depth + 1)
        elif "detail-type" in event:
            self._keep(bridged(event))
        elif "Items" in event:
            self._read_items(event)
        elif event.get("Event") != _TEST or "Service" not in event:
            self._keep(((_named(event),), ()))

    def _keep(self, read: Read) -> None:
        landed, told = read
        for one in landed:
            if one.bucket is not None and _BUCKET.fullmatch(one.bucket) is None:
                raise unreadable("the event", f"has the bucket {shown(one.bucket)}, which is no name of one")
        self.landed += landed
        self.told += told

    def _read_text(self, value: str, depth: int) -> None:
        if value.startswith(("s3://", "/")):
            self._keep(((parse_address(value),), ()))
            return
        try:
            parsed = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise unreadable("the event", f"is {shown(value)}, which is neither JSON nor an address") from error
        self.read(parsed, depth + 1)

    def _read_records(self, records: object, depth: int) -> None:
        entries = _objects(records, "Records")
        if not entries:
            self.told.append("the event has no records, and tells of no file")
        for record in entries:
            source = record.get("eventSource", record.get("EventSource"))
            if source == "aws:sns":
                self.read(text(inner(record, "Sns", "a record of SNS"), "Message", "a record of SNS"), depth + 1)
            elif source == "aws:sqs":
                raise unreadable("the event", "holds records of SQS inside of another envelope, or among others")
            elif source == "aws:s3" or (source is None and "s3" in record):
                self._keep(notification(record))
            else:
                raise unreadable("the event", f"has a record of {shown(source)}, which tells of no files")

    def _read_items(self, event: Document) -> None:
        given = inner(event, "BatchInput", "a batch of items") if "BatchInput" in event else event
        bucket = text(given, "bucket", "a batch of items")
        items = _objects(event["Items"], "Items")
        if not items:
            self.told.append("the event has no items, and tells of no file")
        for item in items:
            self._keep(listed(bucket, item))


def _objects(value: object, name: str) -> Sequence[Document]:
    if not isinstance(value, list):
        raise unreadable(name, f"is {shown(value)}, must be a list")
    return [document(item, f"an entry of {name}") for item in value]


def _named(event: Document) -> Landed:
    """`{"s3_uri"}` or `{"bucket", "key"}`, with `size`, `etag` and `version_id` where they are known."""
    keys = set(event)
    further = {"size", "etag", "version_id"}
    if "s3_uri" in keys and not keys - {"s3_uri"} - further:
        where = parse_address(text(event, "s3_uri", "the event"))
    elif {"bucket", "key"} <= keys and not keys - {"bucket", "key"} - further:
        where = Landed(text(event, "bucket", "the event"), text(event, "key", "the event"))
    else:
        raise unreadable("the event", f"has the fields {', '.join(sorted(map(str, keys))) or 'none'}")
    given = "the event"
    return Landed(
        where.bucket,
        where.key,
        size(event, "size", given),
        etag(event, "etag", given),
        optional(event, "version_id", given),
    )


def parse_address(address: str) -> Landed:
    """`s3://bucket/key` with the key as it is, or an absolute path.

    Raises:
        UsageError: no bucket, or no key.
    """
    if address.startswith("/"):
        return Landed(None, address)
    bucket, _, key = address.removeprefix("s3://").partition("/")
    if not address.startswith("s3://") or not bucket or not key:
        raise unreadable(f"the address {shown(address)}", "is not s3://bucket/key")
    return Landed(bucket, key)
