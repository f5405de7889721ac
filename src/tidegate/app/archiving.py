"""The verbs that move rows out of the hot table."""

from datetime import date, datetime
from typing import TYPE_CHECKING

from tidegate.app.opened import Name, Opened, schema_name, table_name
from tidegate.model.outcome import ArchiveOutcome

if TYPE_CHECKING:
    from tidegate.flows.plan import ArchivePlan
    from tidegate.flows.planned import PlannedStatement


class Archiving(Opened):
    def plan(
        self,
        *tables: Name,
        as_of: date | None = None,
        schema: str | None = None,
        max_delete_fraction: float | None = None,
    ) -> "ArchivePlan":
        """What `archive` would do. Changes nothing."""
        from tidegate.flows.plan import Request, plan_archive

        request = Request(tuple(map(table_name, tables)), as_of, schema_name(schema), max_delete_fraction)
        with self._naming_jobs():
            return plan_archive(self.context, request)

    def archive_sql(self, plan: "ArchivePlan") -> "list[PlannedStatement]":
        """Every statement that carrying out the plan would submit."""
        from tidegate.flows.planned import archive_statements

        return list(archive_statements(self.context, plan))

    def archive(
        self,
        *tables: Name,
        as_of: date | None = None,
        schema: str | None = None,
        until: datetime | None = None,
        max_delete_fraction: float | None = None,
    ) -> ArchiveOutcome:
        """Archive what is due; failures of single tables stand in the outcome."""
        plan = self.plan(*tables, as_of=as_of, schema=schema, max_delete_fraction=max_delete_fraction)
        return self.run_archive(plan, until)

    def run_archive(self, plan: "ArchivePlan", until: datetime | None = None) -> ArchiveOutcome:
        """Carry out a plan made by `plan`."""
        from tidegate.flows.archive import run_archive

        with self._naming_jobs():
            self.rule_checkpoints.catch_up()
            return run_archive(self.context, plan, until)
