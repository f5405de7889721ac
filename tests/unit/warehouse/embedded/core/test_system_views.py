"""The system views, what the port says about tables, and where the warehouse lives."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from tests.unit.warehouse.embedded.loading import Place, place

from tidegate.config.settings import EmbeddedSettings
from tidegate.errors import StatementRefused
from tidegate.model.names import TableName
from tidegate.warehouse.base import Session
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse

__all__ = ["place"]


@pytest.fixture
def table(session: Session) -> Session:
    session.execute(
        "CREATE TABLE t (id BIGINT IDENTITY(1,1) DISTKEY, v VARCHAR(10) NOT NULL DEFAULT 'x' ENCODE bytedict, "
        "n DECIMAL(10,2), s SUPER, b BOOLEAN, z TIMESTAMPTZ) COMPOUND SORTKEY (z, id)"
    )
    session.execute("INSERT INTO t (v) VALUES ('a'), ('b'), ('c')")
    session.execute("CREATE TABLE empty (a INTEGER)")
    return session


def test_svv_table_info_shows_tables_that_have_rows(table: Session) -> None:
    result = table.execute(
        'SELECT "schema", "table", diststyle, sortkey1, sortkey_num, max_varchar, size, tbl_rows, '
        "estimated_visible_rows, unsorted, create_time FROM svv_table_info"
    )
    ((*known, created),) = result.rows
    assert known == ["public", "t", "KEY(id)", "z", 2, 10, 1, Decimal(3), Decimal(3), None]
    assert isinstance(created, datetime)
    assert abs(created - datetime.now(UTC).replace(tzinfo=None)) < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("attributes", "shown"), [("", "AUTO(ALL)"), ("DISTSTYLE EVEN", "EVEN"), ("DISTSTYLE ALL", "ALL")]
)
def test_diststyle_as_it_is_shown(session: Session, attributes: str, shown: str) -> None:
    session.execute(f"CREATE TABLE t (a INTEGER) {attributes}")
    session.execute("INSERT INTO t VALUES (1)")
    assert session.execute("SELECT diststyle, sortkey1 FROM svv_table_info").rows == ((shown, "AUTO(SORTKEY)"),)


def test_svv_columns(table: Session) -> None:
    table.execute("CREATE VIEW w AS SELECT v, COUNT(*) AS n FROM t GROUP BY v")
    result = table.execute(
        "SELECT table_name, column_name, ordinal_position, column_default, is_nullable, data_type, "
        "character_maximum_length, numeric_precision, numeric_scale FROM svv_columns "
        "WHERE table_schema = 'public' AND table_name IN ('t', 'w') ORDER BY table_name, ordinal_position"
    )
    assert result.rows == (
        ("t", "id", 1, None, "NO", "bigint", None, 64, 0),
        ("t", "v", 2, "'x'", "NO", "character varying", 10, None, None),
        ("t", "n", 3, None, "YES", "numeric", None, 10, 2),
        ("t", "s", 4, None, "YES", "super", None, None, None),
        ("t", "b", 5, None, "YES", "boolean", None, None, None),
        ("t", "z", 6, None, "YES", "timestamp with time zone", None, None, None),
        ("w", "v", 1, None, "YES", "character varying", 10, None, None),
        ("w", "n", 2, None, "YES", "bigint", None, 64, 0),
    )


def test_svv_tables(table: Session) -> None:
    table.execute("CREATE VIEW v AS SELECT 1 AS a")
    result = table.execute("SELECT table_schema, table_name, table_type FROM svv_tables ORDER BY table_name")
    assert result.rows == (
        ("public", "empty", "BASE TABLE"),
        ("public", "t", "BASE TABLE"),
        ("public", "v", "VIEW"),
    )


@pytest.mark.parametrize("name", ["pg_table_def", "pg_catalog.pg_table_def"])
def test_pg_table_def_shows_public_only(table: Session, name: str) -> None:
    table.execute("CREATE SCHEMA other")
    table.execute("CREATE TABLE other.t (a INTEGER)")
    result = table.execute(
        f'SELECT schemaname, "column", type, encoding, distkey, sortkey, "notnull" FROM {name} WHERE tablename = \'t\''
    )
    assert result.rows == (
        ("public", "id", "bigint", "az64", True, 2, True),
        ("public", "v", "character varying(10)", "bytedict", False, 0, True),
        ("public", "n", "numeric(10,2)", "az64", False, 0, False),
        ("public", "s", "super", "zstd", False, 0, False),
        ("public", "b", "boolean", "none", False, 0, False),
        ("public", "z", "timestamp with time zone", "az64", False, 1, False),
    )


def test_the_isolation_level_is_snapshot(session: Session) -> None:
    assert session.execute("SELECT isolation_level FROM stv_db_isolation_level").rows == (("Snapshot Isolation",),)


def test_system_views_stand_in_any_query(table: Session) -> None:
    sql = (
        "WITH c AS (SELECT table_name, COUNT(*) AS n FROM svv_columns AS s GROUP BY table_name) "
        'SELECT i."table", c.n / 2 FROM svv_table_info i JOIN c ON c.table_name = i."table"'
    )
    assert table.execute(sql).rows == (("t", 3),)


def test_a_temporary_table_hides_a_system_view(session: Session) -> None:
    session.execute("CREATE TEMP TABLE svv_tables (a INTEGER)")
    assert session.execute("SELECT * FROM svv_tables").columns[0].name == "a"


def test_views_of_external_tables(place: Place) -> None:
    place.run(
        "CREATE EXTERNAL SCHEMA cold FROM DATA CATALOG DATABASE 'glue' IAM_ROLE default",
        "CREATE EXTERNAL TABLE cold.t (id BIGINT, v VARCHAR(10)) PARTITIONED BY (p DATE) "
        "STORED AS PARQUET LOCATION 'lake/t/'",
    )
    assert place.rows("SELECT schemaname, databasename FROM svv_external_schemas") == [("cold", "glue")]
    assert place.rows("SELECT schemaname, tablename FROM svv_external_tables") == [("cold", "t")]
    assert place.rows("SELECT columnname, columnnum, part_key FROM svv_external_columns ORDER BY columnnum") == [
        ("id", 1, 0),
        ("v", 2, 0),
        ("p", 3, 1),
    ]
    assert place.rows("SELECT COUNT(*) FROM svv_external_partitions") == [(0,)]
    types = "SELECT column_name, data_type FROM svv_columns WHERE table_schema = 'cold' ORDER BY ordinal_position"
    assert place.rows(types) == [("id", "bigint"), ("v", "varchar"), ("p", "date")]
    assert place.rows("SELECT table_type FROM svv_tables") == [("EXTERNAL TABLE",)]


@pytest.mark.parametrize(
    "name", ["stl_query", "svv_mv_dependency", "sys_load_history", "pg_catalog.pg_trigger", "svl_qlog"]
)
def test_other_system_views_are_refused_by_name(session: Session, name: str) -> None:
    with pytest.raises(StatementRefused, match=r"the system view \w+ is not supported by the embedded warehouse"):
        session.execute(f"SELECT * FROM {name}")


def test_capabilities(warehouse: EmbeddedWarehouse) -> None:
    found = warehouse.capabilities
    assert (found.engine, found.engine_version) == ("embedded", duckdb.__version__)
    assert (found.hash_function, found.serializable) == ("TIDEGATE_HASH", False)


def test_the_place_is_that_of_the_real_file(settings: EmbeddedSettings, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    linked = replace(settings, path=tmp_path / "link" / "w.duckdb")
    assert EmbeddedWarehouse(linked).place() == f"{tmp_path}/real/w.duckdb"


def test_stats_count_rows_and_guess_bytes(warehouse: EmbeddedWarehouse, table: Session) -> None:
    names = [TableName("public", "t"), TableName("public", "empty"), TableName("public", "nope")]
    found = warehouse.table_stats(names)
    assert {name.name: (stats.rows, stats.bytes) for name, stats in found.items()} == {
        "t": (3, 3 * (8 + 10 + 8 + 256 + 1 + 8)),
        "empty": (0, 0),
    }


def test_stats_of_many_tables(warehouse: EmbeddedWarehouse, session: Session) -> None:
    session.execute("BEGIN")
    for number in range(520):
        session.execute(f"CREATE TABLE t{number} (a INTEGER)")
    session.execute("INSERT INTO t519 VALUES (1)")
    session.execute("COMMIT")
    found = warehouse.table_stats([TableName("public", f"t{number}") for number in range(520)])
    assert len(found) == 520
    assert sum(stats.rows for stats in found.values()) == 1
