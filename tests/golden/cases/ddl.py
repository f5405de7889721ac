"""Schemas and tables of the warehouse."""

from dataclasses import replace

from tidegate.model.names import TableName
from tidegate.model.tables import Column, ForeignKey, Identity, SqlType, Table, TypeKind
from tidegate.redshift.ddl import add_column, create_schema, create_table, drop_table
from tidegate.redshift.types import MAX_VARBYTE

BIGINT = SqlType(TypeKind.BIGINT)
ORDERS = TableName("public", "orders")
PLAIN = Table(ORDERS, (Column("order_id", BIGINT), Column("note", SqlType(TypeKind.VARCHAR, length=300))))
_INTERVALS = (TypeKind.INTERVAL_YM, TypeKind.INTERVAL_DS)
_MEASURED = (
    SqlType(TypeKind.DECIMAL, precision=38, scale=37),
    SqlType(TypeKind.CHAR, length=4096),
    SqlType(TypeKind.VARCHAR, length=65535),
    SqlType(TypeKind.VARBYTE, length=MAX_VARBYTE),
)
_ALL_TYPES = (*(SqlType(kind) for kind in TypeKind if kind not in _INTERVALS), *_MEASURED)

FULL = Table(
    TableName("sales", "Order Lines"),
    (
        Column("line_id", BIGINT, nullable=False, identity=Identity(1, 1), encoding="az64"),
        Column("copy_id", SqlType(TypeKind.INTEGER), identity=Identity(0, 2, by_default=True), encoding="none"),
        Column("order_id", BIGINT, nullable=False),
        Column("price", SqlType(TypeKind.DECIMAL, precision=12, scale=2), default="0.00", encoding="zstd"),
        Column("state", SqlType(TypeKind.VARCHAR, length=20), nullable=False, default="'new'", encoding="bytedict"),
    ),
    primary_key=("line_id",),
    unique_keys=(("order_id", "state"), ("copy_id",)),
    foreign_keys=(ForeignKey(("order_id",), ORDERS, ("order_id",)),),
    dist_style="KEY",
    dist_key="order_id",
    sort_keys=("order_id", "line_id"),
)

CASES = {
    "create schema": create_schema("tidegate"),
    "create schema that must be new": create_schema("Order", if_not_exists=False),
    "plain table": create_table(PLAIN),
    "table unless it exists": create_table(PLAIN, if_not_exists=True),
    "temporary table": create_table(replace(PLAIN, name=TableName("pg_temp", "stage_7")), temporary=True),
    "every attribute": create_table(FULL),
    "identity that counts down": create_table(Table(ORDERS, (Column("order_id", BIGINT, identity=Identity(-1, -2)),))),
    "foreign key to a primary key": create_table(
        replace(PLAIN, foreign_keys=(ForeignKey(("order_id",), TableName("sales", "lines")),))
    ),
    "interleaved sort keys": create_table(replace(PLAIN, sort_keys=("note", "order_id"), interleaved=True)),
    "distribution ALL": create_table(replace(PLAIN, dist_style="ALL")),
    "distribution EVEN": create_table(replace(PLAIN, dist_style="even")),
    "every type": create_table(
        Table(ORDERS, tuple(Column(f"c{position}", type) for position, type in enumerate(_ALL_TYPES)))
    ),
    "intervals": create_table(Table(ORDERS, tuple(Column(kind.name, SqlType(kind)) for kind in _INTERVALS))),
    "drop table": drop_table(ORDERS),
    "drop table that must exist": drop_table(ORDERS, if_exists=False),
    "add column": add_column(ORDERS, Column("paid", SqlType(TypeKind.BOOLEAN))),
    "add column with default": add_column(
        ORDERS, Column("paid", SqlType(TypeKind.BOOLEAN), nullable=False, default="false", encoding="raw")
    ),
}
