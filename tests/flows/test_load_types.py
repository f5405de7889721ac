"""Files whose columns have different types: one type holds all of them, or the file goes aside."""

from datetime import date, datetime
from decimal import Decimal
from itertools import permutations
from typing import Any

import pyarrow as pa
import pytest
from tests.flows.landing import TABLE, Land, Notices, appending, names
from tests.world import World

from tidegate.flows.load.lossless import holding, misfit
from tidegate.model.route import Contract
from tidegate.redshift.types import parse, render


@pytest.fixture
def land(empty: World) -> Land:
    return Land(empty)


def kind(land: Land, column: str = "x") -> str:
    rows = land.world.sql(
        "SELECT data_type, numeric_precision, numeric_scale, character_maximum_length FROM svv_columns "
        f"WHERE table_schema = 'public' AND table_name = 'sales' AND column_name = '{column}'"
    )
    name, precision, scale, length = rows[0]
    return f"{name}({precision},{scale})" if name == "numeric" else name if length is None else f"{name}({length})"


def decimals(precision: int, scale: int, *values: str) -> pa.Array:
    return pa.array([Decimal(value) for value in values], pa.decimal128(precision, scale))


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ("SMALLINT", "BIGINT", "BIGINT"),
        ("BIGINT", "DECIMAL(10,2)", "DECIMAL(21,2)"),
        ("DECIMAL(10,2)", "DECIMAL(12,6)", "DECIMAL(14,6)"),
        ("BIGINT", "DECIMAL(38,20)", None),
        ("INTEGER", "REAL", "DOUBLE PRECISION"),
        ("BIGINT", "DOUBLE PRECISION", None),
        ("DECIMAL(5,2)", "DOUBLE PRECISION", None),
        ("DATE", "TIMESTAMP", "TIMESTAMP"),
        ("DATE", "TIMESTAMPTZ", None),
        ("CHAR(3)", "VARCHAR(9)", "VARCHAR(9)"),
        ("BOOLEAN", "INTEGER", None),
        ("VARCHAR(9)", "INTEGER", None),
        ("SUPER", "VARCHAR(9)", None),
    ],
)
def test_the_narrowest_type_that_holds_both_is_the_same_in_either_order(
    first: str, second: str, both: str | None
) -> None:
    for one, other in ((first, second), (second, first)):
        found = holding(parse(one), parse(other))
        assert (None if found is None else render(found)) == both
        assert found is None or (misfit(parse(one), found), misfit(parse(other), found)) == (None, None)


FILES: dict[str, tuple[Any, ...]] = {
    "whole": (pa.array([7], pa.int32()), pa.array([2**40], pa.int64()), pa.nulls(1)),
    "exact": (pa.array([2**40], pa.int64()), decimals(10, 2, "1.25"), decimals(9, 4, "0.0625")),
    "at": (pa.array([date(2020, 1, 2)]), pa.array([datetime(2020, 1, 2, 3)], pa.timestamp("us")), pa.nulls(1)),  # noqa: DTZ001
}


def test_a_new_table_holds_all_files_whatever_their_order(land: Land) -> None:
    results = set()
    for order in permutations(range(3)):
        for minute, number in enumerate(order):
            land.write(f"{minute}.parquet", {name: values[number] for name, values in FILES.items()}, minute=minute)
        assert land.load().quarantined == ()
        results.add((*(kind(land, name) for name in FILES), *land.rows("whole, exact, at")))
        land.world.sql(f"DROP TABLE {TABLE}", "DELETE FROM tidegate.loaded_files")
    assert [result[:3] for result in results] == [("bigint", "numeric(23,4)", "timestamp without time zone")]


def test_what_has_no_common_type_goes_aside_and_has_no_say(land: Land) -> None:
    land.write("a.parquet", {"x": pa.array([1], pa.int32()), "y": pa.array([1], pa.int32())})
    land.write("b.parquet", {"x": ["text"], "y": pa.array([2**40])}, minute=1)
    land.write("c.parquet", {"x": pa.array([2**40]), "y": pa.array([2], pa.int32())}, minute=2)
    outcome = land.load()
    assert [(names([q]), q.reason) for q in outcome.quarantined] == [
        (
            ["b.parquet"],
            'column "x" of public.sales is BIGINT, and VARCHAR(65535) in the file: one cannot be turned into the other '
            "without loss",
        )
    ]
    assert (kind(land), kind(land, "y"), land.rows("x, y")) == ("bigint", "integer", [(1, 1), (2**40, 2)])


def test_a_first_file_that_is_bad_decides_nothing(land: Land) -> None:
    land.world.sql(f"CREATE TABLE {TABLE} (id BIGINT, n BIGINT NOT NULL)")
    land.write("a.parquet", {"id": [1], "x": ["text"]})
    land.write("b.parquet", {"id": [2], "n": [1], "x": [5]}, minute=1)
    assert names(land.load().quarantined) == ["a.parquet"]
    assert (kind(land), land.rows("id, n, x")) == ("bigint", [(2, 1, 5)])


def test_a_column_without_values_takes_the_type_that_other_files_tell(land: Land) -> None:
    land.write("a.parquet", {"id": [1], "x": pa.nulls(1)})
    land.write("b.parquet", {"id": [2], "x": pa.array([5], pa.int32())}, minute=1)
    assert land.load(route=appending(sort_key=("x",))).quarantined == ()
    assert (kind(land), land.rows("id, x")) == ("integer", [(1, None), (2, 5)])


def test_texts_win_in_csv_and_the_plan_says_so(land: Land) -> None:
    for number, text in enumerate(("id,zip\n1,12345\n2,\n", "id,zip\n3,01234\n")):
        land.put(f"{number}.csv", text, number)
    notices = Notices()
    assert land.load(notices=notices).quarantined == ()
    assert notices.told == [
        f'column "zip" becomes VARCHAR: {land.folder}/1.csv has texts in it, {land.folder}/0.csv only INTEGER'
    ]
    assert land.rows("id, zip") == [(1, "12345"), (2, ""), (3, "01234")]


def test_texts_do_not_win_over_numbers_of_parquet(land: Land) -> None:
    land.write("a.parquet", {"x": pa.array([1], pa.int64())})
    land.put("b.csv", "x\n007\n", 1)
    assert names(land.load(route=appending(contract=Contract.FREEZE)).quarantined) == ["b.csv"]
    assert land.rows("x") == [(1,)]
