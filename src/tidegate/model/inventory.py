"""Inventories: reports of what lies in a bucket, as S3 Inventory writes them, and what is made of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tidegate.model.layout import CLAIMS
from tidegate.model.names import TableName


class ReportFormat(StrEnum):
    """`fileFormat` of a manifest, and `Format` of a configuration (S3 User Guide, Amazon S3 Inventory)."""

    CSV = "CSV"
    ORC = "ORC"
    PARQUET = "Parquet"

    @property
    def ending(self) -> str:
        return {"CSV": ".csv.gz", "ORC": ".orc", "Parquet": ".parquet"}[self]


class DifferenceKind(StrEnum):
    """What does not agree: stable and additive.

    MISSING: a file that counts, and that the report lacks. EXTRA: an object below our folder that nothing knows.
    SIZE, REPLACED: another size, another ETag than was written. TIER: it cannot be read, though its rows count as
    readable.
    """

    MISSING = "missing"
    EXTRA = "extra"
    SIZE = "size"
    REPLACED = "replaced"
    TIER = "tier"


@dataclass(frozen=True)
class InventoryDifference:
    """`key` is the object's in the bucket; `table` and `batch` are None where it belongs to none."""

    kind: DifferenceKind
    key: str
    table: str | None
    batch: str | None
    detail: str


@dataclass(frozen=True)
class ReportOutcome:
    """A report of a local lake: `manifest` is its address."""

    manifest: str
    format: ReportFormat
    objects: int
    bytes: int
    files: int


@dataclass(frozen=True)
class NormalizeOutcome:
    """A report made into one Parquet file.

    `inventory` is its address; `written` is False where a newer report of that day was there already. `unknown`:
    columns of the report that Tidegate does not know and left out. `differences`: number of each kind; `examples`: the
    first of them.
    """

    manifest: str
    source_bucket: str
    format: ReportFormat
    created_at: datetime
    inventory: str
    written: bool
    rows: int
    files: int
    bytes: int
    unknown: tuple[str, ...]
    differences: Mapping[DifferenceKind, int]
    examples: tuple[InventoryDifference, ...]

    @property
    def day(self) -> date:
        return self.created_at.date()


@dataclass(frozen=True)
class RestoreManifest:
    """One manifest for S3 Batch Operations. `storage` is GLACIER (DEEP_ARCHIVE too) or INTELLIGENT_TIERING.

    `create_job`: parameters of S3 Control's CreateJob that Tidegate knows.
    """

    address: str
    storage: str
    objects: int
    bytes: int
    create_job: Mapping[str, object]


@dataclass(frozen=True)
class RestoreManifests:
    """`readable`: files in the range that need no restore; `absent`: files that the inventory lacks."""

    table: TableName
    inventory: str
    inventory_at: datetime
    manifests: tuple[RestoreManifest, ...]
    readable: int
    absent: int


@dataclass(frozen=True)
class Configured:
    """An inventory configuration of the bucket. `changed` is False where it was there already."""

    bucket: str
    configuration: Mapping[str, object]
    changed: bool


def configuration_id(warehouse: str) -> str:
    return f"tidegate-{warehouse}"


def reports_root(warehouse: str) -> str:
    """Where the reports on a lake lie, unless they are sent elsewhere."""
    return f"{CLAIMS}{warehouse}/reports/"


def inventories_root(warehouse: str) -> str:
    """Where normalized reports lie: a folder a day."""
    return f"{CLAIMS}{warehouse}/inventory/"


def day_folder(day: date) -> str:
    return f"dt={day.isoformat()}/"
