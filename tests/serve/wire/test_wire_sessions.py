"""Sessions side by side: isolation, locks, and what their ends leave behind."""

import threading

import psycopg
import pytest
from tests.serve.wire.endpoint import Endpoint, running_endpoint


def test_a_reader_keeps_its_snapshot(endpoint: Endpoint, schema: str) -> None:
    with endpoint.psycopg() as reader, endpoint.psycopg(autocommit=True) as writer:
        count = f"SELECT COUNT(*) FROM {schema}.t".encode()
        assert reader.execute(count).fetchone() == (2,)
        writer.execute(f"INSERT INTO {schema}.t VALUES (3, 'x')".encode())
        assert reader.execute(count).fetchone() == (2,)
        reader.commit()
        assert reader.execute(count).fetchone() == (3,)


def test_a_change_of_what_changed_meanwhile_is_a_conflict(endpoint: Endpoint, schema: str) -> None:
    with endpoint.psycopg() as one, endpoint.psycopg(autocommit=True) as two:
        one.execute(f"SELECT COUNT(*) FROM {schema}.t".encode())
        two.execute(f"DELETE FROM {schema}.t WHERE a = 1".encode())
        with pytest.raises(psycopg.errors.SerializationFailure, match="1023"):
            one.execute(f"UPDATE {schema}.t SET b = 'new'".encode())


def test_lock_waits_and_sees_what_its_holder_committed(endpoint: Endpoint, schema: str) -> None:
    with endpoint.psycopg() as holder, endpoint.psycopg() as waiter:
        holder.execute(f"LOCK {schema}.t".encode())
        seen: list[object] = []

        def wait() -> None:
            waiter.execute(f"LOCK {schema}.t".encode())
            seen.append(waiter.execute(f"SELECT COUNT(*) FROM {schema}.t".encode()).fetchone())

        thread = threading.Thread(target=wait)
        thread.start()
        holder.execute(f"INSERT INTO {schema}.t VALUES (3, 'x')".encode())
        holder.commit()
        thread.join(30)
        assert seen == [(3,)]


def test_one_waits_for_the_others_write(endpoint: Endpoint, schema: str) -> None:
    with endpoint.psycopg() as first, endpoint.psycopg(autocommit=True) as second:
        first.execute(f"INSERT INTO {schema}.t VALUES (3, 'x')".encode())
        done = threading.Event()

        def write() -> None:
            second.execute(f"INSERT INTO {schema}.t VALUES (4, 'y')".encode())
            done.set()

        thread = threading.Thread(target=write)
        thread.start()
        assert not done.wait(0.2)
        first.commit()
        thread.join(30)
        assert done.is_set()


def test_what_was_open_is_rolled_back_when_a_client_goes(endpoint: Endpoint, schema: str) -> None:
    gone = endpoint.psycopg()
    gone.execute(f"DELETE FROM {schema}.t".encode())
    gone.execute("CREATE TEMP TABLE mine (a INTEGER)")
    gone.close()
    with endpoint.psycopg(autocommit=True) as other:
        other.execute(f"INSERT INTO {schema}.t VALUES (3, 'x')".encode())  # waits for the writer's lock
        assert other.execute(f"SELECT COUNT(*) FROM {schema}.t".encode()).fetchone() == (3,)
        with pytest.raises(psycopg.errors.UndefinedTable):
            other.execute("SELECT * FROM mine")


def test_closing_the_server_ends_sessions_and_what_they_run(
    tmp_path: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("closing")
    before = set(threading.enumerate())
    with running_endpoint(folder) as endpoint:
        idle, open_block = endpoint.psycopg(), endpoint.psycopg()
        open_block.execute("CREATE TABLE half_done (a INTEGER)")
    assert {thread for thread in threading.enumerate() if thread.name.startswith("tidegate")} <= before
    for connection in (idle, open_block):
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
        connection.close()
    with pytest.raises(psycopg.OperationalError):
        endpoint.psycopg()
    with endpoint.warehouse.session() as session:
        session.execute("CREATE TABLE half_done (a INTEGER)")
