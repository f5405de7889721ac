"""Files that COPY would store wrong are written anew, in the lake, before they are copied; the file itself stays."""

import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tidegate.errors import FileRefused
from tidegate.flows.context import Context
from tidegate.flows.load.contents import Landed, refusal
from tidegate.flows.load.landing import Landing
from tidegate.flows.load.manifests import rewritten_key
from tidegate.formats.convert.loadable import write_loadable
from tidegate.model.landing import FileVersion
from tidegate.model.loading import QuarantinedFile

_CHUNK = 1 << 20


def rewrite(ctx: Context, landing: Landing, key: str, landed: Landed) -> Landed:
    """The same file, to be copied from `key` in the lake.

    Raises:
        FileRefused: it cannot be written in types that COPY takes.
    """
    with TemporaryDirectory(prefix="tidegate-load-") as name:
        folder = Path(name)
        source, target = folder / "landed.parquet", folder / "loadable.parquet"
        with landing.opened(landed.file) as opened, source.open("wb") as local:
            shutil.copyfileobj(opened, local, _CHUNK)
        content = write_loadable(source, target, landed.content, landed.file.uri, folder)
        with target.open("rb") as made, ctx.lake.writer(key) as writer:
            while chunk := made.read(_CHUNK):
                writer.write(chunk)
        size = target.stat().st_size
    return replace(landed, content=content, copied=FileVersion(ctx.lake.uri(key), size))


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
    return one.copied is None and bool(one.content.rewrites)
