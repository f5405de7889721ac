"""Death at every kind of port call on the local Redshift, S3 and PostgreSQL, then the same command again."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import settings
from tests.e2e.stack import StackWorld, running_stack
from tests.faults.children import Died, in_child
from tests.faults.counting import DEATH, Calls, Counted
from tests.servers.emulator import Emulator
from tests.servers.postgres import Postgres
from tests.world import MONTHLY, create_orders

from tidegate.model.names import TableName

SHARDS = 2
JANUARY = date(2020, 1, 1), date(2020, 1, 31)
MONTHS = {"archive": [3, 4, 5, 6], "restore": [1, 3, 4, 5, 6]}
TEMPLATE = "SELECT order_id, order_date, amount, note FROM public.orders"


@pytest.fixture(scope="module")
def world(emulator: Emulator, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackWorld]:
    """A stack with `public.orders`; each point works on a table of its own that is made from it."""
    folder = tmp_path_factory.mktemp("stack")
    with pytest.MonkeyPatch.context() as environment, postgres.database() as ledger:
        for name, value in emulator.environment.items():
            environment.setenv(name, value)
        with running_stack(folder, emulator, ledger) as stack:
            world = StackWorld(folder, stack=stack)
            in_child(lambda: create_orders(world))
            yield world


def _archive(world: StackWorld) -> None:
    assert world.archive().failures == ()


FLOWS: dict[str, Callable[[StackWorld], object]] = {
    "archive": _archive,
    "restore": lambda world: world.restore(*JANUARY, table=world.policies[0].table),
}


def _on(world: StackWorld, name: str) -> StackWorld:
    """The table `name`; ids are of its own too, since all worlds begin at the same time."""
    table = TableName("public", name)
    return replace(world, policies=(replace(MONTHLY, table=table),), suffix=name.replace("_", ""))


def _prepare(world: StackWorld, flow: str) -> None:
    table = world.policies[0].table
    world.sql(f"CREATE TABLE {table} AS {TEMPLATE}")
    if flow == "restore":
        world.archive()


def _run(world: StackWorld, flow: str, calls: Calls) -> list[str]:
    FLOWS[flow](replace(world, wrap=lambda port, name: Counted(port, name, calls)))
    return calls.names


def _count(world: StackWorld, flow: str) -> tuple[list[str], Any]:
    """The port calls of a flow that is left alone, and what readers see then."""
    _prepare(world, flow)
    return _run(world, flow, Calls()), _state(world)[0]


def _kinds(names: list[str], *, thorough: bool) -> list[int]:
    """The first call of each method, by number; if `thorough`, in each step."""
    step, seen, numbers = 0, set(), []
    for number, name in enumerate(names, 1):
        step += name == "ledger.begin_step"
        kind = (step if thorough else 0, name)
        if kind not in seen:
            seen.add(kind)
            numbers.append(number)
    return numbers


def _state(world: StackWorld) -> tuple[Any, ...]:
    """What a reader sees of the table, and the months that are hot."""
    table = world.policies[0].table
    view = world.sql(f"SELECT table_name FROM svv_tables WHERE table_name = '{table.name}_all'")
    relation = f"{table}_all" if view else str(table)
    hot = world.sql(f"SELECT DISTINCT EXTRACT(month FROM order_date) AS m FROM {table} ORDER BY 1")
    return world.sql(f"SELECT COUNT(*), SUM(order_id), SUM(amount) FROM {relation}")[0], [int(row[0]) for row in hot]


@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("flow", list(FLOWS))
def test_death_at_every_kind_of_call(
    world: StackWorld, flow: str, shard: int, record_property: Callable[[str, object], None]
) -> None:
    names, whole = in_child(lambda: _count(_on(world, f"count_{flow}_{shard}"), flow))
    thorough = settings.get_current_profile_name() == "faults"
    numbers = _kinds(names, thorough=thorough)
    for number in numbers[shard::SHARDS]:
        for moment in ("before", "after") if thorough else (("before", "after")[number % 2],):
            table = _on(world, f"{flow}_{moment}_{number}")
            _die_and_repeat(table, flow, Calls(number, moment), whole, names[number - 1])
    record_property("crash points", f"{flow} through the Data API: {len(numbers[shard::SHARDS])} of {len(numbers)}")
    assert in_child(lambda: world.verify(deep=True).differences) == ()


def _die_and_repeat(world: StackWorld, flow: str, calls: Calls, whole: Any, name: str) -> None:
    point = f"{flow}: death {calls.moment} call {calls.at}, {name}"

    def first() -> None:
        _prepare(world, flow)
        _run(world, flow, calls)

    def again() -> None:
        assert _state(world)[0] == whole, f"{point}: a row was lost or doubled"
        later = replace(world, suffix=f"{world.suffix}again")
        later.clock.advance(hours=1)
        FLOWS[flow](later)
        assert _state(later) == (whole, MONTHS[flow]), f"{point}: the second run did not finish the work"

    with pytest.raises(Died) as died:
        in_child(first)
    assert died.value.code == DEATH, point
    in_child(again)
