"""The lake's record of a table against what the warehouse counts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from tidegate.errors import CorruptRecord
from tidegate.flows.ages import Age
from tidegate.flows.records import RecordLog, record_number, stranger
from tidegate.flows.replay import BatchPeriod, Replayed, advance, apply
from tidegate.model.layout import log_root
from tidegate.model.names import TableName
from tidegate.model.tiers import Tier

Differ = Callable[[str, str, str], None]
"""Takes the kind, the object and the detail of a difference."""


@dataclass(frozen=True)
class Standing:
    """What the warehouse says of one table, by (batch, period): published and parked ones with their ages."""

    published: Mapping[BatchPeriod, Age]
    parked: Mapping[BatchPeriod, Age]
    copies: frozenset[BatchPeriod]
    retired: frozenset[BatchPeriod]
    holds: frozenset[str]


@dataclass(frozen=True)
class RecordAudit:
    """One table's records. What cannot be read is told and passed over."""

    log: RecordLog
    table: TableName
    here: Standing
    differ: Differ

    def run(self) -> Replayed:
        """What the record says."""
        state, committed, whole = Replayed(), self.log.committed(self.table), True
        root = log_root(self.log.warehouse, self.table)
        for key in self.log.keys(self.table):
            number = record_number(key, root)
            if number is None:
                self.differ("record.unreadable", key, stranger(key))
                continue
            try:
                record = self.log.record(key)
            except CorruptRecord as error:
                self.differ("record.unreadable", key, error.message)
                whole = False
                advance(state, number)
                continue
            apply(state, record)
            if committed.get(record.number, record) != record:
                self.differ("record.edited", f"{record.number}", "it says something else than the warehouse's log")
        self._numbers(state, max(committed, default=0))
        if whole:
            self._against(state)
        return state

    def _numbers(self, state: Replayed, head: int) -> None:
        for number in state.gaps:
            self.differ("record.missing", f"{number}", "the lake has no record of this number")
        if state.number < head:
            self.differ(
                "record.missing", f"{state.number + 1}", f"the warehouse is at {head}, the lake at {state.number}"
            )
        if state.number > head:
            self.differ("record.ahead", f"{head + 1}", f"the lake is at {state.number}, the warehouse at {head}")

    def _against(self, state: Replayed) -> None:
        """What counts, what counts no more, where it is and what is held: the record's word and the warehouse's."""
        here = self.here
        for name, ours, theirs in (
            ("published", set(here.published), state.published),
            ("parked", set(here.parked), set(state.parked)),
            ("copies", here.copies, state.copies),
            ("retired", here.retired, set(state.retired)),
        ):
            for batch, period in sorted(ours - theirs):
                if batch in state.prefixes:
                    self.differ("record.contradicts", batch, f"{period} is in {name}, but the record says otherwise")
            for batch, period in sorted(theirs - ours):
                self.differ("record.contradicts", batch, f"{period} is {name} in the record, but not in the warehouse")
        for batch, period, detail in self._twice():
            self.differ("batch.contradicts", batch, f"{period} is both {detail}")
        self._tiers(state)
        for hold in sorted(here.holds ^ set(state.holds)):
            where = "the warehouse" if hold in here.holds else "the record"
            self.differ("hold.contradicts", hold, f"it is in force in {where} alone")
        for erasure, record in sorted(state.intents.items()):
            detail = f"record {record.number} says that rows shall be erased, none says that they were"
            self.differ("erase.unfinished", erasure, detail)

    def _twice(self) -> Iterator[tuple[str, date, str]]:
        here, published, parked = self.here, set(self.here.published), set(self.here.parked)
        for both, detail in (
            (published & here.retired, "published and retired"),
            (parked & here.retired, "parked and retired"),
            (published & parked, "published and parked"),
        ):
            yield from ((batch, period, detail) for batch, period in sorted(both))

    def _tiers(self, state: Replayed) -> None:
        here = self.here
        for item in sorted(set(here.published) & state.published):
            self._tier(item, here.published[item].tier, state.tiers.get(item, Tier.STANDARD))
            ours, theirs = here.published[item].thawed_until, state.thawed.get(item)
            if ours != theirs:
                days = f"{ours or 'no day'} in the warehouse, {theirs or 'no day'} in the record"
                self.differ("thaw.contradicts", item[0], f"{item[1]} is thawed until {days}")
        for item in sorted(set(here.parked) & set(state.parked)):
            self._tier(item, here.parked[item].tier, state.parked[item])

    def _tier(self, item: BatchPeriod, ours: Tier, theirs: Tier) -> None:
        if ours is not theirs:
            batch, period = item
            self.differ("tier.contradicts", batch, f"{period} is in {ours} in the warehouse, in {theirs} in the record")
