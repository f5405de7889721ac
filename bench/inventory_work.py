"""A report on a bucket, made into one Parquet file: by DuckDB alone, and by Tidegate with its checks."""

import hashlib
import json
from pathlib import Path

import duckdb

from bench.clock import Clock, Timed
from tidegate import open as open_tidegate
from tidegate.app import App
from tidegate.config.writer import starter
from tidegate.flows.inventory import normalize as _normalize  # noqa: F401 - imported before the clock starts
from tidegate.lake import local as _lake  # noqa: F401
from tidegate.ledger import sql as _ledger  # noqa: F401
from tidegate.warehouse.embedded import driver as _driver  # noqa: F401

COUNT = "objects"
"""The file in the folder that holds the number of objects of the report."""

_ROOT = "reports/stock/daily"
_MANIFEST = f"{_ROOT}/2026-01-04T01-00Z/manifest.json"
_A_FILE = 1_000_000
_NAMES = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag, StorageClass"
_TYPES = ("VARCHAR", "VARCHAR", "VARCHAR", "BOOLEAN", "BOOLEAN", "BIGINT", "TIMESTAMP", "VARCHAR", "VARCHAR")
_OBJECTS = """
SELECT 'stock' AS bucket,
    'cold/wbench000/public/orders/tg_batch%3D20260101-000000-' || printf('%08x', i // 1000) || '/tg_period%3D'
    || (DATE '2000-01-01' + (i // 10 % 9000)::INT)::VARCHAR || '/000' || (i % 10) || '_part_00.parquet' AS key,
    md5(i::VARCHAR) AS version_id, 'true' AS is_latest,
    'false' AS is_delete_marker, (i * 37 % 1000000)::VARCHAR AS size,
    '2026-01-02T03:04:05.000Z' AS last_modified, md5('e' || i) AS etag, 'STANDARD' AS storage_class
FROM range({first}, {end}) t(i)
"""


def prepare(folder: Path) -> Timed:
    """A warehouse, and a report in CSV with a million objects a file."""
    clock = Clock()
    text = starter(warehouse="duckdb:///warehouse.duckdb", lake="lake", ledger="sqlite:///t.sqlite", policies=[])
    (folder / "tidegate.toml").write_text(text, encoding="utf-8")
    with open_tidegate(folder / "tidegate.toml") as tide:
        tide.init()
    objects = int((folder / COUNT).read_text(encoding="ascii"))
    (folder / _ROOT / "data").mkdir(parents=True)
    files = [_data_file(folder, first, min(objects, first + _A_FILE)) for first in range(0, objects, _A_FILE)]
    manifest = folder / _MANIFEST
    manifest.parent.mkdir()
    manifest.write_text(json.dumps(_document(files)), encoding="ascii")
    checksum = hashlib.md5(manifest.read_bytes(), usedforsecurity=False).hexdigest()
    manifest.with_name("manifest.checksum").write_text(checksum, encoding="ascii")
    return clock.timed(bytes=sum(int(str(file["size"])) for file in files))


def _data_file(folder: Path, first: int, end: int) -> dict[str, object]:
    key = f"{_ROOT}/data/{first:012d}.csv.gz"
    with duckdb.connect() as engine:
        engine.execute(
            f"COPY ({_OBJECTS.format(first=first, end=end)}) TO '{folder / key}' "
            "(FORMAT csv, HEADER false, FORCE_QUOTE *, COMPRESSION gzip)"
        )
    with (folder / key).open("rb") as file:
        checksum = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    return {"key": key, "size": (folder / key).stat().st_size, "MD5checksum": checksum}


def _document(files: list[dict[str, object]]) -> dict[str, object]:
    return {
        "sourceBucket": "stock",
        "destinationBucket": "arn:aws:s3:::reports",
        "version": "2016-11-30",
        "creationTimestamp": "1767488400000",
        "fileFormat": "CSV",
        "fileSchema": _NAMES,
        "files": files,
    }


def raw(folder: Path) -> Timed:
    """Read and write, nothing else: keys stay encoded, nothing is verified."""
    files = ", ".join(f"'{file}'" for file in sorted((folder / _ROOT / "data").glob("*.csv.gz")))
    types = ", ".join(f"'{name.strip()}': '{kind}'" for name, kind in zip(_NAMES.split(","), _TYPES, strict=True))
    target = folder / "raw.parquet"
    clock = Clock()
    with duckdb.connect() as engine:
        written = engine.execute(
            f"COPY (SELECT * FROM read_csv([{files}], header = false, auto_detect = false, compression = 'gzip', "
            f"columns = {{{types}}})) TO '{target}' (FORMAT parquet)"
        ).fetchone()
    return clock.timed(rows=written[0] if written else 0, bytes=target.stat().st_size)


def tidegate(folder: Path) -> Timed:
    """Checksums, keys decoded, tables and periods told apart, stored in the lake, compared with what counts."""
    clock = Clock()
    with open_tidegate(folder / "tidegate.toml") as tide:
        done = tide.normalize_inventory(str(folder / _MANIFEST))
        path = _path(tide)
    return clock.timed(rows=done.rows, bytes=path.stat().st_size, differences=sum(done.differences.values()))


def _path(tide: App) -> Path:
    return next(Path(tide.lake.uri("")).rglob("inventory.parquet"))
