"""The verbs of archives that grow old: cheaper tiers, and expiry."""

from datetime import date
from typing import TYPE_CHECKING

from tidegate.app.opened import Name, Opened, table_name
from tidegate.model.outcome import ExpireOutcome, TierOutcome

if TYPE_CHECKING:
    from tidegate.flows.expire import ExpirePlan
    from tidegate.flows.planned import PlannedStatement
    from tidegate.flows.tier.plan import TierPlan


class Aging(Opened):
    def plan_tier(self, *tables: Name, as_of: date | None = None) -> "TierPlan":
        """What `tier` would do. Changes nothing."""
        from tidegate.flows.tier.plan import AgeRequest, plan_tiers

        with self._naming_jobs():
            return plan_tiers(self.context, AgeRequest(tuple(map(table_name, tables)), as_of))

    def tier_sql(self, plan: "TierPlan") -> "list[PlannedStatement]":
        """Every statement that carrying out the plan would submit."""
        from tidegate.flows.tier.statements import tier_statements

        return list(tier_statements(self.context, plan))

    def tier(self, *tables: Name, as_of: date | None = None) -> TierOutcome:
        """Let files go to the tiers that are due; failures of single tables stand in the outcome."""
        return self.run_tier(self.plan_tier(*tables, as_of=as_of))

    def run_tier(self, plan: "TierPlan") -> TierOutcome:
        """Carry out a plan made by `plan_tier`."""
        from tidegate.flows.tier.run import run_tiers

        with self._naming_jobs():
            return run_tiers(self.context, plan)

    def plan_expire(
        self, *tables: Name, as_of: date | None = None, max_delete_fraction: float | None = None
    ) -> "ExpirePlan":
        """What `expire` would do. Changes nothing."""
        from tidegate.flows.expire import ExpireRequest, plan_expire

        request = ExpireRequest(tuple(map(table_name, tables)), as_of, max_delete_fraction)
        with self._naming_jobs():
            return plan_expire(self.context, request)

    def expire_sql(self, plan: "ExpirePlan") -> "list[PlannedStatement]":
        """Every statement that carrying out the plan would submit."""
        from tidegate.flows.expire import expire_statements

        return list(expire_statements(self.context, plan))

    def expire(
        self, *tables: Name, as_of: date | None = None, max_delete_fraction: float | None = None
    ) -> ExpireOutcome:
        """Retire archives that are older than their policy's `expire`; `gc` deletes their files."""
        return self.run_expire(self.plan_expire(*tables, as_of=as_of, max_delete_fraction=max_delete_fraction))

    def run_expire(self, plan: "ExpirePlan") -> ExpireOutcome:
        """Carry out a plan made by `plan_expire`."""
        from tidegate.flows.expire import run_expire

        with self._naming_jobs():
            return run_expire(self.context, plan)
