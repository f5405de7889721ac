"""The connector driver where the contract does not reach: pools, lost connections, time, exactness."""

import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.serve.wire.endpoint import PASSWORD, Endpoint
from tests.serve.wire.relay import Relay, running_relay

from tidegate.config.secret import Secret
from tidegate.errors import ConfigError, StatementCancelled, StatementError, WarehouseUnreachable
from tidegate.warehouse.connector.driver import ConnectorWarehouse
from tidegate.warehouse.connector.session import CHUNK

BIG = "12345678901234567890123456789012345678"


@pytest.fixture
def warehouse(endpoint: Endpoint) -> Iterator[ConnectorWarehouse]:
    opened = ConnectorWarehouse(endpoint.settings)
    yield opened
    opened.close()


@pytest.fixture
def relay(endpoint: Endpoint) -> Iterator[Relay]:
    with running_relay(endpoint) as running:
        yield running


@pytest.fixture
def relayed(endpoint: Endpoint, relay: Relay) -> Iterator[ConnectorWarehouse]:
    opened = ConnectorWarehouse(replace(endpoint.settings, port=relay.port))
    yield opened
    opened.close()


def test_numbers_of_38_digits_are_exact(warehouse: ConnectorWarehouse) -> None:
    sql = f"SELECT {BIG}::DECIMAL(38,0), -0.{BIG[:37]}::DECIMAL(38,37), CAST('1 day' AS INTERVAL DAY TO SECOND)"
    with pytest.raises(StatementError):
        warehouse.execute(sql)
    sql = sql.rpartition(",")[0]
    assert warehouse.execute(sql).rows == ((Decimal(BIG), Decimal(f"-0.{BIG[:37]}")),)


def test_percent_and_placeholders_are_plain_text(warehouse: ConnectorWarehouse) -> None:
    assert warehouse.execute("SELECT '100%', 'a%sb', ':x ? $1' WHERE 'abc' LIKE 'a%'").rows == (
        ("100%", "a%sb", ":x ? $1"),
    )


def test_unload_and_copy_are_counted(warehouse: ConnectorWarehouse, schema: str) -> None:
    unload = f"UNLOAD ('SELECT * FROM {schema}.t') TO 'lake/driver_{schema}/' IAM_ROLE default FORMAT PARQUET"
    assert warehouse.execute(unload).rowcount == 2
    copy = f"/* why */ COPY {schema}.t FROM 'lake/driver_{schema}/' IAM_ROLE default FORMAT PARQUET"
    assert [r.rowcount for r in warehouse.transaction([copy, f"DELETE FROM {schema}.t"])] == [2, 4]


def test_streams_come_in_chunks_and_leave_the_session_usable(warehouse: ConnectorWarehouse, schema: str) -> None:
    warehouse.execute(f"CREATE TABLE {schema}.many AS SELECT a FROM {schema}.t")
    for _ in range(10):
        warehouse.execute(f"INSERT INTO {schema}.many SELECT a FROM {schema}.many")
    with warehouse.session() as session:
        with session.stream(f"SELECT a, b FROM {schema}.t WHERE a > 9") as empty:
            assert [c.name for c in empty.columns] == ["a", "b"]
            assert list(empty.chunks) == []
        session.execute("BEGIN")
        with session.stream(f"SELECT a FROM {schema}.many;") as rows:
            assert [len(chunk) for chunk in rows.chunks] == [CHUNK, CHUNK, 48]
        with session.stream(f"SELECT a FROM {schema}.many") as rows:
            assert len(next(iter(rows.chunks))) == CHUNK
        assert session.execute("SELECT 1").rows == ((1,),)
        session.execute("COMMIT")
        with pytest.raises(StatementError, match="still being read"), session.stream("SELECT 1"):
            session.execute("SELECT 2")


def test_settings_and_temporary_tables_stay_in_their_call(warehouse: ConnectorWarehouse) -> None:
    assert warehouse.execute("SHOW query_group").rows == (("tidegate",),)
    warehouse.execute("SET query_group TO 'other'")
    assert warehouse.execute("SHOW query_group").rows == (("tidegate",),)
    warehouse.execute("BEGIN")
    warehouse.execute("ROLLBACK")
    warehouse.execute("CREATE TEMP TABLE mine (a INTEGER)")
    with pytest.raises(StatementError):
        warehouse.execute("SELECT * FROM mine")


def test_a_connection_is_used_again(relayed: ConnectorWarehouse, relay: Relay, schema: str) -> None:
    for _ in range(3):
        relayed.execute(f"SELECT COUNT(*) FROM {schema}.t")
        with pytest.raises(StatementError):
            relayed.execute("SELECT nope")
    assert relay.opened == 1


def test_an_idle_connection_that_died_is_replaced(relayed: ConnectorWarehouse, relay: Relay, schema: str) -> None:
    relayed.execute("SELECT 1")
    relay.cut()
    assert relayed.execute(f"INSERT INTO {schema}.t VALUES (3, 'x')").rowcount == 1
    assert relay.opened == 2


def test_a_lost_answer_is_never_followed_by_a_second_write(
    endpoint: Endpoint, relayed: ConnectorWarehouse, relay: Relay, schema: str
) -> None:
    relayed.execute("SELECT 1")
    relay.lose_answers(1)
    with pytest.raises(WarehouseUnreachable, match="the outcome of the statement is unknown") as lost:
        relayed.execute(f"INSERT INTO {schema}.t VALUES (3, 'x')")
    assert lost.value.retryable
    assert endpoint.warehouse.execute(f"SELECT COUNT(*) FROM {schema}.t WHERE a = 3").rows in (((0,),), ((1,),))
    relay.lose_answers(1)
    with pytest.raises(WarehouseUnreachable):
        relayed.transaction([f"DELETE FROM {schema}.t"])


def test_a_query_whose_answer_is_lost_is_repeated_once(relayed: ConnectorWarehouse, relay: Relay, schema: str) -> None:
    relayed.execute("SELECT 1")
    relay.lose_answers(1)
    assert relayed.execute(f"SELECT COUNT(*) FROM {schema}.t").rows == ((2,),)
    assert relay.opened == 2


def test_a_session_does_not_outlive_its_connection(relayed: ConnectorWarehouse, relay: Relay) -> None:
    with relayed.session() as session:
        session.execute("CREATE TEMP TABLE mine (a INTEGER)")
        relay.cut()
        with pytest.raises(WarehouseUnreachable, match="was lost"):
            session.execute("SELECT * FROM mine")
        with pytest.raises(WarehouseUnreachable, match="is closed"):
            session.execute("SELECT 1")


def endless(endpoint: Endpoint, schema: str) -> str:
    endpoint.warehouse.execute(f"CREATE TABLE {schema}.n AS SELECT a FROM {schema}.t")
    for _ in range(10):
        endpoint.warehouse.execute(f"INSERT INTO {schema}.n SELECT a + 1 FROM {schema}.n")
    return f"SELECT SUM(SQRT(x.a + y.a + z.a)) FROM {schema}.n AS x, {schema}.n AS y, {schema}.n AS z"


def test_a_statement_has_its_time(endpoint: Endpoint, schema: str) -> None:
    warehouse = ConnectorWarehouse(replace(endpoint.settings, statement_timeout=0.3))
    with pytest.raises(StatementCancelled):
        warehouse.execute(endless(endpoint, schema))
    assert warehouse.execute("SELECT 1").rows == ((1,),)
    warehouse.close()


def test_an_interrupt_calls_off_what_the_server_runs(endpoint: Endpoint, schema: str) -> None:
    statement = endless(endpoint, schema)
    fate = f"SELECT status FROM sys_query_history WHERE query_text = '{statement}'"

    waiting = threading.main_thread().ident or 0

    def interrupt() -> None:
        with endpoint.warehouse.session() as watcher:
            while watcher.execute(fate).rows != (("running",),):
                pass
        signal.pthread_kill(waiting, signal.SIGINT)

    warehouse = ConnectorWarehouse(endpoint.settings)
    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        warehouse.execute(statement)
    thread.join(30)
    while (found := endpoint.warehouse.execute(fate).rows) == (("running",),):
        pass
    assert found == (("canceled",),)
    assert warehouse.execute("SELECT 1").rows == ((1,),)
    warehouse.close()


def test_mistakes_of_the_settings(endpoint: Endpoint) -> None:
    good = endpoint.settings
    address = f"{good.host}/{good.database}"
    for settings, message in [
        (replace(good, password=Secret("guess")), f"{address} refuses the login: password authentication failed"),
        (replace(good, ca_file=None), f"the certificate of {address} cannot be trusted: self-signed certificate"),
        (replace(good, ca_file=endpoint.folder / "none.pem"), 'none.pem" holds no certificate: No such file'),
        (replace(good, user=None), f"there is no user for {address}"),
        (replace(good, password=None), f"nothing says how to log in to {address}"),
    ]:
        with pytest.raises(ConfigError) as wrong:
            ConnectorWarehouse(settings).execute("SELECT 1")
        assert message in wrong.value.message
        assert wrong.value.hint
        assert PASSWORD not in f"{wrong.value!r}{settings!r}"
    with pytest.raises(WarehouseUnreachable, match=f"cannot connect to {address}: .*refused"):
        ConnectorWarehouse(replace(good, port=1)).execute("SELECT 1")
