"""Archives that are old enough count no more at once, and go for ever when no query can read them."""

from datetime import date, timedelta

import pytest
from tests.flows.aging import expire, expire_plan, in_lake, months, parked, steps, tier, with_tiers
from tests.flows.tables import archive, create, policy
from tests.world import AS_OF, ORDERS, World

from tidegate.errors import BlastRadius, ConfigError
from tidegate.flows.expire import ExpireRequest, expire_statements, plan_expire, run_expire
from tidegate.model.policy import Action
from tidegate.model.tiers import Tier

HOT = {month: 10 for month in range(3, 7)}


def test_parked_periods_expire_each_in_its_time(archived: World) -> None:
    """Both are parked; February was archived a day later."""
    world = with_tiers(archived, expire=400, GLACIER=90)
    world.clock.advance(days=200)
    tier(world)
    world.clock.advance(days=2)
    tier(world)
    world.sql("UPDATE tidegate.parked SET archived_at = '2020-06-21' WHERE period = '2020-02-01'")
    world.clock.advance(days=196)
    assert expire_plan(world).tables[0].parts == ()
    world.clock.advance(days=1)
    outcome = expire(world)
    assert [(e.periods, e.rows, e.parked, e.tier) for e in outcome.expired] == [
        ((date(2020, 1, 1),), 10, True, Tier.GLACIER)
    ]
    assert world.sql("SELECT period, reason FROM tidegate.retired") == [(date(2020, 1, 1), "expired")]
    assert parked(world) == {2: ("GLACIER", True)}
    world.clock.advance(days=1)
    assert [e.rows for e in expire(world).expired] == [10]
    assert (len(in_lake(world)), world.gc().objects) == (2, 0)
    world.clock.advance(days=1)
    assert (world.gc().objects, in_lake(world)) == (4, {})
    assert (months(world), world.verify().differences) == (HOT, ())
    with world.context() as ctx:
        assert [row.state.value for row in ctx.ledger.batches()] == ["collected"]


def test_a_reader_that_began_before_reads_to_its_end(archived: World) -> None:
    world = with_tiers(archived, expire=30)
    world.clock.advance(days=29)
    with world.context() as ctx, ctx.warehouse.session() as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT COUNT(*) FROM tidegate.published").rows == ((2,),)
        assert len(run_expire(ctx, plan_expire(ctx, ExpireRequest())).expired) == 1
        assert ctx.warehouse.execute("SELECT COUNT(*) FROM public.orders_all").rows == ((40,),)
        world.clock.advance(hours=23)
        assert world.gc().removed == ()
        assert reader.execute("SELECT COUNT(*) FROM public.orders_all").rows == ((60,),)
        reader.execute("COMMIT")
    world.clock.advance(hours=1)
    assert [(g.reason, g.objects) for g in world.gc().removed] == [("expired", 4)]


def test_a_mistyped_policy_does_not_take_the_whole_archive(archived: World) -> None:
    world = archived.with_policy(expire=30)
    world.clock.advance(days=29)
    outcome = expire(world)
    assert [(f.code, f.message, f.hint) for f in outcome.failures] == [
        (
            BlastRadius.code,
            "public.orders: 100% of what is archived would expire, more than 95%",
            "If that is meant, run again with --max-delete-fraction.",
        )
    ]
    assert (outcome.expired, months(world)[1]) == ((), 10)
    with world.context() as ctx:
        assert len(run_expire(ctx, plan_expire(ctx, ExpireRequest(max_delete_fraction=1.0))).expired) == 1


def test_copies_expire_and_are_made_again_while_their_rows_are_hot(world: World) -> None:
    create(world, "public.kept", "d DATE", "'2020-01-01'")
    world.policies = (policy("public.kept", "d", action=Action.COPY, expire=10),)
    archive(world, AS_OF)
    world.clock.advance(days=10)
    assert [(e.copies, e.rows) for e in expire(world).expired] == [(True, 1)]
    assert world.value("SELECT COUNT(*) FROM tidegate.copies") == 0
    assert len(archive(world, AS_OF).batches) == 1
    assert [g.reason for g in world.gc(timedelta(0)).removed] == ["expired"]
    assert world.verify().differences == ()


def test_what_goes_before_its_minimum_is_told(archived: World) -> None:
    """Handed over to GLACIER, whose minimum is 90 days, and expired 40 days later."""
    world = with_tiers(archived, expire=133, GLACIER=90)
    world.clock.advance(days=91)
    tier(world)
    world.clock.advance(days=1)
    assert steps(tier(world)) == [("hand_over", "GLACIER", "GLACIER", ["01", "02"], 20)]
    world.clock.advance(days=40)
    (item,) = expire_plan(world).tables[0].parts
    assert item.expiry.early_days == 50


def test_days_in_a_tier_that_can_be_read_count_from_its_rule(archived: World) -> None:
    world = with_tiers(archived, expire=45, STANDARD_IA=30)
    world.clock.advance(days=44)
    tier(world)
    (item,) = expire_plan(world).tables[0].parts
    assert (item.expiry.tier, item.expiry.early_days) == (Tier.STANDARD_IA, 15)


def test_a_dry_run_shows_the_transaction(archived: World) -> None:
    world = with_tiers(archived, expire=30)
    world.clock.advance(days=29)
    with world.context() as ctx:
        shown = [s.sql.split(" */ ")[-1].split()[0] for s in expire_statements(ctx, plan_expire(ctx, ExpireRequest()))]
    assert shown == ["LOCK", "SELECT", "SELECT", "DELETE", "INSERT"]
    assert months(world)[1] == 10


def test_who_asks_for_a_table_that_does_not_expire_is_told(archived: World) -> None:
    with pytest.raises(ConfigError, match=r"^public\.orders has no expire$") as error, archived.context() as ctx:
        plan_expire(ctx, ExpireRequest((ORDERS,)))
    assert error.value.hint == "Set expire in [[archive]] tiers. Tables that have it: none."
