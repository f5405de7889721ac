"""A report on a local lake, in the form in which S3 makes its own."""

import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from tidegate.errors import ConfigError
from tidegate.flows.context import Context
from tidegate.flows.identity import attach
from tidegate.flows.inventory.places import Openers, Place, location
from tidegate.flows.inventory.stored import reports_place, spooling, upload
from tidegate.formats.inventory.engine import open_engine
from tidegate.formats.inventory.listing import SCHEMAS, batches, write_listing
from tidegate.formats.inventory.manifest import CHECKSUM, MANIFEST, Report, ReportFile, md5_of, render_report
from tidegate.model.inventory import ReportFormat, ReportOutcome

_CHUNK = 20_000


class _Listing:
    """The objects of the lake, some at a time, counted as they pass."""

    def __init__(self, ctx: Context, bucket: str) -> None:
        self._ctx = ctx
        self._bucket = bucket
        self.objects = 0
        self.bytes = 0

    def columns(self) -> Iterator[tuple[list[object], ...]]:
        objects = self._ctx.lake.list("")
        while some := list(islice(objects, _CHUNK)):
            self.objects += len(some)
            self.bytes += sum(info.size for info in some)
            yield (
                [self._bucket] * len(some),
                [info.key for info in some],
                [info.size for info in some],
                [info.modified for info in some],
                [info.etag for info in some],
                [info.tier.value for info in some],
            )


def write_report(ctx: Context, report_format: ReportFormat, openers: Openers) -> ReportOutcome:
    """List the lake into a report of one data file; manifest and checksum come last.

    Raises:
        ConfigError: the lake is on S3, which makes its reports itself.
    """
    if openers.configurations is not None:
        raise ConfigError(
            f"the lake {ctx.lake.uri('')} is on S3, which makes its reports itself",
            hint="Run `tidegate inventory configure`.",
        )
    warehouse = attach(ctx).warehouse
    reports = reports_place(ctx, warehouse, openers)
    bucket, begun = location(ctx.lake).bucket, ctx.clock()
    listing = _Listing(ctx, bucket)
    with spooling() as spool, open_engine(spool) as engine:
        made = spool / f"listing{report_format.ending}"
        write_listing(engine, batches(listing.columns()), report_format, made)
        data = reports.below(f"data/{ctx.new_id()}{report_format.ending}")
        upload(made, data)
        file = ReportFile(data.key, made.stat().st_size, _md5(made))
    report = Report(bucket, bucket, report_format, SCHEMAS[report_format], begun, (file,), "")
    manifest = reports.below(f"{begun:%Y-%m-%dT%H-%MZ}/")
    document = render_report(report)
    ctx.lake.put(manifest.key + MANIFEST, document)
    ctx.lake.put(manifest.key + CHECKSUM, md5_of(document).encode())
    address = Place(ctx.lake, manifest.key + MANIFEST).address
    return ReportOutcome(address, report_format, listing.objects, listing.bytes, 1)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
