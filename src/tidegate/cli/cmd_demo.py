"""`tidegate demo orders`: realistic files to play with."""

from pathlib import Path
from typing import Annotated

import typer

from tidegate.cli.frame import Run, add, new_group
from tidegate.cli.output import counted


def register(app: typer.Typer) -> None:
    group = new_group("Make realistic data.")
    app.add_typer(group, name="demo")
    add(group, "orders", orders, exits=(7,))


def orders(
    run: Run,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write to.")],
    rows: Annotated[int, typer.Option("--rows", min=1, metavar="N", help="How many orders.")] = 200_000,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="The same seed makes the same orders.")] = 1,
) -> None:
    """Write orders as JSON and as Parquet files: the same data nested, flattened, and summed up."""
    from tidegate.samples import orders as samples

    samples.write_orders(out, rows, seed)
    run.output.result({"message_type": "result", "folder": str(out), "orders": rows}, [counted(rows, "order")])
