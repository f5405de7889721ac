"""The shape of tidegate.toml. What a key may hold is said here; what keys mean together is said in policies.py."""

import re
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field

from tidegate.config.fields import (
    Character,
    Count,
    Identifier,
    Seconds,
    Section,
    Size,
    SomeBytes,
    Table,
    Text,
    one_or_more,
)
from tidegate.config.load_schema import LoadSection, TableCheckSection
from tidegate.config.notify_schema import MetricsSection, NotifySection
from tidegate.config.quantities import parse_bytes, parse_seconds
from tidegate.config.urls import REGION, check_endpoint
from tidegate.model.periods import Granularity
from tidegate.model.policy import GB, Action, Compression, FileFormat, Housekeeping

_MEMORY = re.compile(r"[0-9]+(\.[0-9]+)? ?([KMGT]i?)?B", re.IGNORECASE)
_TARGET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^/\x00-\x1f?]+)*/?")
_MAX_FILE_BYTES = (32_000_000, 6_200_000_000)
"""MAXFILESIZE is at most 6.2 GB, and for Parquet a multiple of 32 MB (developer guide, UNLOAD)."""


def _timezone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError('must be an IANA time zone such as "UTC" or "Europe/Berlin"')
    return ZoneInfo(value).key


def _memory(value: str) -> str:
    if _MEMORY.fullmatch(value) is None:
        raise ValueError('must be a size such as "2GB"')
    return value


def _fraction(value: float) -> float:
    if not 0 < value <= 1:
        raise ValueError("must be more than 0 and at most 1")
    return value


MAX_WORKERS = 32
"""Threads of one process: more wait for one another's connections to the ledger."""

_MAX_BATCH_PERIODS = 4000
"""A record lists every period of a batch, in a VARCHAR of 65,535 bytes."""


def _not_negative(value: int) -> int:
    if value < 0:
        raise ValueError("must be 0 or more")
    return value


def _periods(value: int) -> int:
    if not 1 <= value <= _MAX_BATCH_PERIODS:
        raise ValueError(f"must be 1 to {_MAX_BATCH_PERIODS}")
    return value


def _workers(value: int) -> int:
    if not 1 <= value <= MAX_WORKERS:
        raise ValueError(f"must be 1 to {MAX_WORKERS}")
    return value


def _whole_days(value: object) -> int:
    days = parse_seconds(value) / 86_400
    if days != int(days):
        raise ValueError('must be whole days, such as "30d"')
    return int(days)


_MAX_DAYS = 36_500


def _days(value: object) -> int:
    days = value if isinstance(value, int) and not isinstance(value, bool) else _whole_days(value)
    if not 1 <= days <= _MAX_DAYS:
        raise ValueError(f"must be 1 to {_MAX_DAYS} days")
    return days


def _file_mb(value: object) -> int:
    size = parse_bytes(value)
    low, high = _MAX_FILE_BYTES
    if not low <= size <= high or size % 1_000_000:
        raise ValueError('must be whole megabytes from "32MB" to "6200MB"')
    return size // 1_000_000


def _target(value: str) -> str:
    if _TARGET.fullmatch(value) is None or {".", ".."} & set(value.split("/")):
        raise ValueError("must be written as s3://bucket/prefix")
    return f"{value.rstrip('/')}/"


def _region(value: str) -> str:
    if REGION.fullmatch(value) is None:
        raise ValueError('must be a region such as "eu-west-1"')
    return value


def _some_time(value: float) -> float:
    if value < 1:
        raise ValueError("must be 1 second or more")
    return value


def _endpoint(value: str) -> str:
    return check_endpoint(value)


Days = Annotated[int, BeforeValidator(_days)]
ColumnFormat = Literal["YYYYMMDD", "YYYY-MM-DD", "YYYYMM", "YYYY-MM"]
Acknowledgement = Literal["repeat", "rls", "masking", "column_grants"]


class WarehouseSection(Section):
    """`memory_limit` and `lock_timeout` are for duckdb://, the keys from `driver` on for Redshift."""

    url: str
    iam_role: str = "default"
    control_schema: Identifier = Field(default="tidegate", alias="schema")
    memory_limit: Annotated[str, AfterValidator(_memory)] | None = None
    lock_timeout: Seconds = 30.0
    driver: Literal["data_api", "connector"] | None = None
    secret: Text | None = None
    password: Text | None = None
    ca_file: Text | None = None
    query_group: Text | None = None
    statement_timeout: Annotated[Seconds, AfterValidator(_some_time)] | None = None


class LakeSection(Section):
    """`cold` is for a folder, the keys after it are for s3://."""

    url: str
    cold: Text | None = None
    region: Text | None = None
    profile: Text | None = None
    endpoint: Annotated[str, AfterValidator(_endpoint)] | None = None
    kms_key: Text | None = None


class LedgerSection(Section):
    """`password` is for postgresql://."""

    url: str = "sqlite:///tidegate.sqlite"
    password: Text | None = None


class CatalogSection(Section):
    external_schema: Identifier = "tidegate_cold"
    glue_database: Identifier = "tidegate"


class UnloadSection(Section):
    """The keys from `header` on are for CSV and text; `target` is an address outside of the lake."""

    max_filesize: Annotated[int, BeforeValidator(_file_mb)] | None = None
    parallel: bool | None = None
    partition_column: Annotated[list[Identifier], BeforeValidator(one_or_more)] = Field(default_factory=list)
    format: Annotated[FileFormat, Field(strict=False)] = FileFormat.PARQUET
    header: bool = False
    delimiter: Character | None = None
    add_quotes: bool = False
    null_as: str | None = None
    escape: bool = False
    compression: Annotated[Compression, Field(strict=False)] | None = None
    target: Annotated[str, AfterValidator(_target)] | None = None
    region: Annotated[str, AfterValidator(_region)] | None = None


class TiersSection(Section):
    """Days after archiving at which the files go to a colder tier; `expire`: at which they are deleted."""

    standard_ia: Days | None = Field(default=None, alias="STANDARD_IA")
    glacier_ir: Days | None = Field(default=None, alias="GLACIER_IR")
    glacier: Days | None = Field(default=None, alias="GLACIER")
    deep_archive: Days | None = Field(default=None, alias="DEEP_ARCHIVE")
    expire: Days | None = None


class ArchiveSection(Section):
    """Defaults are those of tidegate.model.policy.Policy; None says that the key is not there."""

    table: Table
    column: Identifier | None = None
    column_format: ColumnFormat | None = None
    granularity: Annotated[Granularity, Field(strict=False)] | None = None
    retention: Annotated[int, AfterValidator(_not_negative)] | None = None
    action: Annotated[Action, Field(strict=False)] = Action.ARCHIVE
    priority: int = 100
    location: str | None = None
    batch_bytes: SomeBytes = 100 * GB
    batch_periods: Annotated[int, AfterValidator(_periods)] = 1000
    min_batch_bytes: Size = 0
    max_wait: Annotated[int, BeforeValidator(_whole_days)] = 30
    max_delete_fraction: Annotated[float, AfterValidator(_fraction)] = 0.95
    vacuum: Annotated[Housekeeping, Field(strict=False)] = Housekeeping.AUTO
    acknowledge: list[Acknowledgement] = Field(default_factory=list)
    view: Identifier | None = None
    unload: UnloadSection = UnloadSection()
    tiers: TiersSection = TiersSection()


class PricesSection(Section):
    file: Text | None = None


class QueueSection(Section):
    """Defaults are those of tidegate.config.settings.QueueSettings."""

    workers: Annotated[int, AfterValidator(_workers)] = 2
    max_attempts: Count = 5
    backoff: Seconds = 30.0
    max_backoff: Seconds = 3_600.0
    schema_limits: dict[Identifier, Count] = Field(default_factory=dict)


class ConfigFile(Section):
    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"
    delete_grace: Seconds = 86_400.0
    warehouse: WarehouseSection
    lake: LakeSection
    ledger: LedgerSection = LedgerSection()
    catalog: CatalogSection = CatalogSection()
    prices: PricesSection = PricesSection()
    queue: QueueSection = QueueSection()
    notify: NotifySection = NotifySection()
    metrics: MetricsSection = MetricsSection()
    archive: list[ArchiveSection] = Field(default_factory=list)
    load: list[LoadSection] = Field(default_factory=list)
    check: list[TableCheckSection] = Field(default_factory=list)
