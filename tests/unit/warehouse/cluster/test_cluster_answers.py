"""What a Redshift answers in text: values, its version, and the history of statements."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tidegate.config.settings import EmbeddedSettings
from tidegate.errors import (
    ConfigError,
    GuardFailed,
    StatementError,
)
from tidegate.redshift.guard import guard_none
from tidegate.redshift.identifiers import comment
from tidegate.warehouse.base import Result
from tidegate.warehouse.cluster.capabilities import discover, place
from tidegate.warehouse.cluster.failures import Told, failure
from tidegate.warehouse.cluster.history import Fate, find
from tidegate.warehouse.cluster.values import reader
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse
from tidegate.warehouse.embedded.session import EmbeddedSession
from tidegate.warehouse.embedded.sqlstates import server_error


@pytest.fixture
def warehouse(tmp_path: Path) -> EmbeddedWarehouse:
    return EmbeddedWarehouse(EmbeddedSettings(path=tmp_path / "w.duckdb", base=tmp_path, threads=1))


def test_a_guard_passes_through_a_server(warehouse: EmbeddedWarehouse) -> None:
    with pytest.raises(GuardFailed) as failed:
        warehouse.execute(guard_none("(SELECT 1 AS x) AS q", "hot rows changed"))
    sent = server_error(failed.value)
    for state in (sent.sqlstate, None):
        again = failure(Told(state, f"ERROR: {sent.message}"))
        assert (type(again), again.message) == (GuardFailed, "hot rows changed: 1")


def test_values_are_those_of_the_embedded_warehouse(warehouse: EmbeddedWarehouse) -> None:
    sent = {
        "7::smallint": "7",
        "'12.50'::decimal(9,2)": "12.50",
        "0.5::float": "0.5",
        "TRUE": "t",
        "DATE '2024-02-29'": "2024-02-29",
        "TIMESTAMP '2024-02-29 01:02:03.5'": "2024-02-29 01:02:03.5",
        "'2024-02-29 01:02:03+02'::timestamptz": "2024-02-28 23:02:03+00",
        "'01:02:03'::time": "01:02:03",
        "JSON_PARSE('{\"a\":1}')": '{"a":1}',
        "'ab'::varbyte": "6162",
        "'x'::varchar(3)": "x",
    }
    result = warehouse.execute(f"SELECT {', '.join(f'{sql} AS c{n}' for n, sql in enumerate(sent))}")
    read = tuple(reader(c.type)(text) for c, text in zip(result.columns, sent.values(), strict=True))
    assert result.rows == (read,)
    assert [type(value) for value in read] == [
        *(int, Decimal, float, bool, date, datetime, datetime, time, str, str, str)
    ]


def test_what_python_cannot_hold_stays_text() -> None:
    assert reader("date")("10000-01-01") == "10000-01-01"
    assert reader("time without time zone")("24:00:00") == "24:00:00"
    assert reader("timestamp with time zone")("2024-01-01 00:00:00") == datetime(2024, 1, 1, tzinfo=UTC)
    assert reader("numeric(38,0)")("NaN").is_nan()  # type: ignore[attr-defined]


def _cluster(version: str, level: Callable[[], Result]) -> Callable[[str], Result]:
    def run(sql: str) -> Result:
        if "VERSION()" in sql:
            return Result(rows=(("ada", "dev", version),))
        assert sql.endswith("FROM svv_redshift_databases WHERE database_name = 'dev'")
        return level()

    return run


def _refuse() -> Result:
    raise StatementError("permission denied", hint="Ask.")


def test_a_cluster_tells_what_it_can() -> None:
    version = "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC, Redshift 1.0.12103"
    run = _cluster(version, lambda: Result(rows=(("Serializable",),)))
    found = discover(run, max_statement_bytes=100_000, max_transaction_statements=40, region="eu-west-1")
    assert (found.engine, found.engine_version, found.hash_function) == ("redshift", "1.0", "FNV_HASH")
    assert (found.serializable, found.external_region, found.max_statement_bytes) == (True, "eu-west-1", 100_000)
    run = _cluster(version, _refuse)
    found = discover(run, max_statement_bytes=1, max_transaction_statements=40)
    assert (found.serializable, found.external_region) == (False, None)
    assert found.notes == ("the isolation level is taken for snapshot: permission denied",)
    with pytest.raises(ConfigError, match=r"^the warehouse is no Redshift: PostgreSQL 18"):
        discover(_cluster("PostgreSQL 18", _refuse), max_statement_bytes=1, max_transaction_statements=1)


def test_a_local_redshift_hashes_as_the_embedded_warehouse(warehouse: EmbeddedWarehouse) -> None:
    found = discover(warehouse.execute, max_statement_bytes=1, max_transaction_statements=40, region="eu-west-1")
    known = warehouse.capabilities
    assert (
        (found.engine, found.engine_version) == (known.engine, known.engine_version) == ("embedded", duckdb.__version__)
    )
    assert (found.hash_function, found.serializable, found.notes) == (known.hash_function, False, ())
    assert found.external_region is None
    assert place(warehouse.execute) == warehouse.place()


def test_a_statement_is_found_by_its_comment(warehouse: EmbeddedWarehouse) -> None:
    session = warehouse.connect()
    try:
        _check_history(session)
    finally:
        session.close()


def _check_history(session: EmbeddedSession) -> None:
    mark = comment("01JOB", "delete")
    assert find(session.execute, mark) == []
    session.execute(f"{mark} CREATE TABLE t AS SELECT 1 AS a")
    with pytest.raises(StatementError):
        session.execute(f"{mark} SELECT nothing")
    newest, oldest = find(session.execute, mark)
    assert (newest.fate, newest.error, newest.session_id) == (
        *(Fate.FAILED, 'column "nothing" does not exist', session.facts.id),
    )
    assert (oldest.fate, oldest.error, oldest.rows) == (Fate.SUCCESS, "", 1)
    assert newest.query_id > oldest.query_id
    assert oldest.ended is not None
    assert oldest.started <= oldest.ended


def test_a_running_statement_is_told_from_one_that_ended() -> None:
    row = (7, 8, 9, "returning ", None, None, "2024-01-01 00:00:00.5", None)
    (found,) = find(lambda sql: Result(rows=(row,)), "/* tidegate j s */")
    assert (found.fate, found.rows, found.ended) == (Fate.RUNNING, 0, None)
    assert found.started == datetime(2024, 1, 1, 0, 0, 0, 500_000)  # noqa: DTZ001
