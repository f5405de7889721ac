"""An imagined shop: its orders, customers and products as views of a DuckDB in memory.

Every row is a function of its own number, the seed and the last day, so any range of orders can be made alone, and the
first hundred of a thousand orders are the orders that a hundred would have been. The choices hang on DuckDB's `hash`:
another version of DuckDB may make another shop.
"""

import hashlib
from datetime import date
from importlib import resources

import duckdb

from tidegate.errors import UsageError

DEFAULT_SEED = 42
DEFAULT_UNTIL = date(2026, 6, 30)
MAX_ORDERS = 99_999_999
"""An order id is the day as YYYYMMDD and then eight digits for the number: it fits the integers of JSON (2^53)."""

_SCRIPTS = ("vocabulary", "macros", "products", "customers", "orders")
_STREAMS = ("orders", "customers", "products")
_FIRST_UNTIL, _LAST_UNTIL = date(1970, 1, 1), date(2999, 12, 31)
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    # One thread a shop: a pipeline of one thread keeps the order of the rows and so the bytes of a file.
    "threads": 1,
    # Nothing is sorted or gathered: what a file needs is the row group being written, whatever the number of orders.
    "memory_limit": "512MB",
    "temp_directory": "",
    "autoinstall_known_extensions": False,
}


def open_shop(seed: int = DEFAULT_SEED, until: date = DEFAULT_UNTIL) -> duckdb.DuckDBPyConnection:
    """Open a shop of 30 months that end with the day `until`.

    The connection has the views `orders_nested`, `orders`, `order_items`, `orders_flat`, `customers`, `products` and
    `product_prices`. Call `choose_orders` before reading one.

    Raises:
        UsageError: `until` is not between 1970 and 2999.
    """
    if not _FIRST_UNTIL <= until <= _LAST_UNTIL:
        raise UsageError(
            f"sample orders cannot end on {until.isoformat()}",
            hint=f"Choose a day from {_FIRST_UNTIL.isoformat()} to {_LAST_UNTIL.isoformat()}.",
        )
    shop = duckdb.connect(":memory:", config=_CONFIG)
    for stream in _STREAMS:
        shop.execute(f"SET VARIABLE {stream}_key = {_key(seed, stream)}::UBIGINT")
    shop.execute(f"SET VARIABLE until = DATE '{until.isoformat()}'")
    choose_orders(shop, 1, 0)
    for script in _SCRIPTS:
        shop.execute(resources.files("tidegate.samples").joinpath(f"sql/{script}.sql").read_text("utf-8"))
    return shop


def choose_orders(shop: duckdb.DuckDBPyConnection, first: int, last: int) -> None:
    """Let the views show the orders `first` to `last`, both included and counted from 1, and everybody who could have
    placed one of the orders 1 to `last`. None when `last` is `first - 1`.
    """
    shop.execute(f"SET VARIABLE first_order = {first}::BIGINT")
    shop.execute(f"SET VARIABLE last_order = {last}::BIGINT")


def _key(seed: int, stream: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}:{stream}".encode()).digest()[:8], "big")
