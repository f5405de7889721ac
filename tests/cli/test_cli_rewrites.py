"""`tidegate compact` and `tidegate erase`."""

import pytest
from tests.cli.conftest import Cli
from tests.cli.shop import AS_OF, error_text, parquet, rows, snapshot
from tests.masking import mask

WHERE = ("--where", "customer in ('c1', 'c3')")
"""Order 1, of January, and order 3, which is hot."""


@pytest.fixture
def late(archived: Cli) -> Cli:
    archived.ok("query", "INSERT INTO public.orders VALUES (100, '2020-01-31', 'late', 1.50)")
    archived.ok("archive", *AS_OF, "--yes")
    return archived


def test_compact_there_and_back(late: Cli) -> None:
    before = snapshot(late.folder)
    document = late.ok("compact", "--dry-run", "--json").document
    assert document["message_type"] == "plan"
    assert [step["step"] for step in document["sql"]][:2] == ["unload", "unload"]
    assert snapshot(late.folder) == before
    told = late.ok("compact").stdout.splitlines()
    assert mask(told[2]).split() == ["public.orders", "<id>", "2", "2", "5", "2", "<size>"]
    assert told[-1] == "3 files became 2; `tidegate gc` deletes the old ones"
    assert late.ok("compact").stdout == "nothing to merge\n"
    assert late.ok("compact", "--json").document == {"message_type": "result", "batches": []}
    assert rows(late, "SELECT COUNT(*) FROM public.orders_all") == [[13]]
    late.ok("verify", "--deep")


@pytest.mark.parametrize(
    ("arguments", "message", "exit_code"),
    [
        (("compact", "--target", "much"), "--target is 'much', must be a size", 2),
        (("compact", "public.items"), "public.items has no archived rows", 3),
        (("erase", "public.orders", "--where", "x = 1"), 'public.orders has no column "x"', 2),
        (("erase", "public.orders", "--where", "order_id = 1; DROP"), "the condition has a semicolon in it", 2),
        (("erase", "public.orders", *WHERE), "1 row would be erased for ever and nobody is there to confirm it", 4),
    ],
)
def test_mistakes(late: Cli, arguments: tuple[str, ...], message: str, exit_code: int) -> None:
    before = snapshot(late.folder)
    told = late(*arguments)
    assert told.exit_code == exit_code
    assert error_text(told.stderr)[0].startswith(message)
    assert snapshot(late.folder) == before


def test_erase_asks_tells_and_leaves_nothing(archived: Cli) -> None:
    before = snapshot(archived.folder)
    plan = archived.ok("erase", "public.orders", *WHERE, "--dry-run", "--json").document
    assert (plan["verdict"], plan["columns"]) == ("ok", ["customer"])
    assert [(f["place"], f["period"], f["rows"]) for f in plan["found"]] == [
        ("archive", "2020-01-01", 1),
        ("hot", "2020-03-01", 1),
    ]
    assert snapshot(archived.folder) == before
    told = archived.ok("erase", "public.orders", *WHERE, "--yes").stdout.splitlines()
    assert mask(told[2]).split() == ["archive", "<id>", "2020-01-01", "1"]
    assert mask(told[3]) == "erased 1 row of public.orders: <id>"
    assert told[4:] == ["1 old file will go with `tidegate gc` after delete_grace", "1 hot row would need --hot"]
    document = archived.ok("erase", "public.orders", *WHERE, "--hot", "--now", "--yes", "--json").document
    assert [f["place"] for f in document["found"]] == ["hot"]
    assert (document["objects"], document["hot_left"], document["waiting"]) == (1, 0, 0)
    assert len(parquet(archived)) == 2
    assert rows(archived, "SELECT COUNT(*) FROM public.orders_all WHERE customer IN ('c1', 'c3')") == [[0]]
    assert rows(archived, "SELECT COUNT(*) FROM public.orders_all") == [[10]]
    again = archived.ok("erase", "public.orders", *WHERE, "--now", "--yes").stdout
    assert again == "public.orders: no archived row is one of these\n"


def test_a_hold_is_a_verdict_of_the_plan_and_an_error_of_the_run(archived: Cli) -> None:
    archived.ok("hold", "add", "public.orders", "--from", "2020-01", "--to", "2020-01", "--reason", "audit")
    plan = archived.ok("erase", "public.orders", *WHERE, "--dry-run", "--json").document
    assert (plan["verdict"], plan["problem"]["code"]) == ("refused", "refused.hold")
    told = archived("erase", "public.orders", *WHERE, "--yes", "--json")
    assert (told.exit_code, told.document["code"]) == (4, "refused.hold")
    assert rows(archived, "SELECT COUNT(*) FROM public.orders_all") == [[12]]
