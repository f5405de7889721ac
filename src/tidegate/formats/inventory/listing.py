"""A report's data file, written here: for a lake of which no S3 makes reports."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import orc

from tidegate.formats.inventory.engine import Engine, reading, text
from tidegate.model.inventory import ReportFormat

ROWS = pa.schema(
    [
        ("bucket", pa.string()),
        ("key", pa.string()),
        ("size", pa.int64()),
        ("last_modified_date", pa.timestamp("ms", tz="UTC")),
        ("e_tag", pa.string()),
        ("storage_class", pa.string()),
    ]
)
"""The columns that are given, as Parquet and ORC name them."""

_NAMES = ("Bucket", "Key", "Size", "LastModifiedDate", "ETag", "StorageClass")
_PARQUET = "message s3.inventory { required binary bucket (UTF8); required binary key (UTF8); optional int64 size; \
optional int64 last_modified_date (TIMESTAMP_MILLIS); optional binary e_tag (UTF8); \
optional binary storage_class (UTF8);}"
_ORC = "struct<bucket:string,key:string,size:bigint,last_modified_date:timestamp,e_tag:string,storage_class:string>"

SCHEMAS = {ReportFormat.CSV: ", ".join(_NAMES), ReportFormat.PARQUET: _PARQUET, ReportFormat.ORC: _ORC}
"""`fileSchema` of a manifest."""


def write_listing(engine: Engine, rows: Iterable[pa.RecordBatch], report_format: ReportFormat, target: Path) -> None:
    """Write rows of `ROWS` as one data file, as S3 does: no line of names in CSV, all values quoted, keys encoded.

    Raises:
        LakeUnreachable: no room.
    """
    with reading("the listing"):
        if report_format is ReportFormat.ORC:
            _write_orc(rows, target)
            return
        reader = pa.RecordBatchReader.from_batches(ROWS, iter(rows))
        engine.register("listing", reader)
        columns = ", ".join(ROWS.names)
        if report_format is ReportFormat.CSV:
            engine.execute(
                f"COPY ({_encoded()}) TO {text(str(target))} (FORMAT csv, HEADER false, "
                "FORCE_QUOTE *, COMPRESSION gzip)"
            )
        else:
            engine.execute(f"COPY (SELECT {columns} FROM listing) TO {text(str(target))} (FORMAT parquet)")
        engine.unregister("listing")


def _encoded() -> str:
    return (
        "SELECT bucket, replace(url_encode(key), '%2F', '/') AS key, CAST(size AS VARCHAR) AS size, "
        "strftime(last_modified_date AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ') AS last_modified_date, e_tag, "
        "storage_class FROM listing"
    )


def _write_orc(rows: Iterable[pa.RecordBatch], target: Path) -> None:
    with orc.ORCWriter(str(target), compression="zlib") as writer:
        empty = True
        for batch in rows:
            writer.write(_without_zone(batch))
            empty = False
        if empty:
            writer.write(_without_zone(ROWS.empty_table()))


def _without_zone(rows: pa.RecordBatch | pa.Table) -> pa.Table:
    """ORC's timestamp has no zone; the values are UTC."""
    table = rows if isinstance(rows, pa.Table) else pa.Table.from_batches([rows])
    place = ROWS.names.index("last_modified_date")
    return table.set_column(place, "last_modified_date", table.column(place).cast(pa.timestamp("ms")))


def batches(columns: Iterable[tuple[list[object], ...]]) -> Iterator[pa.RecordBatch]:
    """Rows of `ROWS` from lists of values, one list a column."""
    for values in columns:
        yield pa.record_batch(
            [pa.array(column, field.type) for column, field in zip(values, ROWS, strict=True)], schema=ROWS
        )
