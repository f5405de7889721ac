"""`tidegate restore`."""

import pytest
from tests.cli.conftest import Cli
from tests.cli.shop import AS_OF, FINGERPRINTS, error_text, parquet, rows, snapshot
from tests.masking import mask

JANUARY = ("--from", "2020-01", "--to", "2020-01")


def readable(files: int, size: int) -> dict[str, dict[str, int]]:
    """States of files none of which had to be thawed."""
    none = {"files": 0, "bytes": 0}
    return {"readable": {"files": files, "bytes": size}, "parked": none, "thawing": none, "thawed": none}


def test_periods_come_back_into_the_hot_table(archived: Cli) -> None:
    document = archived.ok("restore", "public.orders", *JANUARY, "--json").document
    assert (mask(document.pop("hold")), [mask(b) for b in document.pop("batches")]) == ("<id>", ["<id>"])
    assert document == {
        "message_type": "result",
        "table": "public.orders",
        "into": "public.orders",
        "rows": 2,
        "already": False,
        "waiting": False,
        "until": None,
        "files": readable(1, parquet(archived)[0].stat().st_size),
        "periods": [{"period": "2020-01-01", "rows": 2, "fingerprint": FINGERPRINTS["2020-01-01"]}],
    }
    assert rows(archived, "SELECT order_id, amount FROM public.orders WHERE order_date < '2020-02-01'") == [
        [1, "1.25"],
        [7, "7.25"],
    ]
    assert rows(archived, "SELECT COUNT(*) FROM public.orders_all") == [[12]]
    archived.ok("verify", "--deep")


def test_people_are_told_of_the_hold(archived: Cli) -> None:
    lines = archived.ok("restore", "public.orders", *JANUARY).stdout.splitlines()
    assert lines[0] == "brought 2 rows of 1 period back into public.orders"
    assert mask(lines[1]) == "under hold <id>: `tidegate hold release` lets them be archived again"
    assert archived.ok("archive", *AS_OF, "--yes").stdout == (
        "public.orders: 2 due rows under hold: nothing was archived\n"
    )
    archived.ok("hold", "release", lines[1].split()[2].rstrip(":"))
    (batch,) = archived.ok("archive", *AS_OF, "--yes", "--json").document["batches"]
    assert [p["period"] for p in batch["periods"]] == ["2020-01-01"]


def test_running_it_again_is_harmless(archived: Cli) -> None:
    archived.ok("restore", "public.orders", *JANUARY)
    again = archived.ok("restore", "public.orders", *JANUARY)
    assert again.stdout == "public.orders: these periods were restored into public.orders before\n"
    document = archived.ok("restore", "public.orders", *JANUARY, "--json").document
    assert (document["already"], document["rows"], document["hold"]) == (True, 0, None)
    assert rows(archived, "SELECT COUNT(*) FROM public.orders_all") == [[12]]


def test_into_a_new_table_the_rows_stay_cold(archived: Cli) -> None:
    document = archived.ok("restore", "public.orders", "--into", "public.old", "--json").document
    assert (document["into"], document["rows"], document["hold"]) == ("public.old", 4, None)
    assert rows(archived, "SELECT COUNT(*), MIN(order_id), MAX(order_id) FROM public.old") == [[4, 1, 8]]
    assert rows(archived, "SELECT COUNT(*) FROM public.orders_all") == [[12]]
    again = archived.ok("restore", "public.orders", "--into", "public.old")
    assert again.stdout == "public.orders: these periods were restored into public.old before\n"


def test_a_new_table_with_other_rows_is_refused(archived: Cli) -> None:
    archived.ok("query", "CREATE TABLE public.old AS SELECT * FROM public.orders")
    told = archived("restore", "public.orders", "--into", "public.old")
    assert told.exit_code == 4
    assert error_text(told.stderr)[0].startswith("public.old ")
    assert rows(archived, "SELECT COUNT(*) FROM public.old") == [[8]]


def test_a_dry_run_prints_plan_and_sql_and_changes_nothing(archived: Cli) -> None:
    before = snapshot(archived.folder)
    document = archived.ok("restore", "public.orders", *JANUARY, "--dry-run", "--json").document
    statements = document.pop("sql")
    for period in document["periods"]:
        period["batch"] = mask(period["batch"])
    assert document == {
        "message_type": "plan",
        "table": "public.orders",
        "into": "public.orders",
        "create": False,
        "rows": 2,
        "until": None,
        "bytes": parquet(archived)[0].stat().st_size,
        "files": readable(1, parquet(archived)[0].stat().st_size),
        "thaw": None,
        "periods": [
            {"batch": "<id>", "period": "2020-01-01", "rows": 2, "parked": False, "thawed_until": None},
        ],
    }
    assert [statement.split()[0] for statement in statements] == [
        *("LOCK", "SELECT", "SELECT", "SELECT", "INSERT", "DELETE", "INSERT", "INSERT", "SELECT")
    ]
    told = archived.ok("restore", "public.orders", *JANUARY, "--dry-run").stdout.splitlines()
    assert told[0].split() == ["batch", "period", "rows"]
    assert mask(told[3]) == "2 rows, <size> into public.orders"
    assert told[4] == statements[0] + ";"
    assert snapshot(archived.folder) == before


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (
            ("public.orders", "--from", "2020-05"),
            3,
            "public.orders has no archived rows from 2020-05-01 to the last period",
        ),
        (("public.other",), 3, "public.other has no archived rows from the first period to the last period"),
        (("public.orders", "--from", "2020-13"), 2, "--from: '2020-13-01' is not a date"),
        (("public.orders", "--to", "soon"), 2, "--to: 'soon' is not a date"),
        (
            ("public.orders", "--from", "2020-02", "--to", "2020-01"),
            2,
            "the last day 2020-01-31 is before the first day 2020-02-01",
        ),
        ((), 2, "missing argument 'TABLE'"),
    ],
)
def test_a_mistake_changes_nothing(archived: Cli, arguments: tuple[str, ...], exit_code: int, message: str) -> None:
    before = snapshot(archived.folder)
    told = archived("restore", *arguments)
    assert (told.exit_code, told.stdout) == (exit_code, "")
    assert error_text(told.stderr)[0] == message
    assert snapshot(archived.folder) == before


def test_a_damaged_file_is_never_restored(archived: Cli) -> None:
    path = parquet(archived)[0]
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    told = archived("restore", "public.orders")
    assert told.exit_code == 6
    assert mask(error_text(told.stderr)[0]) == (
        "<warehouse>/public/orders/tg_batch=<id>/tg_period=2020-01-01/000.parquet was changed after it was written"
    )
    assert rows(archived, "SELECT COUNT(*) FROM public.orders") == [[8]]
