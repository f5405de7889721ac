"""Where reports and inventories are kept, and how they get there."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from tidegate.errors import ConfigError, LakeUnreachable, ObjectNotFound
from tidegate.flows.context import Context
from tidegate.flows.inventory.places import Configurations, Openers, Place, location
from tidegate.flows.inventory.source import newest_report
from tidegate.formats.inventory.manifest import Report
from tidegate.model.inventory import configuration_id, day_folder, inventories_root, reports_root

INVENTORY = "inventory.parquet"
ORIGIN = "report.json"
"""Beside an inventory: the report that it was made of."""

_CHUNK = 1 << 20
_DAY = re.compile(r"(?:.*/)?dt=(\d{4}-\d\d-\d\d)/")


@dataclass(frozen=True)
class Stored:
    """A normalized inventory in the lake. `created`: when its report was begun."""

    place: Place
    created: datetime


@contextmanager
def spooling() -> Iterator[Path]:
    """A folder for files on their way. Raises LakeUnreachable when there is no room for them."""
    try:
        with TemporaryDirectory(prefix="tidegate-inventory-") as folder:
            yield Path(folder)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise LakeUnreachable(
            f"cannot keep files for a while: {(error.strerror or str(error)).lower()}",
            hint="Make room in the folder for temporary files, or name another one by TMPDIR.",
        ) from error


def reports_place(ctx: Context, warehouse: str, openers: Openers) -> Place:
    """The folder that the reports on this lake come to. Raises ConfigError when S3 was not told to make any."""
    source, identity = location(ctx.lake), configuration_id(warehouse)
    if openers.configurations is None:
        return Place(ctx.lake, f"{reports_root(warehouse)}{source.bucket}/{identity}/")
    prefix = _destination(openers.configurations, source.bucket, identity)
    return openers.folder(f"{prefix}/{source.bucket}/{identity}/")


def _destination(configurations: Configurations, bucket: str, identity: str) -> str:
    found = configurations.read(identity)
    if found is None:
        raise ConfigError(
            f"the bucket {bucket} has no inventory configuration {identity}",
            hint="Run `tidegate inventory configure`, or name a manifest.",
        )
    destination = cast("dict[str, Any]", found)["Destination"]["S3BucketDestination"]
    name = str(destination["Bucket"]).rpartition(":::")[2]
    return f"s3://{name}/{destination.get('Prefix', '')}".rstrip("/")


def newest_manifest(ctx: Context, warehouse: str, openers: Openers) -> Place:
    """The manifest of the newest report. Raises ConfigError when there is none."""
    reports = reports_place(ctx, warehouse, openers)
    place = newest_report(reports)
    if place is None:
        local = "Run `tidegate inventory report`: of a local lake Tidegate makes the reports."
        on_s3 = "S3 delivers the first one within 48 hours of `tidegate inventory configure`; or name a manifest."
        raise ConfigError(
            f"there is no report below {reports.address}", hint=local if openers.configurations is None else on_s3
        )
    return place


def store(report: Report, manifest: Place, root: Place, made: Path, rows: int) -> tuple[Place, bool]:
    """Put an inventory into the folder of its day; False when one of a newer report is there already."""
    folder = root.below(day_folder(report.created.date()))
    target, origin = folder.below(INVENTORY), folder.below(ORIGIN)
    known = _origin(origin)
    if known is not None and known > report.created:
        return target, False
    upload(made, target)
    document = {
        "format": 1,
        "manifest": manifest.address,
        "manifest_md5": report.md5,
        "source_bucket": report.source_bucket,
        "created_at": report.created.isoformat(),
        "rows": rows,
    }
    origin.lake.put(origin.key, json.dumps(document).encode())
    return target, True


def _origin(place: Place) -> datetime | None:
    """When the report was begun that an inventory was made of; None where there is none, or nothing tells."""
    try:
        return datetime.fromisoformat(json.loads(place.lake.get(place.key))["created_at"])
    except (ObjectNotFound, ValueError, KeyError, TypeError):
        return None


def newest_inventory(ctx: Context, warehouse: str) -> Stored:
    """Raises ConfigError when no report was normalized yet."""
    root = inventories_root(warehouse)
    folders = sorted((f for f in ctx.lake.folders(root) if _DAY.fullmatch(f)), reverse=True)
    for folder in folders:
        created = _origin(Place(ctx.lake, folder + ORIGIN))
        if created is not None:
            return Stored(Place(ctx.lake, folder + INVENTORY), created)
    raise ConfigError(
        f"there is no inventory below {ctx.lake.uri(root)}", hint="Run `tidegate inventory normalize` first."
    )


def upload(file: Path, target: Place) -> None:
    with file.open("rb") as source, target.lake.writer(target.key) as writer:
        while chunk := source.read(_CHUNK):
            writer.write(chunk)


def download(place: Place, folder: Path) -> Path:
    """The object as a file below `folder`, through a link where it lies on this machine. Raises ObjectNotFound."""
    path = folder / "stored.parquet"
    if place.lake.capabilities.scheme == "file":
        place.lake.head(place.key)
        path.symlink_to(place.lake.uri(place.key))
        return path
    with path.open("wb") as copy:
        for chunk in place.lake.stream(place.key):
            copy.write(chunk)
    return path
