"""Compaction and erasure on the local Redshift by its Data API, S3 and PostgreSQL, beside the same embedded."""

from datetime import date
from pathlib import Path
from typing import Any

from tests.e2e.stack import Stack, StackWorld
from tests.flows.rewriting import batches, compact, erase, found
from tests.servers.emulator import Emulator
from tests.world import World, create_orders

ALL = "SELECT order_id, order_date, amount, note FROM public.orders_all ORDER BY 1"
AS_OF = date(2020, 9, 1)


def _story(world: World) -> list[Any]:
    """Two batches of a month become one; rows go from it and from the hot table; old objects with every version."""
    create_orders(world)
    world = world.with_policy(max_delete_fraction=1.0)
    world.archive(AS_OF)
    world.sql("INSERT INTO public.orders VALUES (1001, '2020-01-31', 7.50, 'late')")
    world.clock.advance(days=1)
    world.archive(AS_OF)
    told: list[Any] = [(len(batches(world)), world.sql(ALL))]
    (merged,) = compact(world).merged
    told.append((len(merged.inputs), merged.rows, sorted(batches(world).values(), key=repr), world.sql(ALL)))
    outcome = erase(world, "order_id IN (1, 6, 1001) OR note = 'note 7'", hot=True)
    told.append((found(outcome), sorted(batches(world).values(), key=repr), world.sql(ALL)))
    told.append(world.verify(deep=True))
    world.clock.advance(days=2)
    told.append(sorted((g.reason, g.objects) for g in world.gc().removed))
    told.append((world.verify(deep=True), world.sql(ALL)))
    return told


def test_it_is_the_same_rewriting(stack: Stack, aws_environment: Emulator, tmp_path: Path) -> None:
    folder = tmp_path / "embedded"
    folder.mkdir()
    told = _story(StackWorld(tmp_path, stack=stack))
    assert told == _story(World(folder))
    assert len(told[0][1]) - len(told[-1][1]) == 4
