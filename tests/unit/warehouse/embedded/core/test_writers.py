"""One writing transaction at a time, and no update lost against a snapshot that is too old."""

import threading
from dataclasses import replace

import pytest

from tidegate.config.settings import EmbeddedSettings
from tidegate.errors import SerializationConflict, StatementError, WarehouseLocked
from tidegate.warehouse.base import Session
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse


@pytest.fixture
def table(warehouse: EmbeddedWarehouse, session: Session) -> Session:
    session.execute("CREATE TABLE t (a INTEGER, b INTEGER)")
    session.execute("INSERT INTO t VALUES (1, 1), (2, 2)")
    session.execute("CREATE TABLE lock_00 (nothing SMALLINT)")
    return session


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE t SET b = 9 WHERE a = 1",
        "DELETE FROM t WHERE a = 1",
        "TRUNCATE t",
        "DROP TABLE t",
        "ALTER TABLE t RENAME TO u",
    ],
)
@pytest.mark.parametrize(
    "other", ["UPDATE t SET b = 5 WHERE a = 1", "DELETE FROM t WHERE a = 1", "INSERT INTO t VALUES (3, 3)"]
)
def test_a_change_that_the_snapshot_does_not_show_is_refused(
    warehouse: EmbeddedWarehouse, table: Session, change: str, other: str
) -> None:
    table.execute("BEGIN")
    table.execute("SELECT COUNT(*) FROM t")
    warehouse.execute(other)
    with pytest.raises(SerializationConflict) as conflict:
        table.execute(change)
    assert conflict.value.message == (
        "1023: serializable isolation violation on table public.t: another transaction changed it"
    )
    assert conflict.value.retryable
    table.execute("ROLLBACK")
    table.execute(change)


def test_an_insert_into_a_changed_table_is_fine(warehouse: EmbeddedWarehouse, table: Session) -> None:
    table.execute("BEGIN")
    table.execute("SELECT COUNT(*) FROM t")
    warehouse.execute("DELETE FROM t WHERE a = 1")
    table.execute("INSERT INTO t VALUES (3, 3)")
    table.execute("COMMIT")
    assert table.execute("SELECT a FROM t ORDER BY a").rows == ((2,), (3,))


def test_a_change_of_another_table_is_fine(warehouse: EmbeddedWarehouse, table: Session) -> None:
    warehouse.execute("CREATE TABLE u (a INTEGER)")
    table.execute("BEGIN")
    table.execute("SELECT COUNT(*) FROM t")
    warehouse.execute("INSERT INTO u VALUES (1)")
    table.execute("DELETE FROM t")
    table.execute("COMMIT")
    assert table.execute("SELECT COUNT(*) FROM t").rows == ((0,),)


def test_a_statement_of_its_own_sees_all_and_waits(settings: EmbeddedSettings, table: Session) -> None:
    """Without a block the snapshot begins after the wait for the writer, so nothing is refused."""
    patient = EmbeddedWarehouse(replace(settings, lock_timeout=30))
    table.execute("BEGIN")
    table.execute("UPDATE t SET b = b + 10")
    started = threading.Event()
    done: list[int] = []

    def work() -> None:
        with patient.session() as other:
            other.execute("SELECT 1")
            started.set()
            done.append(other.execute("UPDATE t SET b = b + 100").rowcount)

    thread = threading.Thread(target=work)
    thread.start()
    assert started.wait(30)
    assert done == []
    table.execute("COMMIT")
    thread.join(30)
    assert done == [2]
    assert table.execute("SELECT b FROM t ORDER BY a").rows == ((111,), (112,))


def test_a_second_writer_gives_up_after_the_timeout(warehouse: EmbeddedWarehouse, table: Session) -> None:
    table.execute("BEGIN")
    table.execute("INSERT INTO t VALUES (3, 3)")
    with pytest.raises(WarehouseLocked, match=r"another transaction of process \d+ is writing"):
        warehouse.execute("INSERT INTO t VALUES (4, 4)")
    assert warehouse.execute("SELECT COUNT(*) FROM t").rows == ((2,),)
    table.execute("ROLLBACK")
    assert warehouse.execute("INSERT INTO t VALUES (4, 4)").rowcount == 1


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_the_lock_goes_with_its_transaction(warehouse: EmbeddedWarehouse, table: Session, end: str) -> None:
    table.execute("BEGIN")
    table.execute("LOCK lock_00")
    with pytest.raises(WarehouseLocked):
        warehouse.execute("DELETE FROM t")
    table.execute(end)
    warehouse.execute("DELETE FROM t")


def test_a_failed_transaction_lets_go_of_the_lock(warehouse: EmbeddedWarehouse, table: Session) -> None:
    table.execute("BEGIN")
    table.execute("LOCK TABLE lock_00, t")
    with pytest.raises(StatementError, match="nope"):
        table.execute("SELECT nope FROM t")
    warehouse.execute("DELETE FROM t")
    table.execute("ROLLBACK")


def test_a_lock_takes_no_snapshot(settings: EmbeddedSettings, table: Session) -> None:
    patient = EmbeddedWarehouse(replace(settings, lock_timeout=30))
    table.execute("BEGIN")
    table.execute("LOCK lock_00")
    waiting = threading.Event()
    seen: list[object] = []

    def work() -> None:
        with patient.session() as other:
            other.execute("BEGIN")
            waiting.set()
            other.execute("LOCK lock_00")
            seen.extend(other.execute("SELECT COUNT(*) FROM t").rows)
            seen.append(other.execute("DELETE FROM t WHERE a = 3").rowcount)
            other.execute("COMMIT")

    thread = threading.Thread(target=work)
    thread.start()
    assert waiting.wait(30)
    table.execute("INSERT INTO t VALUES (3, 3)")
    table.execute("COMMIT")
    thread.join(30)
    assert seen == [(3,), 1]


def test_without_the_lock_write_skew_is_possible(warehouse: EmbeddedWarehouse, table: Session) -> None:
    """Both read the two rows, each takes one away: what LOCK is for (Isolation levels)."""
    with warehouse.session() as other:
        for session in (table, other):
            session.execute("BEGIN")
            assert session.execute("SELECT COUNT(*) FROM t").rows == ((2,),)
        table.execute("INSERT INTO t VALUES (10, 0)")
        table.execute("COMMIT")
        other.execute("INSERT INTO t VALUES (11, 0)")
        other.execute("COMMIT")
    assert table.execute("SELECT COUNT(*) FROM t").rows == ((4,),)


def test_many_threads_lose_no_update(settings: EmbeddedSettings, table: Session) -> None:
    warehouse = EmbeddedWarehouse(replace(settings, lock_timeout=60))

    def work() -> None:
        for _ in range(10):
            warehouse.execute("UPDATE t SET b = b + 1 WHERE a = 1")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert table.execute("SELECT b FROM t WHERE a = 1").rows == ((41,),)


def test_a_temporary_table_needs_no_lock(warehouse: EmbeddedWarehouse, table: Session) -> None:
    table.execute("BEGIN")
    table.execute("LOCK lock_00")
    with warehouse.session() as other:
        other.execute("CREATE TEMP TABLE stage (a INTEGER)")
        other.execute("INSERT INTO stage SELECT a FROM t")
        other.execute("UPDATE stage SET a = a + 1")
        assert other.execute("SELECT SUM(a) FROM stage").rows == ((5,),)
    table.execute("ROLLBACK")


def test_readers_never_wait(warehouse: EmbeddedWarehouse, table: Session) -> None:
    table.execute("BEGIN")
    table.execute("LOCK t")
    table.execute("DELETE FROM t")
    assert warehouse.execute("SELECT COUNT(*) FROM t").rows == ((2,),)
    table.execute("COMMIT")
    assert warehouse.execute("SELECT COUNT(*) FROM t").rows == ((0,),)


def test_two_that_create_one_table(warehouse: EmbeddedWarehouse, table: Session) -> None:
    table.execute("BEGIN")
    table.execute("SELECT 1 FROM t")
    warehouse.execute("CREATE TABLE u (a INTEGER)")
    with pytest.raises(SerializationConflict, match="1023"):
        table.execute("CREATE TABLE u (b INTEGER)")
    table.execute("ROLLBACK")
    assert warehouse.execute("SELECT * FROM u").columns[0].name == "a"
