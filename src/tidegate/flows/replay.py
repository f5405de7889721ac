"""What the lake's record says counts, once all of a table's records are applied in order."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from tidegate.model.records import Hold, LogRecord, RecordKind
from tidegate.model.tiers import Tier

BatchPeriod = tuple[str, date]


@dataclass
class Replayed:
    """The state after the last record: published and copied (batch, period)s, retired ones with their reason.

    `parked` ones count as published ones do, and have their tier, as published ones have in `tiers`; `thawed` says
    until when parked ones can be read. `intents` are erasures that did not end, by id.
    """

    number: int = 0
    published: set[BatchPeriod] = field(default_factory=set)
    copies: set[BatchPeriod] = field(default_factory=set)
    parked: dict[BatchPeriod, Tier] = field(default_factory=dict)
    tiers: dict[BatchPeriod, Tier] = field(default_factory=dict)
    thawed: dict[BatchPeriod, date] = field(default_factory=dict)
    retired: dict[BatchPeriod, str] = field(default_factory=dict)
    prefixes: dict[str, str] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    policy: dict[str, object] = field(default_factory=dict)
    gaps: list[int] = field(default_factory=list)
    intents: dict[str, LogRecord] = field(default_factory=dict)


REASONS = {
    RecordKind.PUBLISH: "changed",
    RecordKind.ABANDON: "abandoned",
    RecordKind.RESTORE: "restored",
    RecordKind.COPY: "superseded",
    RecordKind.ADOPT: "adopted",
    RecordKind.EXPIRE: "expired",
    RecordKind.COMPACT: "compacted",
    RecordKind.ERASED: "erased",
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
            tier = state.parked.pop((part.batch, period), state.tiers.get((part.batch, period)))
            if record.until is not None and tier is not None:
                state.tiers[part.batch, period] = tier
                state.thawed[part.batch, period] = date.fromisoformat(record.until)
            state.retired.pop((part.batch, period), None)
    if record.kind is not RecordKind.PURGE:
        for part in record.retired:
            state.prefixes.setdefault(part.batch, part.prefix)
            for period in part.periods:
                state.published.discard((part.batch, period))
                state.copies.discard((part.batch, period))
                _forget_tier(state, (part.batch, period))
                state.retired[part.batch, period] = REASONS.get(record.kind, "retired")
    if record.tier is not None:
        _move(state, record, record.tier)
    _intend(state, record)
    if record.hold is not None:
        state.holds[record.hold.id] = record.hold
    if record.released is not None:
        state.holds.pop(record.released, None)


def _intend(state: Replayed, record: LogRecord) -> None:
    if record.kind is RecordKind.ERASE:
        state.intents[record.detail] = record
    elif record.kind is RecordKind.ERASED:
        state.intents.pop(record.detail, None)
    elif record.kind is RecordKind.POLICY:
        state.policy = dict(record.policy)


def _move(state: Replayed, record: LogRecord, tier: Tier) -> None:
    for item in ((part.batch, period) for part in record.inputs for period in part.periods):
        _forget_tier(state, item)
        if record.kind is RecordKind.PARK:
            state.published.discard(item)
            state.parked[item] = tier
        else:
            state.tiers[item] = tier


def _forget_tier(state: Replayed, item: BatchPeriod) -> None:
    for known in (state.parked, state.tiers, state.thawed):
        known.pop(item, None)
