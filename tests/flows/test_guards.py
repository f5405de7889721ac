"""Guards inside transactions: they fail whenever they should, in each of the ways in which a guard can go wrong."""

import pytest
from tests.world import World

from tidegate.errors import GuardFailed
from tidegate.redshift.guard import guard, guard_none, guard_reason

JANUARY = "public.orders WHERE order_date < '2020-02-01'"
DELETE = "DELETE FROM public.orders WHERE order_date < '2020-02-01'"


def rows(world: World) -> int:
    return int(world.value("SELECT COUNT(*) FROM public.orders"))


def run(world: World, *statements: str) -> None:
    with world.context() as ctx:
        ctx.warehouse.transaction(statements)


def test_a_guard_that_holds_lets_the_transaction_through(world: World) -> None:
    run(world, guard(JANUARY, "COUNT(*) = 10", "hot rows changed"), DELETE)
    assert rows(world) == 50


def test_a_guard_that_fails_says_why_and_nothing_is_changed(world: World) -> None:
    with pytest.raises(GuardFailed, match=r"^hot rows changed: 10$"):
        run(world, DELETE.replace("<", ">"), guard(JANUARY, "COUNT(*) = 9", "hot rows changed"))
    assert rows(world) == 60


def test_an_emptied_period_fails_although_no_row_is_left(world: World) -> None:
    world.sql(DELETE)
    with pytest.raises(GuardFailed, match=r"^hot rows changed: 0$"):
        run(world, guard(JANUARY, "COUNT(*) = 10", "hot rows changed"))


def test_a_grouped_form_would_pass_over_an_emptied_period(world: World) -> None:
    """Why a guard is never grouped: over no rows there is no group, so nothing is evaluated."""
    world.sql(DELETE)
    grouped = guard(JANUARY, "COUNT(*) = 10", "hot rows changed") + " GROUP BY order_date"
    run(world, grouped)


@pytest.mark.parametrize("condition", ["SUM(order_id) = 5", "MAX(order_date) > NULL", "NULL = COUNT(*)"])
def test_a_condition_that_is_null_fails(world: World, condition: str) -> None:
    world.sql(DELETE)
    with pytest.raises(GuardFailed, match=r"^unknown: 0$"):
        run(world, guard(JANUARY, condition, "unknown"))


def test_a_message_is_never_null(world: World) -> None:
    """A cast of NULL would pass; the count in the message is there for no rows too."""
    with pytest.raises(GuardFailed, match=r"^rows are there: 60$"):
        run(world, guard_none("public.orders", "rows are there"))
    statement = guard_none("public.orders", "rows are there")
    assert "COALESCE(COUNT(*), 0)" in statement


def test_a_guard_whose_result_nobody_reads_is_run_all_the_same(world: World) -> None:
    with pytest.raises(GuardFailed):
        run(world, guard(JANUARY, "COUNT(*) = 9", "hot rows changed"), DELETE, "SELECT 1")
    assert rows(world) == 60


def test_a_guard_in_a_subquery_would_be_pruned(world: World) -> None:
    """Why a guard stands alone: a column that nobody needs is not computed."""
    failing = guard(JANUARY, "COUNT(*) = 9", "hot rows changed")
    assert world.value(f"SELECT COUNT(*) FROM ({failing}) AS pruned") == 1
    with pytest.raises(GuardFailed):
        run(world, failing)


def test_the_reason_is_found_in_any_engines_error() -> None:
    redshift = 'invalid input syntax for integer: "tidegate guard: hot rows changed: 10"'
    assert guard_reason(redshift) == "hot rows changed: 10"
    assert guard_reason("division by zero") is None
