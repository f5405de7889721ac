"""A table that stands gets wider types where the values of a file need them; nothing is lost, or nothing changes."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from tests.faults.test_load_races import acting
from tests.flows.landing import TABLE, Land, appending, names
from tests.flows.test_load_quarantine import spied
from tests.flows.test_load_types import decimals, kind
from tests.world import MONTHLY, ORDERS, World

from tidegate.flows.load.changes import change_table
from tidegate.model.names import TableName
from tidegate.model.route import Contract
from tidegate.model.tables import Column
from tidegate.redshift.load_widen import retype_column
from tidegate.redshift.types import parse

NAME = TableName.parse(TABLE)
BIG = pa.array([2**40], pa.int64())


@pytest.fixture
def land(empty: World) -> Land:
    return Land(empty)


def stand(land: Land, column: str, value: str, more: str = "") -> None:
    land.world.sql(f"CREATE TABLE {TABLE} (id BIGINT, {column}){more}", f"INSERT INTO {TABLE} VALUES (1, {value})")


WIDER = [
    ("SMALLINT", "7", pa.array([40_000], pa.int32()), "integer"),
    ("SMALLINT", "7", BIG, "bigint"),
    ("INTEGER", "7", decimals(20, 0, "18446744073709551615"), "numeric(20,0)"),
    ("INTEGER", "7", decimals(38, 0, str(-(2**62))), "bigint"),
    ("INTEGER", "7", decimals(9, 2, "1.25"), "numeric(12,2)"),
    ("DECIMAL(10,2)", "7.25", decimals(12, 4, "0.0625"), "numeric(12,4)"),
    ("DECIMAL(10,2)", "7.25", decimals(38, 2, "123456789.5"), "numeric(11,2)"),
    ("DECIMAL(4,2)", "7.25", BIG, "numeric(15,2)"),
    ("REAL", "0.5", pa.array([0.1]), "double precision"),
    ("DATE", "'2020-01-02'", pa.array([datetime(2020, 1, 2, 3)], pa.timestamp("us")), "timestamp without time zone"),  # noqa: DTZ001
]


def test_columns_become_what_the_values_need(land: Land) -> None:
    names_of = [f"x{number}" for number in range(len(WIDER))]
    declared = ", ".join(f"{name} {old}" for name, (old, *_) in zip(names_of, WIDER, strict=True))
    values = ", ".join(value for _, value, *_ in WIDER)
    stand(land, f"note VARCHAR(20), {declared}", f"'kept', {values}")
    listed = ", ".join(names_of)
    before = land.rows(listed)[0]
    land.write("a.parquet", {"id": [2], **{name: row[2] for name, row in zip(names_of, WIDER, strict=True)}})
    outcome = land.load()
    assert outcome.quarantined == ()
    assert [kind(land, name) for name in names_of] == [row[3] for row in WIDER]
    assert dict(zip((1, 2), (row[1:] for row in land.rows(f"id, note, {listed}")), strict=True)) == {
        1: ("kept", *before[:-1], datetime(2020, 1, 2)),  # noqa: DTZ001
        2: (None, *(row[2][0].as_py() for row in WIDER)),
    }
    assert len(outcome.batches[0].statements) == 6 * len(WIDER)
    assert land.load().batches == ()


def test_values_that_fit_need_no_wider_type(land: Land) -> None:
    fitting = {
        "a": ("INTEGER", pa.array([2**31 - 1, -(2**31)], pa.int64())),
        "b": ("SMALLINT", decimals(38, 0, "32767", "-32768")),
        "c": ("DECIMAL(10,2)", decimals(38, 2, "99999999.99", "-99999999.99")),
        "d": ("DECIMAL(4,2)", pa.array([99, -99], pa.int64())),
    }
    land.world.sql(f"CREATE TABLE {TABLE} ({', '.join(f'{name} {old}' for name, (old, _) in fitting.items())})")
    land.write("a.parquet", {name: values for name, (_, values) in fitting.items()})
    assert land.load().batches[0].statements == ()
    assert {row[0]: row for row in land.rows("a, b, c, d")} == {
        row[0]: row for row in zip(*(values.to_pylist() for _, values in fitting.values()), strict=True)
    }


@pytest.mark.parametrize(
    ("column", "more", "reason"),
    [
        ("x INTEGER", " SORTKEY (x)", "the table is sorted by it"),
        ("x INTEGER", " DISTKEY (x)", "the table is distributed by it"),
        ("x INTEGER PRIMARY KEY", "", "it is part of a key of the table"),
        ("x INTEGER NOT NULL", "", "it is NOT NULL without a default"),
    ],
)
def test_a_column_that_cannot_be_made_anew_is_left(land: Land, column: str, more: str, reason: str) -> None:
    stand(land, column, "7", more)
    land.write("a.parquet", {"id": [2], "x": BIG})
    (quarantined,) = land.load().quarantined
    assert quarantined.reason == (
        f'column "x" of public.sales is INTEGER, and BIGINT in the file: it would have to become BIGINT, but {reason}'
    )
    assert (kind(land), land.rows()) == ("integer", [(1, 7)])


def test_a_default_and_not_null_stay(land: Land) -> None:
    stand(land, "x INTEGER DEFAULT 5 NOT NULL", "7")
    land.write("a.parquet", {"id": [2], "x": BIG})
    land.load()
    land.world.sql(f"INSERT INTO {TABLE} (id) VALUES (3)")
    assert land.rows("id, x") == [(1, 7), (2, 2**40), (3, 5)]


@pytest.mark.parametrize("contract", [Contract.FREEZE, Contract.DISCARD])
def test_a_contract_keeps_the_type(land: Land, contract: Contract) -> None:
    stand(land, "x INTEGER", "7")
    for number in range(3):
        land.write(f"{number}.parquet", {"id": [number + 2], "x": [2**40 if number == 1 else 8]}, minute=number)
    (quarantined,) = land.load(route=appending(contract=contract)).quarantined
    assert (names([quarantined]), quarantined.reason) == (
        ["1.parquet"],
        'column "x" of public.sales is INTEGER, and BIGINT in the file: it has values that INTEGER does not hold',
    )
    assert (kind(land), land.rows()) == ("integer", [(1, 7), (2, 8), (4, 8)])


def test_a_text_that_is_too_long_for_a_contract_keeps_no_other_file_out(land: Land) -> None:
    stand(land, "note VARCHAR(4)", "'x'")
    for number in range(3):
        land.write(f"{number}.parquet", {"id": [number + 2], "note": ["long" * number]}, minute=number)
    (quarantined,) = land.load(route=appending(contract=Contract.FREEZE)).quarantined
    assert (names([quarantined]), quarantined.reason) == (
        ["2.parquet"],
        'column "note" of public.sales takes 4 bytes, and the file has a value of 8',
    )
    assert land.rows() == [(1, "x"), (2, ""), (3, "long")]


def test_a_column_that_an_archive_goes_by_keeps_its_type(land: Land) -> None:
    stand(land, "day DATE", "'2020-01-02'")
    policy = replace(MONTHLY, table=NAME, column="day")
    land = Land(replace(land.world, policies=(policy,)))
    land.write("a.parquet", {"id": [2], "day": pa.array([datetime(2020, 1, 2, 3)], pa.timestamp("us"))})  # noqa: DTZ001
    (quarantined,) = land.load().quarantined
    assert quarantined.reason.endswith("it would have to become TIMESTAMP, but the table is archived by it")


def test_privileges_on_a_column_alone_keep_it(land: Land) -> None:
    stand(land, "x INTEGER", "7")
    land.world.sql(f"GRANT SELECT (x) ON {TABLE} TO ada")
    land.write("a.parquet", {"id": [2], "x": BIG})
    (quarantined,) = land.load().quarantined
    assert quarantined.reason.endswith("but there are privileges on it alone, which would be gone")
    assert (kind(land), land.rows()) == ("integer", [(1, 7)])


def test_more_digits_than_any_decimal_has_put_the_file_aside(land: Land) -> None:
    stand(land, "x DECIMAL(32,25)", "7")
    land.write("a.parquet", {"id": [2], "x": pa.array([2**62])})
    land.write("b.parquet", {"id": [3], "x": pa.array([8])}, minute=1)
    (quarantined,) = land.load().quarantined
    assert (names([quarantined]), quarantined.reason) == (
        ["a.parquet"],
        'column "x" of public.sales is DECIMAL(32,25), and BIGINT in the file: it has values that DECIMAL(32,25) does '
        "not hold",
    )
    assert land.rows("id, x") == [(1, Decimal(7)), (3, Decimal(8))]


def test_an_exact_number_never_becomes_a_floating_one(land: Land) -> None:
    stand(land, "x INTEGER", "7")
    land.write("a.parquet", {"id": [2], "x": [0.5]})
    (quarantined,) = land.load().quarantined
    assert quarantined.reason == (
        'column "x" of public.sales is INTEGER, and DOUBLE PRECISION in the file: one cannot be turned into the other '
        "without loss"
    )


def test_archived_rows_follow_where_the_archive_can(archived: World) -> None:
    """Integers and decimals: the next version of the external table has the wider type."""
    land, route = Land(archived), replace(appending(), table=ORDERS)
    total = "SELECT COUNT(*), SUM(amount) FROM public.orders_all"
    ((rows, amount),) = archived.sql(total)
    day = pa.array([date(2020, 4, 2)])
    land.write("a.parquet", {"order_id": [900], "order_date": day, "amount": decimals(14, 4, "0.0625")})
    assert land.load(route=route).quarantined == ()
    wider = (rows + 1, amount + Decimal("0.0625"))
    assert archived.sql(total) == [wider]
    assert archived.archive(as_of=date(2020, 8, 1)).failures == ()
    assert archived.sql(total) == [wider]
    archived.restore()
    assert archived.sql("SELECT COUNT(*), SUM(amount) FROM public.orders") == [wider]
    assert archived.verify().differences == ()


def test_archived_rows_keep_a_column_that_they_could_not_follow(archived: World) -> None:
    archived.sql("ALTER TABLE public.orders ADD COLUMN x REAL")
    land = Land(archived)
    day = pa.array([date(2020, 4, 2)])
    land.write("a.parquet", {"order_id": [900], "order_date": day, "x": pa.array([0.1])})
    (quarantined,) = land.load(route=replace(appending(), table=ORDERS)).quarantined
    assert quarantined.reason.endswith("to become DOUBLE PRECISION, but archived rows cannot follow")


def test_what_fails_in_the_middle_leaves_the_column(land: Land) -> None:
    stand(land, "x INTEGER", "7")
    land.world.sql(f"CREATE VIEW public.readers AS SELECT x FROM {TABLE}")
    land.write("a.parquet", {"id": [2], "x": BIG})
    (quarantined,) = land.load().quarantined
    assert quarantined.reason == (
        'a column of public.sales cannot get a wider type: cannot change column "x" of public.sales: view '
        "public.readers depends on it"
    )
    assert (kind(land), land.rows()) == ("integer", [(1, 7)])


def test_a_column_that_another_session_widened_is_not_narrowed(land: Land) -> None:
    stand(land, "x DECIMAL(20,2)", "7.25")
    with land.world.context() as ctx:
        change_table(ctx, "b1", NAME, retype_column(NAME, Column("x", parse("INTEGER")), parse("BIGINT")))
    assert (kind(land), land.rows()) == ("numeric(20,2)", [(1, Decimal("7.25"))])


@pytest.mark.parametrize(
    ("other", "both"), [("DECIMAL(22,2)", "numeric(22,2)"), ("SMALLINT", "bigint"), ("BIGINT", "bigint")]
)
def test_a_column_that_changes_between_two_looks_is_looked_at_again(land: Land, other: str, both: str) -> None:
    stand(land, "x INTEGER", "7")
    land.write("a.parquet", {"id": [2], "x": BIG})

    def change() -> None:
        steps = retype_column(NAME, Column("x", parse("INTEGER")), parse(other))
        with land.world.context() as ctx:
            change_table(ctx, "other", NAME, steps)

    assert spied(land, acting(" LOCK ", change)).load().quarantined == ()
    assert (kind(land), land.rows("id, x")) == (both, [(1, 7), (2, 2**40)])


def test_a_plan_shows_what_the_types_alone_need(land: Land) -> None:
    stand(land, "x DECIMAL(10,2)", "7.25")
    land.write("a.parquet", {"id": [2], "x": decimals(12, 4, "0.0625")})
    planned = [sql.partition("*/ ")[2] for step, sql in land.sql() if step == "change"]
    assert [sql.split()[0] for sql in planned] == ["LOCK", "SELECT", "ALTER", "UPDATE", "SELECT", "ALTER", "ALTER"]
    assert planned[2] == 'ALTER TABLE "public"."sales" ADD COLUMN "tg_wider" DECIMAL(12,4)'
    assert names(land.load().batches[0].files) == ["a.parquet"]
