"""Write and prove the batch that others become. Nobody counts it yet, and what counts is left as it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tidegate.errors import DifferenceFound, Refused
from tidegate.flows.batch_run import BatchRun
from tidegate.flows.context import Context
from tidegate.flows.files import check_counts, check_identities, manifest_files
from tidegate.flows.leases import Lease
from tidegate.flows.published import proofs_of
from tidegate.flows.read_back import read_back
from tidegate.flows.records import RecordLog
from tidegate.flows.rewrite.spec import RewriteSpec
from tidegate.formats.stored import dump
from tidegate.ledger.base import BatchRow
from tidegate.model.batch import BatchState, Descriptor, PeriodProof
from tidegate.model.layout import descriptor_key
from tidegate.model.records import BatchPeriods

_HINT = "Nothing was changed. Run `tidegate verify --deep`."


@dataclass
class Rewriting:
    """One rewrite on its way. `removed` are the rows that are left out, by period."""

    spec: RewriteSpec
    batch: BatchRun
    removed: tuple[PeriodProof, ...] = ()

    @classmethod
    def begin(cls, ctx: Context, log: RecordLog, held: Lease, spec: RewriteSpec) -> "Rewriting":
        """Record the batch, its periods and its prefix before anything is submitted."""
        now = ctx.clock()
        row = BatchRow(
            id=spec.id,
            table=spec.table,
            job=held.job.id,
            state=BatchState.PLANNED,
            action=spec.action,
            prefix=spec.batch.prefix,
            rows=spec.batch.rows,
            bytes=spec.batch.bytes,
            planned_at=now,
            updated_at=now,
            external=spec.version.external,
        )
        ctx.ledger.save_batch(row)
        ctx.ledger.save_periods(row.id, [PeriodProof(day, 0, "0") for day in spec.days])
        return cls(spec, BatchRun(ctx, log, held, spec.batch, row))

    @property
    def proofs(self) -> list[PeriodProof]:
        """The new batch's; empty when no row is left."""
        return self.batch.proofs

    @property
    def record(self) -> BatchPeriods:
        return BatchPeriods(self.spec.id, self.spec.batch.prefix, tuple(p.period for p in self.proofs))

    def run(self) -> None:
        """Unload, catalog, verify. What cannot be proven is given up, and its error raised."""
        steps: Sequence[tuple[BatchState, Callable[[], None]]] = (
            (BatchState.UNLOADED, self._unload),
            (BatchState.CATALOGED, self._catalog),
            (BatchState.VERIFIED, self._verify),
        )
        for state, work in steps:
            try:
                self.batch.step(state, work)
            except (DifferenceFound, Refused) as error:
                self.batch.abandon(error.message)
                raise

    def check(self) -> None:
        """The new files still are those that were read back."""
        check_identities(self.batch.ctx, self.spec.batch.prefix, self.batch.files)

    def finish(self) -> None:
        """Note in the ledger that the new batch counts."""
        if not self.proofs:
            self.batch.save(BatchState.ABANDONED, "no rows were left")
        else:
            self.batch.save(BatchState.COPIED if self.spec.copied else BatchState.RECLAIMED)

    def _unload(self) -> None:
        ctx, spec = self.batch.ctx, self.spec
        for source in spec.sources:
            check_identities(ctx, source.part.prefix, source.part.descriptor.files, periods=frozenset(source.days))
        results = ctx.warehouse.transaction(spec.unload(ctx))
        found, self.removed = proofs_of(results[0]), tuple(proofs_of(results[1])) if spec.condition else ()
        read = found if spec.comparable else [replace(p, fingerprint="") for p in found]
        if read != spec.expected:
            day = min(p.period for p in {*read} ^ {*spec.expected})
            raise DifferenceFound(f"{spec.table} {day}: the archived rows are not those that were archived", hint=_HINT)
        self.batch.proofs = without(found, self.removed)
        if self.proofs:
            self.batch.files = manifest_files(ctx, spec.batch)
            check_counts(spec.batch, self.proofs, self.batch.files)
            ctx.lake.put(descriptor_key(spec.batch.prefix), dump(self._descriptor()))
        ctx.ledger.save_periods(spec.id, self.proofs)
        ctx.ledger.save_files(spec.id, self.batch.files)

    def _descriptor(self) -> Descriptor:
        spec = self.spec
        newest = max(spec.sources, key=lambda source: source.batch).part.descriptor
        return replace(
            newest,
            warehouse=self.batch.log.warehouse,
            batch=spec.id,
            prefix=spec.batch.prefix,
            hash=spec.batch.hash,
            periods=tuple(self.proofs),
            files=tuple(self.batch.files),
            created_at=self.batch.ctx.clock().isoformat(),
            archived_at=spec.archived_at,
            inputs=tuple(sorted(source.batch for source in spec.sources)),
            export=None,
        )

    def _catalog(self) -> None:
        for statement in self.spec.catalog([p.period for p in self.proofs]):
            self.batch.ctx.warehouse.execute(statement)

    def _verify(self) -> None:
        spec, ctx = self.spec, self.batch.ctx
        self.check()
        days = [p.period for p in self.proofs]
        back = list(read_back(ctx, spec.version.external, spec.version.columns, spec.id, days))
        if back != self.proofs:
            day = min(p.period for p in {*back} ^ {*self.proofs})
            raise DifferenceFound(
                f"{spec.table} {day}: rows read back from batch {spec.id} are not those that should be left", hint=_HINT
            )


def without(proofs: Sequence[PeriodProof], removed: Sequence[PeriodProof]) -> list[PeriodProof]:
    """Rows and fingerprints of what is left of each period that has rows left.

    Raises:
        DifferenceFound: more rows would go than there are.
    """
    gone = {p.period: p for p in removed}
    left = []
    for proof in proofs:
        out = gone.pop(proof.period, PeriodProof(proof.period, 0, "0"))
        rest = PeriodProof(proof.period, proof.rows - out.rows, str(int(proof.fingerprint) - int(out.fingerprint)))
        if rest.rows < 0 or (rest.rows == 0 and rest.fingerprint != "0") or int(rest.fingerprint) < 0:
            raise DifferenceFound(f"{proof.period}: the rows that go are not among those that are there", hint=_HINT)
        if rest.rows:
            left.append(rest)
    if gone:
        raise DifferenceFound(f"{min(gone)}: the rows that go are not among those that are there", hint=_HINT)
    return left


def without_count(reason: str) -> str:
    """A guard's reason without the count that ends it."""
    head, _, count = reason.rpartition(": ")
    return head if head and count.isdigit() else reason
