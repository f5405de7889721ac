"""Periods of batches that count, with the files that their descriptors name: what tiers and expiry are about."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from tidegate.errors import ConfigError
from tidegate.flows.ages import Age
from tidegate.flows.holds import last_day
from tidegate.flows.published import prefixes, read_descriptor
from tidegate.flows.records import RecordLog
from tidegate.flows.spec import WHOLE
from tidegate.model.batch import Descriptor, FileEntry
from tidegate.model.layout import data_root
from tidegate.model.names import TableName
from tidegate.model.periods import Period
from tidegate.model.records import BatchPeriods, Hold

PERIODS = 1000
_ROOM = 40_000
"""What one transaction is about: so many periods, and so many bytes of names and dates in its record."""
_NAMES, _DATE = 64, 13
"""Bytes that a batch and a date take in a record, beside the batch's names."""


@dataclass(frozen=True)
class Part:
    """Some periods of one batch, in order."""

    table: TableName
    descriptor: Descriptor
    ages: tuple[Age, ...]

    @property
    def batch(self) -> str:
        return self.descriptor.batch

    @property
    def prefix(self) -> str:
        return self.descriptor.prefix

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(age.period for age in self.ages)

    @property
    def rows(self) -> int:
        return sum(age.rows for age in self.ages)

    @property
    def files(self) -> list[FileEntry]:
        days = set(self.days)
        return [file for file in self.descriptor.files if file.period in days]

    @property
    def bytes(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def keys(self) -> list[str]:
        return [f"{self.prefix}{file.key}" for file in self.files]

    @property
    def record(self) -> BatchPeriods:
        return BatchPeriods(self.batch, self.prefix, self.days)

    @property
    def spans(self) -> list[tuple[date, date]]:
        """The first and the last day of each period; all days for a copy of a whole table."""
        return [self._span(day) for day in self.days]

    def _span(self, day: date) -> tuple[date, date]:
        if day == WHOLE:
            return date.min, date.max
        return day, last_day(Period(day, self.descriptor.granularity))

    def of(self, ages: Iterable[Age]) -> "Part":
        return replace(self, ages=tuple(ages))

    def split(self, holds: Sequence[Hold]) -> tuple["Part", "Part"]:
        """What no hold touches, and what one does."""
        asked = [(h.first or date.min, h.last or date.max) for h in holds if h.table == self.table]
        touched = [any(first <= until and since <= last for since, until in asked) for first, last in self.spans]
        pairs = list(zip(self.ages, touched, strict=True))
        return self.of(age for age, on_hold in pairs if not on_hold), self.of(a for a, on_hold in pairs if on_hold)


@dataclass(frozen=True)
class Batches:
    """The descriptors of one table's batches, each read once."""

    log: RecordLog
    table: TableName
    _known: dict[str, Descriptor] = field(default_factory=dict)
    _prefixes: dict[str, str] = field(default_factory=dict)

    def part(self, ages: Sequence[Age]) -> Part:
        """Periods of one batch. Raises CorruptRecord, ConfigError."""
        batch = ages[0].batch
        if batch not in self._known:
            self._known[batch] = read_descriptor(self.log.ctx, self._prefix(batch))
        return Part(self.table, self._known[batch], tuple(ages))

    def is_own(self, batch: str) -> bool:
        """Whether its files are this warehouse's, and not those of the one that it is a copy of."""
        return self._prefix(batch).startswith(data_root(self.log.warehouse))

    def _prefix(self, batch: str) -> str:
        if not self._prefixes:
            self._prefixes.update(prefixes(self.log.committed(self.table).values()))
        if batch not in self._prefixes:
            raise ConfigError(
                f"batch {batch} of {self.table} counts, but the lake's record does not know it",
                hint="Run `tidegate verify`.",
            )
        return self._prefixes[batch]


def by_batch(ages: Iterable[Age]) -> Iterator[list[Age]]:
    """Ages of one table by batch, in order."""
    batches: dict[str, list[Age]] = {}
    for age in ages:
        batches.setdefault(age.batch, []).append(age)
    yield from batches.values()


def portions(parts: Iterable[Part]) -> Iterator[list[Part]]:
    """The parts in lists that fit into one record and one transaction each; a long part is cut."""
    portion: list[Part] = []
    periods = room = 0
    for part in (cut for whole in parts for cut in _cut(whole)):
        size = _NAMES + len(part.batch.encode()) + len(part.prefix.encode()) + _DATE * len(part.ages)
        if portion and (periods + len(part.ages) > PERIODS or size > room):
            yield portion
            portion = []
        if not portion:
            periods, room = 0, _ROOM
        portion.append(part)
        periods += len(part.ages)
        room -= size
    if portion:
        yield portion


def _cut(part: Part) -> Iterator[Part]:
    for at in range(0, len(part.ages), PERIODS):
        yield part.of(part.ages[at : at + PERIODS])
