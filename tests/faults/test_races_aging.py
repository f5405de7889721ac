"""Parking and a hold at once: each reads what the other writes, so that only their LOCK keeps them apart."""

from pathlib import Path

import pytest
from tests.faults.write_skew import interleave, statements_of
from tests.flows.aging import with_tiers
from tests.world import ORDERS, World, create_orders

from tidegate.flows.hold import add_hold
from tidegate.flows.tier.plan import AgeRequest, plan_tiers
from tidegate.flows.tier.run import run_tiers

SAME_NUMBER = "SELECT COUNT(*) FROM tidegate.log a JOIN tidegate.log b ON a.number = b.number AND a.kind < b.kind"


@pytest.mark.parametrize("locked", [True, False])
def test_a_hold_waits_for_a_transaction_that_parks(tmp_path: Path, locked: bool) -> None:
    """Without the LOCK both commit, as the same record: rows are parked although a hold came first."""
    world = with_tiers(World(tmp_path), GLACIER=90)
    create_orders(world)
    world.archive()
    world.clock.advance(days=90)
    park = statements_of(world, " park */", lambda ctx: run_tiers(ctx, plan_tiers(ctx, AgeRequest())))
    hold = statements_of(world, '"tidegate"."holds"', lambda ctx: add_hold(ctx, ORDERS, None, None, "a test"))
    if not locked:
        park, hold = park[1:], hold[1:]
    with world.context() as ctx:
        errors = interleave(ctx, park, hold, wait=not locked, first='INSERT INTO "tidegate"."parked"')
    both = (int(world.value("SELECT COUNT(*) FROM tidegate.parked")), int(world.value(SAME_NUMBER)))
    assert (errors, both) == ((["other: another record came first: 3"], (2, 0)) if locked else ([], (2, 1)))
