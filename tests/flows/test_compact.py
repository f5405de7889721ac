"""`compact`: fewer batches, the same rows, and the proof of an archive."""

import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.flows.rewriting import batches, compact, in_files, planned_compact
from tests.flows.tables import rows_of
from tests.world import ORDERS, World

from tidegate.errors import Refused
from tidegate.flows.rewrite.compact import run_compact

ALL = "public.orders_all"
JANUARY = date(2020, 1, 1)


@pytest.fixture(scope="module")
def by_month(with_orders: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = shutil.copytree(with_orders, tmp_path_factory.mktemp("by_month") / "world")
    monthly = World(folder).with_policy(batch_periods=1, max_delete_fraction=1.0)
    monthly.archive(date(2020, 9, 1))
    monthly.sql("INSERT INTO public.orders VALUES (1001, '2020-01-31', 7.50, 'late')")
    monthly.clock.advance(days=1)
    monthly.archive(date(2020, 9, 1))
    assert len(batches(monthly)) == 6
    return folder


@pytest.fixture
def months(by_month: Path, tmp_path: Path) -> World:
    """January to May in a batch each, and one late row of January in a batch of its own."""
    world = World(shutil.copytree(by_month, tmp_path / "world"))
    world.clock.advance(days=2)
    return world


def test_small_batches_become_one_with_the_same_rows(months: World) -> None:
    before, written = rows_of(months, ALL), sorted(batches(months))
    outcome = compact(months)
    (merged,) = outcome.merged
    assert outcome.failures == ()
    assert sorted(part.batch for part in merged.inputs) == written
    assert [(str(p.period), p.rows) for p in merged.periods] == [
        ("2020-01-01", 11),
        *((f"2020-0{month}-01", 10) for month in (2, 3, 4, 5)),
    ]
    assert (merged.rows, merged.files_before, merged.files) == (51, 6, 5)
    assert batches(months) == {merged.batch: {str(p.period): p.rows for p in merged.periods}}
    assert rows_of(months, ALL) == before
    retired = months.sql("SELECT DISTINCT batch, reason FROM tidegate.retired ORDER BY 1")
    assert retired == [(batch, "compacted") for batch in written]
    assert months.verify().differences == ()


def test_the_age_is_that_of_the_youngest_input(months: World) -> None:
    youngest = months.value("SELECT MAX(archived_at) FROM tidegate.published")
    oldest = months.value("SELECT MIN(archived_at) FROM tidegate.published")
    compact(months)
    assert months.sql("SELECT DISTINCT archived_at FROM tidegate.published") == [(youngest,)]
    assert oldest < youngest


def test_old_files_stay_for_the_grace_and_then_go(months: World) -> None:
    assert len(in_files(months)) == 51
    (merged,) = compact(months).merged
    assert months.gc().removed == ()
    months.clock.advance(days=2)
    assert {garbage.reason for garbage in months.gc().removed} == {"compacted"}
    assert len(in_files(months)) == len(in_files(months, merged.batch)) == 51
    assert months.verify().differences == ()


def test_once_is_enough(months: World) -> None:
    compact(months)
    records = months.value("SELECT COUNT(*) FROM tidegate.log")
    assert compact(months).merged == ()
    assert months.value("SELECT COUNT(*) FROM tidegate.log") == records


def test_a_batch_that_is_big_enough_gives_only_the_periods_that_others_have_too(world: World) -> None:
    world.archive()
    (big,) = batches(world)
    world.sql("INSERT INTO public.orders VALUES (1001, '2020-01-31', 7.50, 'late')")
    world.clock.advance(days=1)
    world.archive()
    before = rows_of(world, ALL)
    (merged,) = compact(world, target=1).merged
    assert batches(world) == {big: {"2020-02-01": 10}, merged.batch: {"2020-01-01": 11}}
    assert rows_of(world, ALL) == before
    assert world.verify().differences == ()
    world.clock.advance(days=2)
    world.gc()
    assert world.verify().differences == ()
    assert rows_of(world, ALL) == before


def test_the_target_bounds_what_is_merged(months: World) -> None:
    sizes = [s.part.bytes for spec in planned_compact(months).specs for s in spec.sources]
    plan = planned_compact(months, target=max(sizes) * 2)
    assert [len(spec.sources) for spec in plan.specs] == [2, 2, 2]
    assert [spec.days[0].month for spec in plan.specs] == [1, 2, 4]


def test_a_plan_changes_nothing_and_names_what_it_would_merge(months: World) -> None:
    before = batches(months)
    plan = planned_compact(months)
    (spec,) = plan.specs
    assert sorted(source.batch for source in spec.sources) == sorted(before)
    assert batches(months) == before
    assert months.value("SELECT COUNT(*) FROM tidegate.retired") == 0


def test_batches_of_two_versions_are_not_mixed(world: World) -> None:
    monthly = world.with_policy(batch_periods=1)
    monthly.archive()
    monthly.sql("ALTER TABLE public.orders ADD COLUMN extra VARCHAR(8)")
    monthly.clock.advance(days=1)
    monthly.archive(date(2020, 8, 20))
    before = rows_of(monthly, ALL)
    merged = compact(replace(monthly, policies=world.policies)).merged
    assert [[str(p.period) for p in one.periods] for one in merged] == [
        ["2020-01-01", "2020-02-01"],
        ["2020-03-01", "2020-04-01"],
    ]
    assert rows_of(monthly, ALL) == before
    assert monthly.verify().differences == ()


def test_a_hold_does_not_stand_in_the_way_but_keeps_the_old_files(months: World) -> None:
    from tidegate.flows.hold import add_hold

    with months.context() as ctx:
        add_hold(ctx, ORDERS, None, None, "asked for")
    assert len(compact(months).merged) == 1
    months.clock.advance(days=2)
    assert months.gc(timedelta(0)).removed == ()
    assert len(in_files(months)) == 102


def test_what_was_restored_meanwhile_is_left_alone(months: World) -> None:
    plan = planned_compact(months)
    months.restore(JANUARY, date(2020, 1, 31))
    before = rows_of(months, ALL)
    with months.context() as ctx:
        assert run_compact(ctx, plan).merged == ()
    assert rows_of(months, ALL) == before
    (merged,) = compact(months).merged
    assert [str(p.period) for p in merged.periods] == [f"2020-0{month}-01" for month in (2, 3, 4, 5)]


def test_a_restore_between_proof_and_swap_is_a_refusal(months: World) -> None:
    """The guard of the swap finds what no lease would have prevented."""
    before = rows_of(months, ALL)
    racing = replace(months, wrap=_restoring(months))
    (failure,) = compact(racing).failures
    assert (failure.code, failure.exit_code) == (Refused.code, 4)
    assert failure.message.startswith("public.orders: one of 6 batches is no longer published: ")
    assert rows_of(months, ALL) == before
    assert months.verify().differences == ()
    months.clock.advance(days=2)
    months.gc()
    assert len(in_files(months)) == 40
    assert len(compact(months).merged) == 1


def _restoring(world: World):  # type: ignore[no-untyped-def]
    """Restores January at the moment in which the swap is submitted."""

    class Warehouse:
        def __init__(self, target: object) -> None:
            self._target = target

        def __getattr__(self, name: str) -> object:
            return getattr(self._target, name)

        def transaction(self, statements: list[str]) -> object:
            if "compact swap" in statements[0]:
                world.restore(JANUARY, date(2020, 1, 31))
            return self._target.transaction(statements)  # type: ignore[attr-defined]

    return lambda port, name: Warehouse(port) if name == "warehouse" else port


def test_rebuilt_from_the_lake_it_is_the_same(months: World) -> None:
    (merged,) = compact(months).merged
    ages = months.sql("SELECT batch, period, row_count, fingerprint, archived_at FROM tidegate.published ORDER BY 1, 2")
    (months.folder / "warehouse.duckdb").unlink()
    (months.folder / "tidegate.sqlite").unlink()
    assert months.rebuild().differences == ()
    again = months.sql(
        "SELECT batch, period, row_count, fingerprint, archived_at FROM tidegate.published ORDER BY 1, 2"
    )
    assert (len(again), again) == (5, ages)
    months.restore()
    assert months.value("SELECT COUNT(*) FROM public.orders") == merged.rows
