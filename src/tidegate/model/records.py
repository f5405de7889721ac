"""The lake's own record: append-only documents, numbered per table, that say what counts."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from tidegate.model.names import TableName
from tidegate.model.tiers import Tier

RECORD_FORMAT = 1


class RecordKind(StrEnum):
    """MOVE: the files of `inputs` are in another tier, where they can be read. PARK: `inputs` still count, but cannot
    be read until THAW, whose `published` can be until a day. ERASE is an intent: rows of its
    `inputs` shall go; ERASED with the same `detail` says that they went, its `published` replace its `retired`.
    """

    PUBLISH = "publish"
    ABANDON = "abandon"
    RESTORE = "restore"
    COPY = "copy"
    PURGE = "purge"
    HOLD = "hold"
    RELEASE = "release"
    POLICY = "policy"
    ADOPT = "adopt"
    MOVE = "move"
    PARK = "park"
    THAW = "thaw"
    EXPIRE = "expire"
    COMPACT = "compact"
    ERASE = "erase"
    ERASED = "erased"


@dataclass(frozen=True)
class Hold:
    """Nothing of the table in [first, last] may be deleted, restored over or expired. None = no bound."""

    id: str
    table: TableName
    first: date | None
    last: date | None
    reason: str
    placed_at: str


@dataclass(frozen=True)
class BatchPeriods:
    """A batch, or the part of it that a record speaks of. `prefix` is its key in the lake."""

    batch: str
    prefix: str
    periods: tuple[date, ...]


@dataclass(frozen=True)
class Erasure:
    """What was erased, without its values: the SHA-256 of the condition, the columns that it reads, and why.

    `rows` by period (ISO date) are told by what was done, not by an intent; hot rows are under `hot`.
    """

    sha256: str
    columns: tuple[str, ...]
    reason: str = ""
    rows: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LogRecord:
    """One object `<number>.json` below the table's log folder. `at` is informative: numbers give the order.

    `by` is who did it: user and host. `inputs` are what an intent is about; `tier` is where parked periods go;
    `until` (ISO date) ends a thaw.
    """

    number: int
    kind: RecordKind
    warehouse: str
    table: TableName
    at: str
    published: tuple[BatchPeriods, ...] = ()
    retired: tuple[BatchPeriods, ...] = ()
    hold: Hold | None = None
    released: str | None = None
    policy: dict[str, object] = field(default_factory=dict)
    detail: str = ""
    by: str = ""
    inputs: tuple[BatchPeriods, ...] = ()
    tier: Tier | None = None
    until: str | None = None
    erasure: Erasure | None = None
    format: int = RECORD_FORMAT


@dataclass(frozen=True)
class Claim:
    """`warehouse.json` in the lake folder of a warehouse: whose folder it is. `place` is where the warehouse lives."""

    warehouse: str
    place: str
    created_at: str
    copy_of: str | None = None
    format: int = RECORD_FORMAT
