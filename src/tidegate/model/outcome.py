"""What a verb did: the values that the library returns and the command line prints."""

from dataclasses import dataclass
from datetime import date
from typing import Self

from tidegate.errors import TidegateError
from tidegate.model.aging import Expiry, Kept, TierMove
from tidegate.model.batch import BatchState, PeriodProof
from tidegate.model.names import TableName
from tidegate.model.thawing import NO_FILES, FileStates


@dataclass(frozen=True)
class BatchOutcome:
    """A batch that a run worked on. `checkpoint` is the table's newest archived period; `bytes` of its files."""

    table: TableName
    batch: str
    state: BatchState
    rows: int
    files: int
    bytes: int
    checkpoint: date | None
    periods: tuple[PeriodProof, ...]


@dataclass(frozen=True)
class Failure:
    """One table or object that could not be worked on, as its error said."""

    name: str
    code: str
    exit_code: int
    message: str
    hint: str

    @classmethod
    def of(cls, name: object, error: TidegateError) -> Self:
        return cls(str(name), error.code, error.exit_code, error.message, error.hint)


@dataclass(frozen=True)
class ArchiveOutcome:
    batches: tuple[BatchOutcome, ...]
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True)
class Difference:
    """One thing that does not agree: `kind` is stable and additive, `object` names what, `detail` says how."""

    table: TableName
    kind: str
    object: str
    detail: str


@dataclass(frozen=True)
class VerifyOutcome:
    """`unread_rows`: what `deep` did not read back, since it is parked."""

    tables: int
    batches: int
    files: int
    rows: int
    deep: bool
    differences: tuple[Difference, ...]
    unread_rows: int = 0


@dataclass(frozen=True)
class RestoreOutcome:
    """`rows` came back; `into` is the table that has them. `already` when an earlier run had done it.

    `until`: the last day on which they can be read in place; then no table has them. `states`: where the files stood;
    while they are `waiting` nothing came back yet.
    """

    table: TableName
    into: TableName
    rows: int
    periods: tuple[PeriodProof, ...]
    batches: tuple[str, ...]
    hold: str | None = None
    already: bool = False
    until: date | None = None
    states: FileStates = NO_FILES


@dataclass(frozen=True)
class DrillOutcome:
    """One period of one batch that was restored into a table of its own, compared and dropped again."""

    table: TableName
    batch: str
    proof: PeriodProof
    files: int
    bytes: int
    seconds: float


@dataclass(frozen=True)
class Garbage:
    """Objects of one batch, or of some of its periods, that count no more. `age_seconds` since they were retired."""

    table: TableName
    batch: str
    prefix: str
    periods: tuple[date, ...]
    objects: int
    bytes: int
    age_seconds: int
    reason: str


@dataclass(frozen=True)
class GcOutcome:
    """`handed`: parked files that went to their tier."""

    removed: tuple[Garbage, ...]
    waiting: tuple[Garbage, ...]
    objects: int
    bytes: int
    handed: tuple[TierMove, ...] = ()


@dataclass(frozen=True)
class TierOutcome:
    """`waiting`: parked periods whose files go to their tier in a later run."""

    moves: tuple[TierMove, ...]
    waiting: tuple[TierMove, ...]
    held: tuple[Kept, ...]
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True)
class ExpireOutcome:
    """`expired` counts no more; its files are there until `gc` deletes them."""

    expired: tuple[Expiry, ...]
    held: tuple[Kept, ...]
    failures: tuple[Failure, ...] = ()
