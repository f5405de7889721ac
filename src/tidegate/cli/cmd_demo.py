"""`tidegate demo orders`: realistic files to play with."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.frame import Run, add, new_group
from tidegate.cli.output import counted
from tidegate.cli.progress import size

if TYPE_CHECKING:
    from tidegate.samples.orders import OrdersFiles


def register(app: typer.Typer) -> None:
    group = new_group("Make realistic data to try Tidegate with.")
    app.add_typer(group, name="demo")
    add(group, "orders", orders, exits=())


def orders(
    run: Run,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new or an empty folder.")],
    rows: Annotated[int, typer.Option("--rows", metavar="N", help="How many orders.")] = 200_000,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", help="Another seed makes other orders.")] = None,
) -> None:
    """Write the orders of a shop as files, without a configuration.

    JSON as the shop would send it (one order a line, with its items and addresses), and Parquet as a warehouse
    would load it: a row an order, a row an item, both in one flat file, customers, products and prices. The same
    numbers make the same bytes.
    """
    from tidegate.samples.orders import write_orders
    from tidegate.samples.shop import DEFAULT_SEED

    written = write_orders(out, rows, DEFAULT_SEED if seed is None else seed)
    sizes = {path: path.stat().st_size for path in _paths(written)}
    counts = {"orders": written.order_count, "items": written.item_count, "customers": written.customer_count}
    files = [{"path": str(path), "bytes": number} for path, number in sizes.items()]
    summary = f"{counted(written.order_count, 'order')} with {counted(written.item_count, 'item')} in {out}"
    run.output.result(
        {"message_type": "result", "folder": str(out), **counts, "files": files},
        [summary, *(f"  {path.name:<24} {size(number):>9}" for path, number in sizes.items())],
    )


def _paths(written: "OrdersFiles") -> list[Path]:
    per_order = (*written.json, *written.summary, *written.items, *written.flat)
    return [*per_order, written.customers, written.products, written.product_prices]
