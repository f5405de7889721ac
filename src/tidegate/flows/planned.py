"""The statements of a plan, before they are run: what `--dry-run` prints."""

from collections.abc import Iterator
from dataclasses import dataclass

from tidegate.flows.context import Context
from tidegate.flows.impact import GRANTS_ALONE, grant_statements
from tidegate.flows.plan import ArchivePlan, TablePlan
from tidegate.flows.statements import BatchStatements
from tidegate.flows.versions import Versions
from tidegate.model.names import TableName
from tidegate.model.policy import Action


@dataclass(frozen=True)
class PlannedStatement:
    """One statement that a run would submit. Where a proof will stand, counts and fingerprints are 0.

    `batch` is empty for a grant that belongs to none.
    """

    table: TableName
    batch: str
    step: str
    sql: str


def archive_statements(ctx: Context, plan: ArchivePlan) -> Iterator[PlannedStatement]:
    """In the order in which a run submits them."""
    for table_plan in plan.tables:
        versions = Versions(ctx, plan.identity.warehouse, table_plan.policy.table)
        known = versions.load() if table_plan.policy.action is Action.ARCHIVE else []
        for number, spec in enumerate(table_plan.specs):
            statements = BatchStatements.of(ctx, spec)
            if number == 0 and spec.version is not None and spec.version not in known and not spec.is_export_alone:
                known = [*known, spec.version]
                for sql in versions.create_statements(spec.version):
                    yield PlannedStatement(spec.table.name, spec.batch, "catalog", sql)
            for step, texts in statements.planned(known, ctx.stamp()).items():
                for sql in texts:
                    yield PlannedStatement(spec.table.name, spec.batch, step, sql)
                if step == "catalog" and number == 0:
                    yield from _grants(table_plan, spec.batch)
        if not table_plan.specs:
            yield from _grants(table_plan, "")


def _grants(plan: TablePlan, batch: str) -> Iterator[PlannedStatement]:
    for sql in grant_statements(plan.policy, plan.impact.grants, batch or GRANTS_ALONE):
        yield PlannedStatement(plan.policy.table, batch, "grant", sql)
