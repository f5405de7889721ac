"""What the plan says an archive changes for others, and the refusal that stops one."""

import pytest
from tests.cli.conftest import Cli
from tests.cli.shop import AS_OF, edit, rows

REFUSAL = "public.orders: its view public.orders_all would not carry column grants of role auditor: customer"
HINT = 'See to it that the view shows nobody more than he may see, then set acknowledge = ["column_grants"].'
READERS = "public.orders: fewer rows will be seen by late-binding view public.late, view public.totals"


@pytest.fixture
def shared(shop: Cli) -> Cli:
    """Two views read the orders, a group may read them, and a role one of their columns."""
    shop.ok(
        "query",
        "CREATE VIEW public.totals AS SELECT SUM(amount) AS total FROM orders; "
        "CREATE VIEW public.late AS SELECT order_id FROM public.orders WITH NO SCHEMA BINDING; "
        "GRANT SELECT ON orders TO GROUP analysts; GRANT SELECT (customer) ON orders TO ROLE auditor",
    )
    return shop


@pytest.mark.parametrize("command", [("plan",), ("archive", "--dry-run")])
def test_readers_and_the_verdict_stand_in_the_plan(shared: Cli, command: tuple[str, ...]) -> None:
    told = shared.ok(*command, *AS_OF).stdout.splitlines()
    assert told[3:6] == [READERS, f"refused: {REFUSAL}", f"hint: {HINT}"]
    (table,) = shared.ok(*command, *AS_OF, "--json").document["tables"]
    assert table["readers"] == [
        {"kind": "late-binding view", "name": "public.late"},
        {"kind": "view", "name": "public.totals"},
    ]
    assert table["protections"] == [
        {
            "word": "column_grants",
            "detail": "column grants of role auditor: customer",
            "known": True,
            "acknowledged": False,
        }
    ]
    assert (table["verdict"], table["problem"]) == (
        "refused",
        {"code": "refused.protection", "message": REFUSAL, "hint": HINT},
    )


def test_an_archive_stops_until_the_policy_acknowledges_it(shared: Cli) -> None:
    told = shared("archive", *AS_OF, "--yes")
    assert (told.exit_code, told.stderr) == (4, f"error: {REFUSAL}\nhint: {HINT}\n")
    assert rows(shared, "SELECT COUNT(*) FROM orders") == [[12]]
    edit(shared, "retention = 3", 'retention = 3\nacknowledge = ["column_grants"]')
    assert shared.ok("plan", *AS_OF).stdout.splitlines()[3:] == [
        READERS,
        "public.orders: public.orders_all will be granted to group analysts",
        "public.orders: acknowledged: public.orders_all does not carry column grants of role auditor: customer",
    ]
    shared.ok("archive", *AS_OF, "--yes")
    assert rows(shared, "SELECT COUNT(*) FROM orders") == [[8]]
    granted = "SELECT identity_type, identity_name FROM svv_relation_privileges WHERE relation_name = 'orders_all'"
    assert rows(shared, granted) == [["group", "analysts"]]


def test_grants_without_a_batch_are_printed_and_given(archived: Cli) -> None:
    archived.ok("query", "GRANT SELECT ON orders TO PUBLIC")
    grant = '/* tidegate grants grant */ GRANT SELECT ON "public"."orders_all" TO PUBLIC'
    told = archived.ok("archive", *AS_OF, "--dry-run").stdout.splitlines()
    assert told[3:] == [
        "public.orders: public.orders_all will be granted to public",
        "-- public.orders, grant",
        f"{grant};",
    ]
    assert archived.ok("plan", *AS_OF, "--json").document["sql"] == [
        {"table": "public.orders", "batch": "", "step": "grant", "statement": grant}
    ]
    assert archived.ok("archive", *AS_OF).stdout == "nothing was due\n"
    assert archived.ok("plan", *AS_OF, "--json").document["sql"] == []


def test_what_could_not_be_read_is_a_warning(shop: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidegate.flows.impact.select_views", lambda: "SELECT definition FROM pg_rules")
    told = shop.ok("plan", *AS_OF).stdout.splitlines()[-1]
    assert told.startswith("warning: views could not be read: ")
    assert shop.ok("plan", *AS_OF, "--json").document["warnings"] == [told.removeprefix("warning: ")]
    assert shop.ok("plan", *AS_OF, "--json").document["tables"][0]["verdict"] == "ok"
