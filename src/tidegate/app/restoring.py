"""The verbs that bring rows back."""

from datetime import date
from typing import TYPE_CHECKING

from tidegate.app.opened import Name, Opened, check_order, table_name
from tidegate.model.outcome import DrillOutcome, RestoreOutcome
from tidegate.model.tiers import Retrieval

if TYPE_CHECKING:
    from tidegate.flows.restore_plan import RestorePlan


class Restoring(Opened):
    def plan_restore(
        self,
        table: Name,
        first: date | None = None,
        last: date | None = None,
        into: Name | None = None,
        *,
        days: int | None = None,
        retrieval: Retrieval = Retrieval.STANDARD,
    ) -> "RestorePlan":
        """What `restore` would do. Changes nothing."""
        from tidegate.flows.restore_plan import RestoreRequest, plan_restore

        check_order(first, last)
        target = None if into is None else table_name(into)
        with self._naming_jobs():
            return plan_restore(self.context, RestoreRequest(table_name(table), first, last, target, days, retrieval))

    def restore_sql(self, plan: "RestorePlan") -> list[str]:
        """The statements that carrying out the plan would submit."""
        from tidegate.flows.restore import restore_statements

        return restore_statements(self.context, plan)

    def restore(
        self,
        table: Name,
        first: date | None = None,
        last: date | None = None,
        into: Name | None = None,
        *,
        days: int | None = None,
        wait: bool = False,
    ) -> RestoreOutcome:
        """Bring the periods that touch [first, last] back, into the hot table or into a new one.

        With `days` they stay where they are, and parked ones can be read for so many days. Parked files are asked
        for; unless `wait`, an outcome whose `states` are `waiting` says that the same call has to be made later.
        """
        plan = self.plan_restore(table, first, last, into, days=days)
        return self.run_restore(plan, wait=wait)

    def run_restore(self, plan: "RestorePlan", *, wait: bool = False) -> RestoreOutcome:
        """Carry out a plan made by `plan_restore`."""
        from tidegate.flows.restore import run_restore

        with self._naming_jobs():
            return run_restore(self.context, plan, wait=wait)

    def drill(self, table: Name | None = None) -> DrillOutcome:
        """Prove that one period of the table, or of any, can be restored; chance picks it."""
        from tidegate.flows.restore_drill import run_drill

        with self._naming_jobs():
            return run_drill(self.context, None if table is None else table_name(table))
