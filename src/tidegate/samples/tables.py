"""The Redshift tables that the Parquet files of the sample orders fit into, column for column.

COPY from Parquet maps by position (developer guide, COPY from columnar data formats), so the order here is the files'.
VARCHAR lengths count bytes.
"""

from tidegate.model.names import TableName
from tidegate.model.tables import Column, ForeignKey, SqlType, Table, TypeKind

_INTEGER = SqlType(TypeKind.INTEGER)
_BIGINT = SqlType(TypeKind.BIGINT)
_DATE = SqlType(TypeKind.DATE)
_TIMESTAMP = SqlType(TypeKind.TIMESTAMP)
_MONEY = SqlType(TypeKind.DECIMAL, precision=12, scale=2)


def _text(length: int) -> SqlType:
    return SqlType(TypeKind.VARCHAR, length=length)


def _needed(name: str, sql_type: SqlType) -> Column:
    return Column(name, sql_type, nullable=False)


_CUSTOMERS = Table(
    TableName("public", "customers"),
    (
        _needed("customer_id", _BIGINT),
        _needed("name", _text(120)),
        _needed("email", _text(120)),
        Column("phone", _text(24)),
        _needed("birth_date", _DATE),
        _needed("segment", _text(16)),
        _needed("street", _text(80)),
        _needed("postal_code", _text(16)),
        _needed("city", _text(60)),
        _needed("country", _text(2)),
    ),
    primary_key=("customer_id",),
    sort_keys=("customer_id",),
)

_PRODUCTS = Table(
    TableName("public", "products"),
    (
        _needed("product_id", _INTEGER),
        _needed("name", _text(80)),
        _needed("category", _text(24)),
        _needed("list_price", _MONEY),
    ),
    primary_key=("product_id",),
    dist_style="ALL",
    sort_keys=("product_id",),
)

_PRODUCT_PRICES = Table(
    TableName("public", "product_prices"),
    (
        _needed("product_id", _INTEGER),
        _needed("valid_from", _DATE),
        Column("valid_to", _DATE),
        _needed("list_price", _MONEY),
    ),
    primary_key=("product_id", "valid_from"),
    foreign_keys=(ForeignKey(("product_id",), _PRODUCTS.name, ("product_id",)),),
    dist_style="ALL",
    sort_keys=("product_id", "valid_from"),
)

_ORDERS = Table(
    TableName("public", "orders"),
    (
        _needed("order_id", _BIGINT),
        _needed("customer_id", _BIGINT),
        _needed("order_date", _DATE),
        _needed("ordered_at", _TIMESTAMP),
        _needed("updated_at", _TIMESTAMP),
        _needed("status", _text(16)),
        _needed("channel", _text(16)),
        _needed("currency", _text(3)),
        Column("coupon", _text(16)),
        _needed("item_count", _INTEGER),
        _needed("subtotal", _MONEY),
        _needed("discount", _MONEY),
        _needed("shipping", _MONEY),
        _needed("total", _MONEY),
        _needed("refund", _MONEY),
        _needed("shipping_address_street", _text(80)),
        _needed("shipping_address_postal_code", _text(16)),
        _needed("shipping_address_city", _text(60)),
        _needed("shipping_address_country", _text(2)),
    ),
    primary_key=("order_id",),
    foreign_keys=(ForeignKey(("customer_id",), _CUSTOMERS.name, ("customer_id",)),),
    dist_style="KEY",
    dist_key="order_id",
    sort_keys=("order_date",),
)

_ORDER_ITEMS = Table(
    TableName("public", "order_items"),
    (
        _needed("order_id", _BIGINT),
        _needed("line_number", _INTEGER),
        _needed("order_date", _DATE),
        _needed("product_id", _INTEGER),
        _needed("product_name", _text(80)),
        _needed("category", _text(24)),
        _needed("quantity", _INTEGER),
        _needed("unit_price", _MONEY),
        _needed("line_discount", _MONEY),
        _needed("line_total", _MONEY),
        Column("returned_quantity", _INTEGER),
        Column("returned_at", _TIMESTAMP),
        Column("returned_reason", _text(40)),
        Column("returned_status", _text(16)),
        Column("returned_refund", _MONEY),
    ),
    primary_key=("order_id", "line_number"),
    foreign_keys=(
        ForeignKey(("order_id",), _ORDERS.name, ("order_id",)),
        ForeignKey(("product_id",), _PRODUCTS.name, ("product_id",)),
    ),
    dist_style="KEY",
    dist_key="order_id",
    sort_keys=("order_date",),
)

ORDERS_TABLES: tuple[Table, ...] = (_CUSTOMERS, _PRODUCTS, _PRODUCT_PRICES, _ORDERS, _ORDER_ITEMS)
"""In an order in which every table follows those that it references."""
