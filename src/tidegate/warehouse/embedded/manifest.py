"""Manifests: the list of files that UNLOAD writes and COPY reads (developer guide, Using a manifest)."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import tidegate
from tidegate.errors import StatementError

AUTHOR = "Tidegate embedded"


@dataclass(frozen=True)
class UnloadedFile:
    """A file that an UNLOAD wrote. `rows` counts a header line too, as Redshift's manifest does."""

    path: str
    size: int
    rows: int


@dataclass(frozen=True)
class OutputColumn:
    """A column of the files and its Redshift type as a manifest writes it, e.g. `{"base": "integer"}`."""

    name: str
    type: dict[str, str | int]


@dataclass(frozen=True)
class ManifestEntry:
    """One file that COPY shall read. `size` in bytes is `meta.content_length`, where the manifest gives it."""

    url: str
    mandatory: bool
    size: int | None


def write(path: str, files: Sequence[UnloadedFile], schema: Sequence[OutputColumn] | None) -> None:
    """Write a manifest; with a `schema` it is a verbose one."""
    verbose = schema is not None
    entries = [
        {"url": f.path, "meta": {"content_length": f.size} | ({"record_count": f.rows} if verbose else {})}
        for f in files
    ]
    document: dict[str, object] = {"entries": entries}
    if schema is not None:
        document["schema"] = {"elements": [{"name": c.name, "type": c.type} for c in schema]}
        document["meta"] = {
            "content_length": sum(f.size for f in files),
            "record_count": sum(f.rows for f in files),
        }
        document["author"] = {"name": AUTHOR, "version": tidegate.__version__}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2, ensure_ascii=False)
        file.write("\n")


def read(path: str, content: str) -> list[ManifestEntry]:
    """The files that the content of a manifest names, in its order; one that is listed twice is there twice.

    Raises:
        StatementError: the content is not a JSON document of the documented shape.
    """
    try:
        document = json.loads(content)
    except ValueError as error:
        raise malformed(path, str(error)) from error
    return list(_entries(path, document))


def _entries(path: str, document: object) -> Iterator[ManifestEntry]:
    entries = document.get("entries") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise malformed(path, 'it has no list "entries"')
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict) or not isinstance(entry.get("url"), str):
            raise malformed(path, f'entry {number} has no "url"')
        mandatory = entry.get("mandatory", False)
        meta = entry.get("meta", {})
        size = meta.get("content_length") if isinstance(meta, dict) else None
        if not isinstance(mandatory, bool):
            raise malformed(path, f'"mandatory" of entry {number} is neither true nor false')
        if size is not None and (not isinstance(size, int) or isinstance(size, bool)):
            raise malformed(path, f'"content_length" of entry {number} is not a whole number')
        yield ManifestEntry(entry["url"], mandatory, size)


def malformed(path: str, reason: str) -> StatementError:
    """The error of a manifest that cannot be read."""
    return StatementError(
        f"the manifest {path!r} cannot be read: {reason}",
        hint='Write {"entries": [{"url": "…", "mandatory": true, "meta": {"content_length": N}}]} in UTF-8.',
    )
