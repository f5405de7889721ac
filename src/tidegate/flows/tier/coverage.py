"""`<table>_coverage`, beside the table: which archived periods there are, in which tiers, and which can be read."""

from dataclasses import replace

from tidegate.errors import StatementCancelled, StatementError, UsageError
from tidegate.flows.context import Context
from tidegate.flows.impact import carry_grants
from tidegate.model.names import TableName
from tidegate.model.policy import Policy
from tidegate.redshift.coverage import coverage_view


def coverage_name(table: TableName) -> TableName:
    """Raises UsageError when it would be too long."""
    return TableName(table.schema, f"{table.name}_coverage")


def coverage_statement(ctx: Context, table: TableName) -> str:
    return coverage_view(coverage_name(table), table, ctx.control.published, ctx.control.parked)


def refresh_coverage(ctx: Context, table: TableName, job: str) -> None:
    """Make the view before something parks. Nothing depends on it: what stands in its way is a notice."""
    try:
        ctx.warehouse.execute(coverage_statement(ctx, table))
        carry_grants(ctx, replace(_policy(ctx, table), view=coverage_name(table).name), job)
    except (StatementError, UsageError) as error:
        if error.retryable or isinstance(error, StatementCancelled):
            raise
        ctx.reporter.notice(f"{table}: the view of what is archived cannot be made: {error.message}")


def _policy(ctx: Context, table: TableName) -> Policy:
    return next((p for p in ctx.settings.policies if p.table == table), Policy(table, None))
