"""After a publish: give the space back, where the table's statistics say that it pays."""

from tidegate.errors import StatementError
from tidegate.flows.context import Context
from tidegate.ledger.base import BatchRow
from tidegate.model.policy import Housekeeping, Policy
from tidegate.redshift.identifiers import comment
from tidegate.redshift.maintenance import VacuumKind, analyze, vacuum

DELETED_FRACTION = 0.05
STATS_OFF_PERCENT = 10.0
"""The thresholds of AWS's own AnalyzeVacuumUtility."""


def reclaim(ctx: Context, policy: Policy, row: BatchRow) -> None:
    """VACUUM DELETE ONLY and ANALYZE as the policy says; a failure is a notice, the rows are safe already."""
    mark = comment(row.id, "reclaim")
    for statement in statements(ctx, policy):
        try:
            ctx.warehouse.execute(f"{mark} {statement}")
        except StatementError as error:
            ctx.reporter.notice(f"{row.table}: {error.message}")


def statements(ctx: Context, policy: Policy) -> list[str]:
    """What pays now."""
    if policy.vacuum is Housekeeping.NEVER:
        return []
    always = policy.vacuum is Housekeeping.ALWAYS
    stats = ctx.warehouse.table_stats([policy.table]).get(policy.table)
    due = []
    if always or (stats is not None and (stats.deleted or 0.0) >= DELETED_FRACTION):
        due.append(vacuum(policy.table, VacuumKind.DELETE_ONLY))
    if always or (stats is not None and (stats.stats_off or 0.0) >= STATS_OFF_PERCENT):
        due.append(analyze(policy.table))
    return due
