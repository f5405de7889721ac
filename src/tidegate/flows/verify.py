"""Audit: warehouse, lake, catalog and ledger against one another, every difference by name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from tidegate.errors import CorruptRecord, ObjectMissing, ObjectNotFound, StatementError
from tidegate.flows.ages import Age, read_ages
from tidegate.flows.context import Context
from tidegate.flows.files import Folder, batch_folders, same_identity
from tidegate.flows.holds import read_holds
from tidegate.flows.identity import attach
from tidegate.flows.partitions import partition_days
from tidegate.flows.pinned import pinned
from tidegate.flows.published import Counted, Retired, by_table, merged, read_counted, read_descriptor, read_retired
from tidegate.flows.read_back import read_back
from tidegate.flows.records import RecordLog
from tidegate.flows.verify_records import RecordAudit, Standing
from tidegate.flows.versions import Versions
from tidegate.lake.base import ObjectInfo
from tidegate.ledger.base import BatchRow
from tidegate.model.batch import PERIOD_COLUMN, BatchState, Descriptor, FileEntry, HashIdentity, PeriodProof
from tidegate.model.layout import thaw_prefix
from tidegate.model.names import TableName
from tidegate.model.outcome import Difference, VerifyOutcome
from tidegate.model.records import Hold
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
        facts = _Facts.read(ctx)
        known = {*facts.tables(), *log.recorded(), *(p.table for p in ctx.settings.policies)}
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
                facts.counted.get(table, []),
                facts.standing(table),
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
        unread_rows=sum(audit.unread_rows for audit in audits),
        differences=tuple(d for audit in audits for d in audit.differences),
    )


@dataclass(frozen=True)
class _Facts:
    """What the warehouse says of all tables. `counted`: published, parked and copied batches."""

    ages: Mapping[TableName, Sequence[Age]]
    counted: Mapping[TableName, list[Counted]]
    copies: Mapping[TableName, list[Counted]]
    retired: Mapping[TableName, list[Retired]]
    holds: Mapping[TableName, list[Hold]]

    @classmethod
    def read(cls, ctx: Context) -> "_Facts":
        published, parked, copies = (
            read_counted(ctx, source) for source in (ctx.control.published, ctx.control.parked, ctx.control.copies)
        )
        return cls(
            by_table(read_ages(ctx)),
            by_table([*merged([*published, *parked]), *copies]),
            by_table(copies),
            by_table(read_retired(ctx)),
            by_table(read_holds(ctx)),
        )

    def tables(self) -> set[TableName]:
        return {*self.counted, *self.retired, *self.holds}

    def standing(self, table: TableName) -> Standing:
        ages = self.ages.get(table, ())
        return Standing(
            {(age.batch, age.period): age for age in ages if age.parked_at is None},
            {(age.batch, age.period): age for age in ages if age.parked_at is not None},
            frozenset((item.batch, proof.period) for item in self.copies.get(table, ()) for proof in item.proofs),
            frozenset((item.batch, item.period) for item in self.retired.get(table, ())),
            frozenset(hold.id for hold in self.holds.get(table, ())),
        )


@dataclass
class _Audit:
    """One table. Kinds of differences are stable words, listed in docs/verify.md."""

    ctx: Context
    log: RecordLog
    table: TableName
    counted: list[Counted]
    here: Standing
    versions: Versions
    deep: bool
    batches: int = 0
    files: int = 0
    rows: int = 0
    unread_rows: int = 0
    differences: list[Difference] = field(default_factory=list)
    partitions: dict[TableName, Mapping[str, frozenset[date]]] = field(default_factory=dict)

    def differ(self, kind: str, name: str, detail: str) -> None:
        self.differences.append(Difference(self.table, kind, name, detail))

    def run(self) -> None:
        state, versions = RecordAudit(self.log, self.table, self.here, self.differ).run(), self._versions()
        ledger = {row.id: row for row in self.ctx.ledger.batches(self.table)}
        for batch, prefix, folder in self._located(state.prefixes):
            self.batches += 1
            self.rows += sum(p.rows for p in batch.proofs)
            self.ctx.reporter.progress(Progress(f"{self.table} verify", self.rows))
            descriptor = self._described(batch, prefix)
            if descriptor is None:
                continue
            if descriptor.is_export_alone:
                self._descriptor(batch, descriptor)
                self._ledger(batch, ledger.get(batch.batch))
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
        for batch in self.counted:
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
            else:
                self._file(name, file, info)
                self._readable(batch, descriptor, file, found)
        known = {f.key for f in descriptor.files}
        for key in sorted(found):
            if key not in known and key.startswith(f"{PERIOD_COLUMN}="):
                self.differ("file.extra", f"{descriptor.prefix}{key}", "it does not belong to the batch")

    def _file(self, name: str, file: FileEntry, info: ObjectInfo) -> None:
        """The object is the one that was written. What is parked is read where that costs nothing."""
        checksums = self.ctx.lake.capabilities.checksums
        same = same_identity(info, file)
        if info.size != file.size:
            self.differ("file.size", name, f"{info.size} bytes, {file.size} described")
        elif file.sha256 is not None and (checksums or (info.readable and not same)):
            if self.ctx.lake.sha256(info.key) != file.sha256:
                self.differ("file.bytes", name, "its bytes are not those that were written")
        elif not same:
            self.differ("file.identity", name, "it was replaced after it was written")

    def _readable(
        self, batch: Counted, descriptor: Descriptor, file: FileEntry, found: Mapping[str, ObjectInfo]
    ) -> None:
        """What is published can be read: the file itself, or its thawed copy."""
        item = batch.batch, file.period
        if item not in self.here.published:
            return
        name, until = f"{descriptor.prefix}{file.key}", self.here.published[item].thawed_until
        if until is not None:
            key = f"{thaw_prefix('', until)}{file.key}"
            copy = found.get(key)
            if copy is None or copy.size != file.size or not copy.readable:
                detail = f"{file.rows} rows of {file.period} are thawed until {until}"
                self.differ("thaw.missing", f"{descriptor.prefix}{key}", detail)
        elif not found[file.key].readable:
            tier = found[file.key].tier
            self.differ("file.parked", name, f"it is in {tier} and cannot be read, but {file.period} is published")

    def _partitions(self, batch: Counted, descriptor: Descriptor) -> None:
        external = descriptor.external
        known = self.partitions.get(external)
        if known is None:
            known = self.partitions[external] = partition_days(self.ctx, external)
        present = known.get(batch.batch, frozenset())
        for proof in batch.proofs:
            parked = self.here.parked.get((batch.batch, proof.period))
            if parked is None and proof.period not in present:
                self.differ("partition.missing", batch.batch, f"{external} has no partition for {proof.period}")
            elif parked is not None and parked.handed_at is not None and proof.period in present:
                self.differ("partition.parked", batch.batch, f"{external} still has a partition for {proof.period}")

    def _ledger(self, batch: Counted, row: BatchRow | None) -> None:
        if row is None:
            self.differ(
                "ledger.missing", batch.batch, "the ledger does not know the batch; run `tidegate ledger rebuild`"
            )
        elif row.state not in (BatchState.PUBLISHED, BatchState.RECLAIMED, BatchState.COPIED, BatchState.VERIFIED):
            self.differ("ledger.state", batch.batch, f"the ledger says {row.state}, but its rows count")

    def _rows(self, batch: Counted, descriptor: Descriptor) -> None:
        """Read the rows back through the external table; another engine's fingerprint is not comparable.

        What is parked is not read.
        """
        engine = self.ctx.warehouse.capabilities
        proofs = [p for p in batch.proofs if (batch.batch, p.period) not in self.here.parked]
        self.unread_rows += sum(p.rows for p in batch.proofs) - sum(p.rows for p in proofs)
        days = [p.period for p in proofs]
        comparable = descriptor.hash == HashIdentity(engine.engine, engine.engine_version, EXPRESSION)
        try:
            back = list(read_back(self.ctx, descriptor.external, descriptor.columns, batch.batch, days))
        except (StatementError, ObjectNotFound) as error:
            self.differ("rows.unreadable", batch.batch, error.message)
            return
        for period, expected, actual in _pairs(proofs, back):
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
