"""Reports as S3 Inventory writes them, made by hand for tests: nothing of Tidegate's own is used."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet

CREATED = datetime(2020, 6, 21, 1, tzinfo=UTC)
NAMES = {
    "Bucket": "bucket",
    "Key": "key",
    "VersionId": "version_id",
    "IsLatest": "is_latest",
    "IsDeleteMarker": "is_delete_marker",
    "Size": "size",
    "LastModifiedDate": "last_modified_date",
    "ETag": "e_tag",
    "StorageClass": "storage_class",
    "IntelligentTieringAccessTier": "intelligent_tiering_access_tier",
}
CURRENT = ("Bucket", "Key", "Size", "LastModifiedDate", "ETag", "StorageClass")
VERSIONS = tuple(NAMES)
ENDINGS = {"CSV": "csv.gz", "Parquet": "parquet", "ORC": "orc"}
_ARROW = {
    "IsLatest": pa.bool_(),
    "IsDeleteMarker": pa.bool_(),
    "Size": pa.int64(),
    "LastModifiedDate": pa.timestamp("ms", tz="UTC"),
}


@dataclass(frozen=True)
class Row:
    """An object version. None is an empty value."""

    key: str
    size: int | None = 1
    etag: str | None = "e"
    storage: str | None = "STANDARD"
    version: str | None = None
    latest: bool = True
    marker: bool = False
    access: str | None = None
    modified: datetime = datetime(2020, 6, 20, 12, 0, 0, 123000, tzinfo=UTC)

    def value(self, name: str, bucket: str) -> object:
        return {
            "Bucket": bucket,
            "Key": self.key,
            "VersionId": self.version,
            "IsLatest": self.latest,
            "IsDeleteMarker": self.marker,
            "Size": self.size,
            "LastModifiedDate": self.modified,
            "ETag": self.etag,
            "StorageClass": self.storage,
            "IntelligentTieringAccessTier": self.access,
        }.get(name, "new")


@dataclass(frozen=True)
class HandMade:
    """A report: `files` are the rows of each data file, `names` its columns as CSV calls them."""

    files: Sequence[Sequence[Row]]
    form: str = "CSV"
    names: Sequence[str] = VERSIONS
    bucket: str = "stock"
    created: datetime = CREATED
    root: str = "reports/stock/daily/"
    part: str = ""

    def of(self, form: str) -> "HandMade":
        return replace(self, form=form)

    def schema(self) -> str:
        if self.form == "CSV":
            return ", ".join(self.names)
        fields = [NAMES.get(name, name.lower()) for name in self.names]
        if self.form == "ORC":
            return f"struct<{','.join(f'{field}:string' for field in fields)}>"
        return f"message s3.inventory {{ {' '.join(f'optional binary {field} (UTF8);' for field in fields)}}}"

    def data(self, rows: Sequence[Row]) -> bytes:
        """One data file."""
        if self.form == "CSV":
            return self._csv(rows)
        fields = [(NAMES.get(name, name.lower()), _ARROW.get(name, pa.string())) for name in self.names]
        columns = [[row.value(name, self.bucket) for row in rows] for name in self.names]
        table = pa.table(columns, schema=pa.schema(fields))
        sink = io.BytesIO()
        if self.form == "Parquet":
            pa.parquet.write_table(table, sink)
        else:
            place = list(self.names).index("LastModifiedDate")
            plain = table.column(place).cast(pa.timestamp("ms"))
            pa.orc.write_table(table.set_column(place, "last_modified_date", plain), sink)
        return sink.getvalue()

    def _csv(self, rows: Sequence[Row]) -> bytes:
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for row in rows:
            writer.writerow(_text(row.value(name, self.bucket), name) for name in self.names)
        return gzip.compress(text.getvalue().encode(), mtime=0)

    def objects(self) -> dict[str, bytes]:
        """Everything by its key in the destination bucket."""
        data = {
            f"{self.root}data/{self.part}{number}.{ENDINGS[self.form]}": self.data(rows)
            for number, rows in enumerate(self.files)
        }
        manifest = {
            "sourceBucket": self.bucket,
            "destinationBucket": "arn:aws:s3:::reports",
            "version": "2016-11-30",
            "creationTimestamp": str(round(self.created.timestamp() * 1000)),
            "fileFormat": self.form,
            "fileSchema": self.schema(),
            "files": [{"key": key, "size": len(each), "MD5checksum": md5(each)} for key, each in data.items()],
        }
        folder = f"{self.root}{self.created:%Y-%m-%dT%H-%MZ}/"
        document = json.dumps(manifest).encode()
        return {**data, f"{folder}manifest.json": document, f"{folder}manifest.checksum": f"{md5(document)}\n".encode()}

    def write(self, folder: Path) -> Path:
        """All objects as files below `folder`; returns the manifest's path."""
        for key, data in self.objects().items():
            path = folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return folder / f"{self.root}{self.created:%Y-%m-%dT%H-%MZ}/manifest.json"


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def _text(value: object, name: str) -> str:
    """Blanks of a key are written as `+`, a plus as %2B."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"
    return quote(str(value), safe="/ ").replace(" ", "+") if name == "Key" else str(value)
