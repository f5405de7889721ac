"""History: every version of a key is a row, valid until the next, in whatever order the versions come."""

import itertools
import shutil
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.flows.landing import TABLE, Land, history, names, upserting
from tests.world import World

from tidegate.app.loading import direct_route
from tidegate.errors import UsageError
from tidegate.model.names import TableName
from tidegate.model.periods import Granularity
from tidegate.model.policy import Policy
from tidegate.model.route import Contract, OnArchived, Route

COLUMNS = "id, at, note, valid_from, valid_to"


@pytest.fixture
def land(empty: World) -> Land:
    return Land(empty)


def test_a_version_is_valid_until_the_next_and_the_newest_for_good(land: Land) -> None:
    land.write("a.parquet", {"id": [1, 1, 2], "at": [20, 10, 5], "note": ["b", "a", None]})
    outcome = land.load(route=history())
    assert (outcome.batches[0].rows, outcome.batches[0].changed) == (3, 3)
    assert land.rows(COLUMNS) == [(1, 10, "a", 10, 20), (1, 20, "b", 20, None), (2, 5, None, 5, None)]
    land.write("b.parquet", {"id": [1], "at": [30], "note": ["c"]}, minute=1)
    land.load(route=history())
    assert land.rows("at, valid_from, valid_to") == [(10, 10, 20), (20, 20, 30), (30, 30, None), (5, 5, None)]


def test_a_late_version_between_equal_neighbours_leaves_the_return_in_place(land: Land) -> None:
    """Drawn together, 1:a and 3:a would be one row, and 2:b would seem to hold until today."""
    land.write("a.parquet", {"id": [1, 1], "at": [1, 3], "note": ["a", "a"]})
    land.load(route=history())
    land.write("late.parquet", {"id": [1], "at": [2], "note": ["b"]}, minute=1)
    land.load(route=history())
    assert land.rows(COLUMNS) == [(1, 1, "a", 1, 2), (1, 2, "b", 2, 3), (1, 3, "a", 3, None)]


def test_every_order_of_the_files_gives_the_same_table(tmp_path: Path) -> None:
    """One table an order, in one warehouse: late, equal and NULL values, two columns of a key."""
    world = World(tmp_path)
    world.initialise()
    land = Land(world)
    part, day = ["x", "x", "y"], date(2020, 1, 1)
    for name, ids, days, notes in (
        ("a", [1, 1, 1], [3, 9, 1], ["late", None, "y"]),
        ("b", [1, 2, 1], [1, 1, 2], ["first", "two", None]),
        ("c", [1, 2, 1], [7, 5, 9], ["late", "five", "last"]),
    ):
        at = [datetime(2020, 1, n, 12, tzinfo=UTC) for n in days]
        land.write(f"{name}.parquet", {"id": ids, "part": part, "at": at, "day": [day] * 3, "note": notes})
    tables = set()
    for order in itertools.permutations("abc"):
        table = f"public.t_{''.join(order)}"
        route = replace(history("id", "part"), table=replace(direct_route(table)).table)
        for name in order:
            land.load(land.folder / f"{name}.parquet", route=route)
        tables.add(tuple(land.rows("id, part, DATE_PART(day, at), note, DATE_PART(day, valid_to)", table)))
    (rows,) = tables
    assert rows == (
        (1, "x", 1, "first", 3),
        (1, "x", 3, "late", 7),
        (1, "x", 7, "late", 9),
        (1, "x", 9, None, None),
        (1, "y", 1, "y", 2),
        (1, "y", 2, None, 9),
        (1, "y", 9, "last", None),
        (2, "x", 1, "two", 5),
        (2, "x", 5, "five", None),
    )


def _model(files: Iterable[list[tuple[int, int, str | None]]]) -> list[tuple[Any, ...]]:
    """Files in the order in which they are loaded: (id, at, note) each."""
    known: dict[int, dict[int, str | None]] = {}
    for rows in files:
        for id, at, note in rows:
            known.setdefault(id, {})[at] = note
    found = []
    for id, versions in known.items():
        times = sorted(versions)
        for at, following in itertools.zip_longest(times, times[1:]):
            found.append((id, at, versions[at], at, following))
    return sorted(found, key=repr)


_ROW = st.tuples(st.integers(0, 2), st.integers(0, 5), st.sampled_from(["a", "b", None]))
_FILE = st.lists(_ROW, min_size=1, max_size=6, unique_by=lambda row: row[:2])


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(_FILE, min_size=1, max_size=2), min_size=1, max_size=3))
def test_the_table_is_what_a_plain_model_says(
    land: Land, batches: list[list[list[tuple[int, int, str | None]]]]
) -> None:
    land.world.sql(f"DROP TABLE IF EXISTS {TABLE}", "DELETE FROM tidegate.loaded_files")
    schema = pa.schema({"id": pa.int64(), "at": pa.int32(), "note": pa.string()})
    minute, loaded = 0, []
    for batch in batches:
        shutil.rmtree(land.folder)
        for rows in batch:
            minute += 1
            columns = dict(zip(schema.names, zip(*rows, strict=True), strict=True))
            land.write(f"{minute}.parquet", pa.table(columns, schema=schema), minute=minute)
            loaded.append(rows)
        land.load(route=history())
    assert land.rows(COLUMNS) == _model(loaded)


def test_of_one_version_the_later_file_counts_and_within_a_file_nothing_is_guessed(land: Land) -> None:
    land.write("a.parquet", {"id": [1, 1, 2], "at": [1, 1, 1], "note": ["a", "a", "x"]})
    land.write("bad.parquet", {"id": [1, 1], "at": [1, 1], "note": ["p", "q"]}, minute=1)
    land.write("c.parquet", {"id": [2], "at": [1], "note": ["y"]}, minute=2)
    outcome = land.load(route=history())
    assert [(names([q]), q.code, q.reason) for q in outcome.quarantined] == [
        (
            ["bad.parquet"],
            "load.version",
            "1 values of id, at come more than once and with different rows: nothing says which is newer",
        )
    ]
    assert land.rows(COLUMNS) == [(1, 1, "a", 1, None), (2, 1, "y", 1, None)]
    land.write("a.parquet", {"id": [1, 2], "at": [1, 2], "note": ["A", "z"]}, minute=3)
    land.load(route=history())
    again = land.load(route=history())
    assert (again.batches, names(again.already)) == ((), ["a.parquet", "c.parquet"])
    assert land.rows(COLUMNS) == [(1, 1, "A", 1, None), (2, 1, "y", 1, 2), (2, 2, "z", 2, None)]


def test_rows_without_a_version_or_a_key_go_aside(land: Land) -> None:
    land.write("a.parquet", {"id": [1, 1, None], "at": [1, None, 1], "note": ["a", "b", "c"]})
    land.write("none.parquet", {"id": [1], "at": pa.nulls(1), "note": ["d"]}, minute=1)
    outcome = land.load(route=history())
    assert [(names([q]), q.code, q.reason) for q in outcome.quarantined] == [
        (["a.parquet"], "load.key", "2 of its 3 rows have no id, at"),
        (["none.parquet"], "load.key", "1 of its 1 rows have no id, at"),
    ]
    assert land.rows(COLUMNS) == [(1, 1, "a", 1, None)]


def test_rows_that_were_there_before_get_their_times_too(land: Land) -> None:
    land.write("a.parquet", {"id": [1, 2], "at": [3, 4], "note": ["a", "b"]})
    land.load(route=upserting("id", version="at"))
    land.world.sql(f"INSERT INTO {TABLE} VALUES (2, 1, 'old'), (2, 1, 'old'), (3, NULL, 'never')")
    land.write("b.parquet", {"id": [1], "at": [5], "note": ["c"]}, minute=1)
    sql = land.load(route=history()).batches[0].statements
    assert sql == (
        'ALTER TABLE "public"."sales" ADD COLUMN "valid_from" BIGINT',
        'ALTER TABLE "public"."sales" ADD COLUMN "valid_to" BIGINT',
    )
    assert land.rows(COLUMNS) == [
        (1, 3, "a", 3, 5),
        (1, 5, "c", 5, None),
        (2, 1, "old", 1, 4),
        (2, 1, "old", 1, 4),
        (2, 4, "b", 4, None),
        (3, None, "never", None, None),
    ]


def test_other_rows_and_the_columns_of_a_kept_row_stay(land: Land) -> None:
    land.world.sql(f"CREATE TABLE {TABLE} (id BIGINT, at DATE, kept VARCHAR(5), n BIGINT IDENTITY(1, 1))")
    land.world.sql(f"INSERT INTO {TABLE} (id, at, kept) VALUES (1, '2020-01-01', 'x'), (2, '2020-01-01', 'y')")
    land.write("a.parquet", {"id": [1], "at": [date(2020, 3, 1)]})
    land.load(route=history())
    first, march = date(2020, 1, 1), date(2020, 3, 1)
    assert land.rows("id, kept, n, valid_from, valid_to") == [
        (1, "x", 1, first, march),
        (1, None, 3, march, None),
        (2, "y", 2, first, None),
    ]


@pytest.mark.parametrize(
    ("columns", "route", "reason"),
    [
        ({"Valid_To": [1]}, history(), 'the file has a column "valid_to", which mode = "history" fills itself'),
        ({}, history(version="note"), 'the version "note" is VARCHAR, which does not order a history'),
        ({}, history(version="none"), 'the file has no column "none", which is part of the key or its version'),
        ({}, history("id", "at"), 'the version "at" is part of the key'),
        ({}, history(key=()), "a history needs a key, and the file declares none"),
    ],
)
def test_what_is_no_history_is_told(land: Land, columns: dict[str, Any], route: Route, reason: str) -> None:
    land.write("a.parquet", {"id": [1], "at": [1], "note": ["a"], **columns})
    assert [q.reason for q in land.load(route=route).quarantined] == [reason]


@pytest.mark.parametrize(
    ("columns", "contract", "reason"),
    [
        (
            "valid_from DATE, valid_to DATE",
            Contract.EVOLVE,
            'column "valid_from" of public.sales is DATE, and BIGINT in the file: '
            "one cannot be turned into the other without loss",
        ),
        (
            "valid_from BIGINT NOT NULL, valid_to BIGINT NOT NULL",
            Contract.EVOLVE,
            'column "valid_to" of public.sales is NOT NULL, which the newest version of a key has to be',
        ),
        (
            "valid_from BIGINT",
            Contract.DISCARD,
            'public.sales has no column "valid_to", and its contract is discard',
        ),
        (
            "valid_from BIGINT",
            Contract.FREEZE,
            'public.sales has no column "valid_to", and its contract is freeze',
        ),
    ],
)
def test_a_table_that_cannot_hold_a_history_is_told(land: Land, columns: str, contract: Contract, reason: str) -> None:
    land.world.sql(f"CREATE TABLE {TABLE} (id BIGINT, at BIGINT, {columns})")
    land.write("a.parquet", {"id": [1], "at": [1]})
    assert [q.reason for q in land.load(route=history(contract=contract)).quarantined] == [reason]


def test_a_history_needs_a_version(land: Land) -> None:
    land.write("a.parquet", {"id": [1]})
    with pytest.raises(UsageError, match=r'^public\.sales: version is missing, which mode = "history" needs$') as told:
        land.load(route=history(version=None))
    assert (told.value.code, told.value.exit_code) == ("usage", 2)


def test_a_dry_run_prints_the_statements(land: Land) -> None:
    land.write("a.parquet", {"id": [1], "at": [1]})
    steps = land.sql(history())
    assert [step for step, _ in steps][:4] == ["stage", "stage", "stage", "change"]
    assert [sql.split(" */ ")[1].split(" ")[0] for step, sql in steps if step == "load"] == [
        "LOCK",
        "SELECT",
        "DELETE",
        "INSERT",
        "UPDATE",
        "INSERT",
    ]


def days(*texts: str) -> list[date]:
    return [date.fromisoformat(f"2020-{text}") for text in texts]


@pytest.fixture
def aged(tmp_path: Path) -> Land:
    """Rows that are not valid any more are archived: here the one of January, which ended in February."""
    world = World(tmp_path, policies=(Policy(TableName("public", "sales"), "valid_to", Granularity.MONTHLY, 3),))
    world.initialise()
    land = Land(world)
    land.write("a.parquet", {"id": [1, 1, 1], "at": days("01-01", "02-10", "06-01"), "note": ["a", "b", "c"]})
    land.load(route=history())
    world.archive()
    assert land.rows("note") == [("b",), ("c",)]
    versions = {"id": [1, 1, 1], "at": days("01-20", "02-10", "06-10"), "note": ["late", "B", "d"]}
    land.write("b.parquet", versions, minute=1)
    return land


ALL = "SELECT note, valid_from, valid_to FROM public.sales_all ORDER BY valid_from"


def test_a_version_that_would_change_an_archived_row_is_kept_aside(aged: Land) -> None:
    outcome = aged.load(route=history())
    assert [(names([q]), q.code, q.reason) for q in outcome.quarantined] == [
        (
            ["b.parquet"],
            "load.archived",
            "1 of its 3 rows come before the end (valid_to) of an archived row of their key (id)",
        )
    ]
    january, february, june, now = days("01-01", "02-10", "06-01", "06-10")
    assert aged.world.sql(ALL) == [
        ("a", january, february),
        ("B", february, june),
        ("c", june, now),
        ("d", now, None),
    ]


def test_the_archived_row_comes_back_before_a_version_changes_it(aged: Land) -> None:
    assert aged.load(route=history(on_archived=OnArchived.RESTORE)).quarantined == ()
    january, late, february, june, now = days("01-01", "01-20", "02-10", "06-01", "06-10")
    assert aged.world.sql(ALL) == [
        ("a", january, late),
        ("late", late, february),
        ("B", february, june),
        ("c", june, now),
        ("d", now, None),
    ]
    assert aged.world.sql("SELECT COUNT(*) FROM tidegate.published") == [(0,)]


def test_a_wider_version_widens_the_times(land: Land) -> None:
    land.write("a.parquet", {"id": [1, 1], "at": pa.array([1, 5], pa.int32()), "note": ["a", "b"]})
    land.load(route=history())
    land.write("b.parquet", {"id": [1], "at": pa.array([2**40], pa.int64()), "note": ["c"]}, minute=1)
    land.load(route=history())
    assert land.rows(COLUMNS) == [(1, 1, "a", 1, 5), (1, 2**40, "c", 2**40, None), (1, 5, "b", 5, 2**40)]


def test_a_day_is_a_time_in_a_table_of_times(land: Land) -> None:
    land.world.sql(f"CREATE TABLE {TABLE} (id BIGINT, at TIMESTAMP, note VARCHAR(9))")
    land.world.sql(f"INSERT INTO {TABLE} VALUES (1, '2020-01-01 17:30:00', 'a')")
    land.write("a.parquet", {"id": [1], "at": days("01-02"), "note": ["b"]})
    land.load(route=history())
    evening, day = datetime(2020, 1, 1, 17, 30), datetime(2020, 1, 2)  # noqa: DTZ001
    assert land.rows("note, valid_from, valid_to") == [("a", evening, day), ("b", day, None)]
