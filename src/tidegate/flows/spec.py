"""One batch, spelled out: everything that its statements are made of. Fixed before anything is submitted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tidegate.flows.batching import PeriodEstimate
from tidegate.flows.context import Context
from tidegate.flows.identity import Identity
from tidegate.model.batch import BATCH_COLUMN, PERIOD_COLUMN, HashIdentity, PeriodProof, TableVersion
from tidegate.model.layout import EXPORT, batch_prefix, manifest_key
from tidegate.model.periods import Period, merge
from tidegate.model.policy import GB, Action, Policy
from tidegate.model.tables import Table
from tidegate.redshift.export import Part, parts_of
from tidegate.redshift.fingerprint import EXPRESSION
from tidegate.redshift.periods import PeriodColumn, period_expression, predicate

WHOLE = date.min
"""The one period of a copy without a period column: the whole table."""


@dataclass(frozen=True)
class Source:
    """The hot table as it is now, the external version that fits it, and its period column."""

    table: Table
    version: TableVersion | None
    column: PeriodColumn | None


@dataclass(frozen=True)
class BatchSpec:
    """`version` is None for a purge only. `rows` and `bytes` are the plan's estimate."""

    batch: str
    policy: Policy
    table: Table
    version: TableVersion | None
    column: PeriodColumn | None
    periods: tuple[Period, ...]
    rows: int
    bytes: int
    prefix: str
    uri: str
    hash_function: str
    hash: HashIdentity

    @classmethod
    def build(
        cls,
        ctx: Context,
        identity: Identity,
        policy: Policy,
        source: Source,
        batch: Sequence[PeriodEstimate],
    ) -> "BatchSpec":
        batch_id = ctx.new_id()
        prefix = batch_prefix(identity.warehouse, policy.table, batch_id, policy.location)
        engine = ctx.warehouse.capabilities
        return cls(
            batch=batch_id,
            policy=policy,
            table=source.table,
            version=source.version,
            column=source.column,
            periods=tuple(item.period for item in batch),
            rows=sum(item.rows for item in batch),
            bytes=sum(item.bytes for item in batch),
            prefix=prefix,
            uri=ctx.lake.uri(prefix),
            hash_function=engine.hash_function,
            hash=HashIdentity(engine.engine, engine.engine_version, EXPRESSION),
        )

    @property
    def hash_id(self) -> str:
        return f"{self.hash.engine}/{self.hash.version}/{self.hash.expression}"

    @property
    def manifest(self) -> str:
        return manifest_key(self.prefix)

    @property
    def period_sql(self) -> str:
        return period_expression(self.column) if self.column else f"DATE '{WHOLE}'"

    @property
    def where(self) -> str:
        return self.where_of([p.start for p in self.periods])

    def where_of(self, starts: Sequence[date]) -> str:
        """The predicate over the hot table for some of the batch's periods."""
        if self.column is None:
            return "TRUE"
        wanted = set(starts)
        return predicate(self.column, merge(p for p in self.periods if p.start in wanted))

    @property
    def parallel(self) -> bool:
        """PARALLEL OFF for a batch under 1 GB: one writer, few files."""
        return self.policy.unload.parallel if self.policy.unload.parallel is not None else self.bytes >= GB

    @property
    def is_export_alone(self) -> bool:
        """A copy for other readers: nothing of it can be read through an external table."""
        return self.policy.action is Action.COPY and self.policy.unload.exports

    @property
    def export_uri(self) -> str:
        """Where the second UNLOAD writes: a prefix of the batch's own, as its first one."""
        target = self.policy.unload.target
        return f"{self.uri}{EXPORT}" if target is None else f"{target}{BATCH_COLUMN}={self.batch}/"

    @property
    def parts(self) -> tuple[Part, ...]:
        """The folders below a period's."""
        zone = self.column.time_zone if self.column else "UTC"
        return parts_of(self.table, self.policy.unload.partition_by, zone)

    def partition(self, period: date) -> tuple[tuple[str, str], ...]:
        return ((BATCH_COLUMN, self.batch), (PERIOD_COLUMN, period.isoformat()))

    def period_uri(self, period: date) -> str:
        return f"{self.uri}{PERIOD_COLUMN}={period.isoformat()}/"

    def days(self, starts: Sequence[date] | None = None) -> list[tuple[date, date]]:
        """First and last day of each run of adjacent periods: what a hold is compared with."""
        chosen = [p for p in self.periods if starts is None or p.start in set(starts)]
        return [(r.start, r.end - timedelta(days=1)) for r in merge(chosen)]

    def proofs_of(self, proofs: Sequence[PeriodProof], starts: Sequence[date]) -> list[PeriodProof]:
        wanted = set(starts)
        return [p for p in proofs if p.period in wanted]
