"""Files that were put aside, and what became of them when they were tried again."""

from dataclasses import dataclass
from datetime import datetime

from tidegate.model.loading import LoadOutcome, QuarantinedFile
from tidegate.model.names import TableName
from tidegate.model.outcome import Failure


@dataclass(frozen=True)
class Quarantined:
    """One entry: a file, or rows of one, that `batch` put aside. `at` is UTC."""

    table: TableName
    batch: str
    at: datetime
    aside: QuarantinedFile


@dataclass(frozen=True)
class QuarantinedBatch:
    """What one batch put aside of one table. `rows` of `files` lie elsewhere in the lake; else the files are whole.

    `code` and `reason` are the first of them by their texts, `at` is UTC.
    """

    table: TableName
    batch: str
    files: int
    rows: int
    code: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class QuarantineFilter:
    """Which entries: all that agree with everything given."""

    batch: str | None = None
    table: TableName | None = None
    code: str | None = None


@dataclass(frozen=True)
class RedriveOutcome:
    """`loads`: of each route's files, and of rows that lay aside. `forgotten`: files that were loaded before.

    `failures`: entries that stay, with the reason, those of `loads` left out.
    """

    loads: tuple[LoadOutcome, ...]
    forgotten: int = 0
    failures: tuple[Failure, ...] = ()
