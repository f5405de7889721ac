"""`tidegate plan`: what it says, and that saying it changes nothing."""

import pytest
from tests.cli.conftest import Cli
from tests.cli.shop import AS_OF, edit, snapshot
from tests.masking import mask

BATCH = {
    "batch": "<id>",
    "prefix": "<warehouse>/public/orders/tg_batch=<id>/",
    "rows": 4,
    "bytes": 208,
    "periods": ["2020-01", "2020-02"],
}
TABLE = {
    "table": "public.orders",
    "action": "archive",
    "due_before": "2020-03-01",
    "rows": 12,
    "due_rows": 4,
    "null_rows": 0,
    "held": [],
    "waiting": [],
    "unfinished": [],
    "batches": [BATCH],
    "readers": [],
    "protections": [],
    "verdict": "ok",
    "problem": None,
}


def planned(cli: Cli, *options: str) -> dict[str, object]:
    """The document's only table, with ids masked."""
    document = cli("plan", *(options or AS_OF), "--json").document
    (table,) = document["tables"]
    for batch in table["batches"]:
        batch.update({key: mask(batch[key]) for key in ("batch", "prefix")})
    return table  # type: ignore[no-any-return]


def test_the_document(shop: Cli) -> None:
    document = shop.ok("plan", *AS_OF, "--json").document
    assert list(document) == ["message_type", "as_of", "tables", "warnings", "estimate", "sql"]
    assert (document["message_type"], document["as_of"], document["warnings"]) == ("plan", "2020-06-20", [])
    assert planned(shop) == TABLE
    assert [s["step"] for s in document["sql"]] == ["catalog"] * 2 + ["unload"] * 2 + ["catalog"] * 2 + ["verify"] + [
        "publish"
    ] * 10
    assert {(s["table"], mask(s["batch"])) for s in document["sql"]} == {("public.orders", "<id>")}


def test_people_see_a_table_without_the_sql(shop: Cli) -> None:
    assert shop.ok("plan", *AS_OF).stdout.splitlines() == [
        "table          action   due before  rows  due rows  periods  batches  estimate",
        "-------------  -------  ----------  ----  --------  -------  -------  --------",
        "public.orders  archive  2020-03-01    12         4        2        1  208 B",
    ]


def test_nothing_is_changed(shop: Cli) -> None:
    before = snapshot(shop.folder)
    shop.ok("plan", *AS_OF)
    shop.ok("plan", *AS_OF, "--json")
    assert snapshot(shop.folder) == before


def test_a_plan_before_anything_is_due(shop: Cli) -> None:
    table = planned(shop, "--as-of", "2020-03-31")
    assert (table["due_before"], table["due_rows"], table["batches"]) == ("2019-12-01", 0, [])


def test_a_schema_without_policies_is_named(shop: Cli) -> None:
    told = shop("plan", "--schema", "sales")
    assert (told.exit_code, told.stderr) == (
        3,
        "error: no table of sales has a policy\nhint: Schemas with one: public.\n",
    )


def test_the_name_of_a_schema_is_folded(shop: Cli) -> None:
    assert shop.ok("plan", "--schema", "PUBLIC", *AS_OF).stdout == shop.ok("plan", *AS_OF).stdout


def test_rows_without_a_date_are_reported(shop: Cli) -> None:
    shop.ok("query", "INSERT INTO public.orders VALUES (13, NULL, 'c13', 1)")
    assert planned(shop)["null_rows"] == 1
    assert "public.orders: 1 row without a usable date will never be touched" in shop.ok("plan", *AS_OF).stdout


def test_periods_under_hold_are_not_in_a_batch(shop: Cli) -> None:
    shop.ok("hold", "add", "public.orders", "--from", "2020-02", "--to", "2020-02", "--reason", "audit")
    table = planned(shop)
    assert (table["held"], table["due_rows"]) == (["2020-02"], 4)
    assert [batch["periods"] for batch in table["batches"]] == [["2020-01"]]  # type: ignore[attr-defined]
    assert "public.orders: under hold: 2020-02\n" in shop.ok("plan", *AS_OF).stdout


def test_a_small_remainder_waits(shop: Cli) -> None:
    edit(shop, "retention = 3", 'retention = 3\nmin_batch_bytes = "1GB"\nmax_wait = "60d"')
    table = planned(shop)
    assert (table["waiting"], table["batches"]) == (["2020-01", "2020-02"], [])
    assert "public.orders: too small to be written yet: 2020-01, 2020-02\n" in shop.ok("plan", *AS_OF).stdout


def test_a_purge_says_that_no_archive_will_exist(shop: Cli) -> None:
    edit(shop, "retention = 3", 'retention = 3\naction = "purge"')
    assert planned(shop)["action"] == "purge"
    assert "public.orders: purge deletes these rows; NO ARCHIVE WILL EXIST\n" in shop.ok("plan", *AS_OF).stdout


def test_a_refusal_is_part_of_the_plan(shop: Cli) -> None:
    table = planned(shop, "--as-of", "2020-12-20")
    assert (table["verdict"], table["problem"]) == (
        "refused",
        {
            "code": "refused.fraction",
            "message": "public.orders: 100% of the table is due, more than 95%",
            "hint": "If that is meant, run again with --max-delete-fraction.",
        },
    )
    told = shop.ok("plan", "--as-of", "2020-12-20")
    assert told.stdout.splitlines()[-2:] == [
        "refused: public.orders: 100% of the table is due, more than 95%",
        "hint: If that is meant, run again with --max-delete-fraction.",
    ]
    assert planned(shop, "--as-of", "2020-12-20", "--max-delete-fraction", "1")["verdict"] == "ok"


def test_a_table_that_does_not_exist_does_not_hide_the_others(shop: Cli) -> None:
    shop.configure('[[archive]]\ntable = "public.gone"\ncolumn = "d"\nretention = 1\n')
    told = shop("plan", *AS_OF)
    assert told.exit_code == 5
    assert told.stdout.splitlines()[2:] == [
        "public.orders  archive  2020-03-01    12         4        2        1  208 B",
        "error: table public.gone does not exist",
        "hint: Check [[archive]] table, or create it.",
    ]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("nope", 'public.orders has no column "nope"'),
        ("customer", 'public.orders: period column "customer" is VARCHAR(40), which needs a date format'),
        ("amount", 'public.orders: period column "amount" is DECIMAL(12,2), which is not a date'),
    ],
)
def test_a_period_column_that_cannot_be_one(shop: Cli, column: str, message: str) -> None:
    edit(shop, '"order_date"', f'"{column}"')
    before = snapshot(shop.folder)
    table = planned(shop)
    assert (table["verdict"], table["problem"]["message"]) == ("error", message)  # type: ignore[index]
    for command in (("plan", *AS_OF), ("archive", *AS_OF, "--dry-run")):
        told = shop(*command)
        assert (told.exit_code, told.stderr) == (3, "")
        assert told.stdout.count("error:") == 1
        assert f"error: {message}\nhint: " in told.stdout
    assert snapshot(shop.folder) == before
