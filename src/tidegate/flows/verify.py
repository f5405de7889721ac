"""Audit: warehouse, lake, catalog and ledger against one another, every difference by name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from tidegate.errors import CorruptRecord, ObjectMissing, StatementError
from tidegate.flows.context import Context
from tidegate.flows.files import Folder, batch_folders, same_identity
from tidegate.flows.holds import read_holds
from tidegate.flows.identity import attach
from tidegate.flows.partitions import partition_days
from tidegate.flows.pinned import pinned
from tidegate.flows.published import Counted, Retired, by_table, read_counted, read_descriptor, read_retired
from tidegate.flows.read_back import read_back
from tidegate.flows.records import RecordLog, record_number, stranger
from tidegate.flows.replay import BatchPeriod, Replayed, advance, apply
from tidegate.flows.versions import Versions
from tidegate.ledger.base import BatchRow
from tidegate.model.batch import PERIOD_COLUMN, BatchState, Descriptor, HashIdentity, PeriodProof
from tidegate.model.layout import log_root
from tidegate.model.names import TableName
from tidegate.model.outcome import Difference, VerifyOutcome
from tidegate.redshift.fingerprint import EXPRESSION
from tidegate.signals.base import Progress


def verify(ctx: Context, tables: Sequence[TableName] = (), *, deep: bool = False) -> VerifyOutcome:
    """Check every table that has cold rows, or the given ones. Changes nothing.

    Shallow: identities of all files (locally by reading the bytes) and all records. Deep: the rows too, read back
    through the external table.
    """
    with pinned(ctx) as ctx:
        identity = attach(ctx)
        log = RecordLog(ctx, identity.warehouse)
        published = by_table(read_counted(ctx, ctx.control.published))
        copies = by_table(read_counted(ctx, ctx.control.copies))
        retired = by_table(read_retired(ctx))
        holds = by_table(read_holds(ctx))
        known = {*published, *copies, *retired, *holds, *log.recorded(), *(p.table for p in ctx.settings.policies)}
        unknown = [t for t in tables if t not in known and t not in ctx.warehouse.tables([t])]
        if unknown:
            raise ObjectMissing(
                f"{unknown[0]} is no table, and nothing is archived of it", hint="`tidegate status` lists the tables."
            )
        audits = [
            _Audit(
                ctx,
                log,
                table,
                published.get(table, []),
                copies.get(table, []),
                retired.get(table, []),
                frozenset(hold.id for hold in holds.get(table, [])),
                Versions(ctx, identity.warehouse, table),
                deep,
            )
            for table in (tables or sorted(known))
        ]
        for audit in audits:
            audit.run()
    return VerifyOutcome(
        tables=len(audits),
        batches=sum(audit.batches for audit in audits),
        files=sum(audit.files for audit in audits),
        rows=sum(audit.rows for audit in audits),
        deep=deep,
        differences=tuple(d for audit in audits for d in audit.differences),
    )


def _periods(counted: Sequence[Counted]) -> set[BatchPeriod]:
    return {(item.batch, proof.period) for item in counted for proof in item.proofs}


@dataclass
class _Audit:
    """One table. Kinds of differences are stable words, listed in docs/verify.md."""

    ctx: Context
    log: RecordLog
    table: TableName
    published: list[Counted]
    copies: list[Counted]
    retired: list[Retired]
    holds: frozenset[str]
    versions: Versions
    deep: bool
    batches: int = 0
    files: int = 0
    rows: int = 0
    differences: list[Difference] = field(default_factory=list)
    partitions: dict[TableName, Mapping[str, frozenset[date]]] = field(default_factory=dict)

    def differ(self, kind: str, name: str, detail: str) -> None:
        self.differences.append(Difference(self.table, kind, name, detail))

    def run(self) -> None:
        state, versions = self._records(), self._versions()
        ledger = {row.id: row for row in self.ctx.ledger.batches(self.table)}
        for batch, prefix, folder in self._located(state.prefixes):
            self.batches += 1
            self.rows += sum(p.rows for p in batch.proofs)
            self.ctx.reporter.progress(Progress(f"{self.table} verify", self.rows))
            descriptor = self._described(batch, prefix)
            if descriptor is None:
                continue
            if versions is not None and descriptor.external not in versions:
                self.differ("version.missing", batch.batch, f"the lake has no definition of {descriptor.external}")
            self._descriptor(batch, descriptor)
            self._files(batch, descriptor, folder)
            self._partitions(batch, descriptor)
            self._ledger(batch, ledger.get(batch.batch))
            if self.deep:
                self._rows(batch, descriptor)

    def _located(self, prefixes: Mapping[str, str]) -> Iterator[tuple[Counted, str, Folder]]:
        """Every batch with its prefix and its objects, from one listing of each folder that holds batches."""
        roots: dict[str, dict[str, list[Counted]]] = {}
        for batch in (*self.published, *self.copies):
            prefix = prefixes.get(batch.batch)
            if prefix is None:
                self.batches += 1
                self.rows += sum(p.rows for p in batch.proofs)
                self.differ("batch.unrecorded", batch.batch, "counts in the warehouse, but no record says so")
                continue
            root = f"{prefix.rstrip('/').rpartition('/')[0]}/"
            roots.setdefault(root, {}).setdefault(prefix, []).append(batch)
        for root, batches in sorted(roots.items()):
            for folder in batch_folders(self.ctx, root):
                for batch in batches.pop(folder.prefix, ()):
                    yield batch, folder.prefix, folder
            for prefix, missing in batches.items():
                for batch in missing:
                    yield batch, prefix, Folder(batch.batch, prefix, ())

    def _described(self, batch: Counted, prefix: str) -> Descriptor | None:
        try:
            descriptor = read_descriptor(self.ctx, prefix)
        except CorruptRecord as error:
            self.differ("descriptor.unreadable", batch.batch, error.message)
            return None
        if (descriptor.batch, descriptor.prefix, descriptor.table.name) != (batch.batch, prefix, self.table):
            self.differ("descriptor.contradicts", batch.batch, "it is the descriptor of another batch")
            return None
        return descriptor

    def _versions(self) -> frozenset[TableName] | None:
        """The external tables that the lake defines; None when a definition cannot be read."""
        try:
            return frozenset(version.external for version in self.versions.load())
        except CorruptRecord as error:
            self.differ("version.unreadable", str(self.table), error.message)
            return None

    def _records(self) -> Replayed:
        """The lake's record against the warehouse's tables; what cannot be read is told and passed over."""
        state, committed, whole = Replayed(), self.log.committed(self.table), True
        for key in self.log.keys(self.table):
            number = record_number(key, log_root(self.log.warehouse, self.table))
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
        head = max(committed, default=0)
        for number in state.gaps:
            self.differ("record.missing", f"{number}", "the lake has no record of this number")
        if state.number < head:
            self.differ(
                "record.missing", f"{state.number + 1}", f"the warehouse is at {head}, the lake at {state.number}"
            )
        if state.number > head:
            self.differ("record.ahead", f"{head + 1}", f"the lake is at {state.number}, the warehouse at {head}")
        if whole:
            self._against(state)
        return state

    def _against(self, state: Replayed) -> None:
        """What counts, what counts no more and what is held: the record's word and the warehouse's."""
        published, copies = _periods(self.published), _periods(self.copies)
        retired = {(item.batch, item.period) for item in self.retired}
        for name, here, there in (
            ("published", published, state.published),
            ("copies", copies, state.copies),
            ("retired", retired, set(state.retired)),
        ):
            for batch, period in sorted(here - there):
                if batch in state.prefixes:
                    self.differ("record.contradicts", batch, f"{period} is in {name}, but the record says otherwise")
            for batch, period in sorted(there - here):
                self.differ("record.contradicts", batch, f"{period} is {name} in the record, but not in the warehouse")
        for batch, period in sorted(retired & published):
            self.differ("batch.contradicts", batch, f"{period} is both published and retired")
        for hold in sorted(self.holds ^ set(state.holds)):
            where = "the warehouse" if hold in self.holds else "the record"
            self.differ("hold.contradicts", hold, f"it is in force in {where} alone")

    def _descriptor(self, batch: Counted, descriptor: Descriptor) -> None:
        described = {p.period: p for p in descriptor.periods}
        for proof in batch.proofs:
            known = described.get(proof.period)
            if known is None:
                self.differ("descriptor.period", batch.batch, f"{proof.period} is not in the descriptor")
            elif known != proof:
                self.differ(
                    "descriptor.rows",
                    batch.batch,
                    f"{proof.period}: {known.rows} rows described, {proof.rows} published"
                    if known.rows != proof.rows
                    else f"{proof.period}: the fingerprints differ",
                )

    def _files(self, batch: Counted, descriptor: Descriptor, folder: Folder) -> None:
        found = folder.by_key
        days = {p.period for p in batch.proofs}
        for file in descriptor.files:
            if file.period not in days:
                continue
            self.files += 1
            info, name = found.get(file.key), f"{descriptor.prefix}{file.key}"
            if info is None:
                self.differ("file.missing", name, f"{file.rows} rows of {file.period}")
            elif info.size != file.size:
                self.differ("file.size", name, f"{info.size} bytes, {file.size} described")
            elif file.sha256 is not None and (self.ctx.lake.capabilities.checksums or not same_identity(info, file)):
                if self.ctx.lake.sha256(info.key) != file.sha256:
                    self.differ("file.bytes", name, "its bytes are not those that were written")
            elif not same_identity(info, file):
                self.differ("file.identity", name, "it was replaced after it was written")
        known = {f.key for f in descriptor.files}
        for key in sorted(found):
            if key not in known and key.startswith(f"{PERIOD_COLUMN}="):
                self.differ("file.extra", f"{descriptor.prefix}{key}", "it does not belong to the batch")

    def _partitions(self, batch: Counted, descriptor: Descriptor) -> None:
        known = self.partitions.get(descriptor.external)
        if known is None:
            known = self.partitions[descriptor.external] = partition_days(self.ctx, descriptor.external)
        for proof in batch.proofs:
            if proof.period not in known.get(batch.batch, ()):
                self.differ(
                    "partition.missing", batch.batch, f"{descriptor.external} has no partition for {proof.period}"
                )

    def _ledger(self, batch: Counted, row: BatchRow | None) -> None:
        if row is None:
            self.differ(
                "ledger.missing", batch.batch, "the ledger does not know the batch; run `tidegate ledger rebuild`"
            )
        elif row.state not in (BatchState.PUBLISHED, BatchState.RECLAIMED, BatchState.COPIED, BatchState.VERIFIED):
            self.differ("ledger.state", batch.batch, f"the ledger says {row.state}, but its rows count")

    def _rows(self, batch: Counted, descriptor: Descriptor) -> None:
        """Read the rows back through the external table; another engine's fingerprint is not comparable."""
        engine = self.ctx.warehouse.capabilities
        days = [p.period for p in batch.proofs]
        comparable = descriptor.hash == HashIdentity(engine.engine, engine.engine_version, EXPRESSION)
        try:
            back = list(read_back(self.ctx, descriptor.external, descriptor.columns, batch.batch, days))
        except StatementError as error:
            self.differ("rows.unreadable", batch.batch, error.message)
            return
        for period, expected, actual in _pairs(batch.proofs, back):
            if expected.rows != actual.rows:
                self.differ("rows.count", batch.batch, f"{period}: {actual.rows} rows read, {expected.rows} published")
            elif comparable and expected.fingerprint != actual.fingerprint:
                self.differ("rows.fingerprint", batch.batch, f"{period}: the rows are not those that were archived")


def _pairs(
    expected: Sequence[PeriodProof], actual: Sequence[PeriodProof]
) -> Iterator[tuple[str, PeriodProof, PeriodProof]]:
    read = {p.period: p for p in actual}
    for proof in expected:
        yield proof.period.isoformat(), proof, read.get(proof.period, PeriodProof(proof.period, 0, "0"))
