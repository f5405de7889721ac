"""`tidegate tier` and `tidegate expire`."""

from typing import Any

import pytest
from tests.cli.conftest import Cli
from tests.cli.shop import edit, error_text, rows, snapshot
from tests.masking import mask

TODAY = "2099-01-01"
"""Every age is due by then, whatever day it is now."""

MOVE = {
    "table": "public.orders",
    "batch": "<id>",
    "step": "park",
    "source": "STANDARD",
    "tier": "GLACIER",
    "periods": ["2020-01-01", "2020-02-01"],
    "rows": 4,
    "objects": 2,
}
EXPIRY = {
    "table": "public.orders",
    "batch": "<id>",
    "tier": "STANDARD",
    "periods": ["2020-01-01", "2020-02-01"],
    "rows": 4,
    "objects": 2,
    "parked": False,
    "copies": False,
    "early_days": 0,
}


def configure(cli: Cli, tiers: str) -> Cli:
    edit(cli, "retention = 3", f"retention = 3\ntiers = {{ {tiers} }}\nmax_delete_fraction = 1.0")
    return cli


@pytest.fixture
def tiered(archived: Cli) -> Cli:
    return configure(archived, "GLACIER = 90, expire = 2555")


def masked(document: dict[str, Any]) -> dict[str, Any]:
    """Without the size, which a compressor decides."""
    assert document.pop("bytes")
    return document | {"batch": mask(document["batch"])}


def test_a_tier_is_confirmed_before_anything_moves(tiered: Cli) -> None:
    before = snapshot(tiered.folder)
    told = tiered("tier", "--as-of", TODAY)
    assert (told.exit_code, error_text(told.stderr)) == (
        4,
        (
            "4 rows would go to a colder tier, 4 of them could not be read there, and nobody is there to confirm it",
            "Run it with --yes, or look at it first with --dry-run.",
        ),
    )
    assert snapshot(tiered.folder) == before


def test_a_dry_run_prints_the_plan_and_its_statements(tiered: Cli) -> None:
    before = snapshot(tiered.folder)
    document = tiered.ok("tier", "--as-of", TODAY, "--dry-run", "--json").document
    statements = document.pop("sql")
    assert [masked(move) for move in document.pop("moves")] == [MOVE]
    assert document == {
        "message_type": "plan",
        "as_of": TODAY,
        "waiting": [],
        "held": [],
        "foreign": [],
        "problems": [],
    }
    assert [s["step"] for s in statements] == ["coverage", *["park"] * 6]
    text = tiered.ok("tier", "--as-of", TODAY, "--dry-run").stdout
    assert "-- public.orders, coverage" in text
    assert snapshot(tiered.folder) == before


def test_parked_rows_are_told_and_waited_for(tiered: Cli) -> None:
    document = tiered.ok("tier", "--as-of", TODAY, "--yes", "--json").document
    assert [masked(move) for move in document["moves"]] == [MOVE]
    assert rows(tiered, "SELECT COUNT(*) FROM public.orders_all") == [[8]]
    assert rows(tiered, "SELECT SUM(row_count), readable FROM public.orders_coverage GROUP BY 2") == [[4, False]]
    told = tiered.ok("tier", "public.orders", "--as-of", TODAY)
    nothing, waiting = told.stdout.splitlines()
    assert (nothing, mask(waiting)) == (
        "nothing was due",
        "public.orders: 2 parked periods of batch <id> go to GLACIER in a later run",
    )
    handed = tiered.ok("gc", "--older-than", "0s", "--json").document["handed"]
    assert [masked(move) for move in handed] == [MOVE | {"step": "hand_over", "source": "GLACIER"}]
    told = tiered.ok("verify", "--deep")
    assert told.stdout == "1 table, 1 batch, 2 files, 4 rows, 4 parked rows not read: no difference\n"


def test_held_periods_stay(tiered: Cli) -> None:
    tiered.ok("hold", "add", "public.orders", "--from", "2020-01", "--to", "2020-01", "--reason", "a lawsuit")
    lines = tiered.ok("tier", "--as-of", TODAY, "--yes").stdout.splitlines()
    assert mask(lines[-1]) == "public.orders: under hold: 1 period of batch <id>"
    assert rows(tiered, "SELECT COUNT(*) FROM public.orders_all") == [[10]]
    held = tiered.ok("expire", "--as-of", TODAY, "--dry-run", "--json").document["held"]
    assert [(h["table"], h["periods"]) for h in held] == [("public.orders", ["2020-01-01"])]


def test_a_table_without_tiers(archived: Cli) -> None:
    told = archived("tier", "public.orders")
    assert (told.exit_code, error_text(told.stderr)) == (
        3,
        ("public.orders has no tiers", "Set [[archive]] tiers. Tables with tiers: none."),
    )
    assert archived.ok("tier").stdout == "nothing was due\n"


def test_expiry_is_confirmed_and_says_what_goes_for_ever(tiered: Cli) -> None:
    before = snapshot(tiered.folder)
    told = tiered("expire", "--as-of", TODAY)
    message, hint = error_text(told.stderr)
    assert (told.exit_code, mask(message)) == (
        4,
        "4 rows in 2 periods, <size>, would be gone for ever and nobody is there to confirm it",
    )
    assert hint == "Run it with --yes, or look at it first with --dry-run."
    document = tiered.ok("expire", "--as-of", TODAY, "--dry-run", "--json").document
    assert [masked(item) for item in document["expired"]] == [EXPIRY]
    assert [s["step"] for s in document["sql"]] == ["expire"] * 5
    assert snapshot(tiered.folder) == before


def test_expired_rows_are_gone_at_once_and_their_files_with_gc(tiered: Cli) -> None:
    document = tiered.ok("expire", "--as-of", TODAY, "--yes", "--json").document
    assert [masked(item) for item in document["expired"]] == [EXPIRY]
    assert rows(tiered, "SELECT COUNT(*) FROM public.orders_all") == [[8]]
    assert tiered.ok("expire", "--as-of", TODAY).stdout == "nothing was due\n"
    assert tiered.ok("gc").stdout == "0 objects went, 0 B\n1 item too young yet\n"
    (gone,) = tiered.ok("gc", "--older-than", "0s", "--json").document["removed"]
    assert (gone["reason"], gone["objects"]) == ("expired", 4)
    assert tiered.ok("verify").stdout == "1 table, 0 batches, 0 files, 0 rows: no difference\n"


def test_too_much_is_refused(archived: Cli) -> None:
    edit(archived, "retention = 3", "retention = 3\ntiers = { expire = 25 }")
    before = rows(archived, "SELECT COUNT(*) FROM public.orders_all")
    plan = archived.ok("expire", "--as-of", TODAY, "--dry-run", "--json").document
    assert [p["code"] for p in plan["problems"]] == ["refused.fraction"]
    told = archived("expire", "--as-of", TODAY, "--yes")
    assert (told.exit_code, error_text(told.stderr)) == (
        4,
        (
            "public.orders: 100% of what is archived would expire, more than 95%",
            "If that is meant, run again with --max-delete-fraction.",
        ),
    )
    assert rows(archived, "SELECT COUNT(*) FROM public.orders_all") == before
    archived.ok("expire", "--as-of", TODAY, "--yes", "--max-delete-fraction", "1")


def test_what_goes_before_its_minimum_is_told_in_the_plan(archived: Cli) -> None:
    configure(archived, "GLACIER_IR = 1, expire = 36500")
    archived.ok("tier", "--as-of", TODAY, "--yes")
    edit(archived, "expire = 36500", "expire = 2")
    archived_on = str(rows(archived, "SELECT MAX(archived_at)::DATE + 2 FROM tidegate.published")[0][0])
    text = archived.ok("expire", "--as-of", archived_on[:10], "--dry-run").stdout
    assert "goes 89 days before the minimum of GLACIER_IR is over, which is paid for all the same" in text
