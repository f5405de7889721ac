"""Upsert and replace: of each key one row, the newest, however often and in whatever order the files come."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.flows.landing import TABLE, Land, appending, names, upserting
from tests.world import World

from tidegate.flows.load.run import MAX_SEALS
from tidegate.model.route import LoadMode


@pytest.fixture
def land(empty: World) -> Land:
    return Land(empty)


def test_rows_of_a_key_are_replaced_and_a_repeated_one_counts_once(land: Land) -> None:
    land.write("a.parquet", {"id": [1, 2, 2], "note": ["a", "b", "b"]})
    first = land.load(route=upserting("id"))
    assert (first.batches[0].rows, first.batches[0].changed) == (3, 2)
    land.write("b.parquet", {"id": [2, 3], "note": ["B", "c"]}, minute=1)
    land.load(route=upserting("ID"))
    assert land.rows() == [(1, "a"), (2, "B"), (3, "c")]


def test_of_files_that_hold_the_same_key_the_later_wins(land: Land) -> None:
    land.write("z.parquet", {"id": [1, 2], "note": ["old", "only"]}, minute=1)
    land.write("a.parquet", {"id": [1, 3], "note": ["new", "c"]}, minute=2)
    outcome = land.load(route=upserting("id"))
    assert [names(batch.files) for batch in outcome.batches] == [["z.parquet", "a.parquet"]]
    assert land.rows() == [(1, "new"), (2, "only"), (3, "c")]


def test_a_version_decides_whatever_the_order_of_files(land: Land) -> None:
    by_version = upserting("id", version="at")
    land.write("late.parquet", {"id": [1, 1, 2], "at": [3, 5, 1], "note": ["third", "fifth", "x"]}, minute=1)
    land.load(route=by_version)
    land.write("old.parquet", {"id": [1, 2, 3], "at": [4, None, None], "note": ["fourth", "none", "n"]}, minute=2)
    assert land.load(route=by_version).batches[0].changed == 1
    assert land.rows("id, note") == [(1, "fifth"), (2, "x"), (3, "n")]
    land.write("same.parquet", {"id": [2], "at": [1], "note": ["again"]}, minute=3)
    land.load(route=by_version)
    assert land.rows("id, note") == [(1, "fifth"), (2, "again"), (3, "n")]


@pytest.mark.parametrize("version", [None, "at"])
def test_different_rows_of_a_key_in_one_file_are_not_decided_by_chance(land: Land, version: str | None) -> None:
    at = {"at": [7, 7]}
    land.write("a.parquet", {"id": [1, 2], "note": ["a", "b"], **at})
    land.write("bad.parquet", {"id": [1, 1], "note": ["x", "y"], **at}, minute=1)
    land.write("c.parquet", {"id": [3, 1], "note": ["c", "A"], **at}, minute=2)
    outcome = land.load(route=upserting("id", version=version))
    (quarantined,) = outcome.quarantined
    same = " with the same at" if version else ""
    assert (names([quarantined]), quarantined.code) == (["bad.parquet"], "load.version")
    assert quarantined.reason == (
        f"1 values of id come more than once{same} and with different rows: nothing says which is newer"
    )
    assert land.rows("id, note") == [(1, "A"), (2, "b"), (3, "c")]
    assert land.quarantined() == [("bad.parquet", "load.version", None)]


def test_many_bad_files_of_different_columns_do_not_keep_the_good_one_out(land: Land) -> None:
    for n in range(MAX_SEALS + 2):
        land.write(f"{n:02}.parquet", {"id": [n, n], "v": [1, 1], f"c{n}": [1, 2]}, minute=n)
    land.write("good.parquet", {"id": [100], "v": [1]}, minute=59)
    outcome = land.load(route=upserting("id"))
    assert {bad.code for bad in outcome.quarantined} == {"load.version"}
    assert (len(outcome.quarantined), outcome.rows, land.rows("id")) == (MAX_SEALS + 2, 1, [(100,)])


def test_rows_without_a_key_are_kept_whole_beside_the_others(land: Land) -> None:
    land.write("a.parquet", {"id": [1, None], "part": [1, 1], "tags": pa.array([["x"], ["y", "z"]])})
    land.write("b.parquet", {"id": [2, 3, 4], "part": [None, None, 1], "tags": pa.array([[], None, ["t"]])}, minute=1)
    outcome = land.load(route=upserting("id", "part"))
    (batch,) = outcome.batches
    assert (batch.rows, batch.changed) == (5, 2)
    assert [(names([q]), q.rows, q.reason) for q in outcome.quarantined] == [
        (["a.parquet"], 1, "1 of its 2 rows have no id, part"),
        (["b.parquet"], 2, "2 of its 3 rows have no id, part"),
    ]
    assert land.rows("id, part, JSON_SERIALIZE(tags)") == [(1, 1, '["x"]'), (4, 1, '["t"]')]
    assert land.quarantined() == [("a.parquet", "load.key", 1), ("b.parquet", "load.key", 2)]
    place = outcome.quarantined[0].place or ""
    assert place.startswith(f"{land.world.folder}/lake/_tidegate/")
    kept = sorted((row["id"] or 0, row["tags"]) for row in pq.read_table(place).to_pylist())
    assert kept == [(0, '["y","z"]'), (2, "[]"), (3, None)]


def test_the_key_that_a_file_declares_is_taken_and_none_is_guessed(land: Land) -> None:
    table = pa.table({"id": [1, 1], "note": ["a", "a"]})
    land.write("a.parquet", table.replace_schema_metadata({"tidegate.key": '["id"]'}))
    land.write("b.parquet", table, minute=1)
    outcome = land.load(route=upserting())
    assert [q.reason for q in outcome.quarantined] == ["an upsert needs a key, and the file declares none"]
    assert land.rows() == [(1, "a")]
    land.load(route=upserting("note"))
    assert land.rows() == [(1, "a")]


@pytest.mark.parametrize(
    ("key", "version", "reason"),
    [
        ("order", None, 'the file has no column "order", which is part of the key or its version'),
        ("id", "at", 'the file has no column "at", which is part of the key or its version'),
        ("tags", None, 'the column "tags" is SUPER, which cannot be compared'),
    ],
)
def test_a_key_that_is_none_is_told(land: Land, key: str, version: str | None, reason: str) -> None:
    land.write("a.parquet", {"id": [1], "tags": pa.array([[1]])})
    assert [q.reason for q in land.load(route=upserting(key, version=version)).quarantined] == [reason]


def test_replace_lets_the_newest_file_be_the_table(land: Land) -> None:
    route = appending(mode=LoadMode.REPLACE)
    land.write("monday.parquet", {"id": [1, 2]}, minute=1)
    land.write("tuesday.parquet", {"id": [3]}, minute=2)
    outcome = land.load(route=route)
    assert (names(outcome.stale), land.rows()) == (["monday.parquet"], [(3,)])
    again = land.load(route=route)
    assert (again.batches, names(again.stale), names(again.already)) == ((), ["monday.parquet"], ["tuesday.parquet"])
    land.write("wednesday.parquet", {"id": [4, 5]}, minute=3)
    land.load(route=route)
    assert land.rows() == [(4,), (5,)]
    assert land.loaded() == [("tuesday.parquet", 1), ("wednesday.parquet", 2)]


def test_columns_that_the_files_lack_become_null_where_rows_are_replaced(land: Land) -> None:
    land.world.sql(f"CREATE TABLE {TABLE} (id BIGINT, kept VARCHAR(5), n BIGINT IDENTITY(1, 1))")
    land.world.sql(f"INSERT INTO {TABLE} (id, kept) VALUES (1, 'x'), (2, 'y')")
    land.write("a.parquet", {"id": [1], "n": [99]})
    land.load(route=upserting("id"))
    assert land.rows() == [(1, None, 3), (2, "y", 2)]
