"""A lake of many small batches, and a warehouse and a ledger that know them: what archives would have left.

The files hold no rows. The partitions lie in an empty folder of this machine: a plain verify asks the catalog for
them, not the store, and so none has to be listed there when it is added.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from bench.requests_size import WAREHOUSE, Size
from tidegate.app import App
from tidegate.config.settings import S3Settings
from tidegate.flows.context import Context
from tidegate.flows.identity import place_of, write_claim
from tidegate.flows.records import fitting
from tidegate.flows.versions import Versions
from tidegate.formats.stored import dump
from tidegate.model.batch import (
    BATCH_COLUMN,
    PERIOD_COLUMN,
    Descriptor,
    FileEntry,
    HashIdentity,
    PeriodProof,
    TableVersion,
)
from tidegate.model.layout import batch_prefix, descriptor_key, manifest_key, record_key
from tidegate.model.names import TableName
from tidegate.model.periods import Granularity
from tidegate.model.records import BatchPeriods, Claim, LogRecord, RecordKind
from tidegate.model.tables import Column, SqlType, Table, TypeKind
from tidegate.redshift.external import add_partitions
from tidegate.redshift.fingerprint import EXPRESSION

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TABLE = Table(
    TableName("public", "readings"),
    (Column("id", SqlType(TypeKind.BIGINT)), Column("day", SqlType(TypeKind.DATE))),
)
_AT = "2020-06-20T12:00:00+00:00"
_BODY = b"no rows"
_THREADS = 8

Batch = tuple[str, tuple[date, ...]]
"""An id and the days."""


def build(tide: App, size: Size, nowhere: Path) -> None:
    """`nowhere` is the empty folder of the partitions. What counts comes into warehouse and ledger from the lake."""
    ctx = tide.context
    write_claim(ctx, Claim(WAREHOUSE, place_of(ctx), _AT))
    versions = Versions(ctx, WAREHOUSE, TABLE.name)
    version = versions.ensure(versions.candidate(TABLE, (), frozenset))
    batches = [(f"20200620-120000-{number:08x}", days) for number, days in enumerate(size.days())]
    _add_partitions(ctx, version, batches, nowhere)
    writer = _Writer.of(ctx, version)
    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in pool.map(writer.put_batch, batches):
            pass
        for _ in pool.map(writer.put_record, _records(batches)):
            pass
    tide.rebuild_ledger(WAREHOUSE)


def _add_partitions(ctx: Context, version: TableVersion, batches: Sequence[Batch], nowhere: Path) -> None:
    partitions = [
        (((BATCH_COLUMN, batch), (PERIOD_COLUMN, day.isoformat())), f"{nowhere}/")
        for batch, days in batches
        for day in days
    ]
    with ctx.warehouse.session() as session:
        for statement in add_partitions(version.external, partitions):
            session.execute(statement)


def _records(batches: Sequence[Batch]) -> Iterator[LogRecord]:
    """One for each batch, or more where its days do not fit into one."""
    number = 0
    for batch, days in batches:
        part = BatchPeriods(batch, batch_prefix(WAREHOUSE, TABLE.name, batch), days)
        for record in fitting(LogRecord(number + 1, RecordKind.PUBLISH, WAREHOUSE, TABLE.name, _AT, (part,))):
            number = record.number
            yield record


@dataclass(frozen=True)
class _Writer:
    """Puts objects, for any number of threads; files by one request each."""

    ctx: Context
    version: TableVersion
    lake: S3Settings
    client: "S3Client"

    @classmethod
    def of(cls, ctx: Context, version: TableVersion) -> "_Writer":
        lake = ctx.settings.lake
        if not isinstance(lake, S3Settings):
            raise AssertionError("the lake is not on S3")
        client = boto3.client("s3", endpoint_url=lake.aws.endpoint, config=Config(max_pool_connections=_THREADS))
        return cls(ctx, version, lake, client)

    def put_record(self, record: LogRecord) -> None:
        self.ctx.lake.put(record_key(WAREHOUSE, record.table, record.number), dump(record))

    def put_batch(self, batch: Batch) -> None:
        """Files, manifest and descriptor."""
        id, days = batch
        prefix = batch_prefix(WAREHOUSE, TABLE.name, id)
        files = tuple(self._file(prefix, day) for day in days)
        self._put(manifest_key(prefix))
        engine = self.ctx.warehouse.capabilities
        descriptor = Descriptor(
            warehouse=WAREHOUSE,
            batch=id,
            table=TABLE,
            ddl=self.version.ddl,
            columns=self.version.columns,
            period_column="day",
            period_format=None,
            granularity=Granularity.DAILY,
            time_zone="UTC",
            prefix=prefix,
            external=self.version.external,
            hash=HashIdentity(engine.engine, engine.engine_version, EXPRESSION),
            periods=tuple(PeriodProof(day, 1, "0") for day in days),
            files=files,
            created_at=_AT,
        )
        self.ctx.lake.put(descriptor_key(prefix), dump(descriptor))

    def _file(self, prefix: str, day: date) -> FileEntry:
        key = f"{PERIOD_COLUMN}={day}/000.parquet"
        return FileEntry(key, day, 1, len(_BODY), self._put(prefix + key))

    def _put(self, key: str) -> str:
        """Returns the ETag."""
        answer = self.client.put_object(Bucket=self.lake.bucket, Key=self.lake.prefix + key, Body=_BODY)
        return answer["ETag"].strip('"')
