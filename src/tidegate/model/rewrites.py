"""What became of archived periods that were rewritten: merged into fewer batches, or rid of some rows."""

from dataclasses import dataclass

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
