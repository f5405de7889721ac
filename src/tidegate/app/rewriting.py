"""The verbs that write archived periods anew."""

from typing import TYPE_CHECKING

from tidegate.app.opened import Name, Opened, table_name
from tidegate.model.rewrites import CompactOutcome

if TYPE_CHECKING:
    from tidegate.flows.rewrite.compact import CompactPlan
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
