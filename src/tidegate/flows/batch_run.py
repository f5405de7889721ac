"""The six steps of one batch. Each is idempotent, and recorded in the ledger before and after."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date

from tidegate.errors import DifferenceFound, GuardFailed, Refused, RepeatedRows, SerializationConflict
from tidegate.flows.abandon import abandon_row
from tidegate.flows.context import Context
from tidegate.flows.exports import check_export, read_export
from tidegate.flows.files import check_counts, check_identities, manifest_files, write_descriptor
from tidegate.flows.guards import Verdict, verdict
from tidegate.flows.impact import carry_grants
from tidegate.flows.leases import Lease
from tidegate.flows.pinned import pinned
from tidegate.flows.published import as_day, proofs_of
from tidegate.flows.records import ATTEMPTS, RecordLog
from tidegate.flows.spec import BatchSpec
from tidegate.flows.statements import BatchStatements
from tidegate.flows.versions import Versions
from tidegate.ledger.base import BatchRow
from tidegate.model.batch import BatchState, Export, FileEntry, PeriodProof
from tidegate.model.names import TableName
from tidegate.model.policy import Action
from tidegate.model.records import BatchPeriods, LogRecord, RecordKind
from tidegate.signals.base import Progress


@dataclass
class BatchRun:
    """One batch on its way. `proofs` and `files` are known from the UNLOAD on.

    `replan` is set when some of its periods have to be planned anew.
    """

    ctx: Context
    log: RecordLog
    lease: Lease
    spec: BatchSpec
    row: BatchRow
    proofs: list[PeriodProof] = field(default_factory=list)
    files: list[FileEntry] = field(default_factory=list)
    replan: bool = False
    export: Export | None = None

    @property
    def statements(self) -> BatchStatements:
        return BatchStatements.of(self.ctx, self.spec)

    @property
    def written(self) -> Sequence[object]:
        """The files that count, or those of a copy that is an export alone."""
        return self.files if self.files or self.export is None else self.export.files

    def run(self) -> None:
        """Take the steps that are left. A batch that cannot be finished is abandoned, and its error raised."""
        steps = self._steps()
        order = [state for state, _ in steps]
        first = order.index(self.row.state) + 1 if self.row.state in order else 0
        for state, work in steps[first:]:
            try:
                self.step(state, work)
            except (DifferenceFound, Refused) as error:
                self.abandon(error.message)
                raise
            if self.row.state is BatchState.ABANDONED:
                return

    def _steps(self) -> Sequence[tuple[BatchState, Callable[[], None]]]:
        first = (BatchState.UNLOADED, self.unload)
        if self.spec.is_export_alone:
            return first, (BatchState.COPIED, self.copy)
        proven = (first, (BatchState.CATALOGED, self.catalog), (BatchState.VERIFIED, self.verify))
        if self.spec.policy.action is Action.COPY:
            return *proven, (BatchState.COPIED, self.copy)
        return *proven, (BatchState.PUBLISHED, self.publish)

    def step(self, state: BatchState, work: Callable[[], None]) -> None:
        self.lease.renew()
        self.ctx.reporter.progress(
            Progress(f"{self.row.table} {state}", total_rows=self.row.rows, total_bytes=self.row.bytes)
        )
        attempt = self.ctx.ledger.begin_step(self.row.id, state, self.ctx.clock())
        with self._one_session():
            work()
        self.ctx.ledger.end_step(self.row.id, state, attempt, self.ctx.clock())
        if self.row.state is not BatchState.ABANDONED:
            self.save(state)

    @contextmanager
    def _one_session(self) -> Iterator[None]:
        """One session for the statements of a step; between steps other processes may have their turn."""
        outside = self.ctx, self.log
        with pinned(self.ctx) as ctx:
            self.ctx, self.log = ctx, RecordLog(ctx, self.log.warehouse)
            try:
                yield
            finally:
                self.ctx, self.log = outside

    def save(self, state: BatchState, detail: str = "") -> None:
        rows = sum(p.rows for p in self.proofs) if self.proofs else self.row.rows
        alone = self.export.bytes if self.export is not None else self.row.bytes
        size = sum(f.size for f in self.files) if self.files else alone
        self.row = replace(self.row, state=state, rows=rows, bytes=size, updated_at=self.ctx.clock(), detail=detail)
        self.ctx.ledger.save_batch(self.row)
        self.ctx.reporter.progress(Progress(f"{self.row.table} {state}", rows, rows, size, size))

    def unload(self) -> None:
        """One transaction: fingerprints, then the UNLOAD. Then the descriptor, beside files that are durable."""
        results = self.ctx.warehouse.transaction(self.statements.unload())
        self.proofs = proofs_of(results[0])
        if not self.proofs:
            self.abandon("no rows are left in these periods")
            self.replan = False
            return
        self.refuse_repeats()
        if not self.spec.is_export_alone:
            self.files = manifest_files(self.ctx, self.spec)
            check_counts(self.spec, self.proofs, self.files)
        self.export = read_export(self.ctx, self.spec, self.proofs)
        write_descriptor(self.ctx, self.log.warehouse, self.spec, self.proofs, self.files, self.export)
        self.ctx.ledger.save_periods(self.row.id, self.proofs)
        self.ctx.ledger.save_files(self.row.id, self.files)

    def refuse_repeats(self) -> None:
        """Rows and fingerprint equal to a published period's: somebody brought archived rows back."""
        if "repeat" in self.spec.policy.acknowledge or self.spec.policy.action is not Action.ARCHIVE:
            return
        published = self.ctx.warehouse.execute(
            self.ctx.control.select_proofs(self.ctx.control.published, self.row.table)
        )
        known = {(as_day(r[2]), int(str(r[3])), str(r[4]), str(r[5])): str(r[1]) for r in published.rows}
        for proof in self.proofs:
            batch = known.get((proof.period, proof.rows, proof.fingerprint, self.spec.hash_id))
            if batch:
                raise RepeatedRows(
                    f"{self.row.table} {proof.period}: its {proof.rows} hot rows equal those archived in batch {batch}",
                    hint='Delete the repeated hot rows, or set acknowledge = ["repeat"] to archive them once more.',
                )

    def catalog(self) -> None:
        """External table and partitions; the view before the first batch of a version, never after."""
        versions = Versions(self.ctx, self.log.warehouse, self.row.table)
        version = versions.ensure(self.statements.version)
        if version != self.spec.version:
            self.abandon("the table's columns changed")
            return
        for statement in self.statements.catalog([p.period for p in self.proofs]):
            self.ctx.warehouse.execute(statement)
        if self.spec.policy.action is Action.ARCHIVE:
            known = [v for v in versions.load() if v.version <= version.version]
            self.ctx.warehouse.execute(self.statements.view(known))
            carry_grants(self.ctx, self.spec.policy, self.row.id)

    def verify(self) -> None:
        """Identities of all files, then rows and fingerprint read back through the external table."""
        check_identities(self.ctx, self.spec.prefix, self.files)
        back = proofs_of(self.ctx.warehouse.execute(self.statements.read_back()))
        if back != self.proofs:
            differing = sorted({p.period for p in set(back) ^ set(self.proofs)})
            raise DifferenceFound(
                f"{self.row.table} {differing[0]}: rows read back from batch {self.row.id} differ from those unloaded",
                hint="Nothing was deleted. Run the archive again; it writes a new batch.",
            )

    def publish(self) -> None:
        """The transaction that makes the rows cold; periods that changed since the UNLOAD stay hot."""
        check_identities(self.ctx, self.spec.prefix, self.files)
        check_export(self.ctx, self.spec)
        pending, changed = list(self.proofs), list[date]()
        for attempt in range(ATTEMPTS):
            try:
                self.ctx.warehouse.transaction(self._publication(pending, changed))
            except GuardFailed as error:
                found = verdict(error)
                if found is Verdict.HOT_CHANGED and attempt < ATTEMPTS - 1:
                    changed += self._changed(pending)
                    pending = [p for p in self.proofs if p.period not in changed]
                    if pending:
                        continue
                elif found is Verdict.ORDER and attempt < ATTEMPTS - 1:
                    continue
                self._stopped(found, error)
                if self.row.state is BatchState.ABANDONED:
                    return
                pending = self._published()
            except SerializationConflict:
                if attempt == ATTEMPTS - 1:
                    raise
                continue
            break
        self.log.sync(self.row.table)
        self.replan = self.replan or len(pending) < len(self.proofs)
        self.proofs = pending

    def copy(self) -> None:
        """Make the copy count; the copies of the same periods that it supersedes are retired."""
        check_identities(self.ctx, self.spec.prefix, self.files)
        check_export(self.ctx, self.spec)
        table, control = self.row.table, self.ctx.control
        starts = {p.period for p in self.proofs}
        older: dict[str, list[date]] = {}
        for row in self.ctx.warehouse.execute(control.select_proofs(control.copies, table)).rows:
            if as_day(row[2]) in starts and str(row[1]) != self.row.id:
                older.setdefault(str(row[1]), []).append(as_day(row[2]))
        parts = tuple(BatchPeriods(batch, "", tuple(periods)) for batch, periods in older.items())
        superseded = [
            *control.delete_proofs(control.copies, parts),
            *control.insert_retired(table, parts, "superseded", self.ctx.stamp()),
        ]

        def build(number: int) -> list[str]:
            record = LogRecord(
                number=number,
                kind=RecordKind.COPY,
                warehouse=self.log.warehouse,
                table=table,
                at=self.ctx.clock().isoformat(),
                published=(BatchPeriods(self.row.id, self.spec.prefix, tuple(p.period for p in self.proofs)),),
                retired=parts,
            )
            return self.statements.record_copy(self.proofs, superseded, self.log.append([record]))

        try:
            self.log.commit(table, build)
        except GuardFailed as error:
            if verdict(error) is not Verdict.ALREADY or not self._counted(control.copies):
                raise

    def _publication(self, pending: Sequence[PeriodProof], changed: Sequence[date]) -> list[str]:
        table, prefix = self.row.table, self.spec.prefix
        record = LogRecord(
            number=self.log.sync(table) + 1,
            kind=RecordKind.PUBLISH,
            warehouse=self.log.warehouse,
            table=table,
            at=self.ctx.clock().isoformat(),
            published=(BatchPeriods(self.row.id, prefix, tuple(p.period for p in pending)),),
            retired=(BatchPeriods(self.row.id, prefix, tuple(changed)),) if changed else (),
        )
        return self.statements.publish(pending, changed, self.ctx.stamp(), self.log.append([record]))

    def _changed(self, pending: Sequence[PeriodProof]) -> list[date]:
        """Periods whose hot rows are no longer those that were unloaded."""
        where = self.spec.where_of([p.period for p in pending])
        now = set(proofs_of(self.ctx.warehouse.execute(self.statements.fingerprint(where))))
        return [p.period for p in pending if p not in now]

    def _published(self) -> list[PeriodProof]:
        """What an earlier, unseen commit of this batch published."""
        return self._counted(self.ctx.control.published)

    def _counted(self, source: TableName) -> list[PeriodProof]:
        rows = self.ctx.warehouse.execute(self.ctx.control.select_proofs(source, self.row.table)).rows
        periods = {as_day(r[2]) for r in rows if str(r[1]) == self.row.id}
        return [p for p in self.proofs if p.period in periods]

    def _stopped(self, found: Verdict, error: GuardFailed) -> None:
        """A guard said no for good: give the batch up, unless it was published before."""
        if found is Verdict.ALREADY:
            if self._published():
                return
            self.save(BatchState.ABANDONED, error.message)
        elif found in (Verdict.HOT_CHANGED, Verdict.HOLD, Verdict.COLUMNS_CHANGED):
            self.abandon(error.message)
        else:
            raise error
        self.replan = True

    def abandon(self, reason: str) -> None:
        """Retire the id; the ledger says why."""
        periods = [p.start for p in self.spec.periods]
        if not abandon_row(self.ctx, self.log, self.row, periods, reason):
            self.ctx.reporter.notice(f"batch {self.row.id} of {self.row.table} was given up before")
            self.ctx.ledger.save_batch(
                replace(self.row, state=BatchState.ABANDONED, updated_at=self.ctx.clock(), detail=reason)
            )
        self.row = replace(self.row, state=BatchState.ABANDONED, detail=reason)
        self.replan = True
