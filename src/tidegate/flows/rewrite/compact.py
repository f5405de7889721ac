"""Merge small batches, and batches that share a period, into fewer: every row stays as it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from tidegate.errors import GuardFailed, Interrupted, ObjectMissing, Refused, TidegateError
from tidegate.flows.context import Context
from tidegate.flows.identity import Identity, attach
from tidegate.flows.leases import lease
from tidegate.flows.pinned import pinned
from tidegate.flows.plan import UNFINISHED
from tidegate.flows.published import read_counted
from tidegate.flows.records import RecordLog, fitting
from tidegate.flows.rewrite.grouping import Limits, groups
from tidegate.flows.rewrite.leftovers import note_retired, settle
from tidegate.flows.rewrite.protocol import Rewriting, without_count
from tidegate.flows.rewrite.source import Source, read_sources
from tidegate.flows.rewrite.spec import COMPACT, COMPACTED, REWRITES, RewriteSpec
from tidegate.flows.versions import Versions
from tidegate.ledger.base import BatchRow
from tidegate.model.batch import PeriodProof
from tidegate.model.names import TableName
from tidegate.model.outcome import Failure
from tidegate.model.policy import GB
from tidegate.model.records import LogRecord, RecordKind
from tidegate.model.rewrites import CompactOutcome, Merged
from tidegate.redshift.lock import lock
from tidegate.redshift.rewrite import guard_new

TARGET = GB
"""Bytes of a batch that is big enough, unless the caller says otherwise."""


@dataclass(frozen=True)
class TableCompaction:
    """One table. `unfinished` are batches that a killed rewrite left. `error` when nothing can be done with it."""

    table: TableName
    batches: int = 0
    specs: tuple[RewriteSpec, ...] = ()
    unfinished: tuple[BatchRow, ...] = ()
    error: TidegateError | None = None


@dataclass(frozen=True)
class CompactPlan:
    identity: Identity
    tables: tuple[TableCompaction, ...]

    @property
    def specs(self) -> list[RewriteSpec]:
        return [spec for table in self.tables for spec in table.specs]


def plan_compact(ctx: Context, tables: Sequence[TableName] = (), target: int = TARGET) -> CompactPlan:
    """Read only. `target`: bytes up to which batches are merged; a bigger one only gives periods that others share.

    Raises:
        ObjectMissing: nothing of a table is archived.
        ForeignWarehouse: this warehouse is a copy or was set back.
    """
    with pinned(ctx) as ctx:
        identity = attach(ctx)
        archived = sorted({item.table for item in read_counted(ctx, ctx.control.published)})
        unfinished = [row for row in ctx.ledger.batches(states=UNFINISHED) if row.action in REWRITES]
        missing = [t for t in tables if t not in archived]
        if missing:
            raise ObjectMissing(f"{missing[0]} has no archived rows", hint="`tidegate status` lists what is archived.")
        chosen = tables or sorted({*archived, *(row.table for row in unfinished)})
        log = RecordLog(ctx, identity.warehouse)
        plans = tuple(_table(ctx, log, table, target, unfinished) for table in chosen)
    return CompactPlan(identity, plans)


def _table(
    ctx: Context, log: RecordLog, table: TableName, target: int, unfinished: Sequence[BatchRow]
) -> TableCompaction:
    """One table; what is wrong with it stands in the plan, so that it never blocks the others."""
    own = tuple(row for row in unfinished if row.table == table)
    try:
        sources = read_sources(ctx, log, table, Versions(ctx, log.warehouse, table).load()).readable
        published = [s for s in sources if not s.copied and s.part.descriptor.export is None]
        limits = Limits.of(ctx, table, target)
        fits = partial(_fits, ctx, log.warehouse)
        specs = tuple(
            RewriteSpec.build(ctx, log.warehouse, COMPACT, group) for group in groups(published, limits, fits)
        )
    except TidegateError as error:
        return TableCompaction(table, unfinished=own, error=error)
    return TableCompaction(table, len({s.batch for s in published}), specs, own)


def _fits(ctx: Context, warehouse: str, group: Sequence[Source]) -> bool:
    """Whether the statements over the group are no longer than the warehouse takes."""
    return RewriteSpec.build(ctx, warehouse, COMPACT, group).fits(ctx)


def compact_statements(ctx: Context, plan: CompactPlan) -> Iterator[tuple[RewriteSpec, str, str]]:
    """Every statement that a run would submit, with its rewrite and step; fingerprints that are not known are 0."""
    for spec in plan.specs:
        nothing = [PeriodProof(day, 0, "0") for day in spec.days]
        for sql in spec.unload(ctx):
            yield spec, "unload", sql
        for sql in spec.catalog(spec.days):
            yield spec, "catalog", sql
        for sql in _swap(ctx, spec, nothing, []):
            yield spec, "swap", sql


def run_compact(ctx: Context, plan: CompactPlan) -> CompactOutcome:
    """Carry the plan out. A table that fails never stops the others. Raises Interrupted."""
    merged: list[Merged] = []
    failures: list[Failure] = []
    for table in plan.tables:
        run = _TableRun(ctx, RecordLog(ctx, plan.identity.warehouse), table, merged)
        try:
            run.run()
        except Interrupted:
            raise
        except TidegateError as error:
            failures.append(Failure.of(table.table, error))
    return CompactOutcome(tuple(merged), tuple(failures))


@dataclass
class _TableRun:
    ctx: Context
    log: RecordLog
    plan: TableCompaction
    merged: list[Merged]

    def run(self) -> None:
        if self.plan.error is not None:
            raise self.plan.error
        if not self.plan.specs and not self.plan.unfinished:
            self.log.sync(self.plan.table)
            return
        with lease(self.ctx, "archive", self.plan.table) as held:
            for row in self.plan.unfinished:
                settle(self.ctx, self.log, row)
            self.log.sync(self.plan.table)
            for spec in self.plan.specs:
                if not self._counts(spec.sources):
                    self.ctx.reporter.notice(f"{spec.table}: batches changed since they were planned; they are left")
                    continue
                rewriting = Rewriting.begin(self.ctx, self.log, held, spec)
                rewriting.run()
                self._swap(rewriting)
                rewriting.finish()
                note_retired(self.ctx, spec.table, COMPACTED)
                self.merged.append(_merged(rewriting))

    def _counts(self, sources: Sequence[Source]) -> bool:
        now = read_counted(self.ctx, self.ctx.control.published, self.plan.table)
        counted = {(item.batch, proof.period) for item in now for proof in item.proofs}
        return all((source.batch, day) in counted for source in sources for day in source.days)

    def _swap(self, rewriting: Rewriting) -> None:
        """The transaction by which the new batch counts instead of the old ones. Raises Refused."""
        spec = rewriting.spec
        rewriting.check()

        def build(number: int) -> list[str]:
            record = LogRecord(
                number=number,
                kind=RecordKind.COMPACT,
                warehouse=self.log.warehouse,
                table=spec.table,
                at=self.ctx.clock().isoformat(),
                published=(rewriting.record,),
                retired=tuple(spec.inputs),
            )
            return _swap(self.ctx, spec, rewriting.proofs, self.log.append(fitting(record)))

        try:
            self.log.commit(spec.table, build)
        except GuardFailed as error:
            rewriting.batch.abandon(error.message)
            raise Refused(
                f"{spec.table}: {without_count(error.message)}: another run changed it meanwhile",
                hint="Nothing was changed. Run `tidegate compact` again.",
            ) from error


def _swap(ctx: Context, spec: RewriteSpec, proofs: Sequence[PeriodProof], log: Sequence[str]) -> list[str]:
    """ONE transaction: LOCK, guards, the old periods out of `published`, the new ones in, and the record."""
    control, serializable = ctx.control, ctx.warehouse.capabilities.serializable
    statements = [
        lock(ctx.settings.control_schema, [spec.table], serializable=serializable),
        *control.guard_all_published(spec.inputs),
        *guard_new(control, [spec.id]),
        *control.delete_proofs(control.published, spec.inputs),
        *control.insert_retired(spec.table, spec.inputs, COMPACTED, ctx.stamp()),
        *control.insert_published(spec.table, spec.counted(proofs)),
        *log,
    ]
    return spec.tagged("swap", statements)


def _merged(rewriting: Rewriting) -> Merged:
    spec, batch = rewriting.spec, rewriting.batch
    return Merged(
        table=spec.table,
        batch=spec.id,
        rows=batch.row.rows,
        files=len(batch.files),
        bytes=batch.row.bytes,
        periods=tuple(rewriting.proofs),
        inputs=tuple(spec.inputs),
        files_before=sum(len(source.part.files) for source in spec.sources),
        bytes_before=spec.batch.bytes,
    )
