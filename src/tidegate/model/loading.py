"""What a load did, and what it put aside."""

from dataclasses import dataclass

from tidegate.model.landing import FileVersion
from tidegate.model.names import TableName
from tidegate.model.outcome import Failure


@dataclass(frozen=True)
class QuarantinedFile:
    """A file version that is not in its table, or not with all of its rows.

    `rows` of it are aside, None = the whole file, whose number of rows is not known. `place`: where they lie; None =
    in the file itself.
    """

    file: FileVersion
    code: str
    reason: str
    hint: str = ""
    rows: int | None = None
    place: str | None = None

    @property
    def failure(self) -> Failure:
        return Failure(self.file.uri, self.code, 5, self.reason, self.hint)


@dataclass(frozen=True)
class LoadedBatch:
    """Files whose rows one transaction brought into the table. `rows` were in them, `changed` are those in the table.

    `statements` changed the table before.
    """

    table: TableName
    batch: str
    files: tuple[FileVersion, ...]
    rows: int
    changed: int
    statements: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadOutcome:
    """`already`: versions that are loaded. `stale`: those that a newer version of the same file came before.

    `gone`: files that were there when the load was planned.
    """

    table: TableName
    batches: tuple[LoadedBatch, ...]
    already: tuple[FileVersion, ...] = ()
    stale: tuple[FileVersion, ...] = ()
    gone: tuple[FileVersion, ...] = ()
    quarantined: tuple[QuarantinedFile, ...] = ()

    @property
    def rows(self) -> int:
        return sum(batch.rows for batch in self.batches)

    @property
    def files(self) -> int:
        return sum(len(batch.files) for batch in self.batches)
