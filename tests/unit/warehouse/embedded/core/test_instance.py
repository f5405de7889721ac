"""The engine without a file: started once for many openings, and never for other settings."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tidegate.config.settings import EmbeddedSettings
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The number of threads of every engine that is started."""
    started: list[object] = []
    connect: Callable[..., duckdb.DuckDBPyConnection] = duckdb.connect

    def counting(database: str, config: dict[str, object]) -> duckdb.DuckDBPyConnection:
        started.append(config.get("threads"))
        return connect(database, config=config)

    monkeypatch.setattr(duckdb, "connect", counting)
    return started


def test_the_engine_is_started_once_for_many_openings(
    warehouse: EmbeddedWarehouse, settings: EmbeddedSettings, starts: list[object]
) -> None:
    warehouse.execute("CREATE TABLE t (a INTEGER)")
    for number in range(3):
        warehouse.execute(f"INSERT INTO t VALUES ({number})")
    assert warehouse.execute("SELECT SUM(a) FROM t").rows == ((3,),)
    assert starts == [1]
    assert EmbeddedWarehouse(replace(settings, threads=2)).execute("SELECT COUNT(*) FROM t").rows == ((3,),)
    assert starts == [1, 2]


def test_another_file_is_not_opened_with_the_engine_of_the_first(
    warehouse: EmbeddedWarehouse, settings: EmbeddedSettings, starts: list[object], tmp_path: Path
) -> None:
    other = EmbeddedWarehouse(replace(settings, path=tmp_path / "other.duckdb"))
    warehouse.execute("CREATE TABLE t (a INTEGER)")
    other.execute("CREATE TABLE t (b INTEGER)")
    assert [c.name for c in warehouse.execute("SELECT * FROM t").columns] == ["a"]
    assert [c.name for c in other.execute("SELECT * FROM t").columns] == ["b"]
    assert starts == [1] * 4


def test_a_file_that_was_replaced_between_two_openings(
    warehouse: EmbeddedWarehouse, settings: EmbeddedSettings
) -> None:
    """Nothing of the old file is remembered: neither its tables nor its blocks."""
    warehouse.execute("CREATE TABLE t (a INTEGER)")
    warehouse.execute("INSERT INTO t VALUES (1)")
    kept = settings.path.read_bytes()
    warehouse.execute("INSERT INTO t VALUES (2)")
    settings.path.unlink()
    assert warehouse.execute("SELECT table_name FROM svv_tables WHERE table_schema = 'public'").rows == ()
    settings.path.write_bytes(kept)
    assert warehouse.execute("SELECT a FROM t").rows == ((1,),)


def test_what_a_session_made_for_itself_ends_with_it(warehouse: EmbeddedWarehouse) -> None:
    with warehouse.session() as session:
        session.execute("CREATE TEMP TABLE mine (a INTEGER)")
        session.execute("SET query_group TO 'mine'")
    with warehouse.session() as session:
        session.execute("CREATE TEMP TABLE mine (b INTEGER)")
        assert [c.name for c in session.execute("SELECT * FROM mine").columns] == ["b"]
