"""The main job on the local Redshift, S3 and PostgreSQL, by both protocols, beside the same job embedded."""

from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.e2e.stack import StackWorld
from tests.world import World, create_orders

JANUARY = date(2020, 1, 1), date(2020, 1, 31)
WHOLE = "SELECT COUNT(*), SUM(order_id), SUM(amount), MIN(note), MAX(note) FROM public.orders_all"


def _story(world: World) -> list[Any]:
    """Archive, verify, restore, archive again, collect, rebuild the ledger; what each step says."""
    told: list[Any] = []
    create_orders(world)
    (batch,) = world.archive().batches
    told.append((batch.state, batch.rows, batch.files, batch.checkpoint, [asdict(p) for p in batch.periods]))
    told.append(world.verify(deep=True))
    told.append(world.sql(WHOLE))
    restored = world.restore(*JANUARY)
    told.append((restored.rows, world.sql(WHOLE), world.value("SELECT COUNT(*) FROM public.orders")))
    world.clock.advance(days=3)
    told.append(world.gc(timedelta(0)).objects)
    told.append(world.verify(deep=True))
    with world.context() as ctx:
        ctx.ledger.clear()
    rebuilt = world.rebuild()
    told.append((rebuilt.tables, rebuilt.batches, rebuilt.rows, rebuilt.holds, rebuilt.unrecorded))
    told.append((world.verify(deep=True), world.sql(WHOLE)))
    return told


def test_it_is_the_same_job(stack_world: StackWorld, tmp_path: Path) -> None:
    folder = tmp_path / "embedded"
    folder.mkdir()
    assert _story(stack_world) == _story(World(folder))
