"""Make parked periods readable where they are: thawed files are copied, proven, and count as published for a while.

The copies are in a tier that can be read, in a folder of the batch that is named after the day on which they go. Until
the transaction at the end nobody counts them: a run that is killed leaves copies, and partitions that nobody reads.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from tidegate.flows.context import Context
from tidegate.flows.files import check_identities
from tidegate.flows.partitions import partition_days
from tidegate.flows.records import RecordLog, fitting
from tidegate.flows.restore_check import check_rows
from tidegate.flows.restore_plan import RestorePart
from tidegate.flows.thaw.copies import copy_files
from tidegate.model.batch import BATCH_COLUMN, PERIOD_COLUMN
from tidegate.model.layout import thaw_prefix
from tidegate.model.names import TableName
from tidegate.model.records import BatchPeriods, LogRecord, RecordKind
from tidegate.redshift.external import add_partitions, set_location
from tidegate.redshift.identifiers import comment
from tidegate.redshift.lock import lock


@dataclass(frozen=True)
class InPlace:
    """One run for one table. `parts` are parked, or thawed until an earlier day than `until`."""

    ctx: Context
    log: RecordLog
    id: str
    table: TableName
    parts: Sequence[RestorePart]
    until: date

    def run(self) -> None:
        """Repeating it is harmless.

        Raises:
            DifferenceFound: files or rows are not those that were archived; nobody counts them.
            GuardFailed: somebody else thawed, parked, restored or expired one of the periods meanwhile.
        """
        for part in self.parts:
            self._copy(part)
        for part in self.parts:
            for statement in self._partitions(part):
                self.ctx.warehouse.execute(f"{self._mark} {statement}")
            check_rows(self.ctx, part)
        self.log.commit(self.table, self._build)
        for statement in self._lost():
            self.ctx.warehouse.execute(f"{self._mark} {statement}")

    def _build(self, number: int) -> list[str]:
        return [f"{self._mark} {statement}" for statement in self.transaction(self._records(number))]

    @property
    def _mark(self) -> str:
        return comment(self.id, "thaw")

    def _copy(self, part: RestorePart) -> None:
        if part.parked:
            check_identities(self.ctx, part.prefix, part.descriptor.files, periods=frozenset(part.days))
        target = thaw_prefix(part.prefix, self.until)
        for source in dict.fromkeys(part.folder(day) for day in part.days):
            files = [file for file in part.files if part.folder(file.period) == source]
            copy_files(self.ctx, f"{self.table} copy", source, target, files)

    def _partitions(self, part: RestorePart) -> Iterator[str]:
        """Every period is read from its copies: by a new partition, or by the one that is still there."""
        present = self._present(part)
        for day in part.days:
            if day in present:
                yield set_location(part.version.external, *self._partition(part, day))
        yield from self._added(part, present)

    def _lost(self) -> Iterator[str]:
        """Partitions that somebody dropped who saw their periods parked."""
        for part in self.parts:
            yield from self._added(part, self._present(part))

    def _added(self, part: RestorePart, present: Collection[date]) -> list[str]:
        missing = [self._partition(part, day) for day in part.days if day not in present]
        return add_partitions(part.version.external, missing)

    def _present(self, part: RestorePart) -> Collection[date]:
        return partition_days(self.ctx, part.version.external).get(part.batch, frozenset())

    def _partition(self, part: RestorePart, day: date) -> tuple[tuple[tuple[str, str], ...], str]:
        """Its values and the address that it reads."""
        folder = f"{thaw_prefix(part.prefix, self.until)}{PERIOD_COLUMN}={day.isoformat()}/"
        return ((BATCH_COLUMN, part.batch), (PERIOD_COLUMN, day.isoformat())), self.ctx.lake.uri(folder)

    def statements(self) -> list[str]:
        """What a plan prints: partitions, then the transaction without its records."""
        return [*(s for part in self.parts for s in self._partitions(part)), *self.transaction([])]

    def transaction(self, records: Sequence[LogRecord]) -> list[str]:
        """ONE transaction: the periods still are where they were, and can be read from now on."""
        control, serializable = self.ctx.control, self.ctx.warehouse.capabilities.serializable
        parked = [_periods(part) for part in self.parts if part.parked]
        longer = [_periods(part) for part in self.parts if not part.parked]
        return [
            lock(self.ctx.settings.control_schema, [self.table], serializable=serializable),
            *control.guard_all_parked(parked),
            *control.guard_all_published(longer),
            *control.thaw(parked, self.until),
            *control.set_thawed(longer, self.until),
            *(self.log.append(records) if records else ()),
        ]

    def _records(self, number: int) -> list[LogRecord]:
        return fitting(
            LogRecord(
                number,
                RecordKind.THAW,
                self.log.warehouse,
                self.table,
                self.ctx.clock().isoformat(),
                published=tuple(map(_periods, self.parts)),
                until=self.until.isoformat(),
            )
        )


def _periods(part: RestorePart) -> BatchPeriods:
    return BatchPeriods(part.batch, part.prefix, part.days)
