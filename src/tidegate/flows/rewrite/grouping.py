"""Which periods of which batches become one batch.

A batch is small when the files of its periods that count take less than the target. Small batches are merged as a
whole, in the order of their first periods, as long as they take no more than the target together. A batch that is
big enough gives only those periods that another batch has too, so that each of them lies in one batch again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from tidegate.flows.context import Context
from tidegate.flows.rewrite.source import Source
from tidegate.model.names import TableName
from tidegate.model.policy import Policy

PERIODS = 1000
"""(batch, period)s that one rewrite reads: what fits into a statement."""


@dataclass(frozen=True)
class Limits:
    """`target` and `bytes`: of files. `bytes` and `periods` bound a batch that takes over shared periods."""

    target: int
    bytes: int
    periods: int

    @classmethod
    def of(cls, ctx: Context, table: TableName, target: int) -> "Limits":
        policy = next((p for p in ctx.settings.policies if p.table == table), Policy(table, None))
        return cls(target, max(target, policy.batch_bytes), policy.batch_periods)


Fits = Callable[[Sequence[Source]], bool]


def groups(sources: Sequence[Source], limits: Limits, fits: Fits) -> Iterator[list[Source]]:
    """Lists of at least two batches' periods, each of which becomes one batch.

    `fits` tells whether one statement can be about so many; a single period is never cut.
    """
    alike: dict[object, list[Source]] = {}
    for source in sources:
        if all(age.thawed_until is None for age in source.part.ages):
            for key, part in _by_tier(source):
                alike.setdefault(key, []).append(part)
    for same in alike.values():
        shared = _shared(same)
        units = [s if s.part.bytes < limits.target else s.of(shared) for s in same]
        for run in _runs(_components([u for u in units if u.days]), limits):
            yield from _bounded(run, limits, fits)


def _by_tier(source: Source) -> Iterator[tuple[object, Source]]:
    """The source by what a new batch's periods must have in common."""
    descriptor = source.part.descriptor
    folder = source.part.prefix.rstrip("/").rpartition("/")[0]
    period = (descriptor.period_column, descriptor.period_format, descriptor.granularity, descriptor.time_zone)
    for tier in sorted({age.tier for age in source.part.ages}):
        days = {age.period for age in source.part.ages if age.tier is tier}
        yield (source.version.external, folder, period, tier), source.of(days)


def _shared(sources: Sequence[Source]) -> set[date]:
    """Periods that lie in more than one batch."""
    seen: set[date] = set()
    twice: set[date] = set()
    for source in sources:
        twice |= seen & set(source.days)
        seen |= set(source.days)
    return twice


def _components(units: Sequence[Source]) -> list[list[Source]]:
    """Units that have periods in common, together; in the order of their first periods."""
    components: list[list[Source]] = []
    for unit in sorted(units, key=lambda u: (u.days[0], u.batch)):
        days = set(unit.days)
        touching = [c for c in components if any(days & set(other.days) for other in c)]
        components = [c for c in components if c not in touching]
        components.append([*(u for c in touching for u in c), unit])
    return sorted(components, key=lambda c: (min(u.days[0] for u in c), c[0].batch))


def _runs(components: Sequence[list[Source]], limits: Limits) -> Iterator[list[Source]]:
    """Neighbours that take no more than the target together."""
    run: list[Source] = []
    for component in components:
        both = [*run, *component]
        if run and (_bytes(both) > limits.target or _days(both) > limits.periods or _pairs(both) > PERIODS):
            yield run
            run = []
        run = [*run, *component]
    if run:
        yield run


def _bounded(run: Sequence[Source], limits: Limits, fits: Fits) -> Iterator[list[Source]]:
    """The run, cut between periods where it is too big for one batch; what lies in one batch already is left out."""
    if len({s.batch for s in run}) < 2:
        return
    small = _bytes(run) <= limits.bytes and _days(run) <= limits.periods and _pairs(run) <= PERIODS
    if _days(run) == 1 or (small and fits(run)):
        yield list(run)
        return
    days = sorted({day for s in run for day in s.days})
    for half in (set(days[: len(days) // 2]), set(days[len(days) // 2 :])):
        yield from _bounded([part for s in run if (part := s.of(half)).days], limits, fits)


def _bytes(sources: Sequence[Source]) -> int:
    return sum(s.part.bytes for s in sources)


def _days(sources: Sequence[Source]) -> int:
    return len({day for s in sources for day in s.days})


def _pairs(sources: Sequence[Source]) -> int:
    return sum(len(s.days) for s in sources)
