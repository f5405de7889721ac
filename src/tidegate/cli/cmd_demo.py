"""`tidegate demo`: the main job to watch; `tidegate demo orders`: realistic files to play with."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.frame import Run, add, add_default, new_group
from tidegate.cli.output import counted, table
from tidegate.cli.progress import reporting, size
from tidegate.warehouse.base import ResultColumn

if TYPE_CHECKING:
    from tidegate.cli.demo_story import MonthLine
    from tidegate.samples.orders import OrdersFiles


_MONTH_HEADS = ("period", "rows", "where", "files", "bytes", "fingerprint")


def register(app: typer.Typer) -> None:
    group = new_group("See the main job, or make realistic data to try Tidegate with.")
    add_default(group, demo, exits=(6, 7))
    app.add_typer(group, name="demo")
    add(group, "orders", orders, exits=())


def demo(
    run: Run,
    folder: Annotated[Path, typer.Option("--dir", metavar="D", help="A new or an empty folder for all of it.")] = Path(
        "tidegate-demo"
    ),
    rows: Annotated[int, typer.Option("--rows", metavar="N", help="How many orders.")] = 200_000,
) -> None:
    """See the main job on realistic orders: load, archive with proof, query hot and cold as one, restore.

    It works on files of its own in a new folder; look around there afterwards with every other command.
    """
    from tidegate.cli.demo_story import DemoStory

    with reporting() as reporter:
        story = DemoStory(folder, rows, reporter)
        steps = []
        for line in story.run():
            steps.append(line)
            if not run.output.as_json:
                run.output.lines([line])
    months = [
        (str(m.period), m.rows, m.where, m.files or "", size(m.bytes) if m.bytes else "", m.fingerprint)
        for m in story.months
    ]
    heads = [ResultColumn(name, "bigint" if name in ("rows", "files") else "varchar") for name in _MONTH_HEADS]
    proofs = [f"{'proven' if p.holds else 'NOT PROVEN'}: {p.what}: {p.after}" for p in story.proofs]
    closing = f"look around: cd {folder} && tidegate status"
    run.output.result(
        {
            "message_type": "result",
            "folder": str(folder),
            "steps": steps,
            "months": [_month(m) for m in story.months],
            "proofs": [{"what": p.what, "before": p.before, "after": p.after, "holds": p.holds} for p in story.proofs],
        },
        ["", *table(heads, months), "", *proofs, closing],
    )


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


def _month(line: "MonthLine") -> dict[str, object]:
    return {
        "period": str(line.period),
        "rows": line.rows,
        "where": line.where,
        "files": line.files,
        "bytes": line.bytes,
        "fingerprint": line.fingerprint,
    }


def _paths(written: "OrdersFiles") -> list[Path]:
    per_order = (*written.json, *written.summary, *written.items, *written.flat)
    return [*per_order, written.customers, written.products, written.product_prices]
