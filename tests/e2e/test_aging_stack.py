"""Tiers and expiry on the local Redshift by its Data API, S3 and PostgreSQL, beside the same embedded."""

from pathlib import Path
from typing import Any

from tests.e2e.stack import Stack, StackWorld
from tests.flows.aging import expire, parked, partitions, steps, tier, with_tiers
from tests.servers.emulator import Emulator
from tests.world import World, create_orders

WHOLE = "SELECT COUNT(*), SUM(order_id) FROM public.orders_all"
COVERAGE = "SELECT period, batches, row_count, tier, readable FROM public.orders_coverage ORDER BY 1"


def _story(world: World) -> list[Any]:
    """Park, hand over, go deeper, expire, collect; what each step says."""
    create_orders(world)
    world.archive()
    world = with_tiers(world, expire=200, GLACIER_IR=30, GLACIER=90, DEEP_ARCHIVE=120)
    told: list[Any] = []
    for days in (30, 60, 2, 28, 80):
        world.clock.advance(days=days)
        told.append((steps(tier(world)), parked(world), partitions(world), world.sql(WHOLE), world.sql(COVERAGE)))
    told.append(world.verify(deep=True))
    told.append(([(e.rows, e.parked, e.tier, e.early_days) for e in expire(world).expired], world.sql(WHOLE)))
    world.clock.advance(days=2)
    told.append([(g.reason, g.objects) for g in world.gc().removed])
    told.append(world.verify(deep=True))
    return told


def test_it_is_the_same_ageing(stack: Stack, aws_environment: Emulator, tmp_path: Path) -> None:
    folder = tmp_path / "embedded"
    folder.mkdir()
    world = StackWorld(tmp_path, stack=stack)
    told = _story(world)
    assert told == _story(World(folder))
    assert told[-2] == [("expired", 4)]
    rules = aws_environment.s3.get_bucket_lifecycle_configuration(Bucket=stack.lake.bucket)["Rules"]
    moves = sorted(t["StorageClass"] for rule in rules for t in rule.get("Transitions", []))
    assert moves == ["DEEP_ARCHIVE", "GLACIER", "GLACIER_IR"]
    assert [rule for rule in rules if "Expiration" in rule] == []
