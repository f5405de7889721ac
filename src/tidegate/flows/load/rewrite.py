"""Files that COPY would store wrong, JSON, and CSV that not every COPY reads, are written anew in the lake and copied
from there; the file stays.
"""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast

from tidegate.errors import FileRefused
from tidegate.flows.context import Context
from tidegate.flows.load.contents import Landed, refusal
from tidegate.flows.load.json_files import fetch, write_json
from tidegate.flows.load.landing import Landing
from tidegate.flows.load.manifests import rewritten_key
from tidegate.formats.convert.loadable import write_loadable
from tidegate.formats.schema.inferred import InferredFile
from tidegate.formats.schema.json_text import json_text
from tidegate.formats.schema.text_stream import Utf8Stream, decompressed
from tidegate.model.landing import FileVersion
from tidegate.model.loading import QuarantinedFile
from tidegate.model.route import FileFormat

_CHUNK = 1 << 20
MOST_RECORDS = 1 << 40
"""Of one file: so far apart are the numbers of the first records of two."""


def rewrite(ctx: Context, landing: Landing, keys: Sequence[str], landed: Landed, number: int) -> Landed:
    """The same file, to be copied from the first of `keys` in the lake, its lists from the others.

    `number`: of the file in its batch.

    Raises:
        FileRefused: it cannot be written in types that COPY takes.
    """
    with TemporaryDirectory(prefix="tidegate-load-") as name:
        folder = Path(name)
        targets = [folder / f"loadable-{part}" for part in range(len(keys))]
        contents = _written(landed, fetch(landing, landed.file, folder / "landed"), targets, number)
        content, *elements = (
            Landed(landed.file, content, _put(ctx, target, key))
            for content, target, key in zip(contents, targets, keys, strict=True)
        )
    return replace(landed, content=content.content, copied=content.copied, elements=tuple(elements))


def _put(ctx: Context, target: Path, key: str) -> FileVersion:
    with target.open("rb") as made, ctx.lake.writer(key) as writer:
        while chunk := made.read(_CHUNK):
            writer.write(chunk)
    return FileVersion(ctx.lake.uri(key), target.stat().st_size)


def _written(landed: Landed, source: Path, targets: Sequence[Path], number: int) -> tuple[InferredFile, ...]:
    file, target, folder = landed.file.uri, targets[0], source.parent
    if landed.content.format is FileFormat.JSON:
        document = json_text(source, file, folder, landed.encoding)
        return write_json(document, targets, landed.content, file, number * MOST_RECORDS)
    if landed.content.format is FileFormat.CSV:
        return (_in_utf8(landed, source, target),)
    return (write_loadable(source, target, landed.content, file, folder),)


def _in_utf8(landed: Landed, source: Path, target: Path) -> InferredFile:
    """The same text, not packed."""
    dialect = landed.content.dialect
    assert dialect is not None
    with source.open("rb") as packed, target.open("wb") as plain:
        stream = Utf8Stream(decompressed(packed, landed.file.uri), landed.file.uri, dialect.encoding)
        shutil.copyfileobj(cast(BinaryIO, stream), plain, _CHUNK)
    return replace(landed.content, dialect=replace(dialect, encoding="utf-8", codec=None))


def rewritten(
    ctx: Context, warehouse: str, batch: str, files: tuple[Landed, ...]
) -> tuple[tuple[Landed, ...], tuple[QuarantinedFile, ...]]:
    """The files of a batch as COPY shall read them, or else those that cannot be written so: then none is kept."""
    landing = Landing(ctx)
    done, bad = list[Landed](), list[QuarantinedFile]()
    for number, one in enumerate(files):
        try:
            keys = [rewritten_key(warehouse, batch, number, part) for part in range(1 + len(one.content.children))]
            done.append(rewrite(ctx, landing, keys, one, number) if _must(one) else one)
        except FileRefused as error:
            bad.append(refusal(one.file, error))
    if bad:
        copies = [part.copied for one in done for part in (one, *one.elements)]
        ctx.lake.delete([ctx.lake.key(copied.uri) for copied in copies if copied is not None])
    return tuple(done), tuple(bad)


def needs_rewrite(files: tuple[Landed, ...]) -> bool:
    return any(map(_must, files))


def _must(one: Landed) -> bool:
    is_other = one.content.format is FileFormat.JSON or one.is_foreign
    return one.copied is None and (is_other or bool(one.content.rewrites))
