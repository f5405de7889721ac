"""`tidegate restore` of parked periods, and its drill."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.cli.conftest import Cli
from tests.cli.shop import FINGERPRINTS, error_text, parquet, rows, snapshot
from tests.flows.parking import SlowLake, park
from tests.masking import mask
from tests.world import World

from tidegate.app.opened import Opened
from tidegate.lake.local import LocalLake
from tidegate.model.tiers import Tier

JANUARY = ("--from", "2020-01", "--to", "2020-01")
NONE = {"files": 0, "bytes": 0}


@pytest.fixture
def parked(archived: Cli) -> Cli:
    """January and February are in GLACIER."""
    park(World(archived.folder))
    return archived


def slowly(cli: Cli, looks: int) -> SlowLake:
    """Thawing takes so many looks from now on."""
    lake = SlowLake(LocalLake(cli.folder / "lake"), looks)
    cli.monkeypatch.setattr(Opened, "lake", lake)
    return lake


def days_from_now(text: str) -> int:
    return (date.fromisoformat(text) - datetime.now(UTC).date()).days


def count(cli: Cli) -> object:
    return rows(cli, "SELECT COUNT(*) FROM public.orders_all")[0][0]


def test_a_plan_tells_states_times_and_prices_and_changes_nothing(parked: Cli) -> None:
    (parked.folder / "prices.toml").write_text(
        'date = "2026-01-31"\nregion = "eu-central-1"\n[tiers.STANDARD]\nstorage = 1073741824\n'
        "[tiers.GLACIER]\nstorage = 0\n[tiers.GLACIER.retrieval.standard]\ngb = 1073741824\nrequests = 1000\n"
        "[tiers.GLACIER.retrieval.expedited]\ngb = 2147483648\n[tiers.GLACIER.retrieval.bulk]\ngb = 0\n"
    )
    parked.configure('[prices]\nfile = "prices.toml"\n')
    before = snapshot(parked.folder)
    document = parked.ok("restore", "public.orders", *JANUARY, "--days", "8", "--dry-run", "--json").document
    statements = document.pop("sql")
    assert 7 <= days_from_now(document.pop("until")) <= 8
    size = document["bytes"]
    assert mask(document["periods"][0].pop("batch")) == "<id>"
    assert {key: float(value) for key, value in list(document["thaw"].items())[1:2]} == {"keeping": size / 2}
    ways = [(way["retrieval"], way["time"], way["hours"], float(way["price"])) for way in document["thaw"]["ways"]]
    assert ways[1:] == [
        ("standard", "3 to 5 hours", 5.0, size + 1.0),
        ("bulk", "5 to 12 hours", 12.0, 0.0),
    ]
    assert ways[0][:3] == ("expedited", "1 to 5 minutes", 0.1)
    assert [document["thaw"][key] for key in ("currency", "region", "date")] == ["USD", "eu-central-1", "2026-01-31"]
    document.pop("thaw")
    assert document == {
        "message_type": "plan",
        "table": "public.orders",
        "into": None,
        "create": False,
        "rows": 2,
        "bytes": size,
        "files": {"readable": NONE, "parked": {"files": 1, "bytes": size}, "thawing": NONE, "thawed": NONE},
        "periods": [{"period": "2020-01-01", "rows": 2, "parked": True, "thawed_until": None}],
    }
    assert [statement.split()[0] for statement in statements] == ["ALTER", "LOCK", "SELECT", "INSERT", "DELETE"]
    told = parked.ok("restore", "public.orders", *JANUARY, "--days", "8", "--dry-run").stdout.splitlines()
    assert told[2].split()[1:] == ["2020-01-01", "2", "parked"]
    assert told[4].startswith("files: 1 parked (")
    assert told[6].startswith("standard retrieval: 3 to 5 hours, ")
    assert told[8].startswith("keeping the copies: ")
    assert told[8].endswith("an estimate with the prices of 2026-01-31 in eu-central-1")
    assert snapshot(parked.folder) == before


def test_parked_periods_can_be_read_for_some_days(parked: Cli) -> None:
    assert count(parked) == 8
    document = parked.ok("restore", "public.orders", *JANUARY, "--days", "5", "--json").document
    assert 4 <= days_from_now(document.pop("until")) <= 5
    size = document["files"]["thawed"]["bytes"]
    assert [mask(b) for b in document.pop("batches")] == ["<id>"]
    assert document == {
        "message_type": "result",
        "table": "public.orders",
        "into": None,
        "rows": 2,
        "already": False,
        "waiting": False,
        "files": {"readable": NONE, "parked": NONE, "thawing": NONE, "thawed": {"files": 1, "bytes": size}},
        "hold": None,
        "periods": [{"period": "2020-01-01", "rows": 2, "fingerprint": FINGERPRINTS["2020-01-01"]}],
    }
    assert count(parked) == 10
    again = parked.ok("restore", "public.orders", *JANUARY, "--days", "5").stdout
    assert again == "public.orders: these periods can be read as they are\n"
    both = parked.ok("restore", "public.orders", "--days", "5").stdout.splitlines()
    assert both[0].startswith("2 rows of 1 period of public.orders can be read until ")
    assert both[1] == "1 period could be read before"
    parked.ok("verify", "--deep")


def test_while_files_are_thawed_it_ends_with_5_and_the_same_command_goes_on(parked: Cli) -> None:
    lake = slowly(parked, 3)
    first = parked("restore", "public.orders", "--retrieval", "bulk")
    assert first.exit_code == 5
    lines = first.stdout.splitlines()
    assert lines[0] == (
        "public.orders: nothing came back yet, parked files are being thawed, which takes 5 to 12 hours"
    )
    assert lines[1].startswith("files: 2 thawing (")
    assert lines[2] == "run the same command again to go on, or with --wait"
    second = parked("restore", "public.orders", "--json")
    assert (second.exit_code, second.document["waiting"], second.document["rows"]) == (5, True, 0)
    assert (second.document["files"]["thawing"]["files"], second.document["periods"]) == (2, [])
    assert count(parked) == 8
    third = parked.ok("restore", "public.orders").stdout.splitlines()
    assert third[0] == "brought 4 rows of 2 periods back into public.orders"
    assert (count(parked), len(lake.asked)) == (12, 2)


def test_it_waits_when_it_is_asked_to(parked: Cli) -> None:
    slowly(parked, 2)
    parked.monkeypatch.setattr("tidegate.flows.thaw.asking.FIRST_PAUSE", 0.0)
    told = parked.ok("restore", "public.orders", "--wait").stdout
    assert told.startswith("brought 4 rows of 2 periods back into public.orders\n")


MISTAKES: dict[str, tuple[tuple[str, ...], str]] = {
    "no days": (("public.orders", "--days", "0"), "--days is 0, must be 1 to 3650"),
    "two ways": (
        ("public.orders", "--days", "1", "--into", "public.x"),
        "--days makes periods readable where they are, --into brings them into a table",
    ),
    "no such retrieval": (
        ("public.orders", "--retrieval", "expedited"),
        "public.orders: files in DEEP_ARCHIVE cannot be asked for by expedited retrieval",
    ),
    "a drill of some periods": (
        ("public.orders", "--drill", "--days", "2"),
        "--drill takes a table and no other option",
    ),
    "no table": (("--days", "2"), "missing argument 'TABLE'"),
}


@pytest.mark.parametrize("name", list(MISTAKES))
def test_a_mistake_changes_nothing(archived: Cli, name: str) -> None:
    if name == "no such retrieval":
        park(World(archived.folder), tier=Tier.DEEP_ARCHIVE)
    before = snapshot(archived.folder)
    arguments, message = MISTAKES[name]
    told = archived("restore", *arguments)
    assert (told.exit_code, told.stdout, error_text(told.stderr)[0]) == (2, "", message)
    assert snapshot(archived.folder) == before


def test_a_drill_tells_what_it_proved(archived: Cli) -> None:
    document: dict[str, Any] = archived.ok("restore", "--drill", "--json").document
    assert (mask(document.pop("batch")), document.pop("seconds") >= 0) == ("<id>", True)
    period = document["period"]
    assert document == {
        "message_type": "result",
        "table": "public.orders",
        "period": period,
        "rows": 2,
        "fingerprint": FINGERPRINTS[period],
        "files": 1,
        "bytes": parquet(archived)[int(period[6]) - 1].stat().st_size,
    }
    lines = archived.ok("restore", "--drill", "public.orders").stdout.splitlines()
    assert mask(lines[0]).endswith(": batch <id> can be restored")
    assert lines[1].startswith("2 rows of 1 file, ")


def test_a_drill_that_finds_damage_ends_with_6(archived: Cli) -> None:
    for path in parquet(archived):
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    told = archived("restore", "--drill")
    assert told.exit_code == 6
    assert error_text(told.stderr)[0].endswith("000.parquet was changed after it was written")


def test_a_drill_without_archives_says_so(shop: Cli) -> None:
    told = shop("restore", "--drill")
    assert (told.exit_code, error_text(told.stderr)[0]) == (3, "there are no archived rows that can be read")
