"""Where rows may come back to, what a second restore says, and which descriptors a restore reads."""

from dataclasses import replace
from datetime import date

import pytest
from tests.faults.counting import Calls, Counted
from tests.flows.tables import archive, create, policy
from tests.world import AS_OF, ORDERS, World

from tidegate.errors import DifferenceFound, ObjectMissing, UsageError
from tidegate.flows.hold import list_holds, release_hold
from tidegate.flows.restore_plan import RestoreRequest, plan_restore

JANUARY = date(2020, 1, 1), date(2020, 1, 31)


def hot(world: World) -> int:
    return int(world.value("SELECT COUNT(*) FROM public.orders"))


def test_into_its_own_table_a_restore_is_the_hot_one(archived: World) -> None:
    outcome = archived.restore(*JANUARY, into="public.orders")
    assert (outcome.into, outcome.rows, outcome.already) == (ORDERS, 10, False)
    assert outcome.hold is not None
    assert (hot(archived), archived.value("SELECT COUNT(*) FROM public.orders_all")) == (50, 60)
    assert archived.sql("SELECT period FROM tidegate.published") == [(date(2020, 2, 1),)]


@pytest.mark.parametrize("into", ["tidegate.published", "tidegate_cold.january", "public.other"])
def test_into_a_table_that_tidegate_keeps_is_refused(archived: World, into: str) -> None:
    create(archived, "public.other", "d DATE")
    archived.policies = (*archived.policies, policy("public.other", "d"))
    with pytest.raises(UsageError) as refused:
        archived.restore(*JANUARY, into=into)
    assert refused.value.message == f"{into} is not a table to restore into"
    assert refused.value.hint == "Name a new table with --into."
    assert hot(archived) == 40


def test_it_was_restored_already_only_while_its_hold_keeps_the_rows(archived: World) -> None:
    archived.restore(*JANUARY)
    again = archived.restore(*JANUARY)
    assert (again.already, again.rows, hot(archived)) == (True, 0, 50)
    with archived.context() as ctx:
        (hold,) = list_holds(ctx)
        release_hold(ctx, hold.id)
    with pytest.raises(ObjectMissing) as missing:
        archived.restore(*JANUARY)
    assert missing.value.message == "public.orders has no archived rows from 2020-01-01 to 2020-01-31"


def test_each_batch_that_comes_back_has_a_record_of_its_own(world: World) -> None:
    """However many periods come back at once, a record lists no more than one batch may have."""
    batches = {b.batch for b in archive(world.with_policy(batch_periods=1), AS_OF).batches}
    world.restore()
    with world.context() as ctx:
        records = ctx.warehouse.execute("SELECT record FROM tidegate.log WHERE kind = 'restore'").rows
    assert len(records) == len(batches) == 2
    assert {batch for batch in batches for (record,) in records if str(record).count(batch)} == batches
    assert [str(record).count('{"batch":') for (record,) in records] == [1, 1]


def test_only_the_descriptors_of_what_was_asked_for_are_read(world: World) -> None:
    archive(world.with_policy(batch_periods=1), date(2020, 8, 20))
    calls = Calls()
    counting = replace(world, wrap=lambda port, name: Counted(port, name, calls) if name == "lake" else port)
    read = []
    for first, last in (JANUARY, (date(2020, 1, 31), date(2020, 2, 1)), (None, None)):
        calls.names.clear()
        with counting.context() as ctx:
            plan = plan_restore(ctx, RestoreRequest(ORDERS, first, last))
        read.append((len(plan.parts), calls.names.count("lake.get")))
    claim_and_version = 2
    assert read == [(1, 1 + claim_and_version), (2, 2 + claim_and_version), (4, 4 + claim_and_version)]


def test_a_day_of_a_month_brings_the_month(world: World) -> None:
    archive(world, AS_OF)
    assert [p.period for p in world.restore(date(2020, 1, 31), date(2020, 1, 31)).periods] == [date(2020, 1, 1)]


DAMAGES = {
    "is missing": (
        "unlink",
        "Bring the object back from a backup or an older version of it; "
        "`tidegate verify` names every file that differs.",
    ),
    "was changed after it was written": (
        "rewrite",
        "Bring the object back from a backup or an older version of it; "
        "`tidegate verify` names every file that differs.",
    ),
    "does not belong to the batch": ("add", "Find out who put it there and move it away; nothing was changed."),
}


@pytest.mark.parametrize("damage", list(DAMAGES))
def test_what_helps_against_a_damaged_file_is_said(archived: World, damage: str) -> None:
    (path,) = (archived.folder / "lake").glob("w*/public/orders/tg_batch=*/tg_period=2020-01-01/000.parquet")
    how, hint = DAMAGES[damage]
    data = path.read_bytes()
    if how == "unlink":
        path.unlink()
    elif how == "rewrite":
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    else:
        path = path.with_name("001.parquet")
        path.write_bytes(data)
    with pytest.raises(DifferenceFound) as found:
        archived.restore(*JANUARY)
    assert found.value.message == f"{path.relative_to(archived.folder / 'lake')} {damage}"
    assert found.value.hint == hint
    assert hot(archived) == 40
