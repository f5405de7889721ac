"""The verbs that write archived periods anew."""

from typing import TYPE_CHECKING

from tidegate.app.opened import Name, Opened, table_name
from tidegate.model.rewrites import CompactOutcome, EraseOutcome

if TYPE_CHECKING:
    from tidegate.flows.rewrite.compact import CompactPlan
    from tidegate.flows.rewrite.erase_plan import ErasePlan
    from tidegate.flows.rewrite.spec import RewriteSpec


class Rewriting(Opened):
    def plan_compact(self, *tables: Name, target: int | None = None) -> "CompactPlan":
        """What `compact` would do. Changes nothing."""
        from tidegate.flows.rewrite.compact import TARGET, plan_compact

        with self._naming_jobs():
            return plan_compact(self.context, tuple(map(table_name, tables)), TARGET if target is None else target)

    def compact_sql(self, plan: "CompactPlan") -> "list[tuple[RewriteSpec, str, str]]":
        """Every statement that carrying out the plan would submit, with its rewrite and step."""
        from tidegate.flows.rewrite.compact import compact_statements

        return list(compact_statements(self.context, plan))

    def compact(self, *tables: Name, target: int | None = None) -> CompactOutcome:
        """Merge batches smaller than `target` bytes, and those that share a period; no row changes."""
        return self.run_compact(self.plan_compact(*tables, target=target))

    def run_compact(self, plan: "CompactPlan") -> CompactOutcome:
        """Carry out a plan made by `plan_compact`."""
        from tidegate.flows.rewrite.compact import run_compact

        with self._naming_jobs():
            return run_compact(self.context, plan)

    def plan_erase(
        self,
        table: Name,
        where: str,
        *,
        hot: bool = False,
        now: bool = False,
        reason: str = "",
        max_delete_fraction: float | None = None,
    ) -> "ErasePlan":
        """What `erase` would do, and what stands in its way. Changes nothing."""
        from tidegate.flows.rewrite.erase_plan import EraseRequest, plan_erase

        request = EraseRequest(table_name(table), where, hot, now, reason, max_delete_fraction)
        with self._naming_jobs():
            return plan_erase(self.context, request)

    def erase_sql(self, plan: "ErasePlan") -> list[str]:
        """Every statement that carrying out the plan would submit."""
        from tidegate.flows.rewrite.erase import erase_statements

        return erase_statements(self.context, plan)

    def erase(
        self,
        table: Name,
        where: str,
        *,
        hot: bool = False,
        now: bool = False,
        reason: str = "",
        max_delete_fraction: float | None = None,
    ) -> EraseOutcome:
        """Erase the rows of a condition from every batch, and with `hot` from the table itself."""
        return self.run_erase(
            self.plan_erase(table, where, hot=hot, now=now, reason=reason, max_delete_fraction=max_delete_fraction)
        )

    def run_erase(self, plan: "ErasePlan") -> EraseOutcome:
        """Carry out a plan made by `plan_erase`."""
        from tidegate.flows.rewrite.erase import run_erase

        with self._naming_jobs():
            return run_erase(self.context, plan)
