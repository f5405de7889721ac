"""Mistakes of people: names that do not exist, a view of somebody else, an original that is adopted as a copy."""

import pytest
from tests.flows.tables import archive, create, lake_of, policy, rows_of
from tests.world import AS_OF, ORDERS, World

from tidegate.errors import ObjectMissing, Refused, UsageError
from tidegate.flows.adopt import as_copy
from tidegate.flows.hold import add_hold, list_holds
from tidegate.flows.verify import verify
from tidegate.model.names import TableName
from tidegate.model.policy import Action

NOTHING = TableName("public", "nothing")


def test_an_unknown_table_is_not_verified(archived: World) -> None:
    with archived.context() as ctx, pytest.raises(ObjectMissing) as missing:
        verify(ctx, [ORDERS, NOTHING])
    assert missing.value.message == "public.nothing is no table, and nothing is archived of it"
    assert missing.value.hint == "`tidegate status` lists the tables."


def test_an_unknown_table_is_not_held(archived: World) -> None:
    with archived.context() as ctx, pytest.raises(ObjectMissing) as missing:
        add_hold(ctx, NOTHING, None, None, "a lawsuit")
    assert missing.value.message == "table public.nothing does not exist"
    assert missing.value.hint == "Check its schema and name; nothing is held."


def test_a_table_that_is_gone_can_be_held_and_verified_while_its_rows_are_archived(archived: World) -> None:
    archived.sql("DROP TABLE public.orders CASCADE")
    with archived.context() as ctx:
        add_hold(ctx, ORDERS, None, None, "a lawsuit")
        assert verify(ctx, [ORDERS]).differences == ()


@pytest.mark.parametrize(("reason", "length"), [("", 0), ("  ", 2), ("x" * 1001, 1001), ("é" * 501, 1002)])
def test_a_hold_has_a_reason(world: World, reason: str, length: int) -> None:
    with world.context() as ctx, pytest.raises(UsageError) as refused:
        add_hold(ctx, ORDERS, None, None, reason)
    assert refused.value.message == f"the reason of a hold has {length} bytes"
    assert refused.value.hint == "Give 1 to 1000 bytes."


def test_a_reason_may_fill_its_column(world: World) -> None:
    with world.context() as ctx:
        hold = add_hold(ctx, ORDERS, None, None, "é" * 500)
        assert [h.reason for h in list_holds(ctx)] == [hold.reason] == ["é" * 500]


def test_a_new_name_of_the_view_is_not_that_of_somebody_elses(archived: World) -> None:
    archived.sql("CREATE VIEW public.other AS SELECT 1 AS n")
    archived.sql("INSERT INTO public.orders VALUES (1001, DATE '2020-01-15', 5.00, 'late')")
    (failure,) = archived.with_policy(view="other").archive().failures
    assert (failure.code, failure.message) == ("policy", "public.other exists already")
    assert failure.hint == "Set [[archive]] view to another name, or drop it."
    assert rows_of(archived, "public.other") == [(1,)]
    assert archived.value("SELECT COUNT(*) FROM public.orders") == 41
    assert archived.with_policy(view="third").archive().failures == ()
    assert archived.value("SELECT COUNT(*) FROM public.third") == 61


def test_the_original_is_not_adopted_as_a_copy(archived: World) -> None:
    before = lake_of(archived), archived.sql("SELECT id, place FROM tidegate.warehouse")
    with archived.context() as ctx, pytest.raises(Refused) as refused:
        as_copy(ctx)
    assert refused.value.message == "the warehouse at ../warehouse.duckdb is the original, not a copy"
    assert refused.value.hint == "Run this where the copy is; nothing was changed."
    assert (lake_of(archived), archived.sql("SELECT id, place FROM tidegate.warehouse")) == before


def test_a_copy_of_no_rows_is_no_batch(empty: World) -> None:
    create(empty, "public.dated", "d DATE")
    create(empty, "public.whole", "n INTEGER")
    empty.policies = (
        policy("public.dated", "d", action=Action.COPY),
        policy("public.whole", None, action=Action.COPY),
    )
    assert [table.specs for table in empty.plan().tables] == [(), ()]
    assert archive(empty, AS_OF).batches == ()
    empty.sql("INSERT INTO public.whole VALUES (1)", "INSERT INTO public.dated VALUES ('2020-01-01')")
    assert [batch.rows for batch in archive(empty, AS_OF).batches] == [1, 1]
    empty.sql("DELETE FROM public.whole", "DELETE FROM public.dated")
    assert archive(empty, AS_OF).batches == ()
    assert empty.verify().differences == ()
