"""A copied or set-back warehouse: refused wherever something would change, until a person says whose archive it is."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.flows.failing import Failing
from tests.flows.tables import archive, create, lake_of, rows_of
from tests.world import AS_OF, ORDERS, World

from tidegate.errors import ConfigError, ForeignWarehouse, ObjectMissing
from tidegate.flows.adopt import AdoptOutcome, as_copy, take_over
from tidegate.flows.gc import plan_gc
from tidegate.flows.hold import add_hold, list_holds, release_hold
from tidegate.model.batch import BatchState
from tidegate.model.policy import Action

MAY = date(2020, 5, 20)
"""As of that day only January is due."""
JANUARY = date(2020, 1, 1), date(2020, 1, 31)
NOW = timedelta(0)
REFUSED = (
    "This warehouse is a copy or was set back. Run `tidegate adopt --take-over` to go on with it, "
    "or `tidegate adopt --as-copy` to give it a folder of its own."
)


def hold(world: World) -> None:
    with world.context() as ctx:
        add_hold(ctx, ORDERS, None, None, "a lawsuit")


def adopt(world: World, how: Callable[..., AdoptOutcome]) -> AdoptOutcome:
    with world.context() as ctx:
        return how(ctx)


def planned_gc(world: World) -> None:
    with world.context() as ctx:
        plan_gc(ctx, NOW)


def raised(world: World) -> None:
    """`archive` collects a table's error: raise what it says."""
    (failure,) = world.archive().failures
    assert (failure.code, failure.exit_code) == (ForeignWarehouse.code, 4)
    raise ForeignWarehouse(failure.message, hint=failure.hint)


CHANGES: dict[str, Callable[[World], object]] = {
    "archive": raised,
    "restore": lambda world: world.restore(*JANUARY),
    "gc": lambda world: world.gc(NOW),
    "gc, as a plan alone": lambda world: planned_gc(world),
    "hold": hold,
}


def keep(world: World, name: str = "yesterday") -> None:
    """A copy of the warehouse's file, as a backup makes it."""
    shutil.copy(world.folder / world.file, world.folder / name)


def set_back(world: World, name: str = "yesterday") -> None:
    shutil.copy(world.folder / name, world.folder / world.file)


def twin_of(world: World, ledger: str = "twin.sqlite") -> World:
    """The same warehouse once more: its file copied beside it."""
    keep(world, "twin.duckdb")
    shutil.copy(world.folder / world.ledger, world.folder / ledger)
    return replace(world, file="twin.duckdb", ledger=ledger, suffix="7")


def whole(world: World) -> tuple[int, int]:
    return world.sql("SELECT COUNT(*), COUNT(DISTINCT order_id) FROM public.orders_all")[0]


@pytest.mark.parametrize("change", list(CHANGES))
def test_a_copied_file_is_refused(world: World, change: str) -> None:
    archive(world, AS_OF)
    twin = twin_of(world)
    before = lake_of(world), rows_of(twin, "public.orders")
    with pytest.raises(ForeignWarehouse) as refused:
        twin.plan() if change == "archive" else CHANGES[change](twin)
    assert refused.value.exit_code == 4
    assert refused.value.message == (
        "the warehouse at ../twin.duckdb says that it lives at ../warehouse.duckdb: it is a copy"
    )
    assert refused.value.hint == REFUSED
    assert (lake_of(world), rows_of(twin, "public.orders")) == before


@pytest.fixture
def yesterday(world: World) -> World:
    """A backup was made when January had been archived, restored and archived anew; February followed; it is back."""
    archive(world, MAY)
    world.restore(*JANUARY)
    with world.context() as ctx:
        release_hold(ctx, list_holds(ctx)[0].id)
    archive(world, MAY)
    keep(world)
    archive(world, AS_OF)
    set_back(world)
    return world


@pytest.mark.parametrize("change", list(CHANGES))
def test_a_warehouse_that_was_set_back_is_refused(yesterday: World, change: str) -> None:
    before = lake_of(yesterday), rows_of(yesterday, "public.orders")
    with pytest.raises(ForeignWarehouse) as refused:
        CHANGES[change](yesterday)
    assert refused.value.message == "the lake's record of public.orders is at 7, this warehouse is at 6"
    assert refused.value.hint == REFUSED
    assert (lake_of(yesterday), rows_of(yesterday, "public.orders")) == before
    assert whole(yesterday) == (60, 60)
    assert ("record.ahead", "the lake is at 7, the warehouse at 6") in [
        (difference.kind, difference.detail) for difference in yesterday.verify().differences
    ]


def test_a_set_back_warehouse_goes_on(yesterday: World) -> None:
    lake = lake_of(yesterday)
    outcome = adopt(yesterday, take_over)
    (difference,) = outcome.differences
    assert (difference.table, difference.kind) == (ORDERS, "adopt.kept")
    assert difference.detail == "2020-02-01 counts in the record, but not here; its files are kept"
    assert whole(yesterday) == (60, 60)
    assert yesterday.value("SELECT COUNT(*) FROM public.orders") == 50
    retired = [key for key in lake if "tg_batch=" in key and lake_of(yesterday).get(key) == lake[key]]
    assert {key for key in lake if "tg_batch=" in key} == set(retired)
    removed = yesterday.gc(NOW).removed
    assert [[str(p) for p in garbage.periods] for garbage in removed] == [["2020-01-01"]]
    assert [garbage.reason for garbage in removed] == ["restored"]
    february = [key for key in lake if f"tg_batch={difference.object}/" in key]
    assert len(february) == 3
    assert set(february) <= set(lake_of(yesterday))
    (batch,) = archive(yesterday, AS_OF).batches
    assert (batch.rows, batch.batch != difference.object) == (10, True)
    assert whole(yesterday) == (60, 60)
    assert yesterday.verify().differences == ()
    assert adopt(yesterday, take_over).differences == ()
    yesterday.restore()
    assert yesterday.value("SELECT COUNT(*) FROM public.orders") == 60


def test_rows_that_were_restored_since_the_backup_are_cold_again(world: World) -> None:
    archive(world, AS_OF)
    keep(world)
    world.restore(*JANUARY)
    set_back(world)
    (difference,) = adopt(world, take_over).differences
    assert (difference.kind, difference.detail) == (
        "adopt.counted",
        "2020-01-01 counts here, but no longer in the record",
    )
    assert whole(world) == (60, 60)
    assert world.gc(NOW).objects == 0
    assert world.verify().differences == ()


def test_rows_whose_files_are_gone_are_named(world: World) -> None:
    archive(world, AS_OF)
    keep(world)
    world.restore(*JANUARY)
    assert world.gc(NOW).objects == 1
    set_back(world)
    (difference,) = adopt(world, take_over).differences
    assert (difference.kind, difference.detail) == (
        "adopt.lost",
        "2020-01-01 counts here, but its files were deleted since",
    )


def test_copies_made_after_the_backup_are_kept_but_do_not_count(world: World) -> None:
    copying = world.with_policy(action=Action.COPY)
    archive(copying, MAY)
    keep(copying)
    copying.sql("UPDATE public.orders SET note = 'new' WHERE order_id = 1")
    archive(copying, AS_OF)
    set_back(copying)
    differences = adopt(copying, take_over).differences
    assert sorted((d.kind, d.detail.partition(" ")[0]) for d in differences) == [
        ("adopt.kept", "2020-01-01"),
        ("adopt.kept", "2020-02-01"),
        ("adopt.superseded", "2020-01-01"),
    ]
    assert copying.gc(NOW).objects == 0
    assert [b.rows for b in archive(copying, AS_OF).batches] == [20]
    assert copying.verify().differences == ()


def test_a_hold_placed_after_the_backup_stays_in_force(world: World) -> None:
    archive(world, MAY)
    keep(world)
    hold(world)
    set_back(world)
    assert adopt(world, take_over).differences == ()
    assert archive(world, AS_OF).batches == ()
    with world.context() as ctx:
        assert [h.reason for h in list_holds(ctx)] == ["a lawsuit"]
    assert world.verify().differences == ()


def test_the_one_that_was_taken_over_from_is_refused_from_then_on(world: World) -> None:
    archive(world, MAY)
    twin = twin_of(world)
    assert adopt(twin, take_over).differences == ()
    archive(twin, AS_OF)
    assert whole(twin) == (60, 60)
    with pytest.raises(ForeignWarehouse, match=r"^the lake says that warehouse w[0-9a-f]+ lives at \.\./twin\.duckdb"):
        world.gc(NOW)
    assert twin.verify().differences == ()


@pytest.fixture
def pair(world: World) -> tuple[World, World]:
    """The original with January archived, and its copy under an id of its own."""
    create(world, "public.other", "n INTEGER", "1")
    hold_other(world)
    archive(world, MAY)
    twin = twin_of(world)
    outcome = adopt(twin, as_copy)
    assert outcome.copy_of is not None
    assert outcome.identity.warehouse != outcome.copy_of
    return world, twin


def hold_other(world: World) -> None:
    with world.context() as ctx:
        add_hold(ctx, ORDERS.parse("public.other"), None, None, "a table without an archive")


def test_a_copy_has_a_folder_of_its_own_and_reads_the_originals_batches(pair: tuple[World, World]) -> None:
    original, twin = pair
    before = lake_of(original)
    assert whole(twin) == (60, 60)
    assert twin.verify().differences == ()
    assert original.verify().differences == ()
    assert lake_of(original) == before


def test_both_go_on_without_disturbing_one_another(pair: tuple[World, World]) -> None:
    original, twin = pair
    twin.sql("ALTER TABLE public.orders ADD COLUMN city VARCHAR(9)")
    twin.sql("INSERT INTO public.orders VALUES (1001, DATE '2020-02-03', 5.00, 'copy', 'Lviv')")
    (theirs,) = archive(original, AS_OF).batches
    (ours,) = archive(twin, AS_OF).batches
    assert (theirs.rows, ours.rows) == (10, 11)
    assert (whole(original), whole(twin)) == ((60, 60), (61, 61))
    twin.restore(*JANUARY)
    original.sql("DELETE FROM public.orders WHERE order_date >= '2020-06-01'")
    before = {key: data for key, data in lake_of(original).items() if key.startswith(_folder(original))}
    assert twin.gc(NOW).objects == 0
    assert {key: data for key, data in lake_of(original).items() if key.startswith(_folder(original))} == before
    assert (whole(original), whole(twin)) == ((50, 50), (61, 61))
    original.restore(*JANUARY)
    assert original.gc(NOW).objects > 0
    assert twin.value("SELECT COUNT(*) FROM public.orders_all") == 61
    for world in pair:
        assert world.verify().differences == ()


def _folder(world: World) -> str:
    with world.context() as ctx:
        return f"{ctx.warehouse.execute(ctx.control.select_identity()).rows[0][0]}/"


def test_a_copy_never_finishes_what_the_original_left_unfinished(world: World) -> None:
    """Their ledger may be one and the same."""
    archive(world, MAY)
    broken = replace(
        world,
        wrap=lambda port, name: (
            Failing(port, "begin_step", lambda _, step, __: step == "published") if name == "ledger" else port
        ),
    )
    assert len(broken.archive().failures) == 1
    twin = replace(twin_of(world), ledger=world.ledger)
    adopt(twin, as_copy)
    (batch,) = archive(twin, AS_OF).batches
    assert batch.rows == 10
    with world.context() as ctx:
        (left,) = ctx.ledger.batches(states=(BatchState.VERIFIED,))
        row = ctx.ledger.batch(batch.batch)
        assert row is not None
        assert row.prefix.startswith(_folder(twin))
    assert left.prefix.startswith(_folder(world))
    world.clock.advance(days=2)
    archive(world, AS_OF)
    assert (whole(world), whole(twin)) == ((60, 60), (60, 60))


def test_a_warehouse_that_was_never_initialised_cannot_be_adopted(tmp_path: Path) -> None:
    for how in (take_over, as_copy):
        with pytest.raises(ConfigError) as missing:
            adopt(World(tmp_path), how)
        assert missing.value.message == "the warehouse has no Tidegate control tables"


def test_a_hold_that_is_not_there_is_named(world: World) -> None:
    hold(world)
    with world.context() as ctx, pytest.raises(ObjectMissing) as missing:
        release_hold(ctx, "20200101-1")
    assert missing.value.message == "there is no hold 20200101-1"
