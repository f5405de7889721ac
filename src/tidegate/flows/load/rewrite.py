"""Files that COPY would store wrong, and JSON, are written anew in the lake and copied from there; the file stays."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tidegate.errors import FileRefused
from tidegate.flows.context import Context
from tidegate.flows.load.contents import Landed, refusal
from tidegate.flows.load.json_files import fetch, write_json
from tidegate.flows.load.landing import Landing
from tidegate.flows.load.manifests import rewritten_key
from tidegate.formats.convert.loadable import write_loadable
from tidegate.formats.schema.inferred import InferredFile
from tidegate.formats.schema.json_text import json_text
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
    return write_loadable(source, target, landed.content, file, folder)


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
    return one.copied is None and (one.content.format is FileFormat.JSON or bool(one.content.rewrites))
