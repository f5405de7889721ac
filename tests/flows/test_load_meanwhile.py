"""Upserts into one table at once, beside an archive of it, and over a change of columns: of each key one row."""

import threading
from dataclasses import replace
from datetime import date

import pytest
from tests.faults.test_load_races import acting
from tests.flows.landing import TABLE, Land, names, upserting
from tests.flows.test_load_archived import changed, into_orders
from tests.flows.test_load_quarantine import spied
from tests.world import World

from tidegate.flows.load.run import run_load
from tidegate.model.route import OnArchived

THREADS, FILES = 3, 4


@pytest.fixture
def land(empty: World) -> Land:
    return Land(empty)


def test_files_by_threads_leave_the_newest_row_of_each_key(land: Land) -> None:
    """Every file has the same keys; the newest version of key k is in file k, wherever it comes in the order."""
    route = upserting("id", "part", version="at")
    paths = []
    for n in range(FILES):
        at = [100 if k == n else n for k in range(FILES)]
        columns = {"id": list(range(FILES)), "part": ["x"] * FILES, "at": at, "file": [n] * FILES}
        paths.append(land.write(f"{n}.parquet", columns, minute=n))
    outcomes: list[int] = []
    with land.world.context() as ctx:
        plans = [land.plan(land.context(ctx), route, paths[n:] + paths[:n]) for n in range(THREADS)]

        def work(number: int) -> None:
            own = replace(land.context(ctx), suffix=lambda: f"{number:08x}")
            outcomes.append(run_load(own, plans[number]).files)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(outcomes) == FILES
    assert land.rows('id, part, at, "file"') == [(k, "x", 100, k) for k in range(FILES)]
    assert sorted(land.loaded()) == [(f"{n}.parquet", FILES) for n in range(FILES)]


def test_another_upsert_between_the_look_and_the_transaction_is_not_lost(land: Land) -> None:
    route = upserting("id", version="at")
    first = land.write("a.parquet", {"id": [1, 2], "at": [5, 5], "note": ["a5", "a5"]})
    other = land.write("b.parquet", {"id": [1, 3], "at": [7, 7], "note": ["b7", "b7"]}, minute=1)
    meanwhile = Land(replace(land.world, suffix="z"))
    spy = acting(" LOCK ", lambda: meanwhile.load(other, route=route))
    assert spied(land, spy).load(first, route=route).rows == 2
    assert land.rows("id, at, note") == [(1, 7, "b7"), (2, 5, "a5"), (3, 7, "b7")]


def test_keys_of_several_columns_are_compared_column_by_column(land: Land) -> None:
    """Neither one part of the key alone, nor the parts run together: ('a', 'bc') is not ('ab', 'c')."""
    route = upserting("k", "l", "day")
    days = [date(2020, 1, 1), date(2020, 1, 2)]
    land.write("a.parquet", {"k": ["a", "ab", "a"], "l": ["bc", "c", "bc"], "day": [days[0], *days], "v": [1, 2, 3]})
    land.load(route=route)
    assert land.rows("k, l, v") == [("a", "bc", 1), ("a", "bc", 3), ("ab", "c", 2)]
    land.write("b.parquet", {"k": ["ab", "a"], "l": ["c", "b"], "day": days[:1] * 2, "v": [20, 4]}, minute=1)
    land.load(route=route)
    assert land.rows("k, l, v") == [("a", "b", 4), ("a", "bc", 1), ("a", "bc", 3), ("ab", "c", 20)]


def test_columns_that_change_in_the_middle_of_the_files_are_two_batches_in_their_order(land: Land) -> None:
    """Files 1 to 3 have the old columns, 4 to 6 the new ones; each later file has a key of the one before."""
    for n in range(1, 7):
        new = {"price": [n * 1.5, n * 2.5]} if n > 3 else {}
        land.write(f"{n}.parquet", {"id": [n, n + 1], "note": [f"{n}" * n * 5] * 2, **new}, minute=n)
    outcome = land.load(route=upserting("id"))
    assert [(names(batch.files), batch.rows, batch.changed) for batch in outcome.batches] == [
        (["1.parquet", "2.parquet", "3.parquet"], 6, 4),
        (["4.parquet", "5.parquet", "6.parquet"], 6, 4),
    ]
    assert outcome.batches[1].statements == (
        'ALTER TABLE "public"."sales" ALTER COLUMN "note" TYPE VARCHAR(45)',
        'ALTER TABLE "public"."sales" ADD COLUMN "price" DOUBLE PRECISION',
    )
    assert land.rows("id, note, price") == [
        (1, "1" * 5, None),
        (2, "2" * 10, None),
        (3, "3" * 15, None),
        (4, "4" * 20, 6.0),
        (5, "5" * 25, 7.5),
        (6, "6" * 30, 9.0),
        (7, "6" * 30, 15.0),
    ]
    assert land.world.value(f"SELECT COUNT(*) FROM {TABLE}") == 7


ONCE = "SELECT COUNT(*), COUNT(DISTINCT order_id) FROM public.orders_all"
CHANGED = "SELECT order_id FROM public.orders_all WHERE note = 'changed' ORDER BY 1"


@pytest.mark.parametrize(("word", "on_archived"), [(" COPY ", OnArchived.QUARANTINE), (" LOCK ", OnArchived.RESTORE)])
def test_an_archive_in_the_middle_of_a_load_leaves_each_row_once(
    world: World, word: str, on_archived: OnArchived
) -> None:
    """Order 1 is of a month that is archived meanwhile."""
    land = Land(world)
    changed(land)
    archived: list[object] = []
    spy = acting(word, lambda: archived.append(replace(world, suffix="z").archive()))
    outcome = spied(land, spy).load(route=into_orders(on_archived=on_archived))
    assert len(archived) == 1
    assert world.sql(ONCE) == [(61, 61)]
    aside = on_archived is OnArchived.QUARANTINE
    assert [(q.code, q.rows) for q in outcome.quarantined] == [("load.archived", 1)] * aside
    assert [row[0] for row in world.sql(CHANGED)] == ([3, 61] if aside else [1, 3, 61])
    assert world.verify(deep=False).differences == ()


@pytest.mark.parametrize("word", ["UNLOAD (", " publish */"])
def test_a_load_in_the_middle_of_an_archive_leaves_each_row_once(world: World, word: str) -> None:
    """Order 1 is changed before its month is unloaded, and between the proof and its publication."""
    land = Land(world)
    changed(land)
    loaded: list[int] = []
    meanwhile = Land(replace(world, suffix="z"), land.folder)
    spy = acting(word, lambda: loaded.append(meanwhile.load(route=into_orders()).rows))
    assert spied(land, spy).world.archive().failures == ()
    assert loaded == [3]
    assert world.sql(ONCE) == [(61, 61)]
    assert [row[0] for row in world.sql(CHANGED)] == [1, 3, 61]
    months = world.sql("SELECT DISTINCT EXTRACT(month FROM order_date) AS m FROM public.orders ORDER BY 1")
    assert [int(row[0]) for row in months] == [3, 4, 5, 6], "what had changed was planned anew and archived as it is"
    assert world.verify(deep=False).differences == ()
