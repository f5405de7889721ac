"""A warehouse set back to before its cold rows were written anew, parked, thawed or expired: the record is followed."""

import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.flows.aging import expire, parked, tiers, with_tiers
from tests.flows.parking import park
from tests.flows.rewriting import compact, erase
from tests.flows.tables import archive, rows_of
from tests.flows.test_adopt import adopt, keep, set_back
from tests.world import AS_OF, ORDERS, Clock, World

from tidegate.flows.adopt import take_over
from tidegate.flows.hold import list_holds, release_hold
from tidegate.flows.restore import run_restore
from tidegate.flows.restore_plan import RestoreRequest, plan_restore

MAY = date(2020, 5, 20)
JANUARY, FEBRUARY = date(2020, 1, 1), date(2020, 2, 1)
ALL = "public.orders_all"
NOW = timedelta(0)
LATE = "INSERT INTO public.orders VALUES (1001, '2020-01-31', 7.50, 'late')"
AGAIN = "rows that it erased may be hot here again: erase them again"


@pytest.fixture(scope="module")
def twice(with_orders: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(shutil.copytree(with_orders, tmp_path_factory.mktemp("twice") / "world"))
    archive(world, AS_OF)
    world.sql(LATE)
    world.clock.advance(days=1)
    archive(world, AS_OF)
    world.clock.advance(days=1)
    keep(world)
    return world


@pytest.fixture
def cold(twice: World, tmp_path: Path) -> World:
    """January in two batches, February in the first of them; a backup was made just now."""
    return replace(
        twice, folder=shutil.copytree(twice.folder, tmp_path / "world"), clock=Clock(twice.clock.now), suffix="s"
    )


def taken_over(world: World) -> list[tuple[str, str]]:
    """Kind and detail of every difference. The second time there is none."""
    set_back(world)
    differences = adopt(world, take_over).differences
    assert adopt(world, take_over).differences == ()
    return [(difference.kind, difference.detail) for difference in differences]


def is_sound(world: World) -> bool:
    return world.verify().differences == ()


@pytest.mark.parametrize("collected", [False, True])
def test_before_a_compaction(cold: World, collected: bool) -> None:
    before = rows_of(cold, ALL)
    compact(cold)
    if collected:
        assert len(cold.gc(NOW).removed) == 2
    assert taken_over(cold) == [
        ("adopt.followed", "2020-01-01 counts no more: it was compacted since"),
        ("adopt.followed", "2020-02-01 counts no more: it was compacted since"),
        ("adopt.followed", "2020-01-01 counts no more: it was compacted since"),
        ("adopt.followed", "2020-01-01 counts instead of what it was made of since"),
        ("adopt.followed", "2020-02-01 counts instead of what it was made of since"),
    ]
    assert rows_of(cold, ALL) == before
    assert is_sound(cold)
    assert len(cold.gc(NOW).removed) == (0 if collected else 2)
    assert rows_of(cold, ALL) == before
    cold.restore()
    assert rows_of(cold, "public.orders") == before


def test_before_two_rewrites_of_which_the_first_is_gone(cold: World) -> None:
    compact(cold)
    cold.clock.advance(days=1)
    erase(cold, "order_id IN (1, 1001)")
    cold.gc(NOW)
    after = rows_of(cold, ALL)
    told = taken_over(cold)
    assert [kind for kind, _ in told] == ["adopt.followed"] * 5 + ["adopt.erased"]
    assert rows_of(cold, ALL) == after
    assert len(after) == 59
    assert is_sound(cold)


def test_before_an_erasure_that_left_nothing_of_a_batch(cold: World) -> None:
    erase(cold, "order_id = 1001 OR order_id = 2")
    after = rows_of(cold, ALL)
    assert taken_over(cold) == [
        ("adopt.followed", "2020-02-01 counts no more: it was erased since"),
        ("adopt.followed", "2020-01-01 counts no more: it was erased since"),
        ("adopt.followed", "2020-02-01 counts instead of what it was made of since"),
        ("adopt.erased", AGAIN),
    ]
    assert (rows_of(cold, ALL), len(after)) == (after, 59)
    assert is_sound(cold)
    assert sorted(garbage.reason for garbage in cold.gc(NOW).removed) == ["erased", "erased"]
    assert rows_of(cold, ALL) == after


def test_an_erasure_beside_rows_that_are_hot_here(world: World) -> None:
    archive(world, AS_OF)
    world.sql(LATE)
    keep(world)
    world.clock.advance(days=1)
    archive(world, AS_OF)
    world.clock.advance(days=1)
    erase(world, "order_id IN (1, 1001)")
    assert taken_over(world) == [
        ("adopt.followed", "2020-01-01 counts no more: it was erased since"),
        ("adopt.followed", "2020-01-01 counts instead of what it was made of since"),
        ("adopt.erased", AGAIN),
    ]
    assert world.sql(f"SELECT COUNT(*), COUNT(DISTINCT order_id), MIN(order_id) FROM {ALL}") == [(60, 60, 2)]
    assert is_sound(world)


def test_rows_that_were_restored_before_an_erasure_are_cold_again(cold: World) -> None:
    """The erasure took rows out of the hot table: what was archived is not what it replaced."""
    before = rows_of(cold, ALL)
    cold.restore(JANUARY, date(2020, 1, 31))
    with cold.context() as ctx:
        release_hold(ctx, list_holds(ctx)[0].id)
    cold.clock.advance(days=1)
    erase(cold, "order_id = 1", hot=True)
    assert taken_over(cold) == [
        ("adopt.counted", "2020-01-01 counts here, but no longer in the record"),
        ("adopt.counted", "2020-01-01 counts here, but no longer in the record"),
        ("adopt.erased", AGAIN),
    ]
    assert rows_of(cold, ALL) == before
    assert is_sound(cold)


@pytest.mark.parametrize("collected", [False, True])
def test_a_merge_with_rows_that_are_hot_here(world: World, collected: bool) -> None:
    """January was archived before the backup, a late row of it after that, then both were merged: with February."""
    archive(world, AS_OF)
    world.sql(LATE)
    keep(world)
    before = rows_of(world, ALL)
    world.clock.advance(days=1)
    archive(world, AS_OF)
    world.clock.advance(days=1)
    (merged,) = compact(world).merged
    if collected:
        world.gc(NOW)
    told = taken_over(world)
    followed = [
        ("adopt.followed", "2020-02-01 counts no more: it was compacted since"),
        ("adopt.followed", "2020-02-01 counts instead of what it was made of since"),
    ]
    kept = ("adopt.kept", "2020-01-01 counts in the record, but not here; its files are kept")
    assert world.value("SELECT COUNT(*) FROM public.orders WHERE order_id = 1001") == 1
    if not collected:
        assert told == [kept, ("adopt.counted", "2020-01-01 counts here, but no longer in the record"), *followed]
        assert rows_of(world, ALL) == before
        assert is_sound(world)
        world.gc(NOW)
        assert rows_of(world, ALL) == before
        return
    rows = f"; its rows are in batch {merged.batch}, together with rows that are hot here"
    assert told == [kept, ("adopt.lost", f"2020-01-01 counts here, but its files were deleted since{rows}"), *followed]
    assert {difference.kind for difference in world.verify().differences} == {"descriptor.unreadable"}
    assert world.gc(NOW).objects == 0


def test_before_it_was_parked(cold: World) -> None:
    before = rows_of(cold, "public.orders")
    park(cold, JANUARY)
    assert taken_over(cold) == [("adopt.followed", "2020-01-01 was parked in GLACIER since")] * 2
    assert parked(cold) == {1: ("GLACIER", False)}
    assert cold.value(f"SELECT COUNT(*) FROM {ALL}") == len(before) + 10
    assert is_sound(cold)


def test_before_it_was_parked_and_restored(cold: World) -> None:
    """What was restored since is cold here, and is still parked."""
    park(cold, FEBRUARY)
    february = RestoreRequest(ORDERS, FEBRUARY, date(2020, 2, 29), days=30)
    with cold.context() as ctx:
        run_restore(ctx, plan_restore(ctx, february), wait=True)
    after = rows_of(cold, ALL)
    thawed = cold.sql("SELECT period, tier, thawed_until FROM tidegate.published ORDER BY 1, 3")
    until = cold.value("SELECT MAX(thawed_until) FROM tidegate.published")
    assert taken_over(cold) == [("adopt.followed", f"2020-02-01 was thawed until {until} since")]
    assert cold.sql("SELECT period, tier, thawed_until FROM tidegate.published ORDER BY 1, 3") == thawed
    assert rows_of(cold, ALL) == after
    assert is_sound(cold)
    keep(cold)
    cold.restore(FEBRUARY, date(2020, 2, 29))
    assert taken_over(cold) == [("adopt.counted", "2020-02-01 counts here, but no longer in the record")]
    assert rows_of(cold, ALL) == after
    assert is_sound(cold)


def test_before_it_expired(cold: World) -> None:
    aging = with_tiers(cold, expire=60, GLACIER_IR=30)
    cold.clock.advance(days=400)
    assert len(expire(aging).expired) > 0
    after = rows_of(cold, ALL)
    told = taken_over(cold)
    assert told == [
        ("adopt.followed", "2020-01-01 counts no more: it was expired since"),
        ("adopt.followed", "2020-02-01 counts no more: it was expired since"),
        ("adopt.followed", "2020-01-01 counts no more: it was expired since"),
    ]
    assert (rows_of(cold, ALL), tiers(cold)) == (after, {})
    assert is_sound(cold)
    assert len(cold.gc(NOW).removed) == 2
