"""`tidegate status`."""

from tests.cli.conftest import Cli
from tests.cli.shop import parquet, snapshot
from tests.masking import mask

EMPTY = {
    "table": "public.orders",
    "hot_rows": 12,
    "cold_rows": 0,
    "parked_rows": 0,
    "copied_rows": 0,
    "batches": 0,
    "periods": 0,
    "files": 0,
    "bytes": 0,
    "oldest": None,
    "newest": None,
    "tiers": [],
    "thawed_until": None,
    "quarantined_files": 0,
    "holds": [],
    "unfinished": [],
    "last_job": None,
}


def test_the_document_before_anything_was_archived(shop: Cli) -> None:
    document = shop.ok("status", "--json").document
    assert mask(document.pop("warehouse")) == "<warehouse>"
    assert document["tables"][0].pop("hot_bytes") > 0
    assert document == {
        "message_type": "result",
        "place": "../warehouse.duckdb",
        "tables": [EMPTY],
        "estimate": {
            "prices": "2025-06-01",
            "region": "us-east-1",
            "currency": "USD",
            "bills": [{"table": "public.orders", "hot": "0.0000", "cold": []}],
        },
    }


def test_the_document_after_an_archive(archived: Cli) -> None:
    (table,) = archived.ok("status", "--json").document["tables"]
    job = table.pop("last_job")
    assert job.pop("id").startswith("archive-")
    assert job == {"state": "done", "outcome": ""}
    assert table.pop("hot_bytes") > 0
    size = sum(path.stat().st_size for path in parquet(archived))
    assert table.pop("tiers") == [{"tier": "STANDARD", "rows": 4, "periods": 2, "files": 2, "bytes": size}]
    assert table == {key: value for key, value in EMPTY.items() if key not in ("last_job", "tiers")} | {
        "hot_rows": 8,
        "cold_rows": 4,
        "batches": 1,
        "periods": 2,
        "files": 2,
        "bytes": size,
        "oldest": "2020-01-01",
        "newest": "2020-02-01",
    }


def test_people_see_a_line_a_table(archived: Cli) -> None:
    before = snapshot(archived.folder)
    head, _, line = archived.ok("status").stdout.splitlines()
    assert head.split("  ")[0] == "table"
    assert mask(line).split() == [
        *("public.orders", "8", "4", "2", "1", "2", "<size>", "2020-01-01", "2020-02-01", "archive", "done")
    ]
    assert snapshot(archived.folder) == before


def test_holds_are_shown_with_their_days(archived: Cli) -> None:
    spans = (
        ((), "on all of it"),
        (("--from", "2020-01"), "from 2020-01-01"),
        (("--to", "2020-02"), "to 2020-02-29"),
        (("--from", "2020-01", "--to", "2020-02"), "from 2020-01-01 to 2020-02-29"),
    )
    for span, _ in spans:
        archived.ok("hold", "add", "public.orders", *span, "--reason", "audit")
    lines = sorted(mask(line) for line in archived.ok("status").stdout.splitlines()[3:])
    assert lines == sorted(f"public.orders: hold <id> {text}: audit" for _, text in spans)
    assert len(archived.ok("status", "--json").document["tables"][0]["holds"]) == 4


def test_a_table_that_is_gone_is_still_listed(archived: Cli) -> None:
    archived.ok("query", "DROP VIEW public.orders_all; DROP TABLE public.orders")
    (table,) = archived.ok("status", "--json").document["tables"]
    assert (table["hot_rows"], table["cold_rows"]) == (None, 4)


def test_without_policies_and_archives_there_is_nothing_to_show(cli: Cli) -> None:
    cli.ok("init")
    assert cli.ok("status").stdout == "no policy, and nothing archived\n"
