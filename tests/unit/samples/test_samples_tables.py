"""The tables of the sample orders against the files that are to be loaded into them."""

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tidegate.model.tables import Column, Table, TypeKind
from tidegate.samples.orders import OrdersFiles
from tidegate.samples.shop import choose_orders, open_shop
from tidegate.samples.tables import ORDERS_TABLES

_ARROW_TYPES = {
    TypeKind.INTEGER: "int32",
    TypeKind.BIGINT: "int64",
    TypeKind.DATE: "date32[day]",
    TypeKind.TIMESTAMP: "timestamp[us]",
    TypeKind.VARCHAR: "string",
}
_every_table = pytest.mark.parametrize("table", ORDERS_TABLES, ids=lambda table: table.name.name)


def _arrow_type(column: Column) -> str:
    if column.type.kind is TypeKind.DECIMAL:
        return f"decimal128({column.type.precision}, {column.type.scale})"
    return _ARROW_TYPES[column.type.kind]


def _file(files: OrdersFiles, table: Table) -> Path:
    return files.by_table[table.name][0]


def test_the_tables() -> None:
    names = [str(table.name) for table in ORDERS_TABLES]
    assert names == [
        "public.customers",
        "public.products",
        "public.product_prices",
        "public.orders",
        "public.order_items",
    ]


@_every_table
def test_columns_are_those_of_the_file_in_its_order(table: Table, files: OrdersFiles) -> None:
    schema = pq.read_schema(_file(files, table))
    assert [(field.name, str(field.type)) for field in schema] == [(c.name, _arrow_type(c)) for c in table.columns]


@_every_table
def test_what_may_not_be_null_never_is(table: Table, files: OrdersFiles) -> None:
    contents = pq.read_table(_file(files, table))
    holes = {name for name in contents.column_names if contents.column(name).null_count}
    assert holes == {column.name for column in table.columns if column.nullable}


@_every_table
def test_primary_keys_are_unique(table: Table, files: OrdersFiles) -> None:
    keys = pq.read_table(_file(files, table), columns=list(table.primary_key)).to_pylist()
    assert len({tuple(key.values()) for key in keys}) == len(keys) > 0


@_every_table
def test_foreign_keys_name_the_primary_key_of_an_earlier_table(table: Table) -> None:
    earlier = {each.name: each for each in ORDERS_TABLES[: ORDERS_TABLES.index(table)]}
    for key in table.foreign_keys:
        assert key.referenced_columns == earlier[key.references].primary_key
        assert all(table.column(name) for name in key.columns)


@pytest.fixture(scope="module")
def shop() -> duckdb.DuckDBPyConnection:
    """50,000 orders: enough for every word of the vocabulary."""
    shop = open_shop()
    choose_orders(shop, 1, 50_000)
    return shop


@_every_table
def test_texts_fit_in_bytes(table: Table, shop: duckdb.DuckDBPyConnection) -> None:
    texts = [column for column in table.columns if column.type.kind is TypeKind.VARCHAR]
    if not texts:
        assert table.name.name == "product_prices"
        return
    longest = shop.execute(
        f"SELECT {', '.join(f'max(strlen({column.name}))' for column in texts)} FROM {table.name.name}"
    ).fetchone()
    assert longest is not None
    for column, used in zip(texts, longest, strict=True):
        assert column.type.length is not None
        assert 0 < used <= column.type.length, column.name
