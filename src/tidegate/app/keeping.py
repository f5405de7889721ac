"""The verbs that look after what is archived: audit it, hold it, collect what counts no more."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from tidegate.app.opened import Name, Opened, check_order, table_name
from tidegate.model.outcome import GcOutcome, VerifyOutcome
from tidegate.model.records import Hold, RecordKind

if TYPE_CHECKING:
    from tidegate.flows.audit import AuditEntry
    from tidegate.flows.gc import GcPlan
    from tidegate.flows.money import Estimate
    from tidegate.flows.plan import ArchivePlan
    from tidegate.flows.rebuild import RebuildOutcome
    from tidegate.flows.status import Status


class Keeping(Opened):
    def plan_gc(self, older_than: timedelta | None = None) -> "GcPlan":
        """What `gc` would delete. Changes nothing."""
        from tidegate.flows.gc import plan_gc

        with self._naming_jobs():
            return plan_gc(self.context, older_than)

    def gc(self, older_than: timedelta | None = None) -> GcOutcome:
        """Delete the objects of retired batches and of abandoned prefixes."""
        return self.run_gc(self.plan_gc(older_than))

    def run_gc(self, plan: "GcPlan") -> GcOutcome:
        """Carry out a plan made by `plan_gc`."""
        from tidegate.flows.gc import run_gc

        with self._naming_jobs():
            return run_gc(self.context, plan)

    def verify(self, *tables: Name, deep: bool = False) -> VerifyOutcome:
        """Audit what is archived; differences stand in the outcome."""
        from tidegate.flows.verify import verify

        with self._naming_jobs():
            return verify(self.context, tuple(map(table_name, tables)), deep=deep)

    def rebuild_ledger(self, warehouse: str | None = None) -> "RebuildOutcome":
        """Rebuild the ledger, and what counted in a warehouse that is gone, from the lake."""
        from tidegate.flows.rebuild import rebuild

        with self._naming_jobs():
            return rebuild(self.context, warehouse)

    def estimate(self, of: "ArchivePlan | Status") -> "Estimate":
        """What carrying out a plan would save, or what a month costs as things stand, with the price file's prices."""
        from tidegate.flows.money import estimate_plan, estimate_status
        from tidegate.flows.status import Status

        return estimate_status(self.context, of) if isinstance(of, Status) else estimate_plan(self.context, of)

    def status(self) -> "Status":
        """Where every table stands."""
        from tidegate.flows.status import status

        with self._naming_jobs():
            return status(self.context)

    def audit(
        self,
        *tables: Name,
        kinds: Sequence[RecordKind] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        by: str | None = None,
        limit: int = 100,
    ) -> "list[AuditEntry]":
        """Who changed what counts, and when: the newest changes that fit, the newest last."""
        from tidegate.flows.audit import AuditRequest, audit

        request = AuditRequest(tuple(map(table_name, tables)), tuple(kinds), since, until, by, limit)
        with self._naming_jobs():
            return audit(self.context, request)

    def holds(self) -> list[Hold]:
        """The holds in force."""
        from tidegate.flows.hold import list_holds

        with self._naming_jobs():
            return list_holds(self.context)

    def hold(self, table: Name, reason: str, first: date | None = None, last: date | None = None) -> Hold:
        """Keep the rows of [first, last] where they are."""
        from tidegate.flows.hold import add_hold

        check_order(first, last)
        with self._naming_jobs():
            return add_hold(self.context, table_name(table), first, last, reason)

    def release(self, hold: str) -> Hold:
        """End a hold."""
        from tidegate.flows.hold import release_hold

        with self._naming_jobs():
            return release_hold(self.context, hold)
