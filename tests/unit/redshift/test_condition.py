"""Conditions that people give: what is taken, what is refused, and how it is written anew."""

from datetime import date

import pytest

from tidegate.errors import UsageError
from tidegate.model.names import TableName
from tidegate.model.records import BatchPeriods
from tidegate.model.tables import Column, SqlType, Table, TypeKind
from tidegate.redshift.condition import MAX_BYTES, parse_condition
from tidegate.redshift.rewrite import going, staying

PART = BatchPeriods("b1", "", (date(2020, 1, 1),))
TEXT = SqlType(TypeKind.VARCHAR, length=40)
TABLE = Table(
    TableName("public", "people"),
    (
        Column("id", SqlType(TypeKind.BIGINT)),
        Column("born", SqlType(TypeKind.DATE)),
        Column("name", TEXT),
        Column("paid", SqlType(TypeKind.BOOLEAN)),
        Column("it's", TEXT),
    ),
)


@pytest.mark.parametrize(
    ("text", "written", "columns"),
    [
        ("ID = 4711", '"id" = 4711', ("id",)),
        ('  "id"=1 OR\n paid ', '"id" = 1 OR "paid"', ("id", "paid")),
        ("name = 'it''s \\\\ --'", "\"name\" = 'it''s \\\\ --'", ("name",)),
        ("\"it's\" like 'a%' escape '!'", "\"it's\" LIKE 'a%' ESCAPE '!'", ("it's",)),
        ("born = '2020-01-01'::date", "\"born\" = CAST('2020-01-01' AS DATE)", ("born",)),
        ("nvl(name, '') in ('a', 'b')", "COALESCE(\"name\", '') IN ('a', 'b')", ("name",)),
        ("not (id = 1 and paid) ", 'NOT ("id" = 1 AND "paid")', ("id", "paid")),
        ("name = 'today'", "\"name\" = 'today'", ("name",)),
    ],
)
def test_it_is_written_anew(text: str, written: str, columns: tuple[str, ...]) -> None:
    condition = parse_condition(text, TABLE)
    assert (condition.over_table, condition.columns) == (written, columns)


def test_the_hash_is_that_of_the_meaning_and_not_of_the_spelling() -> None:
    one, other = parse_condition("id=1 or PAID", TABLE), parse_condition('ID = 1\tOR "paid"', TABLE)
    assert one.sha256 == other.sha256 != parse_condition("id = 2 or paid", TABLE).sha256
    assert len(one.sha256) == 64


def test_columns_are_replaced_as_a_whole() -> None:
    condition = parse_condition("name = 'name' and id = 1", TABLE)
    assert condition.over({"name": "RTRIM(e.n)", "id": "e.i"}) == "RTRIM(e.n) = 'name' AND e.i = 1"


def test_what_stays_is_what_does_not_go() -> None:
    condition = parse_condition("id = 1 or paid", TABLE).over_table
    assert going([PART], condition).endswith(' AND ("id" = 1 OR "paid")')
    assert staying([PART], condition).endswith(' AND NOT COALESCE("id" = 1 OR "paid", FALSE)')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the condition has 0 bytes"),
        ("id = " + "1" * MAX_BYTES, f"the condition has {MAX_BYTES + 5} bytes"),
        ("id = ", "the condition is not one SQL expression"),
        ("id = 1) or (id = 2", "the condition is not one SQL expression"),
        ("id = 1 limit 1", "the condition is not one SQL expression"),
        ("id = 1 union select 1", "the condition is not one SQL expression"),
        ("(" * 3000 + "id = 1" + ")" * 3000, "the condition is not one SQL expression"),
        ("id = 1; drop table people", "the condition has a semicolon in it"),
        ("id = 1 -- or id = 2", "the condition has a comment in it"),
        ("id = 1 /**/", "the condition has a comment in it"),
        ("id in (select id from people)", "the condition has a subquery in it"),
        ("exists (select 1)", "the condition has a subquery in it"),
        ("id = $1", "the condition has a parameter in it"),
        ("id = :id", "the condition has a parameter in it"),
        ("max(id) = 1", "the condition uses MAX, which looks at other rows"),
        ("row_number() over (order by id) = 1", "the condition uses OVER, which looks at other rows"),
        ("born < getdate()", "the condition has the current time, user or chance in it"),
        ("born < current_date", "the condition has the current time, user or chance in it"),
        ("random() < 0.5", "the condition has the current time, user or chance in it"),
        ("name = current_user", "the condition has the current time, user or chance in it"),
        ("born < 'today'", "the condition has 'today' in it, which is another time at each run"),
        ("name::timestamp < ' Now'", "the condition has ' Now' in it, which is another time at each run"),
        ("my_function(id) = 1", "the condition calls MY_FUNCTION, which cannot be used"),
        ("pg_sleep(1) is null", "the condition calls PG_SLEEP, which cannot be used"),
        ("id = any(array(1, 2))", "the condition uses ANY, which cannot be used"),
        ("people.id = 1", "the condition names people.id"),
        ("ids = 1", 'public.people has no column "ids"'),
        ("1 = 1", "the condition names no column"),
        ("id", "the condition is a value, neither true nor false"),
        ("id + 1", "the condition is a value, neither true nor false"),
        ("json_extract_path_text(name, 'a''b') = 'x'", "the condition reads JSON by a key with other characters"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_condition(text, TABLE)
    assert error.value.message.startswith(message)
    assert error.value.hint
