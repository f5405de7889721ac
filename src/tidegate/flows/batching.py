"""Cut due periods into batches: oldest first, by bytes and by count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tidegate.model.periods import Period
from tidegate.model.policy import Policy


@dataclass(frozen=True)
class PeriodEstimate:
    """Rows counted and bytes estimated from the table's statistics."""

    period: Period
    rows: int
    bytes: int


def cut(due: Sequence[PeriodEstimate], policy: Policy) -> list[tuple[PeriodEstimate, ...]]:
    """Batches in order; a period larger than `batch_bytes` makes one of its own."""
    batches: list[tuple[PeriodEstimate, ...]] = []
    current: list[PeriodEstimate] = []
    size = 0
    for item in sorted(due, key=lambda e: e.period):
        if current and (size + item.bytes > policy.batch_bytes or len(current) == policy.batch_periods):
            batches.append(tuple(current))
            current, size = [], 0
        current.append(item)
        size += item.bytes
    return [*batches, tuple(current)] if current else batches


def waits(batch: Sequence[PeriodEstimate], policy: Policy, due_before: date) -> bool:
    """Whether a batch is too small to be written yet and none of its periods has waited for `max_wait` days."""
    small = sum(item.bytes for item in batch) < policy.min_batch_bytes
    return small and all(item.period.end > due_before - timedelta(days=policy.max_wait) for item in batch)
