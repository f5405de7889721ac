"""What S3 itself says of an object: a record of a notification, an event of EventBridge, an item of a listing."""

from urllib.parse import unquote_plus

from tidegate.formats.events.fields import Document, etag, inner, moment, optional, size, text, unreadable
from tidegate.formats.events.landed import Landed

_MAJOR = "2"
"""The event structure that is read here; a minor version only adds fields (S3 User Guide, Event message structure)."""

Read = tuple[tuple[Landed, ...], tuple[str, ...]]
"""Files that landed, and what else was told."""


def notification(record: Document) -> Read:
    """One record of an S3 notification. Its key is form-url-encoded: `+` is a space, a plus is `%2B`.

    Raises:
        UsageError: a field is missing or wrong, or a major version that is not known.
    """
    what = "a record of an S3 notification"
    version = optional(record, "eventVersion", what)
    if version is not None and version.split(".")[0] != _MAJOR:
        raise unreadable(what, f"has the version {version}, known is {_MAJOR}.x")
    name = text(record, "eventName", what).removeprefix("s3:")
    s3 = inner(record, "s3", what)
    bucket = text(inner(s3, "bucket", what), "name", f"the bucket of {what}")
    item = inner(s3, "object", what)
    of_object = f"the object of {what}"
    encoded = text(item, "key", of_object)
    try:
        key = unquote_plus(encoded, errors="strict")
    except UnicodeDecodeError as error:
        raise unreadable(f"the key {encoded!r} of {what}", "is not UTF-8 after decoding") from error
    landed = Landed(
        bucket,
        key,
        size(item, "size", of_object),
        etag(item, "eTag", of_object),
        optional(item, "versionId", of_object),
        optional(item, "sequencer", of_object),
        moment(record.get("eventTime")),
    )
    return _sorted_out(landed, name, created=name.startswith("ObjectCreated:"))


def bridged(event: Document) -> Read:
    """An event of EventBridge. Its key is as it is, not encoded; its ETag is written `etag`.

    Raises:
        UsageError: a field is missing or wrong, it is not S3's, or a version that is not known.
    """
    what = "an EventBridge event"
    source = text(event, "source", what)
    if source != "aws.s3":
        raise unreadable(what, f"comes from {source}, must come from aws.s3")
    name = text(event, "detail-type", what)
    detail = inner(event, "detail", what)
    version = optional(detail, "version", what)
    if version not in (None, "0"):
        raise unreadable(what, f"has the version {version}, known is 0")
    bucket = text(inner(detail, "bucket", what), "name", f"the bucket of {what}")
    item = inner(detail, "object", what)
    of_object = f"the object of {what}"
    landed = Landed(
        bucket,
        text(item, "key", of_object),
        size(item, "size", of_object),
        etag(item, "etag", of_object),
        optional(item, "version-id", of_object),
        optional(item, "sequencer", of_object),
        moment(event.get("time")),
    )
    return _sorted_out(landed, name, created=name == "Object Created")


def listed(bucket: str, item: Document) -> Read:
    """An item of a listing, as a distributed map of Step Functions hands it over (`Key`, `Size`, `Etag`).

    Raises:
        UsageError: a field is missing or wrong.
    """
    what = "an item of a listing"
    tag = etag(item, "Etag", what) or etag(item, "ETag", what)
    landed = Landed(
        bucket, text(item, "Key", what), size(item, "Size", what), tag, landed_at=moment(item.get("LastModified"))
    )
    return _sorted_out(landed, "listed", created=True)


def _sorted_out(landed: Landed, name: str, *, created: bool) -> Read:
    """Only created objects count; a folder marker, empty and named like a folder, is none."""
    if not created:
        return (), (f"{landed.uri}: {name} does not land a file",)
    if landed.key.endswith("/") and not landed.size:
        return (), (f"{landed.uri} is a folder marker",)
    return (landed,), ()
