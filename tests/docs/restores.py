"""What `restore` prints of parked periods, in a copy of a shop."""

import shutil
from typing import Any

from tests.cli.conftest import Cli
from tests.flows.parking import park
from tests.world import World


def parked_restores(cli: Cli) -> tuple[Any, Any, Any]:
    """The documents of a drill, of a plan and of a restore in place."""
    folder = shutil.copytree(cli.folder, cli.folder.with_name("parked"))
    here = ("--config", folder / "tidegate.toml", "--json")
    drill = cli.ok("restore", "--drill", *here).document
    park(World(folder))
    days = ("public.orders", "--to", "2020-01", "--days", "5")
    return drill, cli.ok("restore", *days, "--dry-run", *here).document, cli.ok("restore", *days, *here).document
