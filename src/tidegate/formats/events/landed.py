"""What an event says: files that landed, what it told besides, and what of it could not be read."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from tidegate.errors import UsageError
from tidegate.model.landing import FileVersion


@dataclass(frozen=True)
class Landed:
    """A file that an event tells of. `bucket` None: `key` is an absolute path.

    `size` is None where the event does not say which version it means: the store has to be asked for the newest.
    """

    bucket: str | None
    key: str
    size: int | None = None
    etag: str | None = None
    version: str | None = None
    sequencer: str | None = None
    landed_at: datetime | None = None

    @property
    def uri(self) -> str:
        """`s3://bucket/key` with the key as it is, or the path."""
        return self.key if self.bucket is None else f"s3://{self.bucket}/{self.key}"

    @property
    def file(self) -> FileVersion | None:
        """The version that the event names; None when it names only the key."""
        if self.size is None or self.etag is None:
            return None
        return FileVersion(self.uri, self.size, self.etag, self.version, self.sequencer, self.landed_at)


@dataclass(frozen=True)
class Message:
    """One message. `id` is SQS's, None for an event that came without a queue.

    `told`: what it says that is not a landed file, in words. A message with an `error` has no files.
    """

    id: str | None
    landed: tuple[Landed, ...] = ()
    told: tuple[str, ...] = ()
    error: UsageError | None = None


@dataclass(frozen=True)
class Delivery:
    """All messages of one event, in their order. `ordered`: they come from a FIFO queue."""

    messages: tuple[Message, ...]
    ordered: bool = False

    @property
    def landed(self) -> tuple[Landed, ...]:
        return tuple(landed for message in self.messages for landed in message.landed)

    def failed(self, ids: Collection[str]) -> list[str]:
        """The messages that have to come again when those of `ids`, and those that cannot be read, were not done.

        Of a FIFO queue all from the first of them on, or their order would be lost (Lambda developer guide, Using
        Lambda with SQS, Reporting batch item failures).
        """
        again: list[str] = []
        for message in self.messages:
            if message.id is None:
                continue
            if message.error is not None or message.id in ids or (self.ordered and again):
                again.append(message.id)
        return again

    def answer(self, ids: Collection[str] = ()) -> dict[str, list[dict[str, str]]]:
        """`failed` as Lambda takes it: `{"batchItemFailures": [{"itemIdentifier": …}]}`."""
        return {"batchItemFailures": [{"itemIdentifier": one} for one in self.failed(ids)]}
