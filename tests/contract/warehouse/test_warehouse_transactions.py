"""Transactions: all or nothing, isolation, LOCK, sessions."""

import threading
from collections.abc import Callable

import pytest

from tidegate.errors import GuardFailed, SerializationConflict, StatementError
from tidegate.redshift.guard import guard
from tidegate.warehouse.base import Session, Warehouse

Opened = Callable[[], Warehouse]


def count(session: Session) -> int:
    ((found,),) = session.execute("SELECT COUNT(*) FROM contract.t").rows
    return int(str(found))


def test_a_list_of_statements_is_one_transaction(warehouse: Warehouse) -> None:
    results = warehouse.transaction(
        [
            "INSERT INTO contract.t VALUES (3, 'x')",
            "SELECT COUNT(*) FROM contract.t",
            "DELETE FROM contract.t WHERE a < 3",
        ]
    )
    assert [r.rowcount for r in results] == [1, 1, 2]
    assert results[1].rows == ((3,),)
    assert count(warehouse) == 1


def test_a_failing_statement_undoes_the_list(warehouse: Warehouse) -> None:
    with pytest.raises(StatementError):
        warehouse.transaction(["DELETE FROM contract.t", "SELECT nope FROM contract.t"])
    with pytest.raises(GuardFailed, match=r"^not empty: 1$"):
        warehouse.transaction(
            ["DELETE FROM contract.t WHERE a = 1", guard("contract.t", "COUNT(*) = 0", "not empty"), "SELECT 1"]
        )
    assert count(warehouse) == 2


def test_ddl_belongs_to_the_transaction(warehouse: Warehouse) -> None:
    with pytest.raises(StatementError):
        warehouse.transaction(["CREATE TABLE contract.u (a INTEGER)", "SELECT nope"])
    warehouse.execute("CREATE TABLE contract.u (a INTEGER)")


def test_nobody_sees_what_is_not_committed(opened: Opened, warehouse: Warehouse) -> None:
    other = opened()
    with warehouse.session() as session:
        session.execute("BEGIN")
        session.execute("DELETE FROM contract.t")
        assert count(session) == 0
        assert count(other) == 2
        session.execute("COMMIT")
    assert count(other) == 0


def test_a_transaction_reads_one_snapshot(opened: Opened, warehouse: Warehouse) -> None:
    other = opened()
    with warehouse.session() as session:
        session.execute("BEGIN")
        assert count(session) == 2
        other.execute("INSERT INTO contract.t VALUES (3, 'x')")
        assert count(session) == 2
        session.execute("COMMIT")
        assert count(session) == 3


def test_an_update_of_rows_that_changed_since_is_a_conflict(opened: Opened, warehouse: Warehouse) -> None:
    other = opened()
    with warehouse.session() as session:
        session.execute("BEGIN")
        assert count(session) == 2
        other.execute("DELETE FROM contract.t WHERE a = 1")
        with pytest.raises(SerializationConflict) as conflict:
            session.execute("UPDATE contract.t SET b = 'new' WHERE a = 1")
        assert conflict.value.retryable
        session.execute("ROLLBACK")


def test_temporary_tables_outlive_transactions_of_their_session(opened: Opened, warehouse: Warehouse) -> None:
    with warehouse.session() as session:
        session.execute("CREATE TEMP TABLE stage (a INTEGER)")
        session.transaction(["INSERT INTO stage VALUES (1)", "INSERT INTO contract.t SELECT a, 'tmp' FROM stage"])
        with pytest.raises(StatementError):
            session.transaction(["DELETE FROM stage", "SELECT nope"])
        assert session.execute("SELECT COUNT(*) FROM stage").rows == ((1,),)
        with pytest.raises(StatementError):
            opened().execute("SELECT * FROM stage")
    with warehouse.session() as session, pytest.raises(StatementError):
        session.execute("SELECT * FROM stage")


def test_an_open_block_ends_with_its_session(warehouse: Warehouse) -> None:
    with warehouse.session() as session:
        session.execute("BEGIN")
        session.execute("DELETE FROM contract.t")
    assert count(warehouse) == 2


def test_an_aborted_block_cannot_be_committed(warehouse: Warehouse) -> None:
    with warehouse.session() as session:
        session.execute("BEGIN")
        session.execute("DELETE FROM contract.t")
        with pytest.raises(StatementError):
            session.execute("SELECT nope")
        with pytest.raises(StatementError):
            session.execute("SELECT 1")
        with pytest.raises(StatementError):
            session.execute("COMMIT")
        assert count(session) == 2


def test_truncate_commits(warehouse: Warehouse) -> None:
    with warehouse.session() as session:
        session.execute("CREATE TABLE contract.u (a INTEGER)")
        session.execute("BEGIN")
        session.execute("INSERT INTO contract.u VALUES (1)")
        session.execute("TRUNCATE contract.t")
        session.execute("ROLLBACK")
        assert count(session) == 0
        assert session.execute("SELECT COUNT(*) FROM contract.u").rows == ((1,),)


LOCKED = [
    "LOCK contract.lock_00",
    guard("contract.t WHERE b = 'once'", "COUNT(*) = 0", "already there"),
    "INSERT INTO contract.t VALUES (9, 'once')",
]
"""Decides from what it reads, then writes: LOCK comes first, so that it sees what the previous holder committed."""


def race(opened: Opened, statements: list[str], sessions: int) -> list[str]:
    """Run the statements in as many sessions at once; what became of each."""
    start = threading.Barrier(sessions, timeout=60)
    outcomes: list[str] = []

    def run() -> None:
        with opened().session() as session:
            session.execute("SELECT 1")
            start.wait()
            try:
                session.transaction(statements)
            except (GuardFailed, SerializationConflict) as error:
                outcomes.append(error.message)
            else:
                outcomes.append("done")

    threads = [threading.Thread(target=run) for _ in range(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(outcomes)


def test_lock_lets_one_of_many_decide(opened: Opened, warehouse: Warehouse) -> None:
    warehouse.execute("CREATE TABLE contract.lock_00 (nothing SMALLINT)")
    outcomes = race(opened, LOCKED, 4)
    assert outcomes == ["already there: 1"] * 3 + ["done"]
    assert warehouse.execute("SELECT COUNT(*) FROM contract.t WHERE b = 'once'").rows == ((1,),)


def test_without_lock_two_may_decide_alike(opened: Opened, warehouse: Warehouse) -> None:
    """The same two transactions interleaved by hand, without LOCK: both guards pass."""
    with warehouse.session() as one, opened().session() as two:
        for session in (one, two):
            session.execute("BEGIN")
            session.execute(LOCKED[1])
        for session in (one, two):
            session.execute(LOCKED[2])
            session.execute("COMMIT")
    assert warehouse.execute("SELECT COUNT(*) FROM contract.t WHERE b = 'once'").rows == ((2,),)


def test_lock_outside_of_a_transaction_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(StatementError):
        warehouse.execute("LOCK contract.t")


def test_one_warehouse_serves_many_threads(warehouse: Warehouse) -> None:
    failures: list[Exception] = []

    def run(number: int) -> None:
        try:
            warehouse.execute(f"INSERT INTO contract.t VALUES ({number}, 'many')")
            warehouse.execute("SELECT COUNT(*) FROM contract.t")
        except StatementError as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert warehouse.execute("SELECT COUNT(*) FROM contract.t WHERE b = 'many'").rows == ((8,),)
