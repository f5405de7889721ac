"""What others do to parked periods while they come back, and periods on their way to a tier."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import pytest
from tests.flows.aging import tier, with_tiers
from tests.flows.failing import watched
from tests.flows.parking import park, slow
from tests.flows.test_restore_parked import ALL, JANUARY, PARKED, WHOLE, plan, run
from tests.world import World

from tidegate.errors import GuardFailed, Refused
from tidegate.flows.adopt import as_copy
from tidegate.flows.partitions import partition_days
from tidegate.model.names import TableName
from tidegate.redshift.external import drop_partition

COLD = TableName("tidegate_cold", "public__orders")


def forget_partitions(world: World) -> None:
    with world.context() as ctx:
        for batch, days in partition_days(ctx, COLD).items():
            for day in days:
                values = (("tg_batch", batch), ("tg_period", day.isoformat()))
                ctx.warehouse.execute(drop_partition(COLD, values))


def at_the_transaction(world: World, statement: str, what: Callable[[], object]) -> World:
    """The world in which something happens once, right before the transaction that has a statement."""
    done: list[bool] = []

    def see(statements: Sequence[str]) -> None:
        if len(statements) > 1 and any(statement in sql for sql in statements) and not done:
            done.append(True)
            what()

    return watched(world, see)


def test_partitions_that_somebody_drops_meanwhile_come_back(archived: World) -> None:
    """A worker that froze when it handed the files over drops what is no longer its own."""
    park(archived)
    busy = at_the_transaction(archived, 'DELETE FROM "tidegate"."parked"', lambda: forget_partitions(archived))
    assert run(busy, days=5).rows == 20
    assert archived.sql(ALL) == [WHOLE]


def test_what_counts_no_more_is_not_thawed(archived: World) -> None:
    """Another restore comes first, without the lease."""
    park(archived)
    other = World(archived.folder, ledger="other.sqlite", suffix="z")
    busy = at_the_transaction(archived, 'DELETE FROM "tidegate"."parked"', lambda: run(other, JANUARY, JANUARY))
    with pytest.raises(GuardFailed) as refused:
        run(busy, days=5)
    assert refused.value.message.startswith("batch ")
    assert "is no longer parked" in refused.value.message
    assert archived.sql(ALL) == [(50, 1540)]
    assert run(archived, days=5).rows == 10
    assert archived.sql(ALL) == [WHOLE]
    assert archived.verify().differences == ()


def test_what_was_parked_a_moment_ago_is_readable_again_without_asking(archived: World) -> None:
    """Its files have not moved yet, and its partitions are still there."""
    archived.clock.advance(days=30)
    aged = with_tiers(archived, GLACIER=20)
    assert len(tier(aged).moves) == 1
    assert aged.sql(ALL) == [PARKED]
    with slow(aged, 1) as (world, lake):
        outcome = run(world, days=5)
    assert (lake.asked, outcome.states.readable.files, outcome.rows) == ([], 2, 20)
    assert aged.sql(ALL) == [WHOLE]
    assert aged.verify().differences == ()
    aged.clock.advance(days=3)
    aged.gc(timedelta(days=1))
    assert aged.sql(ALL) == [WHOLE], "nothing is handed over while it can be read"


def test_the_life_of_a_period_from_tier_to_tier_and_back(archived: World) -> None:
    archived.clock.advance(days=30)
    aged = with_tiers(archived, GLACIER=20)
    tier(aged)
    aged.clock.advance(days=2)
    assert len(aged.gc().handed) == 1
    assert plan(aged, days=1).states.parked.files == 2
    assert run(aged, days=1).until == date(2020, 7, 24)
    assert aged.sql(ALL) == [WHOLE]
    aged.clock.advance(days=1)
    assert tier(aged).moves == (), "the last day is not over"
    aged.clock.advance(days=1)
    assert len(tier(aged).moves) == 1
    assert aged.sql(ALL) == [PARKED]
    aged.clock.advance(days=2)
    aged.gc()
    assert not list((archived.folder / "lake").rglob("tg_thaw=*"))
    assert run(aged).rows == 20
    assert aged.sql(ALL.replace("_all", "")) == [WHOLE]
    assert aged.verify().differences == ()


def test_a_copy_of_a_warehouse_thaws_nothing_of_the_original(archived: World) -> None:
    park(archived)
    (archived.folder / "warehouse.duckdb").rename(archived.folder / "twin.duckdb")
    twin = World(archived.folder, file="twin.duckdb", ledger="twin.sqlite", suffix="t")
    with twin.context() as ctx:
        as_copy(ctx)
    with slow(twin, 1) as (world, lake), pytest.raises(Refused) as refused:
        run(world, days=5)
    assert refused.value.message.endswith("is parked, and is that of the warehouse which this one is a copy of")
    assert lake.asked == []
