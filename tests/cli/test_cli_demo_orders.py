from pathlib import Path

import pytest
from tests.cli.conftest import Cli

FILES = [
    "orders.json",
    "orders_summary.parquet",
    "order_items.parquet",
    "orders_flat.parquet",
    "customers.parquet",
    "products.parquet",
    "product_prices.parquet",
]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_orders_are_written_without_a_configuration(cli: Cli) -> None:
    (cli.folder / "tidegate.toml").unlink()
    result = cli.ok("demo", "orders", "out", "--rows", "200", "--json").document
    lines = (cli.folder / "out/orders.json").read_text().splitlines()
    assert (result["message_type"], result["folder"], result["orders"], len(lines)) == ("result", "out", 200, 200)
    assert [file["path"] for file in result["files"]] == [f"out/{name}" for name in FILES]
    assert all(file["bytes"] == (cli.folder / file["path"]).stat().st_size for file in result["files"])
    assert sorted(contents(cli.folder / "out")) == sorted(FILES)


def test_people_see_how_much_was_written(cli: Cli) -> None:
    lines = cli.ok("demo", "orders", "out", "--rows", "1").stdout.splitlines()
    assert lines[0].startswith("1 order with ")
    assert lines[0].endswith(" in out")
    assert [line.split()[0] for line in lines[1:]] == FILES


@pytest.mark.parametrize(("seed", "is_same"), [("7", True), ("8", False)])
def test_the_same_seed_makes_the_same_bytes(cli: Cli, seed: str, is_same: bool) -> None:
    cli.ok("demo", "orders", "a", "--rows", "20", "--seed", "7")
    cli.ok("demo", "orders", "b", "--rows", "20", "--seed", seed)
    assert (contents(cli.folder / "a") == contents(cli.folder / "b")) is is_same


def test_a_folder_with_files_is_left_alone(cli: Cli) -> None:
    told = cli("demo", "orders", ".", "--rows", "1")
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr == "error: the folder . is not empty\nhint: Name a new or an empty folder.\n"
    assert list(contents(cli.folder)) == ["tidegate.toml"]
