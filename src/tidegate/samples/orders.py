"""Sample orders as files: nested JSON as a shop would send it, and Parquet as a warehouse would load it."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from tidegate.errors import UsageError
from tidegate.model.names import TableName
from tidegate.samples.shop import DEFAULT_SEED, DEFAULT_UNTIL, MAX_ORDERS, choose_orders, open_shop

Progress = Callable[[int, int], None]
"""Called after every file with the number of files written and of files to write."""

_STAGING = ".tidegate-partial"
_MAX_WORKERS = 4
_COPY_OPTIONS = {".json": "(FORMAT json)", ".parquet": "(FORMAT parquet)"}
_PER_ORDER = (  # the slowest first
    ("orders_nested", "orders", ".json"),
    ("orders_flat", "orders_flat", ".parquet"),
    ("orders", "orders_summary", ".parquet"),
    ("order_items", "order_items", ".parquet"),
)
_WHOLE = ("customers", "products", "product_prices")


@dataclass(frozen=True)
class OrdersFiles:
    """What `write_orders` wrote: paths, several for `split_rows`, and counts of rows.

    `json` has an object a line and order; `summary` a row an order; `items` a row an item; `flat` a row an item with
    the columns of its order, the customer and the address.
    """

    folder: Path
    json: tuple[Path, ...]
    summary: tuple[Path, ...]
    items: tuple[Path, ...]
    flat: tuple[Path, ...]
    customers: Path
    products: Path
    product_prices: Path
    order_count: int
    item_count: int
    customer_count: int

    @property
    def by_table(self) -> Mapping[TableName, tuple[Path, ...]]:
        """The Parquet files of every table of `ORDERS_TABLES`, with the table's columns in the table's order."""
        return {
            TableName("public", "orders"): self.summary,
            TableName("public", "order_items"): self.items,
            TableName("public", "customers"): (self.customers,),
            TableName("public", "products"): (self.products,),
            TableName("public", "product_prices"): (self.product_prices,),
        }


@dataclass(frozen=True)
class _File:
    """The orders `first` to `last` through a view, to be written under `name`."""

    view: str
    name: str
    first: int
    last: int

    def write(self, shop: duckdb.DuckDBPyConnection, folder: Path) -> int:
        """Return the number of rows written."""
        path = folder / self.name
        target = str(path).replace("'", "''")
        choose_orders(shop, self.first, self.last)
        row = shop.execute(f"COPY (FROM {self.view}) TO '{target}' {_COPY_OPTIONS[path.suffix]}").fetchone()
        return int(row[0]) if row else 0


def write_orders(
    out: Path,
    rows: int,
    seed: int = DEFAULT_SEED,
    until: date = DEFAULT_UNTIL,
    split_rows: int | None = None,
    progress: Progress | None = None,
) -> OrdersFiles:
    """Write `rows` orders of the 30 months that end with the day `until` into the folder `out`.

    The files are `orders.json` (a JSON object a line), `orders_summary.parquet`, `order_items.parquet`,
    `orders_flat.parquet`, `customers.parquet`, `products.parquet` and `product_prices.parquet`. With `split_rows` the
    first four come in parts of at most so many orders, `orders_00001.json` and so on; the items of an order are in the
    part with its number. The same arguments give the same bytes. Until all files are complete none has its name.

    Raises:
        UsageError: `out` is a file or not empty, cannot be written, or an argument is out of range.
    """
    _check(out, rows, split_rows)
    files = _plan(rows, split_rows)
    try:
        with _staging(out) as staging:
            counts = _write_all(files, staging, lambda: open_shop(seed, until), progress or (lambda done, total: None))
    except (OSError, duckdb.IOException) as error:
        raise UsageError(
            f"the sample orders cannot be written to {out}: {error}",
            hint="Name a folder that you may write to, on a disk with enough room (about 1.2 KB an order).",
        ) from error
    return _result(out, counts)


def _check(out: Path, rows: int, split_rows: int | None) -> None:
    if not 0 <= rows <= MAX_ORDERS:
        raise UsageError(f"{rows} sample orders cannot be made", hint=f"Ask for 0 to {MAX_ORDERS} orders.")
    if split_rows is not None and split_rows < 1:
        raise UsageError(f"a file of {split_rows} orders cannot be made", hint="Put at least 1 order into a file.")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file", hint="Name a new or an empty folder.")
    if out.exists() and any(entry.name != _STAGING for entry in out.iterdir()):
        raise UsageError(f"the folder {out} is not empty", hint="Name a new or an empty folder.")


def _plan(rows: int, split_rows: int | None) -> list[_File]:
    files = []
    for view, stem, suffix in _PER_ORDER:
        if split_rows is None:
            files.append(_File(view, f"{stem}{suffix}", 1, rows))
            continue
        for part, first in enumerate(range(1, max(rows, 1) + 1, split_rows), 1):
            last = min(first + split_rows - 1, rows)
            files.append(_File(view, f"{stem}_{part:05}{suffix}", first, last))
    return files + [_File(view, f"{view}.parquet", 1, rows) for view in _WHOLE]


@contextmanager
def _staging(out: Path) -> Iterator[Path]:
    """A folder inside `out`, so on the same disk, whose files get to `out` when the block ends without an error.

    What a killed run has left is removed first.
    """
    is_new = not out.exists()
    staging = out / _STAGING
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    try:
        yield staging
        for file in sorted(staging.iterdir()):
            file.rename(out / file.name)
    finally:
        shutil.rmtree(staging)
        if is_new and not any(out.iterdir()):
            out.rmdir()


def _write_all(
    files: list[_File],
    folder: Path,
    new_shop: Callable[[], duckdb.DuckDBPyConnection],
    progress: Progress,
) -> dict[_File, int]:
    """Write files side by side, each in a thread and a shop of its own; on an error interrupt all that still run."""
    shops: list[duckdb.DuckDBPyConnection] = []
    idle: list[duckdb.DuckDBPyConnection] = []

    def write(file: _File) -> int:
        try:
            shop = idle.pop()
        except IndexError:
            shop = new_shop()
            shops.append(shop)
        rows = file.write(shop, folder)
        idle.append(shop)
        return rows

    pool = ThreadPoolExecutor(min(_MAX_WORKERS, os.cpu_count() or 1))
    futures: dict[Future[int], _File] = {}
    try:
        futures.update((pool.submit(write, file), file) for file in files)
        for done, future in enumerate(as_completed(futures), 1):
            future.result()
            progress(done, len(files))
        return {file: future.result() for future, file in futures.items()}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        while running := [future for future in futures if not future.done()]:
            for shop in list(shops):
                shop.interrupt()
            wait(running, timeout=0.05)
        for shop in shops:
            shop.close()


def _result(out: Path, counts: Mapping[_File, int]) -> OrdersFiles:
    def paths(view: str) -> tuple[Path, ...]:
        return tuple(out / file.name for file in counts if file.view == view)

    def total(view: str) -> int:
        return sum(rows for file, rows in counts.items() if file.view == view)

    return OrdersFiles(
        folder=out,
        json=paths("orders_nested"),
        summary=paths("orders"),
        items=paths("order_items"),
        flat=paths("orders_flat"),
        customers=out / "customers.parquet",
        products=out / "products.parquet",
        product_prices=out / "product_prices.parquet",
        order_count=total("orders"),
        item_count=total("order_items"),
        customer_count=total("customers"),
    )
