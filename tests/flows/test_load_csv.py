"""CSV: the dialect is told by the file, the types by every row, or by the table that is there."""

import gzip
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest
from tests.flows.landing import TABLE, Land, appending, names, upserting
from tests.world import World

from tidegate.model.route import FormatOptions

TEXT = (
    'id;day;at;amount;note\n1;2020-01-02;2020-01-02T10:00:00;1.50;"a;b"\n2;;;;""\n3;2020-03-01;2020-03-01 10:00;12;é\n'
)
ROWS = [
    (1, date(2020, 1, 2), datetime(2020, 1, 2, 10), Decimal("1.50"), "a;b"),  # noqa: DTZ001
    (2, None, None, None, ""),
    (3, date(2020, 3, 1), datetime(2020, 3, 1, 10), Decimal("12.00"), "é"),  # noqa: DTZ001
]


@pytest.fixture
def land(empty: World) -> Land:
    return Land(empty)


@pytest.mark.parametrize(("name", "packed"), [("a.csv", False), ("a.csv.gz", True)])
def test_a_csv_makes_the_table(land: Land, name: str, packed: bool) -> None:
    land.put(name, gzip.compress(TEXT.encode()) if packed else TEXT.encode())
    assert land.load().rows == 3
    assert land.rows("id, day, at, amount, note") == ROWS
    kinds = land.world.sql("SELECT data_type FROM svv_columns WHERE table_name = 'sales' ORDER BY ordinal_position")
    assert [kind for (kind,) in kinds] == [
        "integer",
        "date",
        "timestamp without time zone",
        "numeric",
        "character varying",
    ]
    assert len(land.load().already) == 1


def test_the_table_says_what_a_text_is(land: Land) -> None:
    land.world.sql(f"CREATE TABLE {TABLE} (id BIGINT, zip VARCHAR(5), amount DOUBLE PRECISION)")
    land.put("a.csv", b"id,zip,amount\n1,01234,1.5\n2,99999,2\n")
    land.load(route=upserting("id"))
    land.put("b.csv", b"id,zip,amount\n2,12345678,3\n", 1)
    outcome = land.load(route=upserting("id"))
    assert outcome.batches[0].statements == ('ALTER TABLE "public"."sales" ALTER COLUMN "zip" TYPE VARCHAR(16)',)
    assert land.rows() == [(1, "01234", 1.5), (2, "12345678", 3.0)]


def test_options_of_the_route_win(land: Land) -> None:
    route = replace(
        appending(), options=FormatOptions(delimiter="|", header=False, null_as="-", columns={"column_1": "varchar(9)"})
    )
    land.put("a.csv", b"1|-|x\n2|7|y\n")
    land.load(route=route)
    assert land.rows() == [("1", None, "x"), ("2", 7, "y")]


def test_a_first_line_that_could_be_rows_or_names_is_never_guessed(land: Land) -> None:
    land.world.sql(f"CREATE TABLE {TABLE} (id BIGINT, x BIGINT)")
    land.put("a.csv", b"id,id\n5,6\n")
    (told,) = land.load().quarantined
    assert told.reason.endswith("a.csv does not look like names of columns")
    assert land.rows() == []


def test_ragged_rows_and_strange_encodings_put_the_file_aside(land: Land) -> None:
    land.put("a.csv", b"id,note\n1,a\n2,b,c\n")
    land.put("b.csv", "id,note\n1,ü\n".encode("latin-1"), 1)
    land.put("c.csv", b"id,note\n3,c\n", 2)
    outcome = land.load()
    assert sorted(names(outcome.quarantined)) == ["a.csv", "b.csv"]
    reasons = {names([q])[0]: q.reason for q in outcome.quarantined}
    assert "row 3 has 3 fields, the first has 2" in reasons["a.csv"]
    assert "is not UTF-8" in reasons["b.csv"]
    assert land.rows() == [(3, "c")]


def test_options_of_copy_are_passed_on(land: Land) -> None:
    land.world.sql(f"CREATE TABLE {TABLE} (id BIGINT, note VARCHAR(20))")
    land.put("a.csv", b"id,note\n1,\n2,x\n")
    route = appending(copy={"empty_as_null": True, "comp_update": "OFF"})
    assert "EMPTYASNULL" in next(sql for step, sql in land.sql(route) if " COPY " in sql)
    land.load(route=route)
    assert land.rows() == [(1, None), (2, "x")]
