"""`tidegate jobs` of what loads put aside."""

import pytest
from tests.cli.conftest import Cli
from tests.cli.shop import error_text, rows, snapshot

ROUTE = '[[load]]\nmatch = "in/*.csv"\ntable = "public.notes"\ncontract = "freeze"\n'


@pytest.fixture
def held(shop: Cli) -> Cli:
    """`in/a.csv` has a column that `public.notes` has not."""
    shop.configure(ROUTE)
    (shop.folder / "lake" / "in").mkdir(parents=True)
    (shop.folder / "lake" / "in" / "a.csv").write_text("id,page\n1,home\n2,shop\n", encoding="utf-8")
    shop.ok("query", "CREATE TABLE public.notes (id BIGINT)")
    assert shop("load", "lake/in").exit_code == 5
    return shop


def batch_of(cli: Cli) -> str:
    (batch,) = cli.ok("jobs", "list", "--json").document["quarantined"]
    return str(batch["batch"])


def test_a_file_in_quarantine_stands_beside_the_jobs(held: Cli) -> None:
    held.ok("jobs", "add", "archive", "public.orders", "--to", "2020-01", "--yes")
    batch = batch_of(held)
    lines = held.ok("jobs").stdout.splitlines()
    assert [line.split()[:4] for line in lines if not line.startswith("-")] == [
        ["job", "kind", "table", "periods"],
        ["1", "archive", "public.orders", "2020-01"],
        ["batch", "kind", "table", "state"],
        [batch, "load", "public.notes", "quarantined"],
    ]
    assert "archive" not in held.ok("jobs", "--quarantined").stdout
    for less in (("--state", "queued"), ("--table", "public.orders")):
        assert held.ok("jobs", "list", *less, "--json").document["quarantined"] == []
    file = str(held.folder / "lake" / "in" / "a.csv")
    shown = held.ok("jobs", "show", batch).stdout.splitlines()
    assert shown[0] == file
    assert '  reason: public.notes has no column "page", and its contract is freeze' in shown
    (entry,) = held.ok("jobs", "show", batch, "--json").document["quarantined"]
    assert (entry["uri"], entry["rows"], entry["place"], entry["code"]) == (file, None, None, "file.refused")
    assert "public.notes: 1 file in quarantine" in held.ok("status").stdout.splitlines()
    tables = held.ok("status", "--json").document["tables"]
    assert {table["table"]: table["quarantined_files"] for table in tables} == {"public.notes": 1, "public.orders": 0}


def test_a_batch_is_tried_again_and_leaves_the_list_when_it_is_loaded(held: Cli) -> None:
    batch = batch_of(held)
    told = held("jobs", "retry", batch)
    assert (told.exit_code, told.stdout.splitlines()) == (
        5,
        ["0 rows of 0 files loaded", "1 entry still in quarantine, see `tidegate jobs list --quarantined`"],
    )
    assert 'has no column "page"' in error_text(told.stderr)[0]
    held.ok("query", "ALTER TABLE public.notes ADD COLUMN page VARCHAR(20)")
    batch = batch_of(held)
    before = snapshot(held.folder / "lake")
    dry = held.ok("jobs", "retry", batch, "--dry-run").stdout.splitlines()
    assert dry == ["public.notes: 1 file by in/*.csv", f"  {held.folder / 'lake' / 'in' / 'a.csv'}"]
    assert snapshot(held.folder / "lake") == before
    assert held.ok("jobs", "retry", batch).stdout == "2 rows of 1 file loaded\n"
    assert held.ok("jobs").stdout == "no jobs\n"
    assert held.ok("jobs", "list", "--quarantined").stdout == "nothing is in quarantine\n"
    assert held.ok("jobs", "retry", "--quarantined").stdout == "0 rows of 0 files loaded\n"
    assert rows(held, "SELECT id, page FROM public.notes ORDER BY 1") == [[1, "home"], [2, "shop"]]
    told = held("jobs", "retry", batch)
    assert (told.exit_code, error_text(told.stderr)[0]) == (3, f"there is no batch {batch} in quarantine")


def test_cancel_takes_a_batch_off_the_list_and_touches_nothing_else(held: Cli) -> None:
    batch = batch_of(held)
    file = held.folder / "lake" / "in" / "a.csv"
    assert held.ok("jobs", "cancel", batch).stdout.splitlines() == [
        f"forgotten: {file}",
        "1 file taken off the list; nothing else was touched",
    ]
    assert (file.exists(), held.ok("jobs").stdout) == (True, "no jobs\n")
    assert held("jobs", "cancel", batch).exit_code == 3


def test_jobs_are_listed_while_the_warehouse_cannot_be_reached(held: Cli) -> None:
    (held.folder / "warehouse.duckdb").write_bytes(b"damaged" * 1000)
    told = held("jobs", "list")
    assert (told.exit_code, told.stdout) == (0, "no jobs\n"), told.stderr
    assert told.stderr.startswith("what is in quarantine is not known: ")
    assert held("jobs", "list", "--quarantined").exit_code == 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("retry",), "give either a job, a batch, or --quarantined"),
        (("retry", "1", "--quarantined"), "give either a job, a batch, or --quarantined"),
        (("retry", "1", "--dry-run"), "--table, --code and --dry-run are for files in quarantine"),
        (("retry", "0"), "0 is no number of a job"),
        (("list", "--quarantined", "--state", "done"), "what is in quarantine has no state of a job"),
    ],
)
def test_mistakes_are_told(shop: Cli, arguments: tuple[str, ...], message: str) -> None:
    told = shop("jobs", *arguments)
    assert told.exit_code == 2
    assert message in error_text(told.stderr)[0]
