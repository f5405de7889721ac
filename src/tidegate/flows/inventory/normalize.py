"""Make a report into one Parquet file a day, and compare it with what should be in the lake."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tidegate.errors import ConfigError
from tidegate.flows.context import Context
from tidegate.flows.identity import attach
from tidegate.flows.inventory.counted import counted_batches, expected_objects, known_batches
from tidegate.flows.inventory.places import Openers, Place, location
from tidegate.flows.inventory.source import holder, read_report, verified_files
from tidegate.flows.inventory.stored import INVENTORY, newest_manifest, spooling, store
from tidegate.flows.pinned import pinned
from tidegate.flows.records import RecordLog
from tidegate.formats.inventory.comparison import Scope, differences, expect
from tidegate.formats.inventory.engine import Engine, open_engine
from tidegate.formats.inventory.manifest import Report
from tidegate.formats.inventory.rows import write_rows
from tidegate.model.inventory import DifferenceKind, InventoryDifference, NormalizeOutcome, inventories_root
from tidegate.model.layout import data_root
from tidegate.signals.base import Progress

EXAMPLES = 1000
"""Differences that an outcome holds; all are counted, and given to the caller one by one."""


@dataclass(frozen=True)
class NormalizeRequest:
    """`manifest`: the places that its files' keys may be counted from; empty for the newest report on the lake.

    `to`: a folder that the inventories' folders lie in, else the lake's own. `on_difference` gets every difference.
    """

    manifest: Sequence[Place] = ()
    to: Place | None = None
    on_difference: Callable[[InventoryDifference], None] | None = None


def normalize(ctx: Context, request: NormalizeRequest, openers: Openers) -> NormalizeOutcome:
    """The same report gives the same file again; an older one of the same day is compared, but stored nowhere.

    The warehouse is asked at the beginning and at the end: nobody waits for it while files are worked on.

    Raises:
        ConfigError: there is no report, or it is one of another bucket or lacks a column.
        CorruptRecord: the manifest or a file is not what its checksum says, or cannot be read.
        ObjectNotFound: a file of the report is missing.
    """
    warehouse = attach(ctx).warehouse
    with spooling() as spool:
        places = request.manifest or [newest_manifest(ctx, warehouse, openers)]
        report = read_report(places[0])
        _check_bucket(ctx, report, places[0])
        made = spool / INVENTORY
        with open_engine(spool) as engine:
            files = verified_files(holder(places, report), report, spool, ctx.reporter)
            rows, columns = write_rows(engine, report, files, made, location(ctx.lake).prefix)
            ctx.reporter.progress(Progress("inventory rows", rows))
            root = request.to or Place(ctx.lake, inventories_root(warehouse))
            target, written = store(report, places[0], root, made, rows)
            counts, examples = _compared(ctx, engine, warehouse, report, made, request)
    return NormalizeOutcome(
        manifest=places[0].address,
        source_bucket=report.source_bucket,
        format=report.format,
        created_at=report.created,
        inventory=target.address,
        written=written,
        rows=rows,
        files=len(report.files),
        bytes=report.bytes,
        unknown=columns.unknown,
        differences=counts,
        examples=examples,
    )


def _check_bucket(ctx: Context, report: Report, manifest: Place) -> None:
    """A report of another bucket says nothing about this lake; the name of a local lake's folder means nothing."""
    bucket = location(ctx.lake).bucket
    if ctx.lake.capabilities.scheme == "s3" and report.source_bucket != bucket:
        raise ConfigError(
            f"the report {manifest.address} is of the bucket {report.source_bucket}, the lake is in {bucket}",
            hint="Name a manifest of this lake's bucket, or leave it out.",
        )


def _compared(
    ctx: Context,
    engine: Engine,
    warehouse: str,
    report: Report,
    made: Path,
    request: NormalizeRequest,
) -> tuple[dict[DifferenceKind, int], tuple[InventoryDifference, ...]]:
    """How many differences of each kind, and the first of them."""
    prefix = location(ctx.lake).prefix
    with pinned(ctx) as session:
        counted = counted_batches(session, RecordLog(session, warehouse))
        scope = Scope(prefix + data_root(warehouse), known_batches(session, counted))
    expect(engine, expected_objects(ctx, counted, prefix, report.created))
    counts: Counter[DifferenceKind] = Counter()
    examples: list[InventoryDifference] = []
    with closing(differences(engine, made, scope, report.created)) as found:
        for difference in found:
            counts[difference.kind] += 1
            if len(examples) < EXAMPLES:
                examples.append(difference)
            if request.on_difference is not None:
                request.on_difference(difference)
    return {kind: counts[kind] for kind in DifferenceKind}, tuple(examples)
