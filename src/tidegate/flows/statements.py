"""The statements of one batch, in the order of its steps: what a plan prints and what a run submits are the same.

At planning the proof is not known yet: counts and fingerprints are 0 there, and the record is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tidegate.config.settings import Settings
from tidegate.flows.context import Context
from tidegate.flows.spec import BatchSpec
from tidegate.flows.versions import as_external, fitting
from tidegate.model.batch import BATCH_COLUMN, PERIOD_COLUMN, PeriodProof, TableVersion, written_at
from tidegate.model.policy import Action
from tidegate.model.records import BatchPeriods
from tidegate.redshift.catalog import guard_columns
from tidegate.redshift.control import Control, CountedProof
from tidegate.redshift.export import ExportPlace, export, file_mb, parted_rows
from tidegate.redshift.external import add_partitions
from tidegate.redshift.fingerprint import fingerprint_by_period, matches
from tidegate.redshift.guard import guard
from tidegate.redshift.identifiers import comment, literal, qualified, quote
from tidegate.redshift.lock import lock
from tidegate.redshift.rows import delete_rows
from tidegate.redshift.unload import Unload, unload
from tidegate.redshift.view import all_view

HOT_CHANGED = "hot rows changed"
COLUMNS_CHANGED = "columns changed"
"""Reasons of guards, as `GuardFailed.message` begins."""


@dataclass(frozen=True)
class BatchStatements:
    """The statements of one batch of one job. `kms_key` encrypts its files; None leaves it to the bucket's default.
    `region`: the lake's, where the policy names it.
    """

    spec: BatchSpec
    settings: Settings
    control: Control
    serializable: bool = False
    kms_key: str | None = None
    region: str | None = None

    @classmethod
    def of(cls, ctx: Context, spec: BatchSpec) -> "BatchStatements":
        serializable = ctx.warehouse.capabilities.serializable
        lake = ctx.lake.capabilities
        region = spec.policy.unload.region if lake.scheme == "s3" else None
        return cls(spec, ctx.settings, ctx.control, serializable, lake.kms_key, region)

    def tagged(self, step: str, statements: Sequence[str]) -> list[str]:
        """Each statement behind the comment by which it is found again in the query history."""
        mark = comment(self.spec.batch, step)
        return [f"{mark} {statement}" for statement in statements]

    @property
    def version(self) -> TableVersion:
        if self.spec.version is None:
            raise AssertionError("a purge has no external version")
        return self.spec.version

    def fingerprint(self, where: str | None = None) -> str:
        """Rows and fingerprint per period of the hot table."""
        spec = self.spec
        return fingerprint_by_period(
            self.version.columns,
            spec.hash_function,
            spec.period_sql,
            qualified(spec.table.name),
            where or spec.where,
        )

    def unload(self) -> list[str]:
        """Fingerprints and ONE UNLOAD of all periods, and one of the export where there is one, for one transaction."""
        spec = self.spec
        statements = [self.fingerprint()]
        if not spec.is_export_alone:
            statements.append(unload(self._batch_unload()))
        if spec.policy.unload.exports:
            elsewhere = spec.policy.unload.target is not None
            place = ExportPlace(
                spec.export_uri,
                self.settings.iam_role,
                spec.parallel,
                spec.policy.unload.region if elsewhere else self.region,
                None if elsewhere else self.kms_key,
            )
            statements.append(unload(export(spec.table, self.version.columns, spec.where, spec.policy.unload, place)))
        return self.tagged("unload", statements)

    def _batch_unload(self) -> Unload:
        spec, parts = self.spec, self.spec.parts
        return Unload(
            select=parted_rows(self.version.columns, spec.period_sql, parts, spec.table.name, spec.where),
            to=spec.uri,
            iam_role=self.settings.iam_role,
            partition_by=(PERIOD_COLUMN, *(part.name for part in parts)),
            manifest=True,
            verbose=True,
            parallel=spec.parallel,
            max_file_mb=file_mb(spec.policy.unload),
            encrypted=self.kms_key is not None,
            kms_key_id=self.kms_key,
            region=None if spec.policy.unload.target else self.region,
        )

    def catalog(self, periods: Sequence[date]) -> list[str]:
        """Partitions of the external table, at most 100 a statement; each runs outside of a transaction."""
        partitions = [(self.spec.partition(p), self.spec.period_uri(p)) for p in periods]
        return self.tagged("catalog", add_partitions(self.version.external, partitions))

    def view(self, versions: Sequence[TableVersion]) -> str:
        """The `_all` view over every version up to this one whose rows may count."""
        external = [as_external(v) for v in fitting(self.spec.table, versions)]
        return all_view(self.spec.policy.view_name, self.spec.table, external, self.control.published)

    def read_back(self) -> str:
        """Rows and fingerprint per period, read through the external table."""
        statement = fingerprint_by_period(
            self.version.columns,
            self.spec.hash_function,
            f"e.{quote(PERIOD_COLUMN)}",
            f"{qualified(self.version.external)} AS e",
            f"e.{quote(BATCH_COLUMN)} = {literal(self.spec.batch)}",
            alias="e",
        )
        return self.tagged("verify", [statement])[0]

    def lock(self) -> str:
        return lock(self.settings.control_schema, [self.spec.table.name], serializable=self.serializable)

    def guards(self, proofs: Sequence[PeriodProof]) -> list[str]:
        """What must still hold for the rows of these periods to leave the hot table."""
        spec, control = self.spec, self.control
        starts = [p.period for p in proofs]
        rows, total = sum(p.rows for p in proofs), str(sum(int(p.fingerprint) for p in proofs))
        return [
            *control.guard_fresh(spec.batch),
            *control.guard_no_hold(spec.table.name, spec.days(starts)),
            guard_columns(spec.table, COLUMNS_CHANGED),
            guard(
                f"{qualified(spec.table.name)} WHERE {spec.where_of(starts)}",
                matches(self.version.columns, spec.hash_function, rows, total),
                HOT_CHANGED,
            ),
        ]

    def counted(self, proofs: Sequence[PeriodProof]) -> list[CountedProof]:
        """The rows of a control table that make these periods count."""
        at = written_at(self.spec.batch)
        return [CountedProof(self.spec.batch, self.spec.hash_id, at, proof) for proof in proofs]

    def publish(self, proofs: Sequence[PeriodProof], retired: Sequence[date], at: str, log: Sequence[str]) -> list[str]:
        """ONE transaction: LOCK, guards, DELETE, INSERT INTO published, and the record.

        `retired`: periods of the batch whose hot rows changed since the UNLOAD; they will be planned anew.
        """
        spec, control = self.spec, self.control
        starts = [p.period for p in proofs]
        changed = [BatchPeriods(spec.batch, spec.prefix, tuple(retired))]
        statements = [
            self.lock(),
            *self.guards(proofs),
            delete_rows(spec.table.name, spec.where_of(starts)),
            *control.insert_published(spec.table.name, self.counted(proofs)),
            *control.insert_retired(spec.table.name, changed, "changed", at),
            *log,
        ]
        return self.tagged("publish", statements)

    def record_copy(self, proofs: Sequence[PeriodProof], superseded: Sequence[str], log: Sequence[str]) -> list[str]:
        """ONE transaction that makes a copy count, and retires the ones it supersedes."""
        spec, control = self.spec, self.control
        statements = [
            self.lock(),
            *control.guard_fresh(spec.batch),
            *superseded,
            *control.insert_copies(spec.table.name, self.counted(proofs)),
            *log,
        ]
        return self.tagged("copy", statements)

    def purge(self, rows: int, log: Sequence[str]) -> list[str]:
        """ONE transaction that deletes without an archive: what was counted in the plan, and nothing else."""
        spec = self.spec
        where = spec.where
        statements = [
            self.lock(),
            *self.control.guard_no_hold(spec.table.name, spec.days()),
            guard(f"{qualified(spec.table.name)} WHERE {where}", f"COUNT(*) = {rows}", HOT_CHANGED),
            delete_rows(spec.table.name, where),
            *log,
        ]
        return self.tagged("purge", statements)

    def planned(self, versions: Sequence[TableVersion], at: str) -> dict[str, list[str]]:
        """Every statement of the batch by step, for a plan; counts are estimates, fingerprints placeholders."""
        if self.spec.policy.action is Action.PURGE:
            return {"purge": self.purge(self.spec.rows, [])}
        if self.spec.is_export_alone:
            return {"unload": self.unload()}
        starts = [p.start for p in self.spec.periods]
        steps = {"unload": self.unload(), "catalog": self.catalog(starts), "verify": [self.read_back()]}
        if self.spec.policy.action is Action.ARCHIVE:
            steps["catalog"].extend(self.tagged("catalog", [self.view(versions)]))
            steps["publish"] = self.publish([PeriodProof(p, 0, "0") for p in starts], [], at, [])
        return steps
