"""Parked periods, without the policy and the days that it takes: what a tier run leaves behind."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from tests.world import ORDERS, World

from tidegate.flows.identity import attach
from tidegate.flows.partitions import partition_days
from tidegate.flows.published import prefixes, read_counted, read_descriptor
from tidegate.flows.records import RecordLog
from tidegate.lake.base import ObjectInfo
from tidegate.model.batch import BATCH_COLUMN, PERIOD_COLUMN
from tidegate.model.names import TableName
from tidegate.model.records import BatchPeriods, LogRecord, RecordKind
from tidegate.model.tiers import Retrieval, Thaw, ThawState, Tier
from tidegate.redshift.external import drop_partition
from tidegate.redshift.lock import lock


def park(world: World, *days: date, tier: Tier = Tier.GLACIER, table: TableName = ORDERS) -> list[str]:
    """Park the published periods that begin on `days`, all when none is given; the keys of their files."""
    keys: list[str] = []
    with world.context() as ctx:
        log = RecordLog(ctx, attach(ctx).warehouse)
        where = prefixes(log.committed(table).values())
        for counted in read_counted(ctx, ctx.control.published, table):
            periods = tuple(p.period for p in counted.proofs if not days or p.period in days)
            if not periods:
                continue
            descriptor = read_descriptor(ctx, where[counted.batch])
            part = BatchPeriods(counted.batch, descriptor.prefix, periods)

            def build(number: int, part: BatchPeriods = part) -> list[str]:
                record = LogRecord(
                    number, RecordKind.PARK, log.warehouse, table, ctx.clock().isoformat(), inputs=(part,), tier=tier
                )
                return [
                    lock(ctx.settings.control_schema, [table]),
                    *ctx.control.guard_all_published([part]),
                    *ctx.control.park([part], tier, ctx.stamp()),
                    *log.append([record]),
                ]

            log.commit(table, build)
            present = partition_days(ctx, descriptor.external).get(counted.batch, frozenset())
            for day in sorted(present & set(periods)):
                values = ((BATCH_COLUMN, counted.batch), (PERIOD_COLUMN, day.isoformat()))
                ctx.warehouse.execute(drop_partition(descriptor.external, values))
            of_part = [descriptor.prefix + file.key for file in descriptor.files if file.period in periods]
            ctx.lake.transition(of_part, tier)
            ctx.warehouse.transaction(ctx.control.set_handed([part], ctx.stamp()))
            keys += of_part
    return keys


@dataclass
class SlowLake:
    """A lake whose thaws take as many looks as `looks` says: what GLACIER is like, on a folder.

    `asked` are the keys that were asked for, in order, with how.
    """

    lake: Any
    looks: int
    asked: list[tuple[str, Retrieval]] = field(default_factory=list)
    waiting: dict[str, int] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.lake, name)

    def thaw(self, keys: Iterable[str], days: int, retrieval: Retrieval) -> Iterator[ObjectInfo]:
        for key in keys:
            self.asked.append((key, retrieval))
            self.waiting[key] = self.looks
            yield self._shown(self.lake.head(key))

    def list(self, prefix: str, *, after: str | None = None) -> Iterator[ObjectInfo]:
        for info in list(self.lake.list(prefix, after=after)):
            if info.key in self.waiting and self.waiting[info.key] > 0:
                self.waiting[info.key] -= 1
                if self.waiting[info.key] == 0:
                    info = next(iter(self.lake.thaw([info.key], 7, Retrieval.STANDARD)))
            yield self._shown(info)

    def _shown(self, info: ObjectInfo) -> ObjectInfo:
        return replace(info, thaw=Thaw(ThawState.THAWING)) if self.waiting.get(info.key, 0) > 0 else info


@contextmanager
def slow(world: World, looks: int) -> Iterator[tuple[World, SlowLake]]:
    """The world with one slow lake for all of its contexts."""
    shared = SlowLake(None, looks)

    def wrap(port: Any, name: str) -> Any:
        if name != "lake":
            return port
        shared.lake = port
        return shared

    yield replace(world, wrap=wrap), shared
