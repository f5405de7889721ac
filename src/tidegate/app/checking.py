"""The verbs that check tables."""

from typing import TYPE_CHECKING

from tidegate.app.opened import Name, Opened, table_name
from tidegate.model.checking import CheckOutcome

if TYPE_CHECKING:
    from tidegate.flows.check_table import CheckPlan
    from tidegate.flows.planned import PlannedStatement


class Checking(Opened):
    def plan_checks(self, *tables: Name, cold: bool = False) -> "CheckPlan":
        """The checks of these tables, or of all that have some. `cold`: of their archived rows, too."""
        from tidegate.flows.check_table import plan_checks

        with self._naming_jobs():
            return plan_checks(self.context, [table_name(table) for table in tables], cold=cold)

    def check_sql(self, plan: "CheckPlan") -> "list[PlannedStatement]":
        """Every statement that carrying out the plan would submit."""
        from tidegate.flows.check_table import check_statements

        return list(check_statements(self.context, plan))

    def check(self, *tables: Name, cold: bool = False) -> CheckOutcome:
        """Hold tables against their rules. Changes nothing; what does not hold stands in the outcome."""
        return self.run_checks(self.plan_checks(*tables, cold=cold))

    def run_checks(self, plan: "CheckPlan") -> CheckOutcome:
        """Carry out a plan made by `plan_checks`. What does not hold is told as [notify] says."""
        from tidegate.flows.check_table import run_checks

        with self._naming_jobs():
            return run_checks(self.context, plan)
