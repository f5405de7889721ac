"""Files that COPY would store wrong, JSON, and CSV that not every COPY reads, are written anew in the lake and copied
from there; the file stays.
"""

import shutil
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


def rewrite(ctx: Context, landing: Landing, key: str, landed: Landed) -> Landed:
    """The same file, to be copied from `key` in the lake.

    Raises:
        FileRefused: it cannot be written in types that COPY takes.
    """
    with TemporaryDirectory(prefix="tidegate-load-") as name:
        folder = Path(name)
        target = folder / "loadable.parquet"
        content = _written(landed, fetch(landing, landed.file, folder / "landed"), target)
        with target.open("rb") as made, ctx.lake.writer(key) as writer:
            while chunk := made.read(_CHUNK):
                writer.write(chunk)
        size = target.stat().st_size
    return replace(landed, content=content, copied=FileVersion(ctx.lake.uri(key), size))


def _written(landed: Landed, source: Path, target: Path) -> InferredFile:
    file, folder = landed.file.uri, target.parent
    if landed.content.format is FileFormat.JSON:
        return write_json(json_text(source, file, folder, landed.encoding), target, landed.content, file, folder)
    if landed.content.format is FileFormat.CSV:
        return _in_utf8(landed, source, target)
    return write_loadable(source, target, landed.content, file, folder)


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
    """The files of a batch as COPY shall read them, and those that cannot be written so."""
    landing = Landing(ctx)
    done, bad = list[Landed](), list[QuarantinedFile]()
    for number, one in enumerate(files):
        try:
            done.append(rewrite(ctx, landing, rewritten_key(warehouse, batch, number), one) if _must(one) else one)
        except FileRefused as error:
            bad.append(refusal(one.file, error))
    return tuple(done), tuple(bad)


def needs_rewrite(files: tuple[Landed, ...]) -> bool:
    return any(map(_must, files))


def _must(one: Landed) -> bool:
    is_other = one.content.format is FileFormat.JSON or one.is_foreign
    return one.copied is None and (is_other or bool(one.content.rewrites))
