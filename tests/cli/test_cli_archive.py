"""`tidegate archive`."""

from datetime import UTC, datetime

import pytest
from tests.cli.conftest import Cli
from tests.cli.shop import AS_OF, FINGERPRINTS, edit, error_text, parquet, rows, snapshot
from tests.masking import mask

ITEMS = """
[[archive]]
table = "public.items"
column = "order_date"
retention = 3
priority = 200
"""


def state(cli: Cli) -> list[object]:
    """Rows in the hot table, and through the view."""
    return rows(cli, "SELECT (SELECT COUNT(*) FROM public.orders), (SELECT COUNT(*) FROM public.orders_all)")[0]


def state_of_hot(cli: Cli) -> object:
    return rows(cli, "SELECT COUNT(*) FROM public.orders")[0][0]


def test_the_document(shop: Cli) -> None:
    document = shop.ok("archive", *AS_OF, "--yes", "--json").document
    (batch,) = document["batches"]
    assert document == {"message_type": "result", "batches": [batch]}
    assert batch.pop("bytes") == sum(path.stat().st_size for path in parquet(shop))
    assert mask(batch.pop("batch")) == "<id>"
    assert batch == {
        "table": "public.orders",
        "state": "reclaimed",
        "rows": 4,
        "files": 2,
        "checkpoint": "2020-02-01",
        "periods": [{"period": p, "rows": 2, "fingerprint": f} for p, f in FINGERPRINTS.items()],
    }
    assert state(shop) == [8, 12]


def test_people_see_what_was_done(shop: Cli) -> None:
    told = shop.ok("archive", *AS_OF, "--yes")
    head, _, line, total = told.stdout.splitlines()
    assert head.split() == ["table", "batch", "state", "rows", "periods", "files", "size"]
    assert mask(line).split() == ["public.orders", "<id>", "reclaimed", "4", "2", "2", "<size>"]
    assert (total, told.stderr) == ("4 rows in 1 batch", "")


def test_a_second_run_has_nothing_to_do(archived: Cli) -> None:
    before = snapshot(archived.folder)
    told = archived.ok("archive", *AS_OF)
    assert (told.stdout, told.stderr) == ("nothing was due\n", "")
    assert archived.ok("archive", *AS_OF, "--json").document == {"message_type": "result", "batches": []}
    assert snapshot(archived.folder) == before


def test_a_dry_run_prints_plan_and_sql_and_changes_nothing(shop: Cli) -> None:
    before = snapshot(shop.folder)
    told = shop.ok("archive", *AS_OF, "--dry-run")
    assert told.stdout.startswith(shop.ok("plan", *AS_OF).stdout)
    steps = [line.rpartition(" ")[2] for line in told.stdout.splitlines() if line.startswith("-- public.orders batch ")]
    assert [s for n, s in enumerate(steps) if n == 0 or steps[n - 1] != s] == [
        "catalog",
        "unload",
        "catalog",
        "verify",
        "publish",
    ]
    assert told.stdout.count("\n/* tidegate ") == 15
    assert snapshot(shop.folder) == before


def test_a_dry_run_prints_the_verdict_of_the_guard_and_succeeds(shop: Cli) -> None:
    told = shop.ok("archive", "--as-of", "2020-12-20", "--dry-run")
    assert "refused: public.orders: 100% of the table is due, more than 95%\n" in told.stdout


def test_nobody_is_there_to_confirm(shop: Cli) -> None:
    before = snapshot(shop.folder)
    told = shop("archive", *AS_OF)
    assert (told.exit_code, told.stdout) == (4, "")
    assert error_text(told.stderr) == (
        "4 rows would leave the warehouse and nobody is there to confirm it",
        "Run it with --yes, or look at it first with --dry-run.",
    )
    assert shop("archive", *AS_OF, "--json").document["code"] == "refused.confirmation"
    assert snapshot(shop.folder) == before


def test_more_of_the_table_than_the_fraction_is_refused_also_with_yes(shop: Cli) -> None:
    before = snapshot(shop.folder / "lake")
    told = shop("archive", "--as-of", "2020-12-20", "--yes")
    assert told.exit_code == 4
    assert error_text(told.stderr)[0] == "public.orders: 100% of the table is due, more than 95%"
    assert state_of_hot(shop) == 12
    assert snapshot(shop.folder / "lake") == before
    shop.ok("archive", "--as-of", "2020-12-20", "--yes", "--max-delete-fraction", "1")
    assert state(shop) == [0, 12]


def test_late_rows_become_a_further_batch(archived: Cli) -> None:
    archived.ok("query", "INSERT INTO public.orders VALUES (99, '2020-01-30', 'late', 1)")
    assert state(archived) == [9, 13]
    (batch,) = archived.ok("archive", *AS_OF, "--yes", "--json").document["batches"]
    assert [(p["period"], p["rows"]) for p in batch["periods"]] == [("2020-01-01", 1)]
    assert state(archived) == [8, 13]


def test_archived_rows_that_were_brought_back_are_refused(archived: Cli) -> None:
    archived.ok(
        "query",
        "INSERT INTO public.orders SELECT order_id, order_date, customer, amount FROM public.orders_all "
        "WHERE order_date < '2020-02-01'",
    )
    told = archived("archive", *AS_OF, "--yes")
    message, hint = error_text(told.stderr)
    assert told.exit_code == 4
    assert mask(message) == "public.orders 2020-01-01: its 2 hot rows equal those archived in batch <id>"
    assert hint == 'Delete the repeated hot rows, or set acknowledge = ["repeat"] to archive them once more.'
    assert state(archived) == [10, 14]


def test_rows_without_a_date_stay_and_are_reported(shop: Cli) -> None:
    shop.ok("query", "INSERT INTO public.orders VALUES (13, NULL, 'c13', 1)")
    told = shop.ok("archive", *AS_OF, "--yes")
    assert told.stdout.splitlines()[-1] == "public.orders: not touched: 1 row without a usable date"
    assert rows(shop, "SELECT order_id FROM public.orders WHERE order_date IS NULL") == [[13]]


def test_no_batch_begins_after_the_end_of_the_window(shop: Cli) -> None:
    told = shop.ok("archive", *AS_OF, "--yes", "--until", "2020-01-01T05:30")
    assert told.stderr == "public.orders: the window has ended, the rest waits for the next run\n"
    assert (told.stdout, state_of_hot(shop)) == ("nothing was done\n", 12)
    ahead = f"{datetime.now(UTC).year + 1}-01-01T00:00"
    shop.ok("archive", *AS_OF, "--yes", "--until", ahead)
    assert state_of_hot(shop) == 8


def test_one_table_that_fails_never_stops_the_others(shop: Cli) -> None:
    edit(shop, "public.orders", "public.gone")
    shop.ok("query", "CREATE TABLE public.items AS SELECT * FROM public.orders")
    shop.configure(ITEMS)
    told = shop("archive", *AS_OF, "--yes", "--json")
    failure, result = told.documents
    assert (told.exit_code, told.stderr) == (5, "")
    assert failure == {
        "message_type": "error",
        "object": "public.gone",
        "code": "object.missing",
        "message": "table public.gone does not exist",
        "hint": "Check [[archive]] table, or create it.",
    }
    assert [(b["table"], b["rows"]) for b in result["batches"]] == [("public.items", 4)]


def test_only_the_tables_named_are_archived(shop: Cli) -> None:
    shop.ok("query", "CREATE TABLE public.items AS SELECT * FROM public.orders")
    shop.configure(ITEMS)
    result = shop.ok("archive", "public.items", *AS_OF, "--yes", "--json").document
    assert [b["table"] for b in result["batches"]] == ["public.items"]
    assert state_of_hot(shop) == 12


def test_a_copy_asks_nobody_and_deletes_nothing(shop: Cli) -> None:
    edit(shop, "retention = 3", 'retention = 3\naction = "copy"')
    (batch,) = shop.ok("archive", *AS_OF, "--json").document["batches"]
    assert (batch["state"], batch["rows"], len(parquet(shop)), state_of_hot(shop)) == ("copied", 4, 2, 12)
    assert shop.ok("archive", *AS_OF, "--json").document["batches"] == []


def test_a_purge_deletes_without_an_archive(shop: Cli) -> None:
    edit(shop, "retention = 3", 'retention = 3\naction = "purge"')
    (batch,) = shop.ok("archive", *AS_OF, "--yes", "--json").document["batches"]
    assert (batch["rows"], batch["files"], batch["periods"]) == (4, 0, [])
    assert (parquet(shop), state_of_hot(shop)) == ([], 8)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--as-of", "20.6.2020"), "--as-of: '20.6.2020' is not a date"),
        (("--until", "25:99"), "--until: '25:99' is not a time"),
        (("--max-delete-fraction", "2"), "invalid value for '--max-delete-fraction': Input should be less than or"),
        (("--frobnicate",), "no such option: --frobnicate"),
        (("a.b.c",), "'a.b.c' is not a table name"),
    ],
)
def test_a_mistake_in_the_command(shop: Cli, options: tuple[str, ...], message: str) -> None:
    before = snapshot(shop.folder)
    told = shop("archive", "--yes", *options)
    assert (told.exit_code, told.stdout) == (2, "")
    assert error_text(told.stderr)[0].startswith(message)
    assert snapshot(shop.folder) == before


def test_a_table_without_a_policy(shop: Cli) -> None:
    told = shop("archive", "public.customers", "--yes")
    assert told.exit_code == 3
    assert error_text(told.stderr) == (
        "public.customers has no policy",
        "Tables with a policy: public.orders.",
    )
