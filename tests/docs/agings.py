"""What `tier` and `expire` print, and `gc` of parked files, in copies of a shop."""

import shutil
from typing import Any

from tests.cli.conftest import Cli

TIERS = "tiers = { GLACIER = 1, expire = 2 }\n"
LATER = ("--as-of", "2099-01-01")


def printed_of_agings(cli: Cli) -> tuple[dict[str, list[Any]], list[Any]]:
    """The documents by the heading of the page; those of `gc`."""
    folder = shutil.copytree(cli.folder, cli.folder.with_name("aged"))
    config = folder / "tidegate.toml"
    config.write_text(config.read_text() + TIERS)
    here = ("--config", config, "--json")
    others = [_of_a_copy(cli), _without_descriptor(cli)]
    cli.ok("hold", "add", "public.orders", "--to", "2020-01", "--reason", "audit", *here)
    tier = [*others, *(cli("tier", *LATER, option, *here).documents[-1] for option in ("--dry-run", "--yes"))]
    tier += [cli("tier", option, *here).documents[-1] for option in ("--dry-run", "--yes")]
    handed = cli.ok("gc", "--older-than", "0s", *here).documents
    expire = [cli.ok("expire", *LATER, "--max-delete-fraction", "0.1", "--dry-run", *here).document]
    expire.append(cli.ok("expire", *LATER, "--yes", *here).document)
    return {"tidegate tier": tier, "tidegate expire": expire}, handed


def _of_a_copy(cli: Cli) -> Any:
    """The plan of a warehouse that is a copy: the batches are the original's."""
    folder = shutil.copytree(cli.folder, cli.folder.with_name("copied_warehouse"))
    (folder / "warehouse.duckdb").rename(folder / "other.duckdb")
    config = folder / "tidegate.toml"
    config.write_text(config.read_text().replace("warehouse.duckdb", "other.duckdb") + TIERS)
    here = ("--config", config, "--json")
    cli.ok("adopt", "--as-copy", *here)
    return cli.ok("tier", *LATER, "--dry-run", *here).document


def _without_descriptor(cli: Cli) -> Any:
    """The plan of a warehouse whose lake lost the descriptor of a batch."""
    folder = shutil.copytree(cli.folder, cli.folder.with_name("damaged"))
    for descriptor in (folder / "lake").rglob("batch.json"):
        descriptor.unlink()
    config = folder / "tidegate.toml"
    config.write_text(config.read_text() + TIERS)
    return cli("tier", *LATER, "--dry-run", "--config", config, "--json").documents[0]
