"""Copies of thawed files, in a tier that can be read, below a folder that says until when."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tidegate.errors import DifferenceFound
from tidegate.flows.context import Context
from tidegate.flows.files import listing
from tidegate.lake.base import ObjectInfo
from tidegate.model.batch import FileEntry
from tidegate.signals.base import Progress

WORKERS = 16
"""Copies at once: the store makes them, we only ask."""


def copy_files(ctx: Context, task: str, source: str, target: str, files: Sequence[FileEntry]) -> None:
    """Copy the files below the key prefix `source` to `target`; those that are there already stay.

    Raises:
        DifferenceFound: a copy has another size than the file.
        ObjectNotFound, ObjectParked.
    """
    present = listing(ctx, target)
    missing = [file for file in files if (info := present.get(file.key)) is None or info.size != file.size]
    done, total = 0, sum(file.size for file in missing)

    def one(file: FileEntry) -> ObjectInfo:
        return ctx.lake.copy(source + file.key, target + file.key)

    with ThreadPoolExecutor(WORKERS, thread_name_prefix="copy") as pool:
        try:
            for file, info in zip(missing, pool.map(one, missing), strict=True):
                if info.size != file.size:
                    raise DifferenceFound(
                        f"{info.key} has {info.size} bytes, the file that it is a copy of {file.size}",
                        hint="Nothing was changed. Run `tidegate verify`, then run the restore again.",
                    )
                done += file.size
                ctx.reporter.progress(Progress(task, bytes=done, total_bytes=total))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
