"""What `load` prints, in a copy of a shop."""

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tests.cli.conftest import Cli

CHECKS = """
[[check]]
table = "public.loaded"
checks = [
    { kind = "rows", most = 0 }, { kind = "sql", expression = "TRUE" }, { kind = "unique", columns = ["id"] }
]
"""


def printed_of_loads(cli: Cli) -> dict[str, list[Any]]:
    """The documents by the heading of the page; the shop itself stays as it is."""
    folder = shutil.copytree(cli.folder, cli.folder.with_name("loading"))
    here = ("--config", folder / "tidegate.toml", "--json")
    land = folder / "land"
    land.mkdir()
    pq.write_table(pa.table({"id": [1, 2, None], "note": ["a", "b", "c"]}), land / "a.parquet")
    (land / "bad.parquet").write_bytes(b"nothing")
    load = ("load", land, "--table", "public.loaded", "--key", "id", *here)
    planned = cli.ok(*load, "--dry-run").documents
    first, again = cli(*load).documents, cli(*load).documents
    skipping = cli.ok(*load, "--dry-run").documents
    pq.write_table(pa.table({"id": pa.array([3], pa.uint64())}), land / "a.parquet")
    overwritten = cli.ok("load", land / "a.parquet", "--table", "public.loaded", "--dry-run", *here).documents
    with (folder / "tidegate.toml").open("a", encoding="utf-8") as file:
        file.write(CHECKS)
    return {
        "tidegate load --dry-run": [*planned, *skipping, *overwritten, *_flattened(cli, folder, here)],
        "tidegate load": [first[-1], again[-1]],
        **_retried(cli, folder, here),
        "tidegate check --dry-run": cli.ok("check", "--dry-run", *here).documents,
        "tidegate check": cli("check", *here).documents,
    }


def _flattened(cli: Cli, folder: Path, here: tuple[str | Path, ...]) -> list[Any]:
    """The plan of a file whose lists become tables."""
    carts = folder / "carts"
    carts.mkdir()
    (carts / "a.json").write_text('{"id": 1, "items": [{"sku": "a"}]}', encoding="utf-8")
    with (folder / "tidegate.toml").open("a", encoding="utf-8") as file:
        file.write(f'[[load]]\nmatch = "{carts}/*"\ntable = "public.carts"\nkey = "id"\nformat = "json"\n')
        file.write("options = { flatten = true }\n")
    return cli.ok("load", carts / "a.json", "--dry-run", *here).documents


def _retried(cli: Cli, folder: Path, here: tuple[str | Path, ...]) -> dict[str, list[Any]]:
    """What becomes of files in quarantine: one that comes in, one that is loaded already, rows, one that is gone."""
    land = folder / "land"
    (land / "bad.parquet").unlink()
    for name in ("held", "taken"):
        (land / f"{name}.csv").write_text(f"id,{name}\n1,x\n", encoding="utf-8")
    with (folder / "tidegate.toml").open("a", encoding="utf-8") as file:
        route = f'match = "{land}/*"\ntable = "public.loaded"\n'
        file.write(f'[[load]]\n{route}contract = "freeze"\n')
    cli("load", land / "held.csv", land / "taken.csv", *here)
    cli.ok("query", "ALTER TABLE public.loaded ADD COLUMN held VARCHAR(9)", *here)
    batch = cli.ok("jobs", "list", "--quarantined", *here).document["quarantined"][0]["batch"]
    loaded = "INSERT INTO tidegate.loaded_files (table_name, uri, file_identity, batch, row_count) SELECT table_name, "
    cli.ok(
        "query", f"{loaded}uri, file_identity, batch, 1 FROM tidegate.quarantined_files WHERE uri LIKE '%taken%'", *here
    )
    retry = ("jobs", "retry", "--quarantined", *here)
    return {
        "tidegate jobs list --quarantined": cli.ok("jobs", "list", "--quarantined", *here).documents,
        "tidegate jobs show BATCH": cli.ok("jobs", "show", batch, *here).documents,
        "tidegate jobs retry --quarantined --dry-run": cli(*retry, "--dry-run").documents[-1:],
        "tidegate jobs retry --quarantined": cli(*retry).documents[-1:],
        "tidegate jobs cancel BATCH": cli.ok(
            "jobs", "cancel", cli.ok("jobs", "--json", *here).document["quarantined"][0]["batch"], *here
        ).documents,
    }
