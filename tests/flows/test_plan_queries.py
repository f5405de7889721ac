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
FIXED = Counter({"execute": 12, "tables": 2, "table_stats": 1})
"""The identity, relations, holds and copies; what an archive changes for others: views, materialized views, shared
objects, grants, column grants, row-level security, masking policies, and whether all of these are shown to us. Whether
there is an identity, and all definitions; all statistics.
"""

REQUESTS = frozenset({"execute", "transaction", "stream", "tables", "table_stats"})
"""The methods of the port that ask the warehouse for something."""


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
    """The plan of the first tables, and how often it asked the warehouse, by method, in whatever session."""
    calls = Calls()
    counting = replace(
        world,
        policies=world.policies[:tables],
        wrap=lambda port, name: Counted(port, name, calls) if name == "warehouse" else port,
    )
    with counting.context() as ctx:
        plan = plan_archive(ctx, Request(as_of=AS_OF))
    methods = (name.rpartition(".")[2] for name in calls.names)
    return plan, Counter(method for method in methods if method in REQUESTS)


@pytest.mark.parametrize("tables", [5, MANY])
def test_one_query_a_table_and_a_fixed_number_for_all(prepared: World, tables: int) -> None:
    plan, asked = counted_plan(prepared, tables)
    assert asked == FIXED + Counter({"execute": tables})
    assert [table.error for table in plan.tables] == [None] * tables
    due = [[period.start for spec in table.specs for period in spec.periods] for table in plan.tables]
    assert due == [[date(2020, 1, 1)]] * tables
