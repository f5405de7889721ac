"""Files go to colder tiers with their age, one way; what parks waits for the readers that began before."""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.flows.aging import (
    in_lake,
    months,
    parked,
    partitions,
    steps,
    tier,
    tier_plan,
    tiers,
    told,
    with_tiers,
)
from tests.flows.failing import watched
from tests.flows.tables import archive, create, policy
from tests.world import ORDERS, World

from tidegate.errors import ConfigError, GuardFailed
from tidegate.flows.restore import run_restore
from tidegate.flows.restore_plan import RestoreRequest, plan_restore
from tidegate.flows.tier.plan import AgeRequest, plan_tiers
from tidegate.flows.tier.run import run_tiers
from tidegate.flows.tier.statements import tier_statements
from tidegate.model.policy import Action
from tidegate.model.records import RecordKind
from tidegate.model.tiers import Tier

ALL = {month: 10 for month in range(1, 7)}
HOT = {month: 10 for month in range(3, 7)}
FILES = [f"tg_period=2020-0{month}-01/000.parquet" for month in (1, 2)]


def records(world: World) -> list[dict[str, object]]:
    paths = sorted((world.folder / "lake").glob("_tidegate/w*/log/public/orders/*.json"))
    return [json.loads(path.read_text()) for path in paths]


def coverage(world: World) -> list[tuple[object, ...]]:
    return world.sql("SELECT period, batches, row_count, tier, readable FROM public.orders_coverage ORDER BY 1, 4")


def thaw(world: World, days: int) -> date:
    """Make what is parked readable in place; until when."""
    with world.context() as ctx:
        plan = plan_restore(ctx, RestoreRequest(ORDERS, days=days))
        until = run_restore(ctx, plan, wait=True).until
    assert until is not None
    return until


@pytest.fixture
def parked_orders(archived: World) -> World:
    """January and February, parked in GLACIER and handed over; DEEP_ARCHIVE is due after 180 days."""
    world = with_tiers(archived, GLACIER=90, DEEP_ARCHIVE=180)
    world.clock.advance(days=90)
    tier(world)
    world.clock.advance(days=2)
    tier(world)
    return world


def test_a_readable_tier_is_noted_after_the_files_moved(archived: World) -> None:
    world = with_tiers(archived, STANDARD_IA=30, GLACIER_IR=60)
    world.clock.advance(days=28)
    assert steps(tier(world)) == []
    world.clock.advance(days=1)
    assert steps(tier(world)) == [("move", "STANDARD", "STANDARD_IA", ["01", "02"], 20)]
    assert in_lake(world) == dict.fromkeys(FILES, ("STANDARD_IA", True))
    assert tiers(world) == {1: "STANDARD_IA", 2: "STANDARD_IA"}
    assert months(world) == ALL
    assert coverage(world) == [(date(2020, month, 1), 1, 10, "STANDARD_IA", True) for month in (1, 2)]
    last = records(world)[-1]
    assert (last["kind"], last["tier"]) == ("move", "STANDARD_IA")
    assert [part["periods"] for part in last["inputs"]] == [["2020-01-01", "2020-02-01"]]  # type: ignore[attr-defined]
    assert steps(tier(world)) == []
    assert world.verify().differences == ()


def test_a_tier_that_parks_takes_the_files_when_no_reader_is_left(archived: World) -> None:
    """The rows leave the view at once, the files after `delete_grace`; the next tier takes them as they lie."""
    world = with_tiers(archived, GLACIER=90, DEEP_ARCHIVE=180)
    world.clock.advance(days=90)
    assert steps(tier(world)) == [("park", "STANDARD", "GLACIER", ["01", "02"], 20)]
    assert (months(world), parked(world)) == (HOT, {1: ("GLACIER", False), 2: ("GLACIER", False)})
    assert in_lake(world) == dict.fromkeys(FILES, ("STANDARD", True))
    assert partitions(world) == ["01", "02"]
    assert coverage(world) == [(date(2020, month, 1), 1, 10, "GLACIER", False) for month in (1, 2)]
    world.clock.advance(hours=23)
    waiting = tier(world)
    assert (steps(waiting), [m.tier for m in waiting.waiting]) == ([], [Tier.GLACIER])
    world.clock.advance(hours=1)
    assert steps(tier(world)) == [("hand_over", "GLACIER", "GLACIER", ["01", "02"], 20)]
    assert in_lake(world) == dict.fromkeys(FILES, ("GLACIER", False))
    assert (parked(world), partitions(world)) == ({1: ("GLACIER", True), 2: ("GLACIER", True)}, [])
    assert months(world) == HOT
    deep = world.verify(deep=True)
    assert (deep.differences, deep.rows, deep.unread_rows) == ((), 20, 20)
    world.clock.advance(days=100)
    assert steps(tier(world)) == [("move", "GLACIER", "DEEP_ARCHIVE", ["01", "02"], 20)]
    assert in_lake(world) == dict.fromkeys(FILES, ("DEEP_ARCHIVE", False))
    assert [r["kind"] for r in records(world)[-2:]] == ["park", "park"]
    assert steps(tier(world)) == []
    assert world.verify().differences == ()


def test_the_coldest_tier_that_is_due_wins_and_nothing_goes_back(archived: World) -> None:
    world = with_tiers(archived, STANDARD_IA=30, GLACIER_IR=60, DEEP_ARCHIVE=400)
    world.clock.advance(days=70)
    assert steps(tier(world)) == [("move", "STANDARD", "GLACIER_IR", ["01", "02"], 20)]
    assert steps(tier(with_tiers(world, STANDARD_IA=30))) == []
    assert tiers(world) == {1: "GLACIER_IR", 2: "GLACIER_IR"}
    assert steps(tier(world, date(2021, 12, 31))) == [("park", "GLACIER_IR", "DEEP_ARCHIVE", ["01", "02"], 20)]


def test_a_reader_that_began_before_reads_to_its_end(archived: World) -> None:
    """Its snapshot counts the rows, and their files are there for as long as `delete_grace` gives it."""
    world = with_tiers(archived, GLACIER=90)
    world.clock.advance(days=90)
    with world.context() as ctx, ctx.warehouse.session() as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT COUNT(*) FROM tidegate.published").rows == ((2,),)
        run_tiers(ctx, plan_tiers(ctx, AgeRequest()))
        world.clock.advance(hours=23)
        assert run_tiers(ctx, plan_tiers(ctx, AgeRequest())).moves == ()
        assert reader.execute("SELECT COUNT(*) FROM public.orders_all").rows == ((60,),)
        assert ctx.warehouse.execute("SELECT COUNT(*) FROM public.orders_all").rows == ((40,),)
        reader.execute("COMMIT")


def test_a_thaw_is_left_alone_until_it_ends_and_then_parked_again(parked_orders: World) -> None:
    world = parked_orders
    until = thaw(world, 7)
    assert months(world) == ALL
    copies = {f"tg_thaw={until}/{name}": ("STANDARD", True) for name in FILES}
    assert in_lake(world) == copies | dict.fromkeys(FILES, ("GLACIER", True))
    assert steps(tier(world)) == []
    assert steps(tier(world, date(2021, 6, 1))) == []
    assert world.verify().differences == ()
    world.clock.advance(days=8)
    assert steps(tier(world)) == [("park", "GLACIER", "GLACIER", ["01", "02"], 20)]
    assert months(world) == HOT
    assert (set(copies) <= set(in_lake(world)), partitions(world)) == (True, ["01", "02"])
    world.clock.advance(days=1)
    assert steps(tier(world)) == [("hand_over", "GLACIER", "GLACIER", ["01", "02"], 20)]
    assert (list(in_lake(world)), partitions(world)) == (FILES, [])
    assert world.verify().differences == ()


def test_a_thaw_that_is_made_longer_just_in_time_goes_on(parked_orders: World) -> None:
    world = parked_orders
    thaw(world, 7)
    world.clock.advance(days=8)
    pending = [20]

    def see(statements: Sequence[str]) -> None:
        if pending and any(" park */ LOCK" in statement for statement in statements):
            thaw(world, pending.pop())

    assert steps(tier(watched(world, see))) == []
    assert (pending, months(world), parked(world)) == ([], ALL, {})
    assert world.verify().differences == ()


def test_gc_hands_over_too_and_takes_copies_of_ended_thaws(parked_orders: World) -> None:
    world = parked_orders
    first = thaw(world, 2)
    second = thaw(world, 5)
    world.clock.advance(days=4)
    assert [(g.reason, g.objects, len(g.periods)) for g in world.gc().removed] == [("thawed", 2, 2)]
    assert not [name for name in in_lake(world) if f"tg_thaw={first}" in name]
    assert months(world) == ALL
    world.clock.advance(days=3)
    tier(world)
    assert world.gc().handed == ()
    world.clock.advance(days=1)
    outcome = world.gc()
    assert [(m.step.value, m.tier, m.rows) for m in outcome.handed] == [("hand_over", Tier.GLACIER, 20)]
    assert (outcome.removed, list(in_lake(world))) == ((), FILES)
    assert parked(world) == {1: ("GLACIER", True), 2: ("GLACIER", True)}
    assert first < second


def test_a_thaw_that_came_first_keeps_its_partitions(archived: World) -> None:
    """Somebody thaws a period while its partitions are dropped: they are put back, and the hand-over gives up."""
    world = with_tiers(archived, GLACIER=90)
    world.clock.advance(days=90)
    tier(world)
    world.clock.advance(days=1)

    class Thawing:
        """A lake in which a thaw is published right before the files are told to move."""

        def __init__(self, lake: object) -> None:
            self.lake = lake

        def __getattr__(self, name: str) -> object:
            if name == "transition" and Path(world.folder / "now").exists():
                Path(world.folder / "now").unlink()
                rows = "table_name, batch, period, row_count, fingerprint, hash, archived_at"
                world.sql(
                    f"INSERT INTO tidegate.published ({rows}) SELECT {rows} FROM tidegate.parked",
                    "DELETE FROM tidegate.parked",
                )
            return getattr(self.lake, name)

    (world.folder / "now").touch()
    thawing = World(world.folder, world.policies, clock=world.clock)
    thawing.wrap = lambda port, name: Thawing(port) if name == "lake" else port
    with thawing.context() as ctx:
        ctx, notices = told(ctx)
        outcome = run_tiers(ctx, plan_tiers(ctx, AgeRequest()))
    assert (outcome.moves, outcome.failures, notices) == ((), (), [])
    assert partitions(world) == ["01", "02"]


def test_a_dry_run_shows_each_statement_and_changes_nothing(archived: World) -> None:
    world = with_tiers(archived, GLACIER=90)
    world.clock.advance(days=90)
    with world.context() as ctx:
        plan = plan_tiers(ctx, AgeRequest())
        shown = [(s.step, s.sql.split(" */ ")[-1].split(" ", 2)[:2]) for s in tier_statements(ctx, plan)]
    assert shown == [
        ("coverage", ["CREATE", "OR"]),
        ("park", ["LOCK", '"tidegate"."lock_31"']),
        *[("park", ["SELECT", "CASE"])] * 3,
        ("park", ["INSERT", "INTO"]),
        ("park", ["DELETE", "FROM"]),
    ]
    assert parked(world) == {}


def test_who_asks_for_tiers_that_are_not_there_is_told(archived: World) -> None:
    with pytest.raises(ConfigError, match=r"^public\.orders has no tiers$") as error, archived.context() as ctx:
        plan_tiers(ctx, AgeRequest((ORDERS,)))
    assert error.value.hint == "Set [[archive]] tiers. Tables with tiers: none."


def test_copies_have_no_tiers(world: World) -> None:
    create(world, "public.kept", "d DATE", "'2020-01-01'")
    world.policies = (policy("public.kept", "d", action=Action.COPY),)
    archive(world, "2020-06-20")
    (error,) = (t.error for t in tier_plan(with_tiers(world, GLACIER=1)).tables)
    assert error is not None
    assert error.message == "public.kept: copies have no tiers, they can only expire"


def test_kinds_of_records_are_those_of_the_steps(parked_orders: World) -> None:
    thaw(parked_orders, 7)
    kinds = [RecordKind(str(record["kind"])) for record in records(parked_orders)]
    assert kinds[-2:] == [RecordKind.PARK, RecordKind.THAW]


def test_the_view_of_what_is_archived_is_no_reader_of_the_table(parked_orders: World) -> None:
    (table,) = parked_orders.plan(date(2020, 7, 20)).tables
    assert (len(table.specs), table.impact.readers) == (1, ())


def test_a_period_that_was_restored_meanwhile_is_passed_over(archived: World) -> None:
    world = with_tiers(archived, GLACIER=90)
    world.clock.advance(days=90)
    with world.context() as ctx:
        plan = plan_tiers(ctx, AgeRequest())
    world.restore(date(2020, 1, 1), date(2020, 1, 31))
    with world.context() as ctx:
        outcome = run_tiers(ctx, plan)
    assert steps(outcome) == [("park", "STANDARD", "GLACIER", ["02"], 10)]
    assert months(world) == {1: 10, **HOT}
    world.clock.advance(days=2)
    world.gc(timedelta(0))
    assert world.verify().differences == ()


def test_guards_are_told_when_others_keep_coming_first(archived: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hold that the second look cannot see, since it is placed right before the transaction, stops it for good."""
    world = with_tiers(archived, GLACIER=90)
    world.clock.advance(days=90)
    monkeypatch.setattr("tidegate.flows.tier.plan.read_holds", lambda ctx: [])
    with world.context() as ctx:
        plan = plan_tiers(ctx, AgeRequest())
    world.sql("INSERT INTO tidegate.holds VALUES ('h', 'public.orders', NULL, NULL, 'a lawsuit', '')")
    with world.context() as ctx:
        outcome = run_tiers(ctx, plan)
    assert [(f.code, f.message) for f in outcome.failures] == [(GuardFailed.code, "rows are under hold: 1")]
    assert (outcome.moves, parked(world), months(world)) == ((), {}, ALL)
