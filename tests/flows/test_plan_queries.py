"""A plan asks the warehouse once for each table, and a fixed number of times for all of them."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from tests.faults.counting import Calls, Counted
from tests.world import AS_OF, MONTHLY, World

from tidegate.flows.plan import ArchivePlan, Request, plan_archive
from tidegate.model.names import TableName

MANY = 200
FIXED = Counter(
    {
        "warehouse.execute": 1,
        "warehouse.session": 1,
        "warehouse.tables": 2,
        "warehouse.table_stats": 1,
        "warehouse.place": 1,
        "warehouse.session.execute": 3,
    }
)
"""The identity with its place, then all definitions, all statistics, the views, the holds, the copies."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> World:
    """200 tables of two rows, one of each due, under a policy each."""
    names = [TableName("public", f"t{number:03d}") for number in range(MANY)]
    world = World(tmp_path_factory.mktemp("plan"), tuple(replace(MONTHLY, table=name) for name in names))
    world.initialise()
    statements = [
        statement
        for name in names
        for statement in (
            f"CREATE TABLE {name} (id BIGINT, order_date DATE)",
            f"INSERT INTO {name} VALUES (1, DATE '2020-01-15'), (2, DATE '2020-06-15')",
        )
    ]
    with world.context() as ctx:
        ctx.warehouse.transaction(statements)
    return world


def counted_plan(world: World, tables: int) -> tuple[ArchivePlan, Counter[str]]:
    """The plan of the first tables, and how often each method of the warehouse was called for it."""
    calls = Calls()
    counting = replace(
        world,
        policies=world.policies[:tables],
        wrap=lambda port, name: Counted(port, name, calls) if name == "warehouse" else port,
    )
    with counting.context() as ctx:
        plan = plan_archive(ctx, Request(as_of=AS_OF))
    return plan, Counter(calls.names)


@pytest.mark.parametrize("tables", [5, MANY])
def test_one_query_a_table_and_a_fixed_number_for_all(prepared: World, tables: int) -> None:
    plan, calls = counted_plan(prepared, tables)
    assert calls == FIXED + Counter({"warehouse.session.execute": tables})
    assert [table.error for table in plan.tables] == [None] * tables
    due = [[period.start for spec in table.specs for period in spec.periods] for table in plan.tables]
    assert due == [[date(2020, 1, 1)]] * tables
