"""The `_coverage` view: what is archived of a table, period by period, and whether it can be read as it lies."""

from tidegate.model.names import TableName
from tidegate.model.tiers import Tier
from tidegate.redshift.identifiers import literal, qualified


def coverage_view(view: TableName, table: TableName, published: TableName, parked: TableName) -> str:
    """CREATE OR REPLACE the view: period, batches, row_count, tier, readable; a row for each tier of a period.

    It is late binding, as the view over the rows is, so that no control table is bound to it.
    """
    of_table = f"WHERE table_name = {literal(str(table))}"
    tier = f"COALESCE(tier, {literal(Tier.STANDARD.value)}) AS tier"
    counted = (
        f"SELECT period, row_count, {tier}, TRUE AS readable FROM {qualified(published)} {of_table} UNION ALL "
        f"SELECT period, row_count, {tier}, FALSE AS readable FROM {qualified(parked)} {of_table}"
    )
    return (
        f"CREATE OR REPLACE VIEW {qualified(view)} AS SELECT c.period, COUNT(*) AS batches, "
        f"SUM(c.row_count) AS row_count, c.tier, c.readable FROM ({counted}) AS c "
        "GROUP BY c.period, c.tier, c.readable WITH NO SCHEMA BINDING"
    )
