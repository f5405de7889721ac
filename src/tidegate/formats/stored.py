"""The documents that Tidegate keeps in the lake, as JSON and back. They outlive releases: changes are additive."""

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from tidegate.errors import CorruptRecord
from tidegate.model.batch import DESCRIPTOR_FORMAT, Descriptor, TableVersion
from tidegate.model.records import RECORD_FORMAT, Claim, LogRecord

Document = TypeVar("Document", Descriptor, TableVersion, LogRecord, Claim)

_ADAPTERS: dict[type, TypeAdapter[Any]] = {
    kind: TypeAdapter(kind) for kind in (Descriptor, TableVersion, LogRecord, Claim)
}
_SUPPORTED = {
    Descriptor: DESCRIPTOR_FORMAT,
    TableVersion: DESCRIPTOR_FORMAT,
    LogRecord: RECORD_FORMAT,
    Claim: RECORD_FORMAT,
}


def dump(document: Descriptor | TableVersion | LogRecord | Claim) -> bytes:
    """Canonical for a given document: the same value gives the same bytes."""
    return _ADAPTERS[type(document)].dump_json(document)


def load(kind: type[Document], data: bytes, key: str) -> Document:
    """Read a document; `key` names it in errors.

    Raises:
        CorruptRecord: not JSON of this kind, or written by a newer version of Tidegate.
    """
    try:
        document: Document = _ADAPTERS[kind].validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CorruptRecord(
            f"{key} is not a readable {kind.__name__.lower()}: {where + ': ' if where else ''}{first['msg'].lower()}",
            hint="Restore the object from a backup or an older version of it; nothing was changed.",
        ) from error
    supported = _SUPPORTED[kind]
    if document.format > supported:
        raise CorruptRecord(
            f"{key} has format {document.format}, this version reads up to {supported}",
            hint="Upgrade Tidegate.",
        )
    return document
