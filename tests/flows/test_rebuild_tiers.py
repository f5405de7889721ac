"""Tiers, thaws, parked and expired periods come back from the lake alone, in transactions of any size."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.flows.aging import JANUARY, expire, in_lake, parked, steps, tier, with_tiers
from tests.flows.failing import watched
from tests.flows.tables import lake_of, rows_of
from tests.world import AS_OF, ORDERS, Clock, World

from tidegate.errors import GuardFailed, LedgerUnreachable
from tidegate.flows.hold import add_hold, list_holds, release_hold
from tidegate.flows.restore import run_restore
from tidegate.flows.restore_plan import RestoreRequest, plan_restore
from tidegate.model.names import TableName
from tidegate.model.periods import Granularity
from tidegate.model.policy import Policy

SPANS = [JANUARY, date(2020, 2, 1), date(2020, 3, 1), date(2020, 4, 1)]
KNOWN = {
    "published": "*",
    "copies": "*",
    "holds": "*",
    "log": "*",
    "parked": "table_name, batch, period, row_count, fingerprint, hash, archived_at, tier",
    "retired": "table_name, batch, period, reason",
}


def control(world: World) -> dict[str, list[tuple[Any, ...]]]:
    return {table: rows_of(world, f"tidegate.{table}", columns) for table, columns in KNOWN.items()}


def lose_all(world: World) -> None:
    (world.folder / world.file).unlink()
    (world.folder / "tidegate.sqlite").unlink()


@pytest.fixture(scope="module")
def grown(with_orders: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(shutil.copytree(with_orders, tmp_path_factory.mktemp("grown") / "world"))
    world = with_tiers(world, expire=94, GLACIER_IR=20, GLACIER=50)
    for number in range(4):
        world.archive(date(2020, 5 + number, 20))
        world.clock.advance(days=(30, 1, 40, 21)[number])
        tier(world)
    world.clock.advance(days=2)
    tier(world)
    february = RestoreRequest(ORDERS, date(2020, 2, 1), date(2020, 2, 28), days=30)
    with world.context() as ctx:
        run_restore(ctx, plan_restore(ctx, february), wait=True)
        add_hold(ctx, ORDERS, date(2020, 3, 1), date(2020, 3, 31), "a lawsuit")
    expire(world)
    return world


@pytest.fixture
def aged(grown: World, tmp_path: Path) -> World:
    """January expired, February is thawed, March is parked under a hold, April is in GLACIER_IR."""
    return replace(
        grown, folder=shutil.copytree(grown.folder, tmp_path / "world"), clock=Clock(grown.clock.now), suffix="r"
    )


def test_everything_comes_back_from_the_lake_alone(aged: World) -> None:
    state = aged.sql(
        "SELECT 'published', period, tier, thawed_until IS NOT NULL FROM tidegate.published UNION ALL "
        "SELECT 'parked', period, tier, handed_at IS NOT NULL FROM tidegate.parked UNION ALL "
        "SELECT reason, period, NULL, FALSE FROM tidegate.retired ORDER BY 2"
    )
    assert state == [
        ("expired", SPANS[0], None, False),
        ("published", SPANS[1], "GLACIER", True),
        ("parked", SPANS[2], "GLACIER", True),
        ("published", SPANS[3], "GLACIER_IR", False),
    ]
    known, lake = control(aged), lake_of(aged)
    cold = aged.sql("SELECT * FROM public.orders_all WHERE order_date < '2020-05-01' ORDER BY 1")
    lose_all(aged)
    outcome = aged.rebuild()
    assert (outcome.batches, outcome.rows, outcome.holds, outcome.unrecorded) == (3, 30, 1, ())
    assert control(aged) == known
    assert aged.verify().differences == ()
    assert lake_of(aged) == lake
    with aged.context() as ctx:
        run_restore(ctx, plan_restore(ctx, RestoreRequest(ORDERS, date(2020, 4, 1), date(2020, 4, 30))))
    assert rows_of(aged, "public.orders_all") == sorted(cold, key=repr)
    aged.clock.advance(days=2)
    with aged.context() as ctx:
        release_hold(ctx, next(hold.id for hold in list_holds(ctx) if hold.reason == "a lawsuit"))
    assert steps(tier(aged)) == [("hand_over", "GLACIER", "GLACIER", ["03"], 10)]
    assert parked(aged) == {3: ("GLACIER", True)}
    assert in_lake(aged)["tg_period=2020-03-01/000.parquet"] == ("GLACIER", False)
    assert aged.verify().differences == ()


def test_a_rebuild_that_was_killed_is_repaired_by_the_next(aged: World) -> None:
    """Between two transactions of a table, each of at most six statements."""
    known = control(aged)
    lose_all(aged)
    seen: list[Sequence[str]] = []

    def see(statements: Sequence[str]) -> None:
        seen.append(statements)
        if any('INSERT INTO "tidegate"."retired"' in statement for statement in statements):
            raise LedgerUnreachable("the power is gone")

    with pytest.raises(LedgerUnreachable):
        watched(aged, see, max_transaction_statements=6).rebuild()
    assert aged.value("SELECT COUNT(*) FROM tidegate.published") == 2
    assert aged.value("SELECT COUNT(*) FROM tidegate.warehouse") == 0
    seen.clear()
    assert watched(aged, seen.append, max_transaction_statements=6).rebuild().rows == 30
    assert max(len(statements) for statements in seen) <= 6
    assert control(aged) == known


def test_two_rebuilds_at_once_never_count_rows_twice(aged: World) -> None:
    lose_all(aged)
    first = [True]

    def see(statements: Sequence[str]) -> None:
        if first and any('INSERT INTO "tidegate"."retired"' in statement for statement in statements):
            first.pop()
            aged.rebuild()

    with pytest.raises(GuardFailed, match=r"^somebody else rebuilds retired: 1$"):
        watched(aged, see).rebuild()
    assert aged.value("SELECT COUNT(*) FROM tidegate.published") == 2
    assert aged.value("SELECT COUNT(*) FROM tidegate.retired") == 1
    assert aged.verify().differences == ()


def test_many_periods_keep_the_limits_of_the_data_api(empty: World) -> None:
    """250 days of two batches: rows of a control table are written 100 by 100, and parked in one transaction."""
    days = ", ".join(f"({n}, DATE '2018-01-01' + {n})" for n in range(250))
    policy = Policy(TableName("public", "d"), "day", Granularity.DAILY, max_delete_fraction=1.0, batch_periods=150)
    world = with_tiers(replace(empty, policies=(policy,)), GLACIER=1)
    world.sql("CREATE TABLE public.d (id INTEGER, day DATE)", f"INSERT INTO public.d VALUES {days}")
    world.archive(AS_OF)
    world.clock.advance(days=2)
    longest = [0, 0]

    def see(statements: Sequence[str]) -> None:
        longest[0] = max(longest[0], *(len(s.encode()) for s in statements))
        longest[1] = max(longest[1], len(statements))

    assert [m[4] for m in steps(tier(watched(world, see, max_transaction_statements=12)))] == [150, 100]
    known = control(world)
    lose_all(world)
    assert watched(world, see, max_transaction_statements=12).rebuild().rows == 250
    assert control(world) == known
    assert (longest[0] < 100_000, longest[1]) == (True, 12)
