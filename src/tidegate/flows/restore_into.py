"""Bring archived periods that can be read into a table: the hot one, which ends their being cold, or a new one."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from tidegate.errors import DifferenceFound, GuardFailed, Refused
from tidegate.flows.ages import read_ages
from tidegate.flows.context import Context
from tidegate.flows.read_back import MAX_PERIODS
from tidegate.flows.records import ATTEMPTS, RecordLog
from tidegate.flows.restore_check import check_part
from tidegate.flows.restore_manifests import manifest, manifest_key
from tidegate.flows.restore_plan import RESTORED, RestorePart, RestorePlan
from tidegate.flows.statements import COLUMNS_CHANGED
from tidegate.flows.versions import as_external, fitting
from tidegate.ledger.base import BatchRow
from tidegate.model.batch import BatchState, TableVersion
from tidegate.model.names import TableName
from tidegate.model.outcome import RestoreOutcome
from tidegate.model.periods import DateRange, merge
from tidegate.model.policy import Policy
from tidegate.model.records import BatchPeriods, Hold, LogRecord, RecordKind
from tidegate.redshift.catalog import guard_columns
from tidegate.redshift.copy import Copy, copy
from tidegate.redshift.ddl import create_schema, create_table, drop_table
from tidegate.redshift.fingerprint import matches
from tidegate.redshift.guard import guard
from tidegate.redshift.identifiers import comment, qualified
from tidegate.redshift.lock import lock
from tidegate.redshift.periods import PeriodColumn, predicate
from tidegate.redshift.rows import insert_restored, of_batches, restored_rows, totals
from tidegate.redshift.storage import needs_explicit_ids, stored_columns
from tidegate.redshift.view import all_view

BEFORE_CHANGED = "the rows of the target changed"
SUM_DIFFERS = "the restored rows do not add up"
MAX_RANGES = 20
"""Ranges of days that one restore holds, each by a hold; more than that get one hold over all of them."""

Total = tuple[int, int]
"""Rows and fingerprint."""


def other_rows(target: TableName) -> Refused:
    return Refused(f"{target} exists and holds other rows", hint="Drop it, or restore into a table of another name.")


class Restoration:
    """One restore into a table. Nothing is read or written before `run`."""

    def __init__(self, ctx: Context, plan: RestorePlan) -> None:
        self.ctx, self.plan = ctx, plan
        self.table = plan.request.table
        self.target = plan.target
        self.columns = stored_columns(plan.target)
        self.log = RecordLog(ctx, plan.identity.warehouse)
        self.id = ctx.new_id()
        self.mark = comment(self.id, "restore")
        self.hash_function = ctx.warehouse.capabilities.hash_function

    def run(self) -> RestoreOutcome:
        self.log.sync(self.table)
        for part in self.plan.parts:
            check_part(self.ctx, part)
        restored = self._restored()
        hold = self._into_new(restored) if self.plan.request.into else self._into_hot(restored)
        proofs = tuple(sorted((p for part in self.plan.parts for p in part.proofs), key=lambda p: p.period))
        batches = tuple(part.batch for part in self.plan.parts)
        already = hold == RESTORED
        return RestoreOutcome(
            self.table, self.target.name, restored[0], proofs, batches, None if already else hold, already
        )

    def prove(self) -> None:
        """The new table is made, filled, compared and dropped, in one transaction.

        Raises:
            DifferenceFound: the files, or their rows, are not those that were archived.
        """
        for part in self.plan.parts:
            check_part(self.ctx, part)
        creation = self._creation(self._restored())
        self._put_manifests()
        try:
            self._transaction([*creation, drop_table(self.target.name, if_exists=False)])
        except GuardFailed as error:
            if not error.message.startswith(SUM_DIFFERS):
                raise
            raise DifferenceFound(f"{self.table}: {error.message}", hint=error.hint) from error
        finally:
            self._drop_manifests()

    def preview(self) -> list[str]:
        nothing: Total = (0, 0)
        if self.plan.request.into:
            return self._creation(nothing)
        return [*self._missing_table(), *self._restoration(nothing, nothing, self._holds(), [])]

    def _restored(self) -> Total:
        """Rows and fingerprint of all that comes back, in the form of the target's columns."""
        sources = [
            f"({restored_rows(self.target, as_external(version), where)}) AS restored"
            for version, where in self._predicates()
        ]
        found = [self._total(totals(self.columns, self.hash_function, source)) for source in sources]
        return sum(rows for rows, _ in found), sum(total for _, total in found)

    def _versions(self) -> Iterator[tuple[TableVersion, list[RestorePart]]]:
        """The parts by the version that reads them."""
        for version in dict.fromkeys(part.version for part in self.plan.parts):
            yield version, [part for part in self.plan.parts if part.version == version]

    def _predicates(self) -> Iterator[tuple[TableVersion, str]]:
        """Predicates over the external tables that select all that comes back, each short enough for a statement."""
        for version, parts in self._versions():
            days = [(part.batch, day.isoformat()) for part in parts for day in part.days]
            for at in range(0, len(days), MAX_PERIODS):
                batches: dict[str, list[str]] = {}
                for batch, day in days[at : at + MAX_PERIODS]:
                    batches.setdefault(batch, []).append(day)
                yield version, of_batches(list(batches.items()), "e")

    def _total(self, statement: str) -> Total:
        rows, total = self.ctx.warehouse.execute(f"{self.mark} {statement}").rows[0]
        return int(str(rows)), int(str(total))

    def _transaction(self, statements: Sequence[str]) -> None:
        self.ctx.warehouse.transaction([f"{self.mark} {statement}" for statement in statements])

    def _lock(self) -> str:
        serializable = self.ctx.warehouse.capabilities.serializable
        return lock(self.ctx.settings.control_schema, {self.table, self.target.name}, serializable=serializable)

    def _coming_back(self) -> list[BatchPeriods]:
        return [BatchPeriods(part.batch, part.prefix, part.days) for part in self.plan.parts]

    def _inserts(self) -> list[str]:
        """Rows back into the target; through COPY where only that may write an IDENTITY column."""
        if needs_explicit_ids(self.target):
            return [self._copy(version) for version, _ in self._versions()]
        return [
            insert_restored(self.target.name, self.target, as_external(version), where)
            for version, where in self._predicates()
        ]

    def _manifest_key(self, version: TableVersion) -> str:
        return manifest_key(self.plan.identity.warehouse, self.id, version.version)

    def _put_manifests(self) -> None:
        """Exact lists of files for COPY, where rows go back through it."""
        if needs_explicit_ids(self.target):
            for version, parts in self._versions():
                self.ctx.lake.put(self._manifest_key(version), manifest(self.ctx.lake, parts))

    def _drop_manifests(self) -> None:
        if needs_explicit_ids(self.target):
            self.ctx.lake.delete([self._manifest_key(version) for version, _ in self._versions()])

    def _copy(self, version: TableVersion) -> str:
        return copy(
            Copy(
                table=self.target.name,
                source=self.ctx.lake.uri(self._manifest_key(version)),
                iam_role=self.ctx.settings.iam_role,
                columns=tuple(c.name for c in version.columns),
                manifest=True,
                explicit_ids=True,
            )
        )

    def _into_new(self, restored: Total) -> str | None:
        name = self.target.name
        if not self.plan.create:
            if self._total(totals(self.columns, self.hash_function, qualified(name))) == restored:
                return RESTORED
            raise other_rows(name)
        self._put_manifests()
        self._transaction(self._creation(restored))
        self._drop_manifests()
        return None

    def _creation(self, restored: Total) -> list[str]:
        """ONE transaction: the new table, its rows, and the proof that they are the archived ones."""
        return [
            self._lock(),
            *self.ctx.control.guard_all_published(self._coming_back()),
            create_table(self.target),
            *self._inserts(),
            guard(
                qualified(self.target.name),
                matches(self.columns, self.hash_function, restored[0], str(restored[1])),
                SUM_DIFFERS,
            ),
        ]

    def _into_hot(self, restored: Total) -> str:
        for statement in self._missing_table():
            self.ctx.warehouse.execute(f"{self.mark} {statement}")
        self._tell_of_ids()
        self._put_manifests()
        holds = self._holds()
        for attempt in range(1, ATTEMPTS + 1):
            before = self._total(totals(self.columns, self.hash_function, qualified(self.target.name), self._span()))

            def build(number: int, before: Total = before) -> list[str]:
                return self._restoration(before, restored, holds, self.log.append(self._records(number, holds)))

            try:
                self.log.commit(self.table, build)
                break
            except GuardFailed as error:
                if not error.message.startswith(BEFORE_CHANGED) or attempt == ATTEMPTS:
                    raise
        self._note_in_ledger()
        self._drop_manifests()
        return holds[0].id

    def _missing_table(self) -> list[str]:
        """Schema, table and view of a hot table that is gone, which is empty until its rows are back."""
        if not self.plan.create:
            return []
        policies = (*self.ctx.settings.policies, Policy(self.table, None))
        view = next(p.view_name for p in policies if p.table == self.table)
        versions = [as_external(version) for version in fitting(self.target, self.plan.versions)]
        return [
            create_schema(self.target.name.schema),
            create_table(self.target, if_not_exists=True),
            all_view(view, self.target, versions, self.ctx.control.published),
        ]

    def _tell_of_ids(self) -> None:
        """A new table's IDENTITY goes on after the archived ids, as far as these can be read."""
        column = next((c.name for c in self.target.columns if c.identity is not None), None)
        if self.plan.create and column and any(age.parked_at for age in read_ages(self.ctx, self.table)):
            self.ctx.reporter.notice(
                f'{self.table}: the ids of parked periods are not known, new values of "{column}" may repeat them'
            )

    def _span(self) -> str:
        """The hot rows of the periods that come back, and perhaps of some between them."""
        descriptor = self.plan.parts[0].descriptor
        column = self.target.column(descriptor.period_column or "")
        kinds = {
            (d.period_column, d.period_format, d.granularity, d.time_zone)
            for d in (part.descriptor for part in self.plan.parts)
        }
        if column is None or len(kinds) > 1:
            return "TRUE"
        period = PeriodColumn(
            column.name, column.type, descriptor.granularity, descriptor.period_format, descriptor.time_zone
        )
        return predicate(period, self._ranges())

    def _holds(self) -> list[Hold]:
        """So that the next archive run does not take the rows away again."""
        reason, now = f"{RESTORED} {self.ctx.clock():%Y-%m-%d}", self.ctx.clock().isoformat()
        return [
            Hold(f"{self.id}-{number}", self.table, r.start, r.end - timedelta(days=1), reason, now)
            for number, r in enumerate(self._ranges(), start=1)
        ]

    def _ranges(self) -> tuple[DateRange, ...]:
        """The days that come back; many ranges are told as one that covers them."""
        ranges = merge(p for part in self.plan.parts for p in part.periods)
        return ranges if len(ranges) <= MAX_RANGES else (DateRange(ranges[0].start, ranges[-1].end),)

    def _restoration(self, before: Total, restored: Total, holds: Sequence[Hold], log: Sequence[str]) -> list[str]:
        """ONE transaction: the rows come back, the batch is retired, and the fingerprints add up."""
        control, name, span = self.ctx.control, qualified(self.target.name), self._span()
        after = before[0] + restored[0], before[1] + restored[1]

        def is_exactly(total: Total, reason: str) -> str:
            return guard(
                f"{name} WHERE {span}", matches(self.columns, self.hash_function, total[0], str(total[1])), reason
            )

        return [
            self._lock(),
            *self.ctx.control.guard_all_published(self._coming_back()),
            guard_columns(self.target, COLUMNS_CHANGED),
            is_exactly(before, BEFORE_CHANGED),
            *self._inserts(),
            *control.delete_proofs(control.published, self._coming_back()),
            *control.insert_retired(self.table, self._coming_back(), RESTORED, self.ctx.stamp()),
            *control.insert_holds(holds),
            *log,
            is_exactly(after, SUM_DIFFERS),
        ]

    def _records(self, first: int, holds: Sequence[Hold]) -> list[LogRecord]:
        warehouse, now = self.log.warehouse, self.ctx.clock().isoformat()
        restored = [
            LogRecord(
                first + n,
                RecordKind.RESTORE,
                warehouse,
                self.table,
                now,
                retired=(part,),
            )
            for n, part in enumerate(self._coming_back())
        ]
        held = [
            LogRecord(first + n, RecordKind.HOLD, warehouse, self.table, now, hold=hold)
            for n, hold in enumerate(holds, start=len(restored))
        ]
        return [*restored, *held]

    def _note_in_ledger(self) -> None:
        """Batches of which nothing counts any more are retired there too."""
        left = {age.batch for age in read_ages(self.ctx, self.table)}
        for part in self.plan.parts:
            row: BatchRow | None = self.ctx.ledger.batch(part.batch)
            if row is not None and part.batch not in left:
                self.ctx.ledger.save_batch(
                    replace(row, state=BatchState.RETIRED, updated_at=self.ctx.clock(), detail=RESTORED)
                )
