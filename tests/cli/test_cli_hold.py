"""`tidegate hold add|list|release`."""

import pytest
from tests.cli.conftest import Cli
from tests.cli.shop import AS_OF, error_text, rows, snapshot
from tests.masking import mask

JANUARY = ("--from", "2020-01", "--to", "2020-01")


def test_a_hold_is_placed_listed_and_released(shop: Cli) -> None:
    placed = shop.ok("hold", "add", "public.orders", *JANUARY, "--reason", "audit 17", "--json").document
    hold = placed["hold"]
    assert placed == {"message_type": "result", "hold": hold}
    assert hold | {"id": mask(hold["id"]), "placed_at": mask(hold["placed_at"])} == {
        "id": "<id>",
        "table": "public.orders",
        "from": "2020-01-01",
        "to": "2020-01-31",
        "reason": "audit 17",
        "placed_at": "<time>",
    }
    assert shop.ok("hold", "list", "--json").document == {"message_type": "result", "holds": [hold]}
    released = shop.ok("hold", "release", hold["id"], "--json").document
    assert released == {"message_type": "result", "released": hold}
    assert shop.ok("hold", "list", "--json").document["holds"] == []


def test_people_see_the_same(shop: Cli) -> None:
    told = shop.ok("hold", "add", "public.orders", "--reason", "all of it").stdout
    assert mask(told) == "hold <id> on public.orders\n"
    hold = told.split()[1]
    head, _, line = shop.ok("hold", "list").stdout.splitlines()
    assert head.split() == ["hold", "table", "from", "to", "reason", "placed", "at"]
    assert mask(line).split() == ["<id>", "public.orders", "all", "of", "it", "<time>"]
    assert shop.ok("hold", "release", hold).stdout == f"hold {hold} is released\n"
    assert shop.ok("hold", "list").stdout == "no hold is in force\n"


def test_held_rows_stay_until_the_hold_ends(shop: Cli) -> None:
    hold = shop.ok("hold", "add", "public.orders", *JANUARY, "--reason", "audit", "--json").document["hold"]["id"]
    shop.ok("archive", *AS_OF, "--yes")
    assert rows(shop, "SELECT MIN(order_date) FROM public.orders") == [["2020-01-01"]]
    shop.ok("hold", "release", hold)
    shop.ok("archive", *AS_OF, "--yes")
    assert rows(shop, "SELECT MIN(order_date) FROM public.orders") == [["2020-03-01"]]


@pytest.mark.parametrize(
    ("command", "exit_code", "message"),
    [
        (("release", "nope"), 3, "there is no hold nope"),
        (("add", "public.orders"), 2, "missing option '--reason'"),
        (("add", "public.orders", "--from", "x", "--reason", "r"), 2, "--from: 'x' is not a date"),
        (
            ("add", "public.orders", "--from", "2020-02", "--to", "2020-01", "--reason", "r"),
            2,
            "the last day 2020-01-31 is before the first day 2020-02-01",
        ),
        (("frobnicate",), 2, "no such command 'frobnicate'"),
    ],
)
def test_a_mistake_changes_nothing(shop: Cli, command: tuple[str, ...], exit_code: int, message: str) -> None:
    before = snapshot(shop.folder)
    told = shop("hold", *command)
    assert (told.exit_code, told.stdout) == (exit_code, "")
    assert error_text(told.stderr)[0] == message
    assert snapshot(shop.folder) == before
