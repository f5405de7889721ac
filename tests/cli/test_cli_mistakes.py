"""Bad input, command by command: one error that says what to do, the right exit code, and nothing changed."""

import json
import shutil

import pytest
from tests.cli.conftest import Cli
from tests.cli.shop import AS_OF, edit, error_text, snapshot

COMMANDS: dict[str, tuple[str, ...]] = {
    "init": ("init",),
    "adopt": ("adopt", "--take-over"),
    "plan": ("plan", *AS_OF),
    "archive": ("archive", *AS_OF, "--yes"),
    "dry run": ("archive", *AS_OF, "--dry-run"),
    "verify": ("verify",),
    "restore": ("restore", "public.orders"),
    "gc": ("gc", "--older-than", "0s"),
    "status": ("status",),
    "ledger rebuild": ("ledger", "rebuild"),
    "hold add": ("hold", "add", "public.orders", "--reason", "audit"),
    "hold list": ("hold", "list"),
    "hold release": ("hold", "release", "x"),
}
every_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)


def told_once(cli: Cli, command: tuple[str, ...], exit_code: int) -> tuple[str, str]:
    """Run it for a person and for a machine; message and hint, which must be the same. Nothing may change."""
    before = snapshot(cli.folder)
    person = cli(*command)
    machine = cli(*command, "--json")
    assert snapshot(cli.folder) == before
    assert (person.exit_code, machine.exit_code) == (exit_code, exit_code)
    assert (person.stdout, machine.stderr) == ("", "")
    errors = [document for document in machine.documents if document["message_type"] == "error"]
    assert len(errors) == 1
    message, hint = error_text(person.stderr)
    assert (errors[0]["message"], errors[0]["hint"]) == (message, hint)
    return message, hint


@every_command
def test_no_configuration(cli: Cli, command: tuple[str, ...]) -> None:
    (cli.folder / "tidegate.toml").unlink()
    message, hint = told_once(cli, (*command, "--config", "nowhere.toml"), 3)
    assert message == f"there is no configuration file {cli.folder / 'nowhere.toml'}"
    assert hint == "Name the file with --config or TIDEGATE_CONFIG, or run `tidegate init` to make one."


CONFIGURATIONS: dict[str, tuple[str, str, str]] = {
    "unknown key": ("retention =", "retentoin =", "unknown key retentoin, did you mean retention?"),
    "negative retention": ("retention = 3", "retention = -1", "retention is -1, must be 0 or more"),
    "text for a number": ("retention = 3", 'retention = "3"', 'retention is "3", must be a whole number'),
    "unknown granularity": ('"monthly"', '"weekly"', 'granularity is "weekly", must be "daily" or "monthly"'),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
@every_command
def test_a_mistake_in_a_policy(shop: Cli, name: str, command: tuple[str, ...]) -> None:
    old, new, problem = CONFIGURATIONS[name]
    edit(shop, old, new)
    message, hint = told_once(shop, command, 3)
    assert message.startswith(f"{shop.folder / 'tidegate.toml'}")
    assert f"[[archive]] public.orders: {problem}" in message
    assert hint == "Correct tidegate.toml, then run `tidegate config check`."


def test_several_mistakes_are_told_together(shop: Cli) -> None:
    edit(shop, "retention = 3", 'retention = -1\nvacuum = "often"')
    told = shop("plan")
    assert (told.exit_code, told.stdout) == (3, "")
    first, *problems, hint = told.stderr.splitlines()
    assert first == f"error: {shop.folder / 'tidegate.toml'} has 2 problems"
    assert problems == [
        "  [[archive]] public.orders: retention is -1, must be 0 or more",
        '  [[archive]] public.orders: vacuum is "often", must be "auto", "always" or "never"',
    ]
    assert hint == "hint: Correct tidegate.toml, then run `tidegate config check`."


NEEDS_A_WAREHOUSE = [name for name in COMMANDS if name not in ("init", "ledger rebuild")]


@pytest.mark.parametrize("name", NEEDS_A_WAREHOUSE)
def test_a_warehouse_that_was_never_initialised(shop: Cli, name: str) -> None:
    (shop.folder / "warehouse.duckdb").unlink()
    shop.ok("query", "SELECT 1")
    assert told_once(shop, COMMANDS[name], 3) == (
        "the warehouse has no Tidegate control tables",
        "Run `tidegate init` first.",
    )


NEEDS_A_LAKE = [name for name in COMMANDS if name not in ("init", "adopt")]


@pytest.mark.parametrize("name", NEEDS_A_LAKE)
def test_a_lake_that_is_not_there(archived: Cli, name: str) -> None:
    shutil.rmtree(archived.folder / "lake")
    assert told_once(archived, COMMANDS[name], 7) == (
        f"the lake folder '{archived.folder / 'lake'}' does not exist or cannot be entered",
        "Mount or create the folder, or correct url under [lake] in tidegate.toml.",
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_a_lake_that_is_a_file(archived: Cli, name: str) -> None:
    shutil.rmtree(archived.folder / "lake")
    (archived.folder / "lake").write_text("a file")
    config = archived.folder / "tidegate.toml"
    assert told_once(archived, COMMANDS[name], 3) == (
        f"{config}: [lake] url names {archived.folder / 'lake'}, which is a file, must be a folder",
        "Correct tidegate.toml, then run `tidegate config check`.",
    )


NEEDS_A_LEDGER = [name for name in COMMANDS if name not in ("restore", "hold add")]


@pytest.mark.parametrize("name", NEEDS_A_LEDGER)
def test_a_damaged_ledger(shop: Cli, name: str) -> None:
    (shop.folder / "tidegate.sqlite").write_bytes(b"not a database" * 500)
    message, hint = told_once(shop, COMMANDS[name], 7)
    assert message == f"the ledger '{shop.folder / 'tidegate.sqlite'}' cannot be used: file is not a database"
    assert hint.endswith("or move this one away: a new ledger can be rebuilt from the lake.")


@every_command
def test_a_damaged_warehouse(shop: Cli, command: tuple[str, ...]) -> None:
    (shop.folder / "warehouse.duckdb").write_bytes(b"not a database" * 500)
    message, hint = told_once(shop, command, 7)
    assert message.startswith(f'cannot open "{shop.folder / "warehouse.duckdb"}": ')
    assert hint == "The file is not a DuckDB database: let warehouse.url name another file."


def test_a_damaged_ledger_can_be_replaced_by_one_from_the_lake(archived: Cli) -> None:
    ledger = archived.folder / "tidegate.sqlite"
    ledger.write_bytes(b"not a database" * 500)
    ledger.rename(archived.folder / "away")
    archived.ok("ledger", "rebuild")
    archived.ok("verify", "--deep")


def test_a_mistake_is_told_as_json_even_before_the_command_is_known(cli: Cli) -> None:
    told = cli("frobnicate", "--json")
    assert (told.exit_code, told.stderr) == (2, "")
    assert json.loads(told.stdout) == {
        "message_type": "error",
        "code": "usage",
        "message": "no such command 'frobnicate'",
        "hint": "Run `tidegate --help` to see what it takes.",
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_a_damaged_claim(archived: Cli, name: str) -> None:
    (claim,) = (archived.folder / "lake").rglob("warehouse.json")
    claim.write_text("{")
    message, hint = told_once(archived, COMMANDS[name], 6)
    assert "/warehouse.json is not a readable claim: " in message
    assert hint == "Restore the object from a backup or an older version of it; nothing was changed."
