"""What `compact` and `erase` print, in a copy of a shop."""

import shutil
from typing import Any

from tests.cli.conftest import Cli


def printed_of_rewrites(cli: Cli) -> dict[str, list[Any]]:
    """The documents by the heading of the page."""
    folder = shutil.copytree(cli.folder, cli.folder.with_name("rewritten"))
    here = ("--config", folder / "tidegate.toml", "--json")
    cli.ok("query", "INSERT INTO public.orders VALUES (100, '2020-01-31', 'late', 1.50)", *here[:2])
    cli.ok("archive", "--as-of", "2020-06-20", "--yes", *here)
    printed = {"tidegate compact --dry-run": cli.ok("compact", "--dry-run", *here).documents}
    printed["tidegate compact"] = cli.ok("compact", *here).documents
    erase = ("erase", "public.orders", "--where", "order_id in (1, 3)", *here)
    planned = cli.ok(*erase, "--dry-run").documents
    hold = cli.ok("hold", "add", "public.orders", "--reason", "audit", *here).document["hold"]["id"]
    printed["tidegate erase --dry-run"] = [*planned, *cli.ok(*erase, "--dry-run").documents]
    cli.ok("hold", "release", hold, *here)
    printed["tidegate erase"] = [*cli.ok(*erase, "--yes").documents, *cli.ok(*erase, "--yes").documents]
    return printed
