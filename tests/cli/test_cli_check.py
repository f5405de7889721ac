"""`tidegate check`."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.cli.conftest import Cli
from tests.cli.shop import error_text, snapshot
from tests.flows.parking import park
from tests.world import World

CHECKS = """
[[check]]
table = "public.orders"
checks = [
    { kind = "not_null", columns = ["order_date", "Customer"] },
    { kind = "unique", columns = ["order_id"], severity = "quarantine" },
    { kind = "range", columns = "amount", least = 3, most = 11 },
    { kind = "values", columns = "customer", values = ["c1", "c2"], severity = "warn" },
    { kind = "fresh", columns = "order_date", max_age = "9999d" },
    { kind = "rows", least = 12, most = 12 },
    { kind = "sql", expression = "amount > order_id" },
]
"""


def checked(cli: Cli, *arguments: str) -> list[tuple[object, ...]]:
    """Kind, whether it holds, and rows that break it, of each check."""
    document = cli("check", *arguments, "--json").documents[-1]
    return [(c["kind"], c["holds"], c["rows"]) for c in document["checks"]]


def one(cli: Cli, rule: str, *, section: str = '[[check]]\ntable = "public.orders"') -> None:
    cli.configure(f"{section}\nchecks = [{rule}]\n")


def test_every_rule_is_told_with_the_rows_that_break_it(shop: Cli) -> None:
    shop.configure(CHECKS)
    shop.ok("query", "UPDATE public.orders SET customer = NULL, order_id = 1 WHERE order_id = 2")
    before = snapshot(shop.folder / "lake")
    told = shop("check", "public.orders")
    assert told.exit_code == 6
    assert [" ".join(line.split()) for line in told.stdout.splitlines()[2:]] == [
        "public.orders not_null order_date, customer fail failed 1",
        "public.orders range amount fail failed 4",
        "public.orders values customer warn warning 10",
        "public.orders fresh order_date fail holds",
        "public.orders rows fail holds",
        "public.orders sql amount > order_id fail holds 0",
        "public.orders unique order_id quarantine failed 2",
        "public.orders: 1 of 12 rows have no order_date, customer",
        "public.orders: 4 of 12 rows have a amount that is not at least 3 and at most 11",
        "public.orders: 10 of 12 rows have a customer that is none of c1, c2",
        "public.orders: 2 rows share their order_id with others",
        "7 checks of 1 table: 3 failed, 1 warning",
    ]
    assert checked(shop)[-1] == ("unique", False, 2)
    assert snapshot(shop.folder / "lake") == before


def test_one_pass_over_the_table_tells_all_but_unique_rules(shop: Cli) -> None:
    shop.configure(CHECKS)
    document = shop.ok("check", "--dry-run", "--json").document
    assert [s["statement"].count(' FROM "public"."orders"') for s in document["sql"]] == [1, 1]
    assert shop.ok("check", "--dry-run").stdout.splitlines()[1] == (
        'SELECT COALESCE(SUM(tg_same), 0) AS tg_rows FROM (SELECT COUNT(*) AS tg_same FROM "public"."orders" '
        'WHERE "order_id" IS NOT NULL GROUP BY "order_id" HAVING COUNT(*) > 1) AS repeated;'
    )


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ('{ kind = "rows", least = 13 }', "12 rows are fewer than 13"),
        ('{ kind = "rows", most = 11 }', "12 rows are more than 11"),
        ('{ kind = "fresh", columns = ["order_date"], max_age = "1h" }', "no value of order_date is later than"),
        ('{ kind = "sql", expression = "amount < 12 AND customer <> \'c1\'" }', "2 of 12 rows do not fulfil amount"),
    ],
)
def test_a_warning_alone_ends_with_0(shop: Cli, rule: str, reason: str) -> None:
    one(shop, rule.replace(" }", ', severity = "warn" }'))
    told = shop.ok("check")
    assert told.stdout.splitlines()[3].startswith(f"public.orders: {reason}")
    assert told.stdout.splitlines()[-1] == "1 check of 1 table: none failed, 1 warning"


def test_archived_rows_are_checked_too_where_that_is_asked(archived: Cli) -> None:
    one(archived, '{ kind = "rows", least = 12 }, { kind = "range", columns = "order_date", least = 2020-02-01 }')
    assert checked(archived) == [("rows", False, None), ("range", True, 0)]
    assert checked(archived, "--all") == [("rows", True, None), ("range", False, 2)]
    document = archived.ok("check", "--all", "--dry-run", "--json").document
    assert document["tables"] == [{"table": "public.orders", "relation": "public.orders_all"}]
    archived.ok("query", "DROP VIEW public.orders_all")
    told = archived("check", "--all")
    assert (told.exit_code, told.stderr.splitlines()[0]) == (3, "error: public.orders has no view public.orders_all")


def test_parked_periods_are_refused_by_name(archived: Cli) -> None:
    one(archived, '{ kind = "rows", least = 1 }')
    park(World(archived.folder))
    told = archived("check", "public.orders", "--all")
    assert told.exit_code == 4
    assert error_text(told.stderr) == (
        "public.orders: 2020-01-01, 2020-02-01: parked, so that their rows cannot be checked",
        "Thaw them first: `tidegate restore public.orders --from 2020-01-01 --to 2020-02-01 --days 7`.",
    )
    assert checked(archived) == [("rows", True, None)]


def test_the_rules_of_routes_hold_of_their_table_and_of_its_last_load(shop: Cli) -> None:
    route = '[[load]]\nmatch = "in/*.parquet"\ntable = "public.notes"'
    rules = '{ kind = "rows", least = 3, most = 3, fraction = 0.5 }, { kind = "not_null", columns = "id" }'
    one(shop, rules, section=route)
    one(shop, '{ kind = "not_null", columns = "id", severity = "warn" }', section='[[check]]\ntable = "public.notes"')
    assert shop("check").exit_code == 3
    for number, rows in enumerate((2, 2, 5)):
        pq.write_table(pa.table({"id": list(range(rows))}), shop.folder / f"{number}.parquet")
        shop.ok("load", f"{number}.parquet", "--table", "public.notes")
        at = f"TIMESTAMP '2020-06-2{number} 10:00:00'"
        shop.ok("query", f"UPDATE tidegate.loaded_files SET loaded_at = {at} WHERE uri LIKE '%/{number}.parquet'")
    told = shop("check", "--json")
    assert told.exit_code == 6
    assert [(c["kind"], c["severity"], c["reason"]) for c in told.document["checks"]] == [
        ("not_null", "fail", None),
        ("rows", "fail", None),
        ("rows", "fail", "the last load: 5 rows are more than 3"),
    ]
    shop.ok("query", "DELETE FROM public.notes WHERE id > 0")
    reasons = [c["reason"] for c in shop("check", "--json").document["checks"]]
    assert reasons[1] is None
    shop.ok("query", "DELETE FROM public.notes")
    assert "0 rows are fewer than 3" in [c["reason"] for c in shop("check", "--json").document["checks"]]


@pytest.mark.parametrize(
    ("table", "rule", "code", "message"),
    [
        ("public.orders", '{ kind = "not_null", columns = ["day", "gone"] }', 3, "has no column day, gone, which kind"),
        ("public.orders", '{ kind = "sql", expression = "gone > 1" }', 2, "gone"),
        ("public.gone", '{ kind = "rows", least = 1 }', 3, "there is no table public.gone"),
    ],
)
def test_what_cannot_be_checked_is_told_by_name(shop: Cli, table: str, rule: str, code: int, message: str) -> None:
    one(shop, rule, section=f'[[check]]\ntable = "{table}"')
    told = shop("check")
    assert told.exit_code == code
    assert message in told.stderr.splitlines()[0]
    assert told.stdout.splitlines() == ["0 checks of 0 tables: none failed"]


def test_a_table_without_rules_is_a_mistake(shop: Cli) -> None:
    assert shop("check").exit_code == 2
    shop.configure(CHECKS)
    told = shop("check", "public.other")
    assert told.exit_code == 2
    assert error_text(told.stderr) == (
        f"public.other has no checks in {shop.folder / 'tidegate.toml'}",
        "Write them in [[check]], or as checks of a [[load]] that names the table.",
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("table = 't'\nchecks = []", "[[check]] public.t: checks is empty"),
        ("table = 't'", "[[check]] t: checks is missing"),
        ("table = 't'\ncheks = []", "unknown key cheks, did you mean checks?"),
        (
            "table = 't'\nchecks = [{ kind = 'unique' }]",
            '[[check]] public.t: checks number 1 has no columns, which kind = "unique" needs',
        ),
        (
            "table = 't'\nchecks = [{ kind = 'rows', least = 1 }]\n[[check]]\ntable = 't'\nchecks = [{ kind = 'rows', "
            "least = 1 }]",
            "[[check]] public.t is there twice",
        ),
    ],
)
def test_mistakes_in_the_configuration(shop: Cli, text: str, problem: str) -> None:
    shop.configure(f"[[check]]\n{text}\n")
    told = shop("config", "check")
    assert (told.exit_code, problem in told.stderr) == (3, True), told.stderr
