"""What commands print of landed files and their routes."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tests.cli.conftest import Cli
from tests.unit.formats.events import shapes

ROUTES = """
[[load]]
match = "**/*.csv"
table = "public.rest"
[[load]]
match = "{table}/*.csv"
key = "id"
[notify]
urls = "json://127.0.0.1:9/token"
"""

LANDING = """
[[load]]
match = "in/{table}/*.parquet"
"""


def printed_of_watching(cli: Cli) -> dict[str, list[Any]]:
    """The same, in a copy of the shop: files that are good, bad, of a table that cannot be loaded, and gone."""
    folder = shutil.copytree(cli.folder, cli.folder.with_name("watching"))
    with (folder / "tidegate.toml").open("a", encoding="utf-8") as file:
        file.write(LANDING)
    here = ("--config", folder / "tidegate.toml", "--json")
    land = folder / "lake/in"
    for name in ("good", "view"):
        (land / name).mkdir(parents=True)
        pq.write_table(pa.table({"id": [1, 2]}), land / name / "1.parquet")
    (land / "good/bad.parquet").write_bytes(b"nothing")
    cli.ok("query", "CREATE VIEW public.view AS SELECT 1 AS id", *here)
    printed = {"tidegate reconcile": cli("reconcile", *here).documents}
    printed["tidegate backfill"] = cli("backfill", *here).documents
    pq.write_table(pa.table({"id": [3]}), land / "good/2.parquet")
    printed["tidegate watch"] = cli("watch", land, "--once", *here).documents
    printed["tidegate load --event"] = _event(cli, land, *here)
    (land / "good/1.parquet").unlink()
    printed["tidegate reconcile"] += cli("reconcile", *here).documents
    return printed


def _event(cli: Cli, land: Path, *here: str | Path) -> list[Any]:
    """One that names a file of each kind in turn; its errors have a heading of their own."""
    pq.write_table(pa.table({"id": [4]}), land / "good/3.parquet")
    names = ("good/3.parquet", "good/bad.parquet", "view/1.parquet")
    event = cli.folder / "event.json"
    event.write_text(json.dumps(shapes.sqs(*(f"{land}/{name}" for name in names))), encoding="utf-8")
    return cli("load", "--event", event, *here).documents


def printed_of_routes(cli: Cli) -> dict[str, list[Any]]:
    """The documents by the heading of the page."""
    text = (cli.folder / "tidegate.toml").read_text(encoding="utf-8")
    (cli.folder / "routes.toml").write_text(text + ROUTES, encoding="utf-8")
    check = ("config", "check", "--config", "routes.toml", "--json")
    return {
        "tidegate notify": cli("notify", "Good morning", "--config", "routes.toml", "--json").documents,
        "tidegate config check": cli.ok(*check).documents,
        "tidegate config check --route": cli.ok(*check, "--route", "orders/1.csv", "--route", "/tmp/1.csv").documents,
    }
