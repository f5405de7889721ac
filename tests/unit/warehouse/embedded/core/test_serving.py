"""What a server needs of a session: state, descriptions, cancelling, command tags and SQLSTATEs."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tidegate.config.settings import EmbeddedSettings
from tidegate.errors import GuardFailed, StatementCancelled, StatementError, WarehouseLocked
from tidegate.redshift.guard import guard_none, guard_reason
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse
from tidegate.warehouse.embedded.session import EmbeddedSession, SessionState
from tidegate.warehouse.embedded.sqlstates import server_error

_ENDLESS = (
    "SELECT COUNT(*) FROM n AS a, n AS b, n AS c, n AS d, n AS e WHERE MD5(a.s || b.s || c.s || d.s || e.s) = 'x'"
)


@pytest.fixture
def connection(warehouse: EmbeddedWarehouse) -> Iterator[EmbeddedSession]:
    session = warehouse.connect("ada")
    session.execute("CREATE TABLE t (id BIGINT NOT NULL, name VARCHAR(5), price DECIMAL(9,2))")
    yield session
    session.close()


@pytest.fixture
def endless(connection: EmbeddedSession) -> str:
    """A statement that takes for ever."""
    connection.execute("CREATE TABLE n AS SELECT 'a'::varchar(20) AS s")
    for _ in range(9):
        connection.execute("INSERT INTO n SELECT s || 'b' FROM n")
    return _ENDLESS


def test_a_session_tells_where_it_stands(connection: EmbeddedSession) -> None:
    states = [connection.state.value]
    for sql, state in (("BEGIN", None), ("SELECT nothing", "42703"), ("SELECT 1", "25P02"), ("ROLLBACK", None)):
        assert _state_of(connection, sql) == state
        states.append(connection.state.value)
    assert states == ["I", "T", "E", "E", "I"]


_TAGS = (
    ("SELECT 1", "SELECT"),
    ("INSERT INTO t VALUES (1, 'a', 2)", "INSERT"),
    ("UPDATE t SET name = 'b'", "UPDATE"),
    ("WITH x AS (SELECT 1 AS id) DELETE FROM t USING x WHERE t.id = x.id", "DELETE"),
    ("TRUNCATE t", "TRUNCATE TABLE"),
    ("CREATE TEMP TABLE u (a INT)", "CREATE TABLE"),
    ("CREATE OR REPLACE VIEW v AS SELECT id FROM t", "CREATE VIEW"),
    ("ALTER TABLE t ADD COLUMN b INT", "ALTER TABLE"),
    ("COMMENT ON TABLE t IS 'x'", "COMMENT"),
    ("SET query_group TO 'x'", "SET"),
    ("SHOW query_group", "SHOW"),
    ("start transaction", "BEGIN"),
    ("END", "COMMIT"),
    ("ABORT", "ROLLBACK"),
    ("VACUUM", "VACUUM"),
    ("DROP TABLE t CASCADE", "DROP TABLE"),
)


def test_results_name_their_commands(connection: EmbeddedSession) -> None:
    for sql, tag in _TAGS:
        assert connection.describe(sql).command == tag
        assert connection.execute(sql).command == tag


def test_each_statement_of_a_list_names_its_command(connection: EmbeddedSession) -> None:
    results = connection.transaction(["SET query_group TO 'x'", "LOCK t", "INSERT INTO t VALUES (1, 'a', 2)"])
    assert [(result.command, result.rowcount) for result in results] == [("SET", 0), ("LOCK TABLE", 0), ("INSERT", 1)]


def test_a_query_is_described_as_it_is_run(connection: EmbeddedSession) -> None:
    sql = "SELECT id, name AS id, price * 2 AS twice, NULL AS none, GETDATE() AS now, t.* FROM t"
    described = connection.describe(sql)
    assert described.columns == connection.execute(sql).columns
    assert [column.type for column in described.columns[:2]] == ["bigint", "character varying(65535)"]
    assert connection.describe("INSERT INTO t SELECT * FROM t").columns == ()
    assert [column.name for column in connection.describe("SHOW datestyle").columns] == ["datestyle"]


def test_describing_keeps_a_block_and_a_mistake_aborts_it(connection: EmbeddedSession) -> None:
    connection.execute("BEGIN")
    connection.execute("CREATE TABLE later (a INT)")
    assert [column.name for column in connection.describe("SELECT * FROM later").columns] == ["a"]
    assert connection.state is SessionState.BLOCK
    with pytest.raises(StatementError, match=r'relation "public\.never" does not exist'):
        connection.describe("SELECT * FROM never")
    assert connection.state is SessionState.ABORTED
    with pytest.raises(StatementError, match="current transaction is aborted"):
        connection.describe("SELECT 1")
    assert connection.describe("ROLLBACK").command == "ROLLBACK"


def test_a_running_statement_is_called_off(connection: EmbeddedSession, endless: str) -> None:
    connection.execute("BEGIN")
    connection.execute("INSERT INTO t VALUES (1, 'a', 1)")
    with pytest.raises(StatementCancelled, match=r"^query cancelled on user's request$") as failed:
        _with_cancel(connection, endless)
    assert failed.value.sqlstate == "57014"
    assert connection.state is SessionState.ABORTED
    connection.execute("ROLLBACK")
    assert connection.execute("SELECT COUNT(*) FROM t").rows == ((0,),)


def test_the_wait_for_the_writer_is_called_off(
    warehouse: EmbeddedWarehouse, settings: EmbeddedSettings, connection: EmbeddedSession
) -> None:
    with warehouse.session() as other:
        other.execute("BEGIN")
        other.execute("INSERT INTO t VALUES (1, 'a', 1)")
        patient = EmbeddedWarehouse(replace(settings, lock_timeout=600)).connect()
        try:
            with pytest.raises(StatementCancelled):
                _with_cancel(patient, "DELETE FROM t")
        finally:
            patient.close()
        with pytest.raises(WarehouseLocked) as locked:
            connection.execute("DELETE FROM t")
        assert server_error(locked.value).sqlstate == "55P03"


def test_cancelling_an_idle_session_is_nothing(connection: EmbeddedSession) -> None:
    connection.cancel()
    assert connection.execute("SELECT 1").rows == ((1,),)


def test_a_statement_timeout_calls_the_statement_off(connection: EmbeddedSession, endless: str) -> None:
    connection.execute("SET statement_timeout TO 50")
    with pytest.raises(StatementCancelled):
        connection.execute(endless)
    connection.execute("SET statement_timeout TO 0")
    connection.execute("BEGIN")
    assert connection.read(lambda ctx: ctx.in_block)
    assert connection.execute("SELECT 1").rows == ((1,),)
    with pytest.raises(StatementError, match='invalid value for parameter "statement_timeout": "soon"'):
        connection.execute("SET statement_timeout TO 'soon'")


_STATES = (
    ("SELECT * FROM nowhere", "42P01"),
    ("SELECT x.* FROM t", "42P01"),
    ("DROP VIEW nowhere", "42P01"),
    ("SELECT nothing FROM t", "42703"),
    ("INSERT INTO t (nothing) VALUES (1)", "42703"),
    ("SELECT 1 +", "42601"),
    ("SELECT 'a", "42601"),
    ("SELECT no_such_function(1)", "42883"),
    ("CREATE TABLE t (a INT)", "42P07"),
    ("CREATE SCHEMA public", "42P06"),
    ("CREATE TABLE nowhere.t (a INT)", "3F000"),
    ("SELECT CAST('a' || name AS INTEGER) FROM (SELECT 'b' AS name) AS q", "22P02"),
    ("SELECT 'a'::integer", "22P02"),
    ("SELECT 'never'::date", "22P02"),
    ("SELECT 100000::smallint", "22003"),
    ("SELECT 9223372036854775807 + 1::bigint", "22003"),
    ("SELECT 1 / 0", "22012"),
    ("INSERT INTO t VALUES (NULL, 'a', 1)", "23502"),
    ("INSERT INTO t VALUES (1, 'abcdef', 1)", "22001"),
    ("GRANT USAGE ON SCHEMA public TO ada", "0A000"),
    ("SELECT 1 = 'a' || 'b'", "42804"),
    ("DROP TABLE t, nowhere", "42P01"),
)


def test_errors_carry_their_sqlstate(connection: EmbeddedSession) -> None:
    assert [(sql, _state_of(connection, sql)) for sql, _ in _STATES] == list(_STATES)
    assert connection.state is SessionState.IDLE


def test_a_syntax_error_tells_its_position(connection: EmbeddedSession) -> None:
    for sql, position in (("SELECT a,\n 1 FRM xyz y z", 18), ("ANALYZE t x", 11), ("SELECT \x01", 8)):
        with pytest.raises(StatementError) as failed:
            connection.execute(sql)
        assert (failed.value.sqlstate, failed.value.position) == ("42601", position)


def test_a_guard_is_found_again_in_the_text_that_a_server_sends(connection: EmbeddedSession) -> None:
    connection.execute("INSERT INTO t VALUES (1, 'a', 1)")
    with pytest.raises(GuardFailed) as failed:
        connection.execute(guard_none("t", "hot rows changed"))
    sent = server_error(failed.value)
    assert sent.message == 'invalid input syntax for integer: "tidegate guard: hot rows changed: 1"'
    assert (sent.sqlstate, guard_reason(sent.message)) == ("22P02", "hot rows changed: 1")


def _with_cancel(session: EmbeddedSession, sql: str) -> None:
    """Run a statement while another thread calls it off."""
    running = threading.Event()

    def call_off() -> None:
        while not running.wait(0.01):
            session.cancel()

    canceller = threading.Thread(target=call_off)
    canceller.start()
    try:
        session.execute(sql)
    finally:
        running.set()
        canceller.join()


def _state_of(session: EmbeddedSession, sql: str) -> str | None:
    try:
        session.execute(sql)
    except StatementError as error:
        return error.sqlstate
    return None
