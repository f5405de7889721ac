"""What commands print of landed files and their routes."""

from typing import Any

from tests.cli.conftest import Cli

ROUTES = """
[[load]]
match = "**/*.csv"
table = "public.rest"
[[load]]
match = "{table}/*.csv"
key = "id"
"""


def printed_of_routes(cli: Cli) -> dict[str, list[Any]]:
    """The documents by the heading of the page."""
    text = (cli.folder / "tidegate.toml").read_text(encoding="utf-8")
    (cli.folder / "routes.toml").write_text(text + ROUTES, encoding="utf-8")
    check = ("config", "check", "--config", "routes.toml", "--json")
    return {
        "tidegate config check": cli.ok(*check).documents,
        "tidegate config check --route": cli.ok(*check, "--route", "orders/1.csv", "--route", "/tmp/1.csv").documents,
    }
