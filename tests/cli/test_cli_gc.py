"""`tidegate gc`."""

import pytest
from tests.cli.conftest import Cli
from tests.cli.shop import error_text, parquet, rows, snapshot
from tests.masking import mask

RETIRED = {
    "table": "public.orders",
    "batch": "<id>",
    "prefix": "<warehouse>/public/orders/tg_batch=<id>/",
    "reason": "restored",
    "periods": ["2020-01-01"],
    "objects": 1,
}


@pytest.fixture
def restored(archived: Cli) -> Cli:
    archived.ok("restore", "public.orders", "--from", "2020-01", "--to", "2020-01")
    return archived


def masked(garbage: dict[str, object]) -> dict[str, object]:
    """Without the numbers that a clock or a compressor decides."""
    assert garbage.pop("bytes", 0)
    assert isinstance(garbage.pop("age_seconds"), int)
    return garbage | {key: mask(str(garbage[key])) for key in ("batch", "prefix")}


def test_what_counts_is_never_touched(archived: Cli) -> None:
    before = snapshot(archived.folder)
    assert archived.ok("gc", "--older-than", "0s").stdout == "0 objects went, 0 B\n"
    document = {"message_type": "result", "removed": [], "waiting": [], "handed": []}
    assert archived.ok("gc", "--older-than", "0s", "--json").document == document
    assert snapshot(archived.folder) == before


def test_files_stay_for_the_queries_that_began_before(restored: Cli) -> None:
    before = snapshot(restored.folder)
    document = restored.ok("gc", "--json").document
    assert document["removed"] == []
    assert [masked(garbage) for garbage in document["waiting"]] == [RETIRED]
    assert restored.ok("gc").stdout == "0 objects went, 0 B\n1 item too young yet\n"
    assert snapshot(restored.folder) == before


def test_a_dry_run_lists_what_would_go(restored: Cli) -> None:
    before = snapshot(restored.folder)
    document = restored.ok("gc", "--older-than", "0s", "--dry-run", "--json").document
    assert (document["message_type"], document["waiting"]) == ("plan", [])
    assert [masked(garbage) for garbage in document["removed"]] == [RETIRED]
    told = restored.ok("gc", "--older-than", "0s", "--dry-run")
    assert mask(told.stdout.splitlines()[-1]) == "1 object would go, <size>"
    assert snapshot(restored.folder) == before


def test_files_of_retired_periods_go(restored: Cli) -> None:
    january, february = parquet(restored)
    told = restored.ok("gc", "--older-than", "0s")
    head, _, line, total = told.stdout.splitlines()
    assert head.split() == ["table", "batch", "reason", "periods", "objects", "size"]
    assert mask(line).split() == ["public.orders", "<id>", "restored", "1", "1", "<size>"]
    assert mask(total) == "1 object went, <size>"
    assert (january.exists(), february.exists()) == (False, True)
    assert rows(restored, "SELECT COUNT(*) FROM public.orders_all") == [[12]]
    assert restored.ok("gc", "--older-than", "0s").stdout == "0 objects went, 0 B\n"
    restored.ok("verify", "--deep")


@pytest.mark.parametrize("age", ["yesterday", "-1d", "1 fortnight"])
def test_an_age_that_is_none(restored: Cli, age: str) -> None:
    before = snapshot(restored.folder)
    told = restored("gc", "--older-than", age)
    message, hint = error_text(told.stderr)
    assert (told.exit_code, hint) == (2, "Write it as 1d, 36h or 0s.")
    assert message.startswith(f"--older-than is '{age}', must be a duration")
    assert snapshot(restored.folder) == before
