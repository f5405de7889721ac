"""`tidegate init`."""

import re

from tests.cli.conftest import CONFIG, Cli
from tests.cli.shop import error_text, parquet, snapshot


def test_a_new_warehouse_gets_an_id_and_a_folder_in_the_lake(cli: Cli) -> None:
    document = cli.ok("init", "--json").document
    warehouse = document.pop("warehouse")
    assert re.fullmatch(r"w[0-9a-f]{8}", warehouse)
    assert document == {"message_type": "result", "place": "../warehouse.duckdb", "new": True}
    assert [str(p.relative_to(cli.folder)) for p in (cli.folder / "lake").rglob("*.json")] == [
        f"lake/_tidegate/{warehouse}/warehouse.json"
    ]


def test_running_it_again_is_harmless(cli: Cli) -> None:
    first = cli.ok("init")
    before = snapshot(cli.folder / "lake")
    again = cli.ok("init")
    assert first.stdout.endswith("at ../warehouse.duckdb is ready\n")
    assert again.stdout == first.stdout.replace("is ready", "was ready already")
    assert snapshot(cli.folder / "lake") == before


def test_it_writes_a_configuration_that_is_correct(cli: Cli) -> None:
    (cli.folder / "tidegate.toml").unlink()
    told = cli.ok("init")
    assert told.stderr == "wrote tidegate.toml\n"
    settings = cli.ok("config", "check", "--json").document
    assert settings["warehouse"] == str(cli.folder / "warehouse.duckdb")
    assert (settings["timezone"], settings["policies"]) == ("UTC", [])


def test_a_configuration_that_is_named_is_never_written(cli: Cli) -> None:
    before = snapshot(cli.folder)
    told = cli("init", "--config", "other.toml")
    assert told.exit_code == 3
    assert error_text(told.stderr)[0] == f"there is no configuration file {cli.folder / 'other.toml'}"
    assert snapshot(cli.folder) == before


def test_a_new_warehouse_at_the_place_of_an_archived_one_is_refused(archived: Cli) -> None:
    (archived.folder / "warehouse.duckdb").unlink()
    files = parquet(archived)
    told = archived("init")
    message, hint = error_text(told.stderr)
    assert told.exit_code == 4
    assert re.fullmatch(
        r"the lake holds the archive of warehouse w\w{8}, which lived at \.\./warehouse\.duckdb", message
    )
    assert hint == "Run `tidegate ledger rebuild` to bring it back from the lake alone."
    assert parquet(archived) == files


def test_a_lake_folder_that_cannot_be_made_is_named(cli: Cli) -> None:
    (cli.folder / "file").write_text("a file")
    config = cli.folder / "tidegate.toml"
    config.write_text(config.read_text().replace('url = "lake"', 'url = "file/lake"'))
    told = cli("init")
    assert told.exit_code == 7
    assert error_text(told.stderr) == (
        f"the folder {cli.folder / 'file/lake'} cannot be made: not a directory",
        "Check [lake] url and the rights on its parent folder.",
    )
    assert sorted(snapshot(cli.folder)) == ["file", "tidegate.toml"]


def test_a_warehouse_file_that_is_none_is_left_alone(cli: Cli) -> None:
    file = cli.folder / "warehouse.duckdb"
    file.write_bytes(b"something else" * 1000)
    told = cli("init")
    assert told.exit_code == 7
    assert error_text(told.stderr)[1] == "The file is not a DuckDB database: let warehouse.url name another file."
    assert file.read_bytes() == b"something else" * 1000


def test_the_control_schema_can_have_another_name(cli: Cli) -> None:
    (cli.folder / "tidegate.toml").write_text(CONFIG.replace("[lake]", 'schema = "gate"\n[lake]'))
    cli.ok("init")
    assert cli.ok("query", "SELECT COUNT(*) AS n FROM gate.published", "--json").document["rows"] == [[0]]
