"""redshift_connector as the client: Redshift's own login and protocol."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest
import redshift_connector
from redshift_connector.error import ProgrammingError
from tests.serve.wire.endpoint import DATABASE, PASSWORD, USER, Endpoint

VALUES = """
SELECT 7::SMALLINT, 7, 7::BIGINT, 1.50::DECIMAL(10,2), -1.5::DECIMAL(38,10), 1.5::REAL, 1.1::FLOAT, TRUE, 'né',
DATE '1969-12-31', TIMESTAMP '1999-12-31 23:59:59.5', '2020-02-29 01:02:03+00'::TIMESTAMPTZ, '10:11:12'::TIME,
JSON_PARSE('{"a":[1]}'), FROM_HEX('00ff'), NULL
"""


@pytest.mark.filterwarnings("ignore:ssl:DeprecationWarning")  # of redshift_connector itself
def test_the_drivers_own_connect(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"host": endpoint.host, "port": endpoint.port, "user": USER, "password": PASSWORD, "database": DATABASE}
    monkeypatch.setenv("SSL_CERT_FILE", str(endpoint.ca_file))
    with redshift_connector.connect(**known) as connection:  # type: ignore[arg-type]
        cursor = connection.cursor()
        cursor.execute("SELECT current_user, current_database()")
        assert cursor.fetchall() == ([USER, DATABASE],)


def test_values_and_their_types(endpoint: Endpoint) -> None:
    with endpoint.redshift() as connection:
        cursor = connection.cursor()
        cursor.execute(VALUES)
        (row,) = cursor.fetchall()
    assert row == [
        *(7, 7, 7, Decimal("1.50"), Decimal("-1.5"), 1.5, 1.1, True, "né"),
        *(date(1969, 12, 31), datetime.fromisoformat("1999-12-31 23:59:59.5")),
        *(datetime(2020, 2, 29, 1, 2, 3, tzinfo=UTC), time(10, 11, 12), '{"a":[1]}', "00ff", None),
    ]
    described = [column[1] for column in cursor.description or () if column]
    assert described == [21, 23, 20, 1700, 1700, 700, 701, 16, 1043, 1082, 1114, 1184, 1083, 4000, 6551, 1043]


def test_parameters(endpoint: Endpoint, schema: str) -> None:
    sent = [
        5,
        2**40,
        Decimal("0.25"),
        1.5,
        True,
        "it's",
        None,
        date(2020, 1, 2),
        datetime.fromisoformat("2020-01-02 03:04"),
    ]
    table = f"{schema}.p"
    with endpoint.redshift() as connection:
        cursor = connection.cursor()
        cursor.execute(
            f"CREATE TABLE {table} (a SMALLINT, b BIGINT, c DECIMAL(9,3), d FLOAT, e BOOLEAN, f VARCHAR(9), g INTEGER, "
            "h DATE, i TIMESTAMP)"
        )
        cursor.execute(f"INSERT INTO {table} VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)", sent)
        cursor.executemany(f"INSERT INTO {table} (a, f) VALUES (%s, %s)", [[6, "x"], [7, "y"]])
        assert cursor.rowcount == 2
        cursor.execute(f"SELECT * FROM {table} WHERE c = %s AND i = %s", [Decimal("0.25"), sent[8]])
        assert cursor.fetchall() == (sent,)
        cursor.execute("SELECT %s", [Decimal("1.125")])
        assert cursor.fetchall() == ([Decimal("1.125")],)
        cursor.paramstyle = "named"
        cursor.execute(f"SELECT f FROM {table} WHERE a = :number", {"number": 7})
        assert cursor.fetchone() == ["y"]
        connection.rollback()


def test_transactions_as_the_driver_begins_them(endpoint: Endpoint, schema: str) -> None:
    with endpoint.redshift() as connection, endpoint.redshift() as other:
        cursor, seen = connection.cursor(), other.cursor()
        other.autocommit = True
        cursor.execute(f"DELETE FROM {schema}.t WHERE a = 1")
        assert cursor.rowcount == 1
        seen.execute(f"SELECT COUNT(*) FROM {schema}.t")
        assert seen.fetchone() == [2]
        connection.rollback()
        cursor.execute(f"DELETE FROM {schema}.t WHERE a = 1")
        connection.commit()
        seen.execute(f"SELECT COUNT(*) FROM {schema}.t")
        assert seen.fetchone() == [1]
        with pytest.raises(ProgrammingError) as refused:
            cursor.execute(f"VACUUM {schema}.t")
        assert refused.value.args[0]["C"] == "25001"
        with pytest.raises(ProgrammingError) as aborted:
            cursor.execute("SELECT 1")
        assert aborted.value.args[0]["C"] == "25P02"
        connection.rollback()
        connection.autocommit = True
        cursor.execute(f"VACUUM {schema}.t")


def test_many_rows_and_statements(endpoint: Endpoint, schema: str) -> None:
    with endpoint.redshift(max_prepared_statements=3) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(f"CREATE TABLE {schema}.many AS SELECT a FROM {schema}.t")
        for _ in range(14):
            cursor.execute(f"INSERT INTO {schema}.many SELECT a + 2 FROM {schema}.many")
        cursor.execute(f"SELECT a FROM {schema}.many")
        assert len(cursor.fetchall()) == 2**15
        for number in (1, 2, 3, 4, 5, 1):
            cursor.execute(f"SELECT {number}")
            assert cursor.fetchone() == [number]


def test_one_statement_a_call(endpoint: Endpoint) -> None:
    with endpoint.redshift() as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        with pytest.raises(ProgrammingError) as error:
            cursor.execute("SELECT 1; SELECT 2")
        told = error.value.args[0]
        assert (told["C"], told["M"]) == ("42601", "cannot insert multiple commands into a prepared statement")
        with pytest.raises(ProgrammingError, match="query was empty"):
            cursor.execute("-- nothing")


def test_rows_of_a_file(endpoint: Endpoint, schema: str, tmp_path: Path) -> None:
    """insert_data_bulk looks the table up, then sends many rows with one INSERT."""
    endpoint.warehouse.execute(f"CREATE TABLE {schema}.bulk_{schema} (a INTEGER, b VARCHAR(9))")
    (tmp_path / "rows.csv").write_text("a,b\n1,x\n2,y\n3,z\n")
    with endpoint.redshift() as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.insert_data_bulk(str(tmp_path / "rows.csv"), f"{schema}.bulk_{schema}", [0, 1], ["a", "b"], ",", 2)
        cursor.execute(f"SELECT * FROM {schema}.bulk_{schema} ORDER BY a")
        assert cursor.fetchall() == ([1, "x"], [2, "y"], [3, "z"])


def test_what_the_driver_asks_about_tables(endpoint: Endpoint, schema: str) -> None:
    with endpoint.redshift() as connection:
        cursor = connection.cursor()
        tables = cursor.get_tables(schema_pattern=schema)
        assert [row[1:4] for row in tables] == [[schema, "t", "TABLE"]]
        columns = [row[2:4] for row in cursor.get_columns() if row[1] == schema]
        known = endpoint.warehouse.execute(f"SELECT * FROM {schema}.t LIMIT 0").columns
        assert columns == [["t", column.name] for column in known]


def test_the_driver_finds_columns_of_bound_and_late_binding_views(endpoint: Endpoint, schema: str) -> None:
    for view in (
        f"CREATE VIEW {schema}.bound AS SELECT a FROM {schema}.t",
        f"CREATE VIEW {schema}.late AS SELECT b, CAST(a AS DECIMAL(6,2)) AS n FROM {schema}.t WITH NO SCHEMA BINDING",
        f"CREATE VIEW {schema}.broken AS SELECT z FROM {schema}.absent WITH NO SCHEMA BINDING",
    ):
        endpoint.warehouse.execute(view)
    with endpoint.redshift() as connection:
        cursor = connection.cursor()
        found = [row[2:7] for row in cursor.get_columns(schema_pattern=schema)]
        assert found == [
            *(["bound", "a", 4, "int4", 10], ["t", "a", 4, "int4", 10], ["t", "b", 12, "varchar", 5]),
            *(["late", "b", 12, "character varying(5)", 5], ["late", "n", 2, "numeric(6,2)", 6]),
        ]
        assert [row[3] for row in cursor.get_columns(schema_pattern=schema, tablename_pattern="late")] == ["b", "n"]
        assert cursor.get_procedures(schema_pattern=schema) == ()
