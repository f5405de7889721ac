"""`tidegate demo`: the main job, from beginning to end."""

import pytest
from tests.cli.conftest import Cli
from tests.cli.shop import error_text, snapshot


def test_a_single_order(cli: Cli) -> None:
    document = cli.ok("demo", "--dir", "a/b", "--rows", "1", "--json").document
    assert [month["rows"] for month in document["months"]] == [1]
    assert document["steps"][0] == "made     1 order with 2 items in a/b/orders"
    assert document["proofs"][0]["after"].startswith("1 row, fingerprint ")


def test_every_proof_holds(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    document = cli.ok("demo", "--dir", "out", "--rows", "60", "--json").document
    assert list(document) == ["message_type", "folder", "steps", "months", "proofs"]
    assert (document["message_type"], document["folder"]) == ("result", "out")
    assert [proof["holds"] for proof in document["proofs"]] == [True] * 4
    assert sum(month["rows"] for month in document["months"]) == 60
    assert {month["where"] for month in document["months"]} == {"hot", "cold"}
    assert all((month["files"] > 0) == (month["where"] == "cold") for month in document["months"])
    monkeypatch.chdir(cli.folder / "out")
    assert cli.ok("query", "SELECT COUNT(*) AS n FROM public.orders_all", "--json").document["rows"] == [[60]]
    cli.ok("verify", "--deep")


def test_people_see_each_step_and_a_summary(cli: Cli) -> None:
    lines = cli.ok("demo", "--dir", "out", "--rows", "40").stdout.splitlines()
    blank = lines.index("")
    assert [line.split()[0] for line in lines[:blank]] == [
        *("made", "loaded", "loaded", "loaded", "loaded", "loaded", "archived", "archived", "restored", "verified")
    ]
    assert lines[blank + 1].split() == ["period", "rows", "where", "files", "bytes", "fingerprint"]
    assert [line.split(":")[0] for line in lines if "proven" in line.lower()] == ["proven"] * 4
    assert lines[-1] == "look around: cd out && tidegate status"


def test_a_folder_with_files_is_left_alone(shop: Cli) -> None:
    before = snapshot(shop.folder)
    told = shop("demo", "--dir", ".")
    assert (told.exit_code, told.stdout) == (2, "")
    assert error_text(told.stderr) == (". is not an empty folder", "Name a new or an empty folder with --dir.")
    assert snapshot(shop.folder) == before


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("0", "0 orders are too few to show anything"),
        ("100000000", "100000000 sample orders cannot be made"),
        ("many", "invalid value for '--rows': Input should be a valid integer, unable to parse string as an integer"),
    ],
)
def test_a_number_of_orders_that_is_none(cli: Cli, rows: str, message: str) -> None:
    told = cli("demo", "--dir", "out", "--rows", rows)
    assert (told.exit_code, told.stdout) == (2, "")
    assert error_text(told.stderr)[0] == message
    assert list(snapshot(cli.folder)) == ["tidegate.toml"]
