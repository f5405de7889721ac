"""What a load did, and what it put aside."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tidegate.model.landing import FileVersion
from tidegate.model.metrics import Metric
from tidegate.model.names import TableName
from tidegate.model.notification import Delivered
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

    `gone`: files that were there when the load was planned. `dead_letters`: files of the table in quarantine, None =
    not counted. `notifications`: what was told of this load by now.
    """

    table: TableName
    batches: tuple[LoadedBatch, ...]
    already: tuple[FileVersion, ...] = ()
    stale: tuple[FileVersion, ...] = ()
    gone: tuple[FileVersion, ...] = ()
    quarantined: tuple[QuarantinedFile, ...] = ()
    milliseconds: int = 0
    dead_letters: int | None = None
    notifications: Delivered = field(default_factory=Delivered)

    @property
    def rows(self) -> int:
        return sum(batch.rows for batch in self.batches)

    @property
    def files(self) -> int:
        return sum(len(batch.files) for batch in self.batches)

    @property
    def kept_aside(self) -> int:
        """Rows of loaded files that are not in the table."""
        return sum(quarantined.rows or 0 for quarantined in self.quarantined if quarantined.place)

    @property
    def metrics(self) -> Mapping[Metric, int]:
        found = {
            Metric.FILES_PROCESSED: self.files,
            Metric.DATA_ROWS_LOADED: self.rows - self.kept_aside,
            Metric.PROCESSING_ERRORS: len(self.quarantined),
            Metric.EXECUTION_DURATION: self.milliseconds,
        }
        return found if self.dead_letters is None else {**found, Metric.DEAD_LETTERS: self.dead_letters}
