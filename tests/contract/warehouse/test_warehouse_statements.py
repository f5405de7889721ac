"""What every warehouse answers: values, types, counts, errors."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from tidegate.errors import GuardFailed, StatementError, StatementRefused
from tidegate.redshift.guard import guard_none
from tidegate.warehouse.base import ResultColumn, Warehouse

stamp = datetime.fromisoformat


def test_a_result_has_rows_columns_and_a_count(warehouse: Warehouse) -> None:
    result = warehouse.execute("SELECT a, COUNT(*) AS n FROM contract.t GROUP BY a ORDER BY a")
    assert result.columns == (ResultColumn("a", "integer"), ResultColumn("n", "bigint"))
    assert result.rows == ((1, 1), (2, 1))
    assert result.rowcount == 2


@pytest.mark.parametrize(
    ("expression", "value", "type"),
    [
        ("CAST(7 AS SMALLINT)", 7, "smallint"),
        ("7", 7, "integer"),
        ("CAST(7 AS BIGINT)", 7, "bigint"),
        ("CAST('1.50' AS DECIMAL(10,2))", Decimal("1.50"), "numeric(10,2)"),
        ("CAST(1.5 AS REAL)", 1.5, "real"),
        ("CAST(1.5 AS DOUBLE PRECISION)", 1.5, "double precision"),
        ("1 = 1", True, "boolean"),
        ("CAST('2020-01-02' AS DATE)", date(2020, 1, 2), "date"),
        ("CAST('10:11:12' AS TIME)", time(10, 11, 12), "time without time zone"),
        ("CAST('2020-01-02 03:04:05' AS TIMESTAMP)", stamp("2020-01-02 03:04:05"), "timestamp without time zone"),
        (
            "CAST('2020-01-02 03:04:05+00' AS TIMESTAMPTZ)",
            datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC),
            "timestamp with time zone",
        ),
        ("JSON_PARSE('{\"a\":[1]}')", '{"a":[1]}', "super"),
    ],
)
def test_values_and_their_types(warehouse: Warehouse, expression: str, value: object, type: str) -> None:
    result = warehouse.execute(f"SELECT {expression} AS v, NULLIF(1, 1) AS n FROM contract.t WHERE a = 1")
    assert result.rows == ((value, None),)
    assert result.columns[0] == ResultColumn("v", type)


def test_texts_and_bytes(warehouse: Warehouse) -> None:
    result = warehouse.execute("SELECT 'né', b, FROM_HEX('C3a9') FROM contract.t WHERE a = 1")
    assert result.rows == (("né", "one", "c3a9"),)
    assert [c.type.partition("(")[0] for c in result.columns] == ["character varying", "character varying", "varbyte"]


@pytest.mark.parametrize(
    ("statement", "count"),
    [
        ("INSERT INTO contract.t VALUES (3, 'x'), (4, 'y')", 2),
        ("INSERT INTO contract.t SELECT a + 10, b FROM contract.t", 2),
        ("UPDATE contract.t SET b = 'z' WHERE a > 1", 1),
        ("DELETE FROM contract.t", 2),
        ("DELETE FROM contract.t WHERE a = 99", 0),
    ],
)
def test_changes_are_counted(warehouse: Warehouse, statement: str, count: int) -> None:
    assert warehouse.execute(statement).rowcount == count


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("SELECT * FROM contract.nope", "nope"),
        ("SELECT nope FROM contract.t", "nope"),
        ("SELEC 1", ""),
        ("SELECT CAST(b AS INTEGER) FROM contract.t WHERE a = 1", "one"),
        ("INSERT INTO contract.t VALUES (1, 'too long')", "too long"),
        ("INSERT INTO contract.t VALUES (99999999999, 'x')", ""),
        ("CREATE TABLE contract.t (a INTEGER)", "already exists"),
    ],
)
def test_errors_leave_nothing_behind(warehouse: Warehouse, statement: str, told: str) -> None:
    with pytest.raises(StatementError) as error:
        warehouse.execute(statement)
    assert told in error.value.message
    assert warehouse.execute("SELECT COUNT(*) FROM contract.t").rows == ((2,),)


def test_one_statement_a_call(warehouse: Warehouse) -> None:
    with pytest.raises(StatementError):
        warehouse.execute("DELETE FROM contract.t; SELECT 1")
    assert warehouse.execute("SELECT COUNT(*) FROM contract.t").rows == ((2,),)


def test_a_guard_says_why(warehouse: Warehouse) -> None:
    warehouse.execute(guard_none("contract.t WHERE a = 99", "none there"))
    with pytest.raises(GuardFailed) as failure:
        warehouse.execute(guard_none("contract.t", "rows are there"))
    assert failure.value.message == "rows are there: 2"
    assert failure.value.exit_code == 4


def test_a_function_of_the_hash_that_the_capabilities_name(warehouse: Warehouse) -> None:
    name = warehouse.capabilities.hash_function
    argument = "a" if name == "FNV_HASH" else "a, b"
    sql = f"SELECT SUM(CAST({name}({argument}) AS DECIMAL(38,0))) FROM contract.t"
    ((first,),) = warehouse.execute(sql).rows
    assert isinstance(first, Decimal)
    warehouse.execute("UPDATE contract.t SET a = 3 WHERE a = 2")
    assert warehouse.execute(sql).rows != ((first,),)


def test_capabilities(warehouse: Warehouse) -> None:
    capabilities = warehouse.capabilities
    assert capabilities.engine in ("embedded", "redshift")
    assert capabilities.engine_version
    assert capabilities.max_statement_bytes >= 100_000


@pytest.mark.parametrize("statement", ["VACUUM contract.t", "ANALYZE contract.t", "SET query_group TO 'tidegate'"])
def test_housekeeping(warehouse: Warehouse, statement: str) -> None:
    warehouse.execute(statement)


@pytest.mark.parametrize("statement", ["VACUUM contract.t", "ALTER TABLE contract.t ALTER COLUMN b TYPE VARCHAR(9)"])
def test_what_cannot_stand_in_a_transaction(warehouse: Warehouse, statement: str) -> None:
    with pytest.raises(StatementError):
        warehouse.transaction(["SELECT 1", statement])
    warehouse.execute(statement)


def test_streaming(warehouse: Warehouse) -> None:
    with warehouse.stream("SELECT a FROM contract.t ORDER BY a") as stream:
        assert [c.name for c in stream.columns] == ["a"]
        assert [row for chunk in stream.chunks for row in chunk] == [(1,), (2,)]
    with pytest.raises(StatementError), warehouse.stream("SELECT nope FROM contract.t") as stream:
        list(stream.chunks)


def test_refusals_run_nothing(warehouse: Warehouse) -> None:
    with pytest.raises(StatementRefused):
        warehouse.transaction(["DELETE FROM contract.t", "COMMIT"])
    assert warehouse.execute("SELECT COUNT(*) FROM contract.t").rows == ((2,),)
