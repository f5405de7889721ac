"""`manifest.json` and `manifest.checksum` of a report (S3 User Guide, Locating your inventory list)."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tidegate.errors import CorruptRecord
from tidegate.model.inventory import ReportFormat

MANIFEST = "manifest.json"
CHECKSUM = "manifest.checksum"
VERSION = "2016-11-30"

_HINT = "Take another report: S3 makes a new one every day or week."
_BUCKET_ARN = ":::"


@dataclass(frozen=True)
class ReportFile:
    """`key` in the destination bucket, `size` in bytes, `md5` in hexadecimal digits."""

    key: str
    size: int
    md5: str


@dataclass(frozen=True)
class Report:
    """What a manifest says. `created` (UTC) is when S3 began to list; `md5` is that of the manifest itself."""

    source_bucket: str
    destination_bucket: str
    format: ReportFormat
    schema: str
    created: datetime
    files: tuple[ReportFile, ...]
    md5: str

    @property
    def bytes(self) -> int:
        return sum(file.size for file in self.files)


def md5_of(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def parse_report(data: bytes, checksum: bytes, name: str) -> Report:
    """Read a manifest; `name` names it in errors.

    Raises:
        CorruptRecord: its MD5 is not the one in `checksum`, or it is no manifest that we can read.
    """
    expected, actual = checksum.decode("ascii", "replace").strip().lower(), md5_of(data)
    if actual != expected:
        raise CorruptRecord(
            f"{name} has the MD5 {actual}, its checksum file says {expected[:64] or 'nothing'}", hint=_HINT
        )
    try:
        document = json.loads(data)
        if not isinstance(document, dict):
            raise TypeError("it is no JSON object")
        return _report(document, actual)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise CorruptRecord(f"{name} is not the manifest of an inventory: {reason}", hint=_HINT) from error


def _report(document: dict[str, Any], md5: str) -> Report:
    if document["version"] != VERSION:
        raise ValueError(f"its version is {document['version']!r}, not {VERSION!r}")
    return Report(
        source_bucket=str(document["sourceBucket"]),
        destination_bucket=str(document["destinationBucket"]).rpartition(_BUCKET_ARN)[2],
        format=ReportFormat(document["fileFormat"]),
        schema=str(document["fileSchema"]),
        created=datetime.fromtimestamp(int(document["creationTimestamp"]) / 1000, UTC),
        files=_files(document["files"]),
        md5=md5,
    )


def _files(listed: object) -> tuple[ReportFile, ...]:
    """Each file once: the rows of one that is listed twice would be counted twice."""
    if not isinstance(listed, list):
        raise TypeError("its files are no list")
    files = tuple(ReportFile(str(f["key"]), int(f["size"]), str(f["MD5checksum"]).lower()) for f in listed)
    seen: set[str] = set()
    for file in files:
        if file.key in seen:
            raise ValueError(f"it lists {file.key} twice")
        seen.add(file.key)
    return files


def render_report(report: Report) -> bytes:
    """The manifest's bytes; `report.md5` is not looked at."""
    document = {
        "sourceBucket": report.source_bucket,
        "destinationBucket": f"arn:aws:s3:::{report.destination_bucket}",
        "version": VERSION,
        "creationTimestamp": str(round(report.created.timestamp() * 1000)),
        "fileFormat": report.format.value,
        "fileSchema": report.schema,
        "files": [{"key": file.key, "size": file.size, "MD5checksum": file.md5} for file in report.files],
    }
    return json.dumps(document, indent=2).encode()
