"""One rewrite, spelled out: what is read, what goes, and the batch that it becomes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tidegate.flows.context import Context
from tidegate.flows.rewrite.source import Source
from tidegate.flows.spec import BatchSpec
from tidegate.model.batch import BATCH_COLUMN, PERIOD_COLUMN, HashIdentity, PeriodProof, TableVersion
from tidegate.model.layout import batch_prefix, data_root
from tidegate.model.names import TableName
from tidegate.model.periods import Period
from tidegate.model.policy import Policy
from tidegate.model.records import BatchPeriods
from tidegate.redshift.control import CountedProof
from tidegate.redshift.export import file_mb
from tidegate.redshift.external import add_partitions
from tidegate.redshift.fingerprint import EXPRESSION
from tidegate.redshift.identifiers import comment
from tidegate.redshift.rewrite import archived_proofs, archived_rows, going, staying
from tidegate.redshift.unload import Unload, unload

COMPACT, ERASE = "compact", "erase"
COMPACTED = "compacted"
"""Why the inputs of a compaction are retired; those of an erasure are `ERASED`."""
REWRITES = frozenset({COMPACT, ERASE})
"""Actions of batches in the ledger that are made of other batches."""


@dataclass(frozen=True)
class RewriteSpec:
    """`sources` have the same version, period column and granularity. `condition` selects, over the external table,
    the rows that go; None keeps all. `batch` is what becomes of them.
    """

    action: str
    sources: tuple[Source, ...]
    condition: str | None
    batch: BatchSpec
    copied: bool = False

    @classmethod
    def build(
        cls, ctx: Context, warehouse: str, action: str, sources: Sequence[Source], condition: str | None = None
    ) -> "RewriteSpec":
        """`warehouse`: its id. What it borrows from the one that it is a copy of becomes files of its own."""
        newest = max(sources, key=lambda source: source.batch)
        descriptor, engine, batch = newest.part.descriptor, ctx.warehouse.capabilities, ctx.new_id()
        table = descriptor.table.name
        own = next((p for p in ctx.settings.policies if p.table == table), Policy(table, None))
        policy = Policy(
            table,
            descriptor.period_column,
            descriptor.granularity,
            column_format=descriptor.period_format,
            unload=own.unload,
        )
        prefix = f"{newest.part.prefix.rstrip('/').rpartition('/')[0]}/{BATCH_COLUMN}={batch}/"
        if not prefix.startswith(data_root(warehouse)):
            prefix = batch_prefix(warehouse, table, batch, own.location)
        days = sorted({day for source in sources for day in source.days})
        spec = BatchSpec(
            batch=batch,
            policy=policy,
            table=descriptor.table,
            version=newest.version,
            column=None,
            periods=tuple(Period(day, descriptor.granularity) for day in days),
            rows=sum(source.rows for source in sources),
            bytes=sum(source.part.bytes for source in sources),
            prefix=prefix,
            uri=ctx.lake.uri(prefix),
            hash_function=engine.hash_function,
            hash=HashIdentity(engine.engine, engine.engine_version, EXPRESSION),
        )
        return cls(action, tuple(sources), condition, spec, newest.copied)

    @property
    def id(self) -> str:
        return self.batch.batch

    @property
    def table(self) -> TableName:
        return self.batch.table.name

    @property
    def version(self) -> TableVersion:
        return self.sources[0].version

    @property
    def inputs(self) -> list[BatchPeriods]:
        return [source.record for source in self.sources]

    @property
    def days(self) -> list[date]:
        return [period.start for period in self.batch.periods]

    @property
    def archived_at(self) -> str:
        return max(source.archived_at for source in self.sources)

    @property
    def expected(self) -> list[PeriodProof]:
        """What the sources must hold, by period. Without fingerprints where another engine made one of them."""
        rows: dict[date, int] = {}
        totals: dict[date, int] = {}
        for proof in (proof for source in self.sources for proof in source.proofs):
            rows[proof.period] = rows.get(proof.period, 0) + proof.rows
            totals[proof.period] = totals.get(proof.period, 0) + int(proof.fingerprint)
        return [PeriodProof(day, rows[day], str(totals[day]) if self.comparable else "") for day in self.days]

    @property
    def comparable(self) -> bool:
        return all(source.hash == self.batch.hash_id for source in self.sources)

    def counted(self, proofs: Sequence[PeriodProof]) -> list[CountedProof]:
        """The rows of a control table that make the new batch count."""
        return [CountedProof(self.id, self.batch.hash_id, self.archived_at, proof) for proof in proofs]

    def tagged(self, step: str, statements: Sequence[str]) -> list[str]:
        mark = comment(self.id, f"{self.action} {step}")
        return [f"{mark} {statement}" for statement in statements]

    def unload(self, ctx: Context) -> list[str]:
        """ONE transaction: the sources' proofs, those of the rows that go, and the UNLOAD of the rows that stay."""
        columns, external, options = self.version.columns, self.version.external, self.batch.policy.unload
        lake = ctx.lake.capabilities

        def proofs(where: str) -> str:
            return archived_proofs(columns, self.batch.hash_function, external, where)

        stay = Unload(
            select=archived_rows(columns, external, staying(self.inputs, self.condition)),
            to=self.batch.uri,
            iam_role=ctx.settings.iam_role,
            partition_by=(PERIOD_COLUMN,),
            manifest=True,
            verbose=True,
            parallel=self.batch.parallel,
            max_file_mb=file_mb(options),
            encrypted=lake.kms_key is not None,
            kms_key_id=lake.kms_key,
            region=options.region if lake.scheme == "s3" and options.target is None else None,
        )
        gone = [] if self.condition is None else [proofs(going(self.inputs, self.condition))]
        return self.tagged("unload", [proofs(staying(self.inputs, None)), *gone, unload(stay)])

    def catalog(self, days: Sequence[date]) -> list[str]:
        """Partitions of the external table, at most 100 a statement; each runs outside of a transaction."""
        partitions = [(self.batch.partition(day), self.batch.period_uri(day)) for day in days]
        return self.tagged("catalog", add_partitions(self.version.external, partitions))

    def fits(self, ctx: Context) -> bool:
        """Whether its statements are no longer than the warehouse takes."""
        statements = self.unload(ctx)
        return max(len(sql.encode()) for sql in statements) <= ctx.warehouse.capabilities.max_statement_bytes
