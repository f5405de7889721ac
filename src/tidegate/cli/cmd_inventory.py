"""`tidegate inventory configure|report|normalize|plan-restore`."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from tidegate.cli.frame import Run, add, new_group
from tidegate.cli.options import first_day, last_day
from tidegate.cli.output import counted
from tidegate.cli.progress import size
from tidegate.errors import DifferenceFound
from tidegate.model.inventory import (
    InventoryDifference,
    NormalizeOutcome,
    ReportFormat,
    RestoreManifest,
    RestoreManifests,
)
from tidegate.model.tiers import Retrieval

SHOWN = 20
"""Differences that a person is shown; --json prints all."""


class Format(StrEnum):
    PARQUET = "parquet"
    CSV = "csv"
    ORC = "orc"

    @property
    def of_report(self) -> ReportFormat:
        return ReportFormat[self.name]


class Speed(StrEnum):
    BULK = "bulk"
    STANDARD = "standard"


FormatOption = Annotated[Format, typer.Option("--format", help="The format of the reports.")]


def register(app: typer.Typer) -> None:
    group = new_group("Reports of what lies in the lake, at any size.")
    app.add_typer(group, name="inventory")
    add(group, "configure", configure, exits=(3, 4, 6, 7))
    add(group, "report", report, exits=(3, 4, 6, 7))
    add(group, "normalize", normalize, exits=(3, 4, 6, 7))
    add(group, "plan-restore", plan_restore, exits=(3, 4, 6, 7))


def configure(
    run: Run,
    destination: Annotated[
        str | None,
        typer.Option("--destination", metavar="S3", help="s3://bucket/prefix for the reports.  [default: the lake]"),
    ] = None,
    form: FormatOption = Format.PARQUET,
    weekly: Annotated[bool, typer.Option("--weekly", help="Every Sunday, instead of every day.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the configuration, change nothing.")] = False,
) -> None:
    """Tell S3 to report on the lake. Other inventory configurations of the bucket are not touched."""
    with run.app() as app:
        done = app.configure_inventory(destination, form.of_report, weekly=weekly, dry_run=dry_run)
    word = "was there already" if not done.changed else "would be put" if dry_run else "was put"
    run.output.result(
        {
            "message_type": "plan" if dry_run else "result",
            "bucket": done.bucket,
            "changed": done.changed,
            "configuration": done.configuration,
        },
        [
            f"inventory configuration {done.configuration['Id']} of {done.bucket} {word}",
            *json.dumps(done.configuration, indent=2).splitlines(),
        ],
    )


def report(run: Run, form: FormatOption = Format.PARQUET) -> None:
    """Write a report on a local lake, in the form in which S3 reports on a bucket."""
    with run.app() as app:
        done = app.report_inventory(form.of_report)
    run.output.result(
        {
            "message_type": "result",
            "manifest": done.manifest,
            "format": done.format.value,
            "objects": done.objects,
            "bytes": done.bytes,
            "files": done.files,
        },
        [f"{counted(done.objects, 'object')}, {size(done.bytes)}: {done.manifest}"],
    )


def normalize(
    run: Run,
    manifest: Annotated[
        str | None,
        typer.Argument(metavar="[MANIFEST]", help="manifest.json: a file or s3://.  [default: the newest report]"),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="DIR", help="A folder or s3:// prefix.  [default: the lake]")
    ] = None,
) -> None:
    """Make a report into one Parquet file a day, and compare it with what should be in the lake."""

    def tell(difference: InventoryDifference) -> None:
        if run.output.as_json:
            run.output.document({"message_type": "difference", **_document(difference)})

    with run.app() as app:
        done = app.normalize_inventory(manifest, to, tell)
    run.output.result(_normalized(done), _normalized_lines(done))
    if any(done.differences.values()):
        raise typer.Exit(DifferenceFound.exit_code)


def plan_restore(
    run: Run,
    name: Annotated[str, typer.Argument(metavar="TABLE", help="The table whose parked files are wanted.")],
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="The manifest: a file or s3://bucket/key.")],
    first: Annotated[
        str | None, typer.Option("--from", metavar="P", help="First period: YYYY-MM or YYYY-MM-DD.")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="P", help="Last period, inclusive.")] = None,
    days: Annotated[int, typer.Option("--days", metavar="N", help="How long the restored copies stay.")] = 7,
    retrieval: Annotated[Speed, typer.Option("--retrieval", help="How fast, and how dearly.")] = Speed.BULK,
) -> None:
    """Write the manifests of S3 Batch Operations that restore a table's parked files.

    They are taken from the newest normalized inventory: one for GLACIER and DEEP_ARCHIVE, one for INTELLIGENT_TIERING.
    """
    with run.app() as app:
        done = app.plan_inventory_restore(
            name,
            out,
            first_day(first, "--from"),
            last_day(last, "--to"),
            days=days,
            retrieval=Retrieval(retrieval.value),
        )
    run.output.result(_restore(done), _restore_lines(done))


def _document(difference: InventoryDifference) -> dict[str, object]:
    return {
        "kind": difference.kind.value,
        "key": difference.key,
        "table": difference.table,
        "batch": difference.batch,
        "detail": difference.detail,
    }


def _normalized(done: NormalizeOutcome) -> dict[str, object]:
    return {
        "message_type": "result",
        "manifest": done.manifest,
        "source_bucket": done.source_bucket,
        "format": done.format.value,
        "created_at": done.created_at.isoformat(),
        "inventory": done.inventory,
        "written": done.written,
        "rows": done.rows,
        "files": done.files,
        "bytes": done.bytes,
        "unknown_columns": list(done.unknown),
        "differences": {kind.value: number for kind, number in done.differences.items()},
    }


def _normalized_lines(done: NormalizeOutcome) -> list[str]:
    what = f"{counted(done.rows, 'row')} of {counted(done.files, 'file')}, {size(done.bytes)}"
    lines = [f"{what}: {done.inventory}"]
    if not done.written:
        lines = [f"{what}: not stored, {done.inventory} is of a newer report"]
    if done.unknown:
        lines.append(f"columns that are not known were left out: {', '.join(done.unknown)}")
    lines += [f"{d.kind} {d.key}: {d.detail}" for d in done.examples[:SHOWN]]
    total = sum(done.differences.values())
    if total > SHOWN:
        lines.append(f"… and {total - SHOWN:,} more; --json prints all")
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in done.differences.items() if number)
    return [*lines, f"{counted(total, 'difference')}: {kinds}" if total else "no differences"]


def _restore(done: RestoreManifests) -> dict[str, object]:
    return {
        "message_type": "result",
        "table": str(done.table),
        "inventory": done.inventory,
        "inventory_at": done.inventory_at.isoformat(),
        "manifests": [
            {
                "manifest": made.address,
                "storage": made.storage,
                "objects": made.objects,
                "bytes": made.bytes,
                "create_job": made.create_job,
            }
            for made in done.manifests
        ],
        "readable": done.readable,
        "absent": done.absent,
    }


def _restore_lines(done: RestoreManifests) -> list[str]:
    lines = [line for made in done.manifests for line in _manifest_lines(made)]
    if not done.manifests:
        lines.append(f"{done.table}: nothing has to be restored")
    if done.readable:
        lines.append(f"{counted(done.readable, 'file')} can be read as they are")
    if done.absent:
        lines.append(f"{counted(done.absent, 'file')} not in the inventory of {done.inventory_at:%Y-%m-%d %H:%M}")
    return lines


def _manifest_lines(made: RestoreManifest) -> list[str]:
    return [
        f"{made.storage}: {counted(made.objects, 'object')}, {size(made.bytes)}: {made.address}",
        *json.dumps(made.create_job, indent=2).splitlines(),
    ]
