"""psycopg as the client: libpq over TLS, parameters in both formats, large results, cancellation."""

import socket
import struct
import threading
from datetime import UTC, date, datetime, time
from decimal import Decimal

import psycopg
import pytest
from tests.serve.wire.endpoint import Endpoint

VALUES = [
    ("SMALLINT", 7),
    ("INTEGER", -70_000),
    ("BIGINT", 2**40),
    ("DECIMAL(38,0)", Decimal("-12345678901234567890123456789012345678")),
    ("DECIMAL(12,4)", Decimal("0.0500")),
    ("DOUBLE PRECISION", 1.1),
    ("BOOLEAN", True),
    ("VARCHAR(20)", "né 'x' \\ $1"),
    ("DATE", date(1969, 12, 31)),
    ("TIME", time(23, 59, 59, 123456)),
    ("TIMESTAMP", datetime.fromisoformat("1999-12-31 23:59:59.5")),
    ("TIMESTAMPTZ", datetime(2020, 2, 29, 1, 2, 3, tzinfo=UTC)),
]


@pytest.mark.parametrize("sent", ["%t", "%b"])
@pytest.mark.parametrize("fetched", [False, True], ids=["text", "binary"])
def test_values_there_and_back(endpoint: Endpoint, schema: str, sent: str, fetched: bool) -> None:
    table = f"{schema}.every"
    columns = ", ".join(f"c{at} {kind}" for at, (kind, _) in enumerate(VALUES))
    values = tuple(value for _, value in VALUES)
    with endpoint.psycopg(autocommit=True) as connection:
        connection.execute(f"CREATE TABLE {table} ({columns})".encode())
        connection.execute(f"INSERT INTO {table} VALUES ({', '.join([sent] * len(values))})".encode(), values)
        connection.execute(f"INSERT INTO {table} VALUES ({', '.join([sent] * len(values))})".encode(), [None] * 12)
        found = connection.execute(f"SELECT * FROM {table} ORDER BY c0".encode(), binary=fetched)
        assert found.fetchall() == [values, (None,) * len(values)]
        again = connection.execute(
            f"SELECT c0 FROM {table} WHERE c3 = %b AND c10 = %t".encode(), (values[3], values[10])
        )
        assert again.fetchall() == [(7,)]


def test_types_are_described(endpoint: Endpoint) -> None:
    with endpoint.psycopg() as connection:
        cursor = connection.execute(
            "SELECT 1::SMALLINT AS s, 1.5::DECIMAL(10,2) AS d, JSON_PARSE('[1]') AS j, 'x' AS v"
        )
        described = [(c.name, c.type_code, c.precision, c.scale) for c in cursor.description or ()]
    assert described == [("s", 21, None, None), ("d", 1700, 10, 2), ("j", 4000, None, None), ("v", 1043, None, None)]


def test_a_prepared_statement_survives_ddl_but_not_another_shape(endpoint: Endpoint, schema: str) -> None:
    with endpoint.psycopg(autocommit=True, prepare_threshold=1) as connection:
        query = f"SELECT * FROM {schema}.t WHERE a = %s".encode()
        for number in (1, 2, 1, 2):
            assert connection.execute(query, (number,)).fetchone() == (number, "one" if number == 1 else None)
        connection.execute(f"CREATE TABLE {schema}.u (a INTEGER)".encode())
        assert connection.execute(query, (1,)).fetchall() == [(1, "one")]
        endpoint.warehouse.execute(f"ALTER TABLE {schema}.t ADD COLUMN c INTEGER")
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="cached plan must not change result type"):
            connection.execute(query, (1,))
        assert connection.execute(query, (1,), prepare=False).fetchall() == [(1, "one", None)]


def test_many_rows_at_once_and_through_a_cursor(endpoint: Endpoint, schema: str) -> None:
    endpoint.warehouse.execute(f"CREATE TABLE {schema}.many (n BIGINT, b VARCHAR(12))")
    endpoint.warehouse.execute(f"INSERT INTO {schema}.many VALUES (0, 'row')")
    for power in range(18):
        endpoint.warehouse.execute(f"INSERT INTO {schema}.many SELECT n + {2**power}, b FROM {schema}.many")
    with endpoint.psycopg() as connection:
        rows = connection.execute(f"SELECT n, b FROM {schema}.many WHERE n < 200000".encode()).fetchall()
        assert (len(rows), sum(n for n, _ in rows)) == (200_000, 199_999 * 100_000)
        with connection.cursor("far") as cursor:
            cursor.itersize = 4096
            cursor.execute(f"SELECT n FROM {schema}.many WHERE n < 10000".encode())
            assert [column.name for column in cursor.description or ()] == ["n"]
            assert sum(n for (n,) in cursor) == 9999 * 5000
        with connection.cursor("left") as cursor:
            cursor.execute(f"SELECT n FROM {schema}.many ORDER BY n".encode())
            assert cursor.fetchmany(2) == [(0,), (1,)]
            with pytest.raises(psycopg.errors.FeatureNotSupported, match="still being read"):
                connection.execute("SELECT 1")


def test_executemany_is_one_transaction(endpoint: Endpoint, schema: str) -> None:
    """psycopg sends it as a pipeline: what was executed before the first mistake does not stay."""
    with endpoint.psycopg(autocommit=True) as connection:
        insert = f"INSERT INTO {schema}.t VALUES (%s, %s)".encode()
        with pytest.raises(psycopg.errors.StringDataRightTruncation, match="too long"), connection.cursor() as cursor:
            cursor.executemany(insert, [(3, "x"), (4, "much too long")])
        assert connection.execute(f"SELECT COUNT(*) FROM {schema}.t".encode()).fetchone() == (2,)
        with connection.cursor() as cursor:
            cursor.executemany(insert, [(3, "x"), (4, "y")])
            assert cursor.rowcount == 2


def test_an_error_tells_state_hint_and_position(endpoint: Endpoint, schema: str) -> None:
    with endpoint.psycopg() as connection:
        with pytest.raises(psycopg.errors.UndefinedTable) as missing:
            connection.execute(f"SELECT * FROM {schema}.absent".encode())
        assert missing.value.diag.message_primary == f'relation "{schema}.absent" does not exist'
        assert missing.value.diag.message_hint
        assert connection.info.transaction_status is psycopg.pq.TransactionStatus.INERROR
        connection.rollback()
        with pytest.raises(psycopg.errors.SyntaxError) as syntax:
            connection.execute("SELECT 1;\n SELECT 2 FROM (")
        assert int(syntax.value.diag.statement_position or 0) > len("SELECT 1;\n ")


def cancel_by_guess(endpoint: Endpoint, process: int) -> None:
    """Ask for a cancellation without the secret; the server closes the connection when it is done with it."""
    with socket.create_connection((endpoint.host, endpoint.port), timeout=30) as connection:
        connection.sendall(struct.pack("!iiiI", 16, 80877102, process, 12345))
        assert connection.recv(1) == b""


def test_a_statement_can_be_cancelled_and_the_session_goes_on(endpoint: Endpoint, schema: str) -> None:
    endpoint.warehouse.execute(f"CREATE TABLE {schema}.n AS SELECT a FROM {schema}.t")
    for _ in range(10):
        endpoint.warehouse.execute(f"INSERT INTO {schema}.n SELECT a + 1 FROM {schema}.n")
    endless = f"SELECT SUM(SQRT(x.a + y.a + z.a)) FROM {schema}.n AS x, {schema}.n AS y, {schema}.n AS z".encode()
    with endpoint.psycopg(autocommit=True) as connection, endpoint.warehouse.session() as watcher:
        outcome: list[BaseException] = []

        def run() -> None:
            try:
                connection.execute(endless)
            except psycopg.Error as error:
                outcome.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        running = (
            f"SELECT COUNT(*) FROM sys_query_history WHERE status = 'running' AND query_text LIKE '%{schema}.n AS z%'"
        )
        while watcher.execute(running).rows != ((2,),):  # the watcher's own text has it too
            pass
        cancel_by_guess(endpoint, connection.info.backend_pid)
        assert watcher.execute(running).rows == ((2,),)
        connection.cancel_safe()
        thread.join(30)
        assert [type(error) for error in outcome] == [psycopg.errors.QueryCanceled]
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_settings_of_the_session_can_come_with_the_connection(endpoint: Endpoint) -> None:
    with endpoint.psycopg(application_name="nightly", options="-c statement_timeout=5000") as connection:
        assert connection.execute("SHOW application_name").fetchone() == ("nightly",)
        assert connection.execute("SHOW statement_timeout").fetchone() == ("5000",)
    with pytest.raises(psycopg.OperationalError, match="SET timezone TO Mars is not supported"):
        endpoint.psycopg(options="-c timezone=Mars")
