"""What became of archived periods that were rewritten: merged into fewer batches, or rid of some rows."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tidegate.model.batch import PeriodProof
from tidegate.model.names import TableName
from tidegate.model.outcome import Failure
from tidegate.model.records import BatchPeriods


@dataclass(frozen=True)
class Merged:
    """A batch, and those whose periods it has taken over. Bytes are those of files."""

    table: TableName
    batch: str
    rows: int
    files: int
    bytes: int
    periods: tuple[PeriodProof, ...]
    inputs: tuple[BatchPeriods, ...]
    files_before: int
    bytes_before: int


@dataclass(frozen=True)
class CompactOutcome:
    merged: tuple[Merged, ...]
    failures: tuple[Failure, ...] = ()


class Place(StrEnum):
    """Where rows of an erasure were found. ARCHIVE: they count as cold. COPY: a proven copy of hot rows. RETIRED: they
    count no more, but have objects. UNFINISHED: a batch that never counted. HOT: the table itself.
    """

    ARCHIVE = "archive"
    COPY = "copy"
    RETIRED = "retired"
    UNFINISHED = "unfinished"
    HOT = "hot"


@dataclass(frozen=True)
class ErasedPeriod:
    """Rows of one period of one batch. `rows` is None where objects go whole, since nobody reads them any more.

    Of hot rows `batch` is empty, and `period` None for those without a usable date.
    """

    place: Place
    batch: str
    period: date | None
    rows: int | None


@dataclass(frozen=True)
class EraseOutcome:
    """`id` is that of the erasure in the lake's record, None when there was nothing to do. `batches`: the new ones.

    `hot_left`: hot rows of the condition that stay, since `hot` was not asked for. `objects` and `bytes` are gone with
    every version; `waiting` files of what was rewritten go by `gc`.
    """

    table: TableName
    id: str | None
    sha256: str
    columns: tuple[str, ...]
    found: tuple[ErasedPeriod, ...]
    batches: tuple[str, ...] = ()
    hot_left: int = 0
    objects: int = 0
    bytes: int = 0
    waiting: int = 0
