"""What shall happen to a table: the policy, as a frozen value without defaults hidden elsewhere."""

from dataclasses import dataclass, field
from enum import StrEnum

from tidegate.model.names import TableName
from tidegate.model.periods import Granularity
from tidegate.model.tiers import Tier

GB = 1_000_000_000


class Action(StrEnum):
    """`archive` = unload, prove, delete; `copy` = unload and prove only; `purge` = delete only."""

    ARCHIVE = "archive"
    COPY = "copy"
    PURGE = "purge"


class Housekeeping(StrEnum):
    """When VACUUM and ANALYZE run after a publish: where statistics say that they pay, always, or never."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class FileFormat(StrEnum):
    """How rows are written. `text` is Redshift's own delimited form, fields between pipes unless told otherwise."""

    PARQUET = "parquet"
    CSV = "csv"
    TEXT = "text"


class Compression(StrEnum):
    GZIP = "gzip"
    BZIP2 = "bzip2"
    ZSTD = "zstd"


@dataclass(frozen=True)
class UnloadOptions:
    """`max_file_mb`: decimal megabytes, 5 to 6200, of Parquet from 32. `parallel`: None = OFF for a batch under 1 GB,
    else ON. `partition_by`: columns whose values are folders below the period's.

    The rows that count are always Parquet in the lake. What an external table cannot read back as it was, is a second
    UNLOAD beside it, the export: one of another `format` than Parquet, or to a `target` outside of the lake
    (`s3://bucket/prefix/`, in `region` where that is not the warehouse's). What follows `format` is for CSV and text.
    """

    max_file_mb: int | None = None
    parallel: bool | None = None
    partition_by: tuple[str, ...] = ()
    format: FileFormat = FileFormat.PARQUET
    header: bool = False
    delimiter: str | None = None
    add_quotes: bool = False
    null_as: str | None = None
    escape: bool = False
    compression: Compression | None = None
    target: str | None = None
    region: str | None = None

    @property
    def exports(self) -> bool:
        """Whether there is a second UNLOAD; it is the only one of a `copy`."""
        return self.format is not FileFormat.PARQUET or self.target is not None


@dataclass(frozen=True)
class TierRule:
    """`days` after the rows were archived their files go to `tier`."""

    tier: Tier
    days: int


@dataclass(frozen=True)
class Policy:
    """One rule for one table.

    `column` is the period column (None only for a `copy` of the whole table); `column_format` is set for integer
    and text dates (`YYYYMMDD`, `YYYY-MM-DD`, `YYYYMM`, `YYYY-MM`). `retention` counts days or months by
    `granularity`. `batch_bytes` and `min_batch_bytes` are bytes as the table's statistics estimate them;
    `max_wait` is in days. `location` is a folder inside the lake that replaces the default one for this table.
    `acknowledge` lifts refusals: of rows that equal archived ones (`repeat`), and of a table with row-level security,
    masking policies or column grants (`rls`, `masking`, `column_grants`), which its view does not carry.
    `tiers` are by days, `expire` is when archives are deleted; both count days after the rows were archived.
    """

    table: TableName
    column: str | None
    granularity: Granularity = Granularity.MONTHLY
    retention: int = 0
    action: Action = Action.ARCHIVE
    column_format: str | None = None
    priority: int = 100
    location: str | None = None
    unload: UnloadOptions = field(default_factory=UnloadOptions)
    batch_bytes: int = 100 * GB
    batch_periods: int = 1000
    min_batch_bytes: int = 0
    max_wait: int = 30
    max_delete_fraction: float = 0.95
    vacuum: Housekeeping = Housekeeping.AUTO
    acknowledge: frozenset[str] = frozenset()
    view: str | None = None
    tiers: tuple[TierRule, ...] = ()
    expire: int | None = None

    @property
    def view_name(self) -> TableName:
        """The view over hot and cold rows, beside the table. Raises UsageError when its name would be too long."""
        return TableName(self.table.schema, self.view or f"{self.table.name}_all")
