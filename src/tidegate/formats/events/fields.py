"""Fields of an event, read with an error that names what is missing or wrong."""

from collections.abc import Mapping
from datetime import UTC, datetime

from tidegate.errors import UsageError

Document = Mapping[str, object]

_SHOWN = 80


def unreadable(what: str, reason: str) -> UsageError:
    """`what` names the event or a part of it."""
    return UsageError(f"{what} {reason}", hint="Send one of the shapes that docs/events.md shows.")


def shown(value: object) -> str:
    """A value, cut when it is long."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def document(value: object, what: str) -> Document:
    """Raises UsageError: not a JSON object."""
    if not isinstance(value, Mapping):
        raise unreadable(what, f"is {shown(value)}, must be an object")
    return value


def inner(parent: Document, name: str, what: str) -> Document:
    """The object `name` of `parent`. Raises UsageError."""
    if name not in parent:
        raise unreadable(what, f"has no {name}")
    return document(parent[name], f"{name} of {what}")


def text(parent: Document, name: str, what: str) -> str:
    """A text that is not empty. Raises UsageError."""
    value = optional(parent, name, what)
    if not value:
        raise unreadable(what, f"has no {name}")
    return value


def optional(parent: Document, name: str, what: str) -> str | None:
    """A text, or None when it is not there. Raises UsageError: it is something else, or half of a character."""
    value = parent.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise unreadable(f"{name} of {what}", f"is {shown(value)}, must be text")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise unreadable(f"{name} of {what}", f"is {shown(value)}, which is not Unicode")
    return value


def size(parent: Document, name: str, what: str) -> int | None:
    """Bytes, or None when they are not told (S3 leaves them out of some events). Raises UsageError."""
    value = parent.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise unreadable(f"{name} of {what}", f"is {shown(value)}, must be a number of bytes")
    return value


def etag(parent: Document, name: str, what: str) -> str | None:
    """An ETag without quotes."""
    value = optional(parent, name, what)
    return value.strip('"') or None if value else None


def moment(value: object) -> datetime | None:
    """A time as S3 writes it, or seconds since 1970; None for anything else, since nothing rests on it."""
    try:
        if isinstance(value, str):
            read = datetime.fromisoformat(value)
            return read if read.tzinfo else read.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None
