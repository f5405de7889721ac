"""A thousand orders, written once a test process, and a DuckDB to look at them."""

from collections.abc import Iterator

import duckdb
import pytest

from tidegate.samples.orders import OrdersFiles, write_orders


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> OrdersFiles:
    return write_orders(tmp_path_factory.mktemp("samples") / "orders", 1000)


@pytest.fixture(scope="session")
def db(files: OrdersFiles) -> Iterator[duckdb.DuckDBPyConnection]:
    """The written files as views: summary, items, flat, customers, products, prices."""
    with duckdb.connect(":memory:") as connection:
        views = {
            "summary": files.summary[0],
            "items": files.items[0],
            "flat": files.flat[0],
            "customers": files.customers,
            "products": files.products,
            "prices": files.product_prices,
        }
        for name, path in views.items():
            connection.execute(f"CREATE VIEW {name} AS FROM read_parquet('{path}')")
        yield connection
