"""What DuckDB knows about the size of tables."""

from collections.abc import Sequence

from tidegate.model.names import TableName
from tidegate.model.tables import TableStats
from tidegate.warehouse.embedded.bootstrap import ENGINE, FILE
from tidegate.warehouse.embedded.context import Context


def table_stats(ctx: Context, names: Sequence[TableName]) -> dict[TableName, TableStats]:
    """Estimates of those tables that exist, in one request."""
    wanted = set(names)
    if not wanted:
        return {}
    rows = ctx.cursor.execute(
        f"""SELECT r.schema_name, r.name, t.estimated_size,
            coalesce((SELECT sum(deleted) FROM {ENGINE}.deletions AS d WHERE d.relation_id = r.id), 0)
            FROM {ENGINE}.relations AS r JOIN duckdb_tables() AS t
            ON t.database_name = '{FILE}' AND t.schema_name = r.schema_name AND t.table_name = r.name
            WHERE r.kind = 'table'"""
    ).fetchall()
    found = {}
    for schema, name, size, deleted in rows:
        table = TableName(schema, name)
        if table in wanted:
            found[table] = TableStats(rows=int(size), bytes=0, deleted=deleted / (size + deleted) if deleted else 0.0)
    return found
