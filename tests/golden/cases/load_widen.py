"""A column of a table that stands gets a wider type, before files are loaded."""

from collections.abc import Sequence

from tidegate.model.names import TableName
from tidegate.model.tables import Column
from tidegate.redshift.load_widen import retype_column, select_bounds
from tidegate.redshift.types import parse

ORDERS = TableName("public", "orders")

CASES: dict[str, str | Sequence[str]] = {
    "integer": retype_column(ORDERS, Column("Line", parse("INTEGER"), encoding="az64"), parse("BIGINT")),
    "decimal": retype_column(
        ORDERS,
        Column("amount", parse("DECIMAL(10,2)"), nullable=False, default="0", encoding="mostly8"),
        parse("DECIMAL(14,4)"),
    ),
    "bounds": select_bounds(TableName("pg_temp", "tg_stage_b1"), ("line", "amount")),
}
