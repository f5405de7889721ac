"""What a rewrite reads: periods of batches that count, with their proofs and the version that reads them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from tidegate.errors import ConfigError
from tidegate.flows.ages import Age, read_ages, read_copy_ages
from tidegate.flows.context import Context
from tidegate.flows.parts import Batches, Part
from tidegate.flows.published import Counted, read_counted
from tidegate.flows.records import RecordLog
from tidegate.model.batch import PeriodProof, TableVersion
from tidegate.model.names import TableName
from tidegate.model.records import BatchPeriods


@dataclass(frozen=True)
class Source:
    """Periods of one batch. `hash` names engine, version and expression of the proofs; `copied`: a copy of hot rows."""

    part: Part
    version: TableVersion
    proofs: tuple[PeriodProof, ...]
    hash: str
    copied: bool = False

    @property
    def batch(self) -> str:
        return self.part.batch

    @property
    def days(self) -> tuple[date, ...]:
        return self.part.days

    @property
    def record(self) -> BatchPeriods:
        return self.part.record

    @property
    def rows(self) -> int:
        return sum(proof.rows for proof in self.proofs)

    @property
    def archived_at(self) -> str:
        """When the rows left the hot table, the last of them: `YYYY-MM-DD HH:MM:SS` in UTC."""
        return f"{max(age.archived_at for age in self.part.ages):%Y-%m-%d %H:%M:%S}"

    def of(self, days: Collection[date]) -> "Source":
        """Those of its periods that begin on `days`."""
        ages = [age for age in self.part.ages if age.period in days]
        return replace(self, part=self.part.of(ages), proofs=tuple(p for p in self.proofs if p.period in days))


@dataclass(frozen=True)
class Sources:
    """What counts of a table. `exports` are copies that no external table reads; `parked` cannot be read at all."""

    readable: tuple[Source, ...]
    exports: tuple[Part, ...]
    parked: tuple[Age, ...]


def read_sources(ctx: Context, log: RecordLog, table: TableName, versions: Sequence[TableVersion]) -> Sources:
    """Every batch of the table that counts, published ones and copies.

    Raises:
        ConfigError: the lake's record does not know a batch, or has no version that reads it.
        CorruptRecord: a descriptor is missing or unreadable.
    """
    batches, ages = Batches(log, table), read_ages(ctx, table)
    copies = [age for age in read_copy_ages(ctx) if age.table == table]
    readable: list[Source] = []
    exports: list[Part] = []
    for source, known in ((ctx.control.published, ages), (ctx.control.copies, copies)):
        for item in read_counted(ctx, source, table):
            part = _part(batches, item, known)
            if part is not None and part.descriptor.is_export_alone:
                exports.append(part)
            elif part is not None:
                found = Source(part, _version(part, versions), item.proofs, item.hash, known is copies)
                readable.append(found.of(part.days))
    return Sources(tuple(readable), tuple(exports), tuple(age for age in ages if age.parked_at is not None))


def _part(batches: Batches, item: Counted, ages: Sequence[Age]) -> Part | None:
    """The periods of a batch that can be read; None when that are none."""
    days = {proof.period for proof in item.proofs}
    own = [age for age in ages if age.batch == item.batch and age.period in days and age.parked_at is None]
    return batches.part(own) if own else None


def _version(part: Part, versions: Sequence[TableVersion]) -> TableVersion:
    external = part.descriptor.external
    version = next((v for v in versions if v.external == external), None)
    if version is None:
        raise ConfigError(f"the lake has no version of {part.table} for {external}", hint="Run `tidegate verify`.")
    return version
