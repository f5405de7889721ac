"""What the lake's record says counts, once all of a table's records are applied in order."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from tidegate.model.records import Hold, LogRecord, RecordKind

BatchPeriod = tuple[str, date]


@dataclass
class Replayed:
    """The state after the last record: published and copied (batch, period)s, retired ones with their reason."""

    number: int = 0
    published: set[BatchPeriod] = field(default_factory=set)
    copies: set[BatchPeriod] = field(default_factory=set)
    retired: dict[BatchPeriod, str] = field(default_factory=dict)
    prefixes: dict[str, str] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    policy: dict[str, object] = field(default_factory=dict)
    gaps: list[int] = field(default_factory=list)


REASONS = {
    RecordKind.PUBLISH: "changed",
    RecordKind.ABANDON: "abandoned",
    RecordKind.RESTORE: "restored",
    RecordKind.COPY: "superseded",
    RecordKind.ADOPT: "adopted",
}
"""Why a record's retired periods count no more."""


def replay(records: Iterable[LogRecord]) -> Replayed:
    """Apply records in order; a number that is missing is noted in `gaps`."""
    state = Replayed()
    for record in records:
        apply(state, record)
    return state


def advance(state: Replayed, number: int) -> None:
    """Note that the record of this number is there, whatever it says."""
    state.gaps.extend(range(state.number + 1, number))
    state.number = number


def apply(state: Replayed, record: LogRecord) -> None:
    """Let the next record change the state."""
    advance(state, record.number)
    counted = state.copies if record.kind is RecordKind.COPY else state.published
    for part in record.published:
        state.prefixes[part.batch] = part.prefix
        for period in part.periods:
            counted.add((part.batch, period))
            state.retired.pop((part.batch, period), None)
    if record.kind is not RecordKind.PURGE:
        for part in record.retired:
            state.prefixes.setdefault(part.batch, part.prefix)
            for period in part.periods:
                state.published.discard((part.batch, period))
                state.copies.discard((part.batch, period))
                state.retired[part.batch, period] = REASONS.get(record.kind, "retired")
    if record.hold is not None:
        state.holds[record.hold.id] = record.hold
    if record.released is not None:
        state.holds.pop(record.released, None)
    if record.kind is RecordKind.POLICY:
        state.policy = dict(record.policy)
