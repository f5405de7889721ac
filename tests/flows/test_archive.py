"""Archive: what leaves the warehouse, what stays, and what the lake holds afterwards."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.world import ORDERS, World

from tidegate.model.batch import BatchState
from tidegate.model.policy import Action, Housekeeping
from tidegate.model.records import RecordKind

SUMS = "SELECT COUNT(*), SUM(order_id), SUM(amount) FROM public.{}"
ALL = (60, 1830, "1845.00")


def sums(world: World, relation: str = "orders_all") -> tuple[int, int, str]:
    count, ids, amount = world.sql(SUMS.format(relation))[0]
    return count, ids, str(amount)


def prefixes(world: World, table: str = "public/orders") -> list[Path]:
    return sorted((world.folder / "lake").glob(f"w*/{table}/tg_batch=*"))


def record_files(world: World) -> list[Path]:
    return sorted((world.folder / "lake").glob("_tidegate/w*/log/public/orders/*"))


COLUMNS = "order_id, order_date, amount, note"


def test_whole_months_before_the_retention_leave(world: World) -> None:
    outcome = world.archive()
    assert outcome.failures == ()
    (batch,) = outcome.batches
    assert (batch.state, batch.rows, batch.checkpoint) == (BatchState.RECLAIMED, 20, date(2020, 2, 1))
    assert [(p.period, p.rows) for p in batch.periods] == [(date(2020, 1, 1), 10), (date(2020, 2, 1), 10)]
    assert world.value("SELECT MIN(order_date) FROM public.orders") == date(2020, 3, 1)
    assert world.value("SELECT COUNT(*) FROM public.orders") == 40
    assert sums(world) == ALL


def test_the_files_are_plain_parquet(world: World) -> None:
    world.archive()
    (prefix,) = prefixes(world)
    january = pq.read_table(prefix / "tg_period=2020-01-01" / "000.parquet", partitioning=None)
    assert january.column_names == ["order_id", "order_date", "amount", "note"]
    assert sorted(january["order_id"].to_pylist()) == list(range(1, 61, 6))
    assert {day.month for day in january["order_date"].to_pylist()} == {1}


def test_the_descriptor_tells_all_that_is_needed(world: World) -> None:
    world.archive()
    (prefix,) = prefixes(world)
    document = json.loads((prefix / "_tidegate" / "batch.json").read_text())
    assert document["ddl"].startswith('CREATE TABLE IF NOT EXISTS "public"."orders" (')
    assert [f["key"] for f in document["files"]] == [
        "tg_period=2020-01-01/000.parquet",
        "tg_period=2020-02-01/000.parquet",
    ]
    assert all(len(f["sha256"]) == 64 for f in document["files"])
    assert [p["rows"] for p in document["periods"]] == [10, 10]


def test_a_second_run_has_nothing_to_do(world: World) -> None:
    world.archive()
    assert world.archive().batches == ()
    assert len(prefixes(world)) == 1


def test_late_rows_become_a_further_batch(world: World) -> None:
    world.archive()
    world.sql("INSERT INTO public.orders VALUES (1001, DATE '2020-01-15', 5.00, 'late')")
    assert sums(world) == (61, 2831, "1850.00")
    (batch,) = world.archive().batches
    assert [(p.period, p.rows) for p in batch.periods] == [(date(2020, 1, 1), 1)]
    assert sums(world) == (61, 2831, "1850.00")
    assert len(prefixes(world)) == 2
    assert world.verify().differences == ()


def test_rows_without_a_date_are_reported_and_never_touched(world: World) -> None:
    world.sql("INSERT INTO public.orders VALUES (900, NULL, 1.00, 'when?'), (901, NULL, 2.00, 'never')")
    (plan,) = world.plan().tables
    assert plan.null_rows == 2
    world.archive()
    assert world.value("SELECT COUNT(*) FROM public.orders WHERE order_date IS NULL") == 2


def test_an_empty_table_and_a_table_without_due_rows_make_no_batch(world: World) -> None:
    assert world.archive(as_of=date(2020, 3, 20)).batches == ()
    world.sql("DELETE FROM public.orders")
    outcome = world.archive()
    assert (outcome.batches, outcome.failures) == ((), ())
    assert prefixes(world) == []


def test_batches_are_cut_oldest_first_and_each_is_one_unload(world: World) -> None:
    outcome = world.with_policy(batch_periods=1).archive()
    assert [[p.period.month for p in b.periods] for b in outcome.batches] == [[1], [2]]
    assert [b.files for b in outcome.batches] == [1, 1]
    assert sums(world) == ALL


def test_more_of_the_table_than_allowed_is_refused(world: World) -> None:
    outcome = world.with_policy(max_delete_fraction=0.3).archive()
    (failure,) = outcome.failures
    assert (failure.code, failure.exit_code) == ("refused.fraction", 4)
    assert failure.message == "public.orders: 33% of the table is due, more than 30%"
    assert world.value("SELECT COUNT(*) FROM public.orders") == 60
    assert prefixes(world) == []


def test_the_fraction_can_be_lifted_for_one_run(world: World) -> None:
    assert world.with_policy(max_delete_fraction=0.3).archive(max_delete_fraction=0.4).failures == ()


def test_a_copy_deletes_nothing_and_is_not_repeated(world: World) -> None:
    copying = world.with_policy(action=Action.COPY)
    (batch,) = copying.archive().batches
    assert (batch.state, batch.rows) == (BatchState.COPIED, 20)
    assert world.value("SELECT COUNT(*) FROM public.orders") == 60
    assert copying.archive().batches == ()
    world.sql("UPDATE public.orders SET note = 'changed' WHERE order_id = 1")
    (again,) = copying.archive().batches
    assert [(p.period, p.rows) for p in again.periods] == [(date(2020, 1, 1), 10)]
    assert copying.verify().differences == ()


def test_a_copy_without_a_column_is_the_whole_table(world: World) -> None:
    copying = world.with_policy(action=Action.COPY, column=None)
    (batch,) = copying.archive().batches
    assert batch.rows == 60
    assert copying.archive().batches == ()


def test_a_purge_deletes_without_an_archive_and_says_so(world: World) -> None:
    outcome = world.with_policy(action=Action.PURGE).archive()
    assert [b.rows for b in outcome.batches] == [20]
    assert world.value("SELECT COUNT(*) FROM public.orders") == 40
    assert prefixes(world) == []
    records = [
        json.loads(p.read_text()) for p in sorted((world.folder / "lake").glob("_tidegate/w*/log/public/orders/*"))
    ]
    assert [r["kind"] for r in records] == [RecordKind.POLICY, RecordKind.PURGE]
    assert records[1]["detail"] == "20 rows deleted without an archive"


def test_archived_rows_that_come_back_are_noticed(world: World) -> None:
    world.sql(f"CREATE TABLE public.backup AS SELECT {COLUMNS} FROM public.orders")
    world.archive()
    january = f"SELECT {COLUMNS} FROM public.backup WHERE order_date < '2020-02-01'"
    world.sql(f"INSERT INTO public.orders {january}")
    outcome = world.archive()
    (failure,) = outcome.failures
    assert (failure.code, failure.exit_code) == ("refused.repeat", 4)
    assert failure.message.startswith("public.orders 2020-01-01: its 10 hot rows equal those archived in batch ")
    assert world.value("SELECT COUNT(*) FROM public.orders") == 50
    assert world.with_policy(acknowledge=frozenset({"repeat"})).archive().failures == ()
    assert world.value("SELECT COUNT(*) FROM public.orders") == 40


def test_rows_under_hold_stay(world: World) -> None:
    from tidegate.flows.hold import add_hold, release_hold

    with world.context() as ctx:
        hold = add_hold(ctx, ORDERS, date(2020, 1, 10), date(2020, 1, 12), "a lawsuit")
    (batch,) = world.archive().batches
    assert [p.period.month for p in batch.periods] == [2]
    with world.context() as ctx:
        release_hold(ctx, hold.id)
    (batch,) = world.archive().batches
    assert [p.period.month for p in batch.periods] == [1]


def test_the_record_in_the_lake_is_numbered_without_a_gap(world: World) -> None:
    world.archive()
    world.restore(date(2020, 1, 1), date(2020, 1, 31))
    assert [path.name for path in record_files(world)] == [f"{n:010d}.json" for n in range(1, 5)]


def test_two_tables_one_bad_policy_does_not_stop_the_other(world: World) -> None:
    world.policies = (replace(world.policies[0], table=ORDERS.parse("public.missing")), *world.policies)
    outcome = world.archive()
    assert [f.message for f in outcome.failures] == ["table public.missing does not exist"]
    assert [b.rows for b in outcome.batches] == [20]


def test_small_batches_wait_for_more(world: World) -> None:
    waiting = world.with_policy(min_batch_bytes=10**9, max_wait=90)
    (plan,) = waiting.plan(as_of=date(2020, 5, 1)).tables
    assert [str(p) for p in plan.waiting] == ["2020-01"]
    assert waiting.archive(as_of=date(2020, 5, 1)).batches == ()
    assert [b.rows for b in waiting.archive(as_of=date(2020, 8, 1)).batches] == [40]


@pytest.mark.parametrize("when", list(Housekeeping))
def test_housekeeping_never_changes_rows(world: World, when: Housekeeping) -> None:
    world.with_policy(vacuum=when).archive()
    assert sums(world) == ALL


def test_gc_takes_retired_files_after_their_grace(world: World) -> None:
    world.archive()
    world.restore(date(2020, 1, 1), date(2020, 1, 31))
    assert world.gc().objects == 0
    assert world.gc(timedelta(0)).objects == 1
    (prefix,) = prefixes(world)
    assert sorted(p.name for p in prefix.iterdir()) == ["_tidegate", "manifest", "tg_period=2020-02-01"]
    assert sums(world) == ALL
    assert world.verify().differences == ()
