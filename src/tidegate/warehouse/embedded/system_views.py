"""Redshift's system views that Tidegate reads, as queries over the control tables and DuckDB's statistics."""

from collections.abc import Callable
from dataclasses import dataclass

from tidegate.model.tables import SqlType, TypeKind
from tidegate.warehouse.embedded.bootstrap import ENGINE, FILE
from tidegate.warehouse.embedded.context import Context
from tidegate.warehouse.embedded.emitter import refused
from tidegate.warehouse.embedded.scope import Columns
from tidegate.warehouse.embedded.values import BIGINT, TEXT

_DECIMAL = SqlType(TypeKind.DECIMAL, precision=5, scale=2)


@dataclass(frozen=True)
class SystemView:
    """`query` is DuckDB's text for the context of the statement."""

    columns: Columns
    query: Callable[[Context], str]


def find(schema: str | None, name: str) -> SystemView | None:
    """The system view that a reference means, None when it means something else.

    Raises:
        StatementRefused: a system view that the embedded warehouse does not have.
    """
    if schema not in (None, "pg_catalog"):
        return None
    known = _VIEWS.get(name)
    if known is None and (name.startswith(("svv_", "svl_", "stl_", "stv_", "sys_")) or schema == "pg_catalog"):
        raise refused(f"the system view {name}", hint=f"It has {', '.join(sorted(_VIEWS))}.")
    return known


def _table_info(ctx: Context) -> str:
    return f"""SELECT r.schema_name AS "schema", r.id AS table_id, r.name AS "table",
        CAST(t.estimated_size AS BIGINT) AS tbl_rows
        FROM {ENGINE}.relations AS r JOIN duckdb_tables() AS t
        ON t.database_name = '{FILE}' AND t.schema_name = r.schema_name AND t.table_name = r.name
        WHERE r.kind = 'table' AND t.estimated_size > 0"""


_VIEWS: dict[str, SystemView] = {
    "svv_table_info": SystemView({"schema": TEXT, "table_id": BIGINT, "table": TEXT, "tbl_rows": BIGINT}, _table_info),
}
