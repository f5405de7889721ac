"""A batch: the unit of archiving, its states, its proof, and the descriptor that lies beside its files."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tidegate.model.names import TableName
from tidegate.model.periods import Granularity
from tidegate.model.policy import FileFormat
from tidegate.model.tables import SqlType, Table

DESCRIPTOR_FORMAT = 1
DESCRIPTOR_PATH = "_tidegate/batch.json"
"""Below the batch's prefix. Spectrum ignores names that begin with an underscore."""

BATCH_COLUMN = "tg_batch"
PERIOD_COLUMN = "tg_period"
"""The partition columns of every external table, and the folder names below its location."""


class BatchState(StrEnum):
    """Where a batch stands. The first six are the steps of an archive, in order; each is recorded when it is done."""

    PLANNED = "planned"
    UNLOADED = "unloaded"
    CATALOGED = "cataloged"
    VERIFIED = "verified"
    PUBLISHED = "published"
    RECLAIMED = "reclaimed"
    COPIED = "copied"
    ABANDONED = "abandoned"
    RETIRED = "retired"
    COLLECTED = "collected"


class Cast(StrEnum):
    """How a column's value is carried in Parquet (developer guide, UNLOAD; Spectrum column types).

    NONE: as it is. UTC: TIMESTAMPTZ as a TIMESTAMP in UTC. TEXT: TIME and the like as VARCHAR.
    JSON: SUPER as its serialised text. HEX: VARBYTE as hexadecimal text. TRIM: CHAR without its padding.
    """

    NONE = "none"
    UTC = "utc"
    TEXT = "text"
    JSON = "json"
    HEX = "hex"
    TRIM = "trim"


@dataclass(frozen=True)
class StoredColumn:
    """A column of the hot table and the type its values have in the files and in the external table."""

    name: str
    type: SqlType
    stored: SqlType
    cast: Cast = Cast.NONE


@dataclass(frozen=True)
class PeriodProof:
    """Rows and fingerprint of one period. `fingerprint` is the decimal text of the sum of the row hashes."""

    period: date
    rows: int
    fingerprint: str


@dataclass(frozen=True)
class FileEntry:
    """One data file. `key` is relative to the batch's prefix; `size` in bytes; `sha256` for local files only."""

    key: str
    period: date
    rows: int
    size: int
    etag: str
    version: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class ExportedFile:
    """One file of an export by its whole address; `rows` without header lines, `size` in bytes."""

    url: str
    rows: int
    size: int


@dataclass(frozen=True)
class Export:
    """The files of a batch's second UNLOAD, below `uri`, which ends with a slash. No rows count because of them.

    `region`: the policy's, of a place outside of the lake.
    """

    uri: str
    format: FileFormat
    files: tuple[ExportedFile, ...]
    region: str | None = None

    @property
    def bytes(self) -> int:
        return sum(file.size for file in self.files)


@dataclass(frozen=True)
class HashIdentity:
    """What a fingerprint may be compared with: only one of the same engine, engine version and expression."""

    engine: str
    version: str
    expression: str


def written_at(batch: str) -> str:
    """The time in a batch's id, as a TIMESTAMP literal's text in UTC. Raises ValueError for what is no id of ours."""
    return f"{datetime.strptime(f'{batch[:15]}+0000', '%Y%m%d-%H%M%S%z'):%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True)
class Descriptor:
    """`_tidegate/batch.json`: all that is needed to rebuild the batch's rows without ledger and warehouse.

    `prefix` is the batch's key in the lake and ends with a slash. `external` names the version of the external
    table that reads it. `time_zone` decides the period of a TIMESTAMPTZ. `ddl` is Redshift SQL. `archived_at` is when
    the rows first left the hot table, where the batch was made of others (`inputs`); else they left with this one.
    `export` without `files` is a copy that consists of the export alone.
    """

    warehouse: str
    batch: str
    table: Table
    ddl: str
    columns: tuple[StoredColumn, ...]
    period_column: str | None
    period_format: str | None
    granularity: Granularity
    time_zone: str
    prefix: str
    external: TableName
    hash: HashIdentity
    periods: tuple[PeriodProof, ...]
    files: tuple[FileEntry, ...]
    created_at: str
    archived_at: str | None = None
    inputs: tuple[str, ...] = ()
    export: Export | None = None
    format: int = DESCRIPTOR_FORMAT

    @property
    def is_export_alone(self) -> bool:
        """Whether there is nothing that an external table could read."""
        return self.export is not None and not self.files


@dataclass(frozen=True)
class TableVersion:
    """One version of a table's external table: the definition it stands for and how its values are stored.

    Version 1 fixes granularity-independent facts for ever: the time zone that decides the period of a TIMESTAMPTZ.
    """

    version: int
    external: TableName
    table: Table
    ddl: str
    columns: tuple[StoredColumn, ...]
    time_zone: str
    format: int = DESCRIPTOR_FORMAT
