"""A hold at any moment of a tier move or an expiry is honoured, or clearly too late: never half."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import pytest
from tests.flows.aging import (
    JANUARY,
    expire,
    expire_plan,
    in_lake,
    months,
    parked,
    partitions,
    steps,
    tier,
    tier_plan,
    told,
    with_tiers,
)
from tests.flows.failing import watched
from tests.world import ORDERS, World

from tidegate.flows.expire import ExpireRequest, plan_expire, run_expire
from tidegate.flows.gc import plan_gc, run_gc
from tidegate.flows.hold import add_hold
from tidegate.flows.tier.plan import AgeRequest, plan_tiers
from tidegate.flows.tier.run import run_tiers

ALL = {month: 10 for month in range(1, 7)}
WITHOUT_FEBRUARY = {month: 10 for month in (1, 3, 4, 5, 6)}
MID_JANUARY = date(2020, 1, 15)


def hold(world: World) -> None:
    """On one day in the middle of January."""
    with world.context() as ctx:
        add_hold(ctx, ORDERS, MID_JANUARY, MID_JANUARY, "a lawsuit")


def release(world: World) -> None:
    world.sql("DELETE FROM tidegate.holds")


@pytest.fixture
def old(archived: World) -> World:
    """90 days after January and February were archived: GLACIER is due, a day later expiry."""
    world = with_tiers(archived, expire=91, GLACIER=90)
    world.clock.advance(days=89)
    return world


def at_statement(world: World, word: str, act: Callable[[World], None]) -> World:
    """The world in which somebody acts right before the first transaction whose comment has this word."""
    pending = [act]

    def see(statements: Sequence[str]) -> None:
        if pending and any(f" {word} */ LOCK" in statement for statement in statements):
            pending.pop()(world)

    return watched(world, see)


def test_before_the_plan(old: World) -> None:
    hold(old)
    (table,) = tier_plan(old).tables
    assert [(k.batch, k.periods) for k in table.held] == [(table.steps[0].part.batch, (JANUARY,))]
    assert steps(tier(old)) == [("park", "STANDARD", "GLACIER", ["02"], 10)]
    (expiry,) = expire_plan(old).tables
    assert (expiry.held, expiry.rows) == ((), 0)
    old.clock.advance(days=1)
    (expiry,) = expire_plan(old).tables
    assert ([k.periods for k in expiry.held], [i.part.days for i in expiry.parts]) == (
        [(JANUARY,)],
        [(date(2020, 2, 1),)],
    )


def test_between_plan_and_run(old: World) -> None:
    with old.context() as ctx:
        ctx, notices = told(ctx)
        plan = plan_tiers(ctx, AgeRequest())
        add_hold(ctx, ORDERS, MID_JANUARY, MID_JANUARY, "a lawsuit")
        outcome = run_tiers(ctx, plan)
    batch = plan.steps[0].part.batch
    assert notices == [f"public.orders: 2020-01-01 of batch {batch} under hold; left as it is"]
    assert steps(outcome) == [("park", "STANDARD", "GLACIER", ["02"], 10)]
    assert months(old) == WITHOUT_FEBRUARY


def test_right_before_the_transaction_that_parks(old: World) -> None:
    """Its guard sees the hold; what is free is planned anew."""
    outcome = tier(at_statement(old, "park", hold))
    assert steps(outcome) == [("park", "STANDARD", "GLACIER", ["02"], 10)]
    assert months(old) == WITHOUT_FEBRUARY


def test_after_the_transaction_that_parks(old: World) -> None:
    """The rows are parked, their files stay where they are, and their partitions with them, until the hold ends."""
    tier(old)
    hold(old)
    old.clock.advance(days=1)
    outcome = tier(old)
    assert steps(outcome) == [("hand_over", "GLACIER", "GLACIER", ["02"], 10)]
    assert [k.periods for k in outcome.held] == [(JANUARY,)]
    assert parked(old) == {1: ("GLACIER", False), 2: ("GLACIER", True)}
    assert (in_lake(old)["tg_period=2020-01-01/000.parquet"], partitions(old)) == (("STANDARD", True), ["01"])
    assert old.verify().differences == ()
    release(old)
    assert steps(tier(old)) == [("hand_over", "GLACIER", "GLACIER", ["01"], 10)]


@pytest.mark.parametrize("by", ["tier", "gc"])
def test_right_before_the_hand_over(old: World, by: str) -> None:
    tier(old)
    old.clock.advance(days=1)
    with old.context() as ctx:
        ctx, notices = told(ctx)
        moves, collection = plan_tiers(ctx, AgeRequest()), plan_gc(ctx)
        add_hold(ctx, ORDERS, MID_JANUARY, MID_JANUARY, "a lawsuit")
        done = run_tiers(ctx, moves).moves if by == "tier" else run_gc(ctx, collection).handed
    batch = moves.steps[0].part.batch
    assert notices == [
        f"public.orders: 2020-01-01 of batch {batch} under hold; left as it is"
        if by == "tier"
        else f"batch {batch} of public.orders is under hold; its files stay in their tier"
    ]
    assert [move.periods for move in done] == [(date(2020, 2, 1),)]
    assert parked(old) == {1: ("GLACIER", False), 2: ("GLACIER", True)}


def test_after_the_hand_over_it_is_too_late_for_the_tier_and_in_time_for_expiry(old: World) -> None:
    tier(old)
    old.clock.advance(days=1)
    tier(old)
    hold(old)
    assert parked(old) == {1: ("GLACIER", True), 2: ("GLACIER", True)}
    assert [e.periods for e in expire(old).expired] == [(date(2020, 2, 1),)]
    assert parked(old) == {1: ("GLACIER", True)}


def test_between_plan_and_run_of_an_expiry(old: World) -> None:
    old.clock.advance(days=1)
    with old.context() as ctx:
        ctx, notices = told(ctx)
        plan = plan_expire(ctx, ExpireRequest())
        add_hold(ctx, ORDERS, MID_JANUARY, MID_JANUARY, "a lawsuit")
        outcome = run_expire(ctx, plan)
    batch = plan.tables[0].parts[0].part.batch
    assert notices == [f"batch {batch} of public.orders is under hold; 1 of its periods do not expire"]
    assert [e.periods for e in outcome.expired] == [(date(2020, 2, 1),)]
    assert months(old) == WITHOUT_FEBRUARY


def test_right_before_the_transaction_that_expires(old: World) -> None:
    old.clock.advance(days=1)
    outcome = expire(at_statement(old, "expire", hold))
    assert ([e.periods for e in outcome.expired], outcome.failures) == ([(date(2020, 2, 1),)], ())
    assert months(old) == WITHOUT_FEBRUARY


def test_after_the_transaction_that_expires(old: World) -> None:
    """Too late for the rows, which count no more; their files stay for as long as the hold does."""
    old.clock.advance(days=1)
    expire(old)
    hold(old)
    before = in_lake(old)
    assert (months(old), old.gc(timedelta(0)).removed) == ({month: 10 for month in range(3, 7)}, ())
    assert in_lake(old) == before
    release(old)
    assert [g.reason for g in old.gc(timedelta(0)).removed] == ["expired"]
    assert in_lake(old) == {}


def test_a_thawed_period_under_hold_stays_readable(old: World) -> None:
    """The thaw is over, but parking it again would be a change."""
    tier(old)
    old.sql(
        "INSERT INTO tidegate.published SELECT table_name, batch, period, row_count, fingerprint, hash, archived_at, "
        "tier, DATE '2020-09-17' FROM tidegate.parked",
        "DELETE FROM tidegate.parked",
    )
    hold(old)
    assert steps(tier(old)) == [("park", "GLACIER", "GLACIER", ["02"], 10)]
    assert months(old) == WITHOUT_FEBRUARY
    assert old.value("SELECT COUNT(*) FROM tidegate.parked") == 1
