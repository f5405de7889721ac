"""What `load` prints, in a copy of a shop."""

import shutil
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
        "tidegate load --dry-run": [*planned, *skipping, *overwritten],
        "tidegate load": [first[-1], again[-1]],
        "tidegate check --dry-run": cli.ok("check", "--dry-run", *here).documents,
        "tidegate check": cli("check", *here).documents,
    }
