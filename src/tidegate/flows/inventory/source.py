"""A report: which one is the newest, what its manifest says, and its files, verified and at hand."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tidegate.errors import CorruptRecord, ObjectNotFound
from tidegate.flows.inventory.places import Place
from tidegate.formats.inventory.manifest import CHECKSUM, MANIFEST, Report, ReportFile, parse_report
from tidegate.lake.base import Lake
from tidegate.signals.base import Progress, Reporter

_DATED = re.compile(r"(?:.*/)?\d{4}-\d\d-\d\dT\d\d-\d\dZ/")
_WORKERS = 4
"""Files that are read at a time: hashing takes a core, and a bucket answers several requests at once."""

_HINT = "Take another report: what the manifest says of a file must be true of it."


def newest_report(reports: Place) -> Place | None:
    """The manifest of the newest report in a folder of reports of one configuration that is complete.

    S3 writes `manifest.checksum` last.
    """
    for folder in sorted((f for f in reports.lake.folders(reports.key) if _DATED.fullmatch(f)), reverse=True):
        place = Place(reports.lake, folder)
        if any(info.key == folder + CHECKSUM for info in place.lake.list(folder + CHECKSUM)):
            return place.below(MANIFEST)
    return None


def read_report(manifest: Place) -> Report:
    """Raises CorruptRecord, ObjectNotFound."""
    folder = manifest.key.rpartition("/")[0]
    checksum = f"{folder}/{CHECKSUM}" if folder else CHECKSUM
    data = manifest.lake.get(manifest.key)
    try:
        proof = manifest.lake.get(checksum)
    except ObjectNotFound as error:
        raise CorruptRecord(
            f"the report {manifest.address} is not complete: it has no {CHECKSUM}",
            hint="Wait until S3 has written it, or copy it beside the manifest.",
        ) from error
    return parse_report(data, proof, manifest.address)


def holder(places: Sequence[Place], report: Report) -> Lake:
    """The lake in which the files of the report have the keys that the manifest tells.

    Raises:
        ObjectNotFound: there is none.
    """
    for place in places:
        if not report.files:
            return place.lake
        try:
            place.lake.head(report.files[0].key)
        except ObjectNotFound:
            continue
        return place.lake
    raise ObjectNotFound(
        f"{report.files[0].key} of the report {places[0].address} is not there",
        hint="Copy the report's files too, in folders as they are in the bucket.",
    )


def verified_files(lake: Lake, report: Report, folder: Path, reporter: Reporter) -> list[Path]:
    """The data files as files below `folder`, in their order, sizes and MD5 as the manifest says.

    What lies on this machine is read where it is, through a link: names in `folder` are ours, not patterns.

    Raises:
        CorruptRecord: one has another size or other bytes.
        ObjectNotFound: one is missing.
    """
    paths = [folder / f"{number:06d}{report.format.ending}" for number in range(len(report.files))]
    done = 0
    with ThreadPoolExecutor(_WORKERS) as workers:
        try:
            for size in workers.map(lambda pair: _take(lake, *pair), zip(report.files, paths, strict=True)):
                done += size
                reporter.progress(Progress("inventory files", bytes=done, total_bytes=report.bytes))
        except BaseException:
            workers.shutdown(cancel_futures=True)
            raise
    return paths


def _take(lake: Lake, file: ReportFile, path: Path) -> int:
    """Read one file through; returns its size."""
    if lake.capabilities.scheme == "file":
        path.symlink_to(lake.uri(file.key))
        for _ in _checked(lake, file):
            pass
    else:
        with path.open("wb") as copy:
            for chunk in _checked(lake, file):
                copy.write(chunk)
    return file.size


def _checked(lake: Lake, file: ReportFile) -> Iterator[bytes]:
    """The bytes of a file; the error comes after the last of them."""
    digest, size = hashlib.md5(usedforsecurity=False), 0
    for chunk in lake.stream(file.key):
        size += len(chunk)
        digest.update(chunk)
        yield chunk
    if size != file.size:
        raise CorruptRecord(f"{file.key} has {size} bytes, the manifest says {file.size}", hint=_HINT)
    if digest.hexdigest() != file.md5:
        raise CorruptRecord(f"{file.key} has the MD5 {digest.hexdigest()}, the manifest says {file.md5}", hint=_HINT)
