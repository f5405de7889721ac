"""CSV into a table that stands: a value stays as it is, or the column becomes wider, or the file goes aside."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from tests.flows.landing import TABLE, Land, appending
from tests.world import World

from tidegate.model.names import TableName
from tidegate.model.route import Contract, FormatOptions, Route
from tidegate.redshift.types import render

AT = datetime(2026, 1, 2, 10)  # noqa: DTZ001


@pytest.fixture
def land(empty: World) -> Land:
    land = Land(empty)
    land.world.sql(
        f"CREATE TABLE {TABLE} (i INTEGER, d DATE, n DECIMAL(9,2), t TIMESTAMP, z TIMESTAMPTZ, c CHAR(3), r REAL)"
    )
    return land


def load(land: Land, column: str, *values: str, route: Route | None = None) -> list[str]:
    """Load a file of one column; returns the reasons of what is aside."""
    land.put("a.csv", "".join(f'"{text}",\n' for text in (column, *values)).replace(",\n", ",q\n", 1))
    return [each.reason for each in land.load(route=route or appending()).quarantined]


def values(land: Land, column: str) -> list[object]:
    """In the order of the file."""
    return [value for (value,) in land.world.sql(f"SELECT {column} FROM {TABLE}")]


@pytest.mark.parametrize(
    ("column", "texts", "stored"),
    [
        (
            "n",
            ["1.23", "+0012.100", " 1.5 ", "1234567"],
            [Decimal("1.23"), Decimal("12.10"), Decimal("1.50"), Decimal("1234567.00")],
        ),
        ("i", ["007", "+5", "2147483647"], [7, 5, 2147483647]),
        ("d", ["2026-01-02"], [date(2026, 1, 2)]),
        ("t", ["2026-01-02", "2026-01-02T10:00"], [datetime(2026, 1, 2), AT]),  # noqa: DTZ001
        ("z", ["2026-01-02 10:00:00+05:30"], [datetime(2026, 1, 2, 4, 30, tzinfo=UTC)]),
        ("r", ["0.25"], [0.25]),
    ],
)
def test_what_a_column_holds_is_loaded(land: Land, column: str, texts: list[str], stored: list[object]) -> None:
    assert load(land, column, *texts) == []
    assert values(land, column) == stored


@pytest.mark.parametrize(
    ("column", "texts", "kind", "stored"),
    [
        ("n", ["1.239", "1.5"], "DECIMAL(10,3)", [Decimal("1.239"), Decimal("1.500")]),
        ("n", ["12345678.5"], "DECIMAL(10,2)", [Decimal("12345678.50")]),
        ("i", ["1", "9999999999"], "BIGINT", [1, 9999999999]),
        ("d", ["2026-01-02", "2026-01-02 10:00:00"], "TIMESTAMP", [datetime(2026, 1, 2), AT]),  # noqa: DTZ001
    ],
)
def test_a_column_that_would_lose_something_becomes_wider(
    land: Land, column: str, texts: list[str], kind: str, stored: list[object]
) -> None:
    assert load(land, column, *texts) == []
    assert values(land, column) == stored
    name = TableName.parse(TABLE)
    with land.world.context() as ctx:
        found = ctx.warehouse.tables([name])[name].column(column)
    assert found is not None
    assert render(found.type) == kind


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("t", "2026-01-02T10:00:00+05:00", "is TIMESTAMP, and TIMESTAMPTZ in the file"),
        ("t", "2026-01-02T10:00:00.1234567", "is TIMESTAMP, and VARCHAR(27) in the file"),
        ("d", "02/01/2026", "is DATE, and VARCHAR(10) in the file"),
        ("n", "1e-3", "is DECIMAL(9,2), and DOUBLE PRECISION in the file"),
        ("n", "1,000.00", "is DECIMAL(9,2), and VARCHAR(8) in the file"),
    ],
)
def test_what_no_type_of_the_column_holds_goes_aside(land: Land, column: str, text: str, reason: str) -> None:
    (told,) = load(land, column, text)
    assert reason in told
    assert land.world.sql(f"SELECT COUNT(*) FROM {TABLE}") == [(0,)]


def test_a_contract_that_freezes_the_table_puts_the_file_aside(land: Land) -> None:
    (told,) = load(land, "n", "1.239", route=replace(appending(), contract=Contract.FREEZE))
    assert "its decimals would be rounded" in told


@pytest.mark.parametrize(
    ("column", "text", "copy", "stored"),
    [
        ("n", "1.239", {"round_dec": True}, Decimal("1.24")),
        ("d", "02/01/2026", {"date_format": "DD/MM/YYYY"}, date(2026, 1, 2)),
    ],
)
def test_copy_may_be_told_how_to_take_it(
    land: Land, column: str, text: str, copy: Mapping[str, object], stored: object
) -> None:
    assert load(land, column, text, route=replace(appending(), copy=copy)) == []
    assert land.world.sql(f"SELECT {column} FROM {TABLE}") == [(stored,)]


def test_a_declared_type_that_would_lose_something_puts_the_file_aside(land: Land) -> None:
    land.world.sql(f"DROP TABLE {TABLE}")
    route = replace(appending(), options=FormatOptions(columns={"n": "decimal(9,2)"}))
    (told,) = load(land, "n", "1.5", "1.239", route=route)
    assert told.endswith(
        'column "n" is declared DECIMAL(9,2), and has values that are DECIMAL(4,3): they would not stay as they are'
    )
    assert load(land, "n", "1.5", route=route) == []
