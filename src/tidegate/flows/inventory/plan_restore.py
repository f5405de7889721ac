"""Which parked files a table's periods need, as manifests for S3 Batch Operations."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import Any

from tidegate.errors import ConfigError, ObjectMissing, ObjectNotFound, UsageError
from tidegate.flows.context import Context
from tidegate.flows.identity import attach
from tidegate.flows.inventory.counted import CountedBatch, counted_batches
from tidegate.flows.inventory.places import Place, arn, location
from tidegate.flows.inventory.stored import download, newest_inventory, spooling, upload
from tidegate.flows.pinned import pinned
from tidegate.flows.published import read_descriptor
from tidegate.flows.records import RecordLog
from tidegate.formats.inventory.engine import open_engine
from tidegate.formats.inventory.restoring import INTELLIGENT_TIERING, find, want, write_manifest
from tidegate.model.inventory import RestoreManifest, RestoreManifests
from tidegate.model.names import TableName
from tidegate.model.periods import Period
from tidegate.model.tiers import Retrieval

_FORMAT = "S3BatchOperations_CSV_20180820"


@dataclass(frozen=True)
class RestoreFilesRequest:
    """Files of periods that touch [first, last] (None = unbounded). `out`: where the manifest goes.

    `days`: how long restored copies of GLACIER and DEEP_ARCHIVE stay. `retrieval`: how fast (Batch Operations take
    STANDARD and BULK).
    """

    table: TableName
    out: Place
    first: date | None = None
    last: date | None = None
    days: int = 7
    retrieval: Retrieval = Retrieval.BULK


def plan_restore_files(ctx: Context, request: RestoreFilesRequest) -> RestoreManifests:
    """Read only, but for the manifests: one for GLACIER and DEEP_ARCHIVE, one for INTELLIGENT_TIERING; none empty.

    Raises:
        UsageError: something is there already where a manifest goes; nothing is written then.
        ConfigError: no report was normalized yet.
        ObjectMissing: nothing is archived there.
        CorruptRecord: a descriptor or the inventory cannot be read.
    """
    for storage in ("", INTELLIGENT_TIERING):
        _check_new(_target(request.out, storage))
    with pinned(ctx) as session:
        warehouse = attach(session).warehouse
        counted = counted_batches(session, RecordLog(session, warehouse), request.table)
    stored = newest_inventory(ctx, warehouse)
    batches = [batch for batch in counted if _may_touch(request, batch)]
    with spooling() as spool, open_engine(spool) as engine:
        source = location(ctx.lake)
        want(engine, _keys(ctx, request, batches, source.prefix))
        found = find(engine, download(stored.place, spool))
        if not (found.parked or found.readable or found.absent):
            raise ObjectMissing(
                f"{request.table} has no archived files from {request.first or 'the first'} to "
                f"{request.last or 'the last'} period",
                hint="`tidegate status` lists what is archived.",
            )
        manifests = []
        for storage, (objects, size) in found.parked.items():
            target = _target(request.out, storage)
            file = spool / f"{storage}.csv"
            versions = write_manifest(engine, storage, source.bucket, file)
            upload(file, target)
            job = _job(request, storage, target, versions=versions)
            manifests.append(RestoreManifest(target.address, storage, objects, size, job))
    return RestoreManifests(
        request.table, stored.place.address, stored.created, tuple(manifests), found.readable, found.absent
    )


def _check_new(target: Place) -> None:
    """A manifest takes the place of nothing: it might be the warehouse's file, or an archived one."""
    try:
        target.lake.head(target.key)
    except ObjectNotFound:
        return
    raise UsageError(f"the file {target.address} exists already", hint="Name another file, or remove this one.")


def _may_touch(request: RestoreFilesRequest, batch: CountedBatch) -> bool:
    """Whether a period touches the span asked for, days or months: known before its descriptor is read."""
    low, high = request.first or date.min, request.last or date.max
    return any(day <= high and (day.year, day.month) >= (low.year, low.month) for day in batch.periods)


def _keys(ctx: Context, request: RestoreFilesRequest, batches: list[CountedBatch], prefix: str) -> Iterator[list[str]]:
    """The keys in the bucket of the files asked for, batch by batch; those of thawed periods are left out."""
    low, high = request.first or date.min, request.last or date.max
    for batch in batches:
        if batch.prefix is None:
            raise ConfigError(
                f"batch {batch.batch} of {batch.table} counts, but the lake's record does not know it",
                hint="Run `tidegate verify`.",
            )
        descriptor = read_descriptor(ctx, batch.prefix)
        periods = (Period(day, descriptor.granularity) for day in batch.readable | batch.parked)
        days = {p.start for p in periods if p.start <= high and low < p.end}
        yield [prefix + descriptor.prefix + file.key for file in descriptor.files if file.period in days]


def _target(out: Place, storage: str) -> Place:
    """`restore.csv`, and `restore-intelligent-tiering.csv` beside it."""
    if storage != INTELLIGENT_TIERING:
        return out
    path = PurePosixPath(out.key)
    return Place(out.lake, str(path.with_name(f"{path.stem}-intelligent-tiering{path.suffix}")))


def _job(request: RestoreFilesRequest, storage: str, target: Place, *, versions: bool) -> dict[str, Any]:
    """What CreateJob of S3 Control takes; INTELLIGENT_TIERING takes no days (S3 API reference, RestoreObject).

    A manifest on this machine has no location yet: it is uploaded first.
    """
    operation: dict[str, Any] = {"GlacierJobTier": request.retrieval.value.upper()}
    if storage != INTELLIGENT_TIERING:
        operation["ExpirationInDays"] = request.days
    fields = ["Bucket", "Key", "VersionId"] if versions else ["Bucket", "Key"]
    job: dict[str, Any] = {
        "Operation": {"S3InitiateRestoreObject": operation},
        "Manifest": {"Spec": {"Format": _FORMAT, "Fields": fields}},
    }
    if target.lake.capabilities.scheme == "s3":
        job["Manifest"]["Location"] = {
            "ObjectArn": arn(target.lake, target.address.removeprefix("s3://")),
            "ETag": target.lake.head(target.key).etag,
        }
    return job
