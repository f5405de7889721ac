"""Transactions of a session: blocks, lists, aborts, streams, TRUNCATE."""

import pytest

from tidegate.errors import StatementError, StatementRefused
from tidegate.warehouse.base import Session
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse


@pytest.fixture
def table(session: Session) -> Session:
    session.execute("CREATE TABLE t (a INTEGER)")
    session.execute("INSERT INTO t VALUES (1)")
    return session


def rows(session: Session) -> list[object]:
    return [row[0] for row in session.execute("SELECT a FROM t ORDER BY a").rows]


@pytest.mark.parametrize(
    ("begin", "end", "kept"),
    [
        ("BEGIN", "COMMIT", True),
        ("BEGIN TRANSACTION", "END", True),
        ("START TRANSACTION", "COMMIT WORK", True),
        ("BEGIN ISOLATION LEVEL SERIALIZABLE", "END TRANSACTION", True),
        ("BEGIN", "ROLLBACK", False),
        ("BEGIN", "ABORT", False),
    ],
)
def test_blocks(warehouse: EmbeddedWarehouse, table: Session, begin: str, end: str, kept: bool) -> None:
    table.execute(begin)
    table.execute("INSERT INTO t VALUES (2)")
    assert warehouse.execute("SELECT COUNT(*) FROM t").rows == ((1,),)
    table.execute(end)
    assert rows(table) == ([1, 2] if kept else [1])


def test_begin_inside_a_block_does_nothing(table: Session) -> None:
    table.execute("BEGIN")
    table.execute("INSERT INTO t VALUES (2)")
    table.execute("BEGIN")
    table.execute("ROLLBACK")
    assert rows(table) == [1]


def test_commit_and_rollback_outside_of_a_block_do_nothing(table: Session) -> None:
    table.execute("COMMIT")
    table.execute("ROLLBACK")
    assert rows(table) == [1]


def test_an_aborted_block_takes_rollback_only(table: Session) -> None:
    table.execute("BEGIN")
    table.execute("INSERT INTO t VALUES (2)")
    with pytest.raises(StatementError, match="nope"):
        table.execute("SELECT nope FROM t")
    for statement in ("SELECT 1", "INSERT INTO t VALUES (3)", "SET query_group TO 'x'", "BEGIN; SELECT 1"):
        with pytest.raises(StatementError):
            table.execute(statement)
    with pytest.raises(StatementError, match="current transaction is aborted"):
        table.execute("SELECT 1")
    table.execute("ROLLBACK")
    assert rows(table) == [1]


def test_commit_of_an_aborted_block_is_an_error(table: Session) -> None:
    table.execute("BEGIN")
    table.execute("INSERT INTO t VALUES (2)")
    with pytest.raises(StatementError):
        table.execute("INSERT INTO t VALUES ('x')")
    with pytest.raises(StatementError, match="was aborted by an earlier error and is rolled back"):
        table.execute("COMMIT")
    assert rows(table) == [1]
    table.execute("INSERT INTO t VALUES (3)")
    assert rows(table) == [1, 3]


@pytest.mark.parametrize("bad", ["CALL p()", "SELECT 'a", "SELECT 1; SELECT 2", "SELECT fnv_hash(1)"])
def test_a_refusal_aborts_a_block_too(table: Session, bad: str) -> None:
    table.execute("BEGIN")
    table.execute("INSERT INTO t VALUES (2)")
    with pytest.raises(StatementError):
        table.execute(bad)
    with pytest.raises(StatementError, match="was aborted"):
        table.execute("COMMIT")
    assert rows(table) == [1]


def test_an_open_block_is_rolled_back_at_the_end_of_the_session(warehouse: EmbeddedWarehouse) -> None:
    warehouse.execute("CREATE TABLE t (a INTEGER)")
    with warehouse.session() as session:
        session.execute("BEGIN")
        session.execute("INSERT INTO t VALUES (2)")
    assert warehouse.execute("SELECT COUNT(*) FROM t").rows == ((0,),)


def test_ddl_is_transactional(table: Session) -> None:
    table.execute("BEGIN")
    table.execute("CREATE SCHEMA s")
    table.execute("CREATE TABLE s.u (b INTEGER IDENTITY(1,1))")
    table.execute("CREATE VIEW s.v AS SELECT b FROM s.u")
    table.execute("DROP TABLE t")
    table.execute("ROLLBACK")
    assert rows(table) == [1]
    with pytest.raises(StatementError, match='schema "s" does not exist'):
        table.execute("CREATE TABLE s.u (b INTEGER)")


def test_truncate_commits_what_came_before(table: Session) -> None:
    table.execute("CREATE TABLE u (a INTEGER)")
    table.execute("BEGIN")
    table.execute("INSERT INTO u VALUES (1)")
    table.execute("TRUNCATE t")
    table.execute("INSERT INTO u VALUES (2)")
    table.execute("ROLLBACK")
    assert rows(table) == []
    assert table.execute("SELECT a FROM u").rows == ((1,),)


@pytest.mark.parametrize(
    "statement",
    ["VACUUM t", "VACUUM", "ALTER TABLE t ALTER COLUMN b TYPE VARCHAR(20)", "CREATE EXTERNAL TABLE x.y (a INT)"],
)
def test_what_cannot_stand_in_a_block(table: Session, statement: str) -> None:
    table.execute("ALTER TABLE t ADD COLUMN b VARCHAR(5)")
    with pytest.raises(StatementRefused, match="transaction block"):
        table.transaction([statement])
    table.execute("BEGIN")
    with pytest.raises(StatementRefused, match="transaction block"):
        table.execute(statement)
    table.execute("ROLLBACK")


def test_a_list_is_all_or_nothing(table: Session) -> None:
    results = table.transaction(
        ["INSERT INTO t VALUES (2), (3)", "SELECT COUNT(*) FROM t", "DELETE FROM t WHERE a = 1"]
    )
    assert [r.rowcount for r in results] == [2, 1, 1]
    assert results[1].rows == ((3,),)
    with pytest.raises(StatementError):
        table.transaction(["DELETE FROM t", "SELECT nope FROM t"])
    assert rows(table) == [2, 3]
    assert table.transaction([]) == []


@pytest.mark.parametrize("statement", ["BEGIN", "COMMIT", "ROLLBACK", "END", "ABORT"])
def test_a_list_controls_its_own_transaction(table: Session, statement: str) -> None:
    with pytest.raises(StatementRefused, match="inside a list of statements"):
        table.transaction(["INSERT INTO t VALUES (2)", statement])
    assert rows(table) == [1]


def test_a_list_inside_of_a_block_is_refused(table: Session) -> None:
    table.execute("BEGIN")
    with pytest.raises(StatementRefused, match="a transaction is open in this session"):
        table.transaction(["SELECT 1"])
    table.execute("ROLLBACK")


def test_settings_may_stand_in_a_list(table: Session) -> None:
    results = table.transaction(["SET query_group TO 'x'", "SELECT 1"])
    assert results[1].rows == ((1,),)


def test_a_stream_reads_in_chunks(warehouse: EmbeddedWarehouse, table: Session) -> None:
    digits = ", ".join(f"({n})" for n in range(200))
    table.execute(f"INSERT INTO t VALUES {digits}")
    with warehouse.stream("SELECT x.a AS n FROM t AS x, t AS y") as stream:
        assert [(c.name, c.type) for c in stream.columns] == [("n", "integer")]
        sizes = [len(chunk) for chunk in stream.chunks]
    assert len(sizes) > 1
    assert sum(sizes) == 201 * 201


def test_a_stream_sees_one_snapshot_and_ends_with_its_context(warehouse: EmbeddedWarehouse, table: Session) -> None:
    with warehouse.stream("SELECT a FROM t") as stream:
        warehouse.execute("INSERT INTO t VALUES (2)")
        assert [row for chunk in stream.chunks for row in chunk] == [(1,)]
    assert rows(table) == [1, 2]


def test_a_session_does_one_thing_at_a_time(table: Session) -> None:
    with table.stream("SELECT a FROM t") as stream:
        with pytest.raises(StatementRefused, match="still being read"):
            table.execute("SELECT 1")
        assert list(stream.chunks) == [[(1,)]]
    assert rows(table) == [1]


def test_a_stream_in_a_block_belongs_to_it(table: Session) -> None:
    table.execute("BEGIN")
    table.execute("INSERT INTO t VALUES (2)")
    with table.stream("SELECT a FROM t ORDER BY a") as stream:
        assert list(stream.chunks) == [[(1,), (2,)]]
    table.execute("COMMIT")
    assert rows(table) == [1, 2]


def test_a_stream_that_fails_aborts_its_block(table: Session) -> None:
    table.execute("BEGIN")
    table.execute("INSERT INTO t VALUES (2)")
    with pytest.raises(StatementError, match="nope"), table.stream("SELECT nope FROM t"):
        pass
    with pytest.raises(StatementError, match="was aborted"):
        table.execute("COMMIT")
    assert rows(table) == [1]


def test_only_queries_are_streamed(table: Session) -> None:
    with pytest.raises(StatementRefused, match="DELETE returns no rows to stream"), table.stream("DELETE FROM t"):
        pass


def test_the_snapshot_begins_at_the_first_read(warehouse: EmbeddedWarehouse, table: Session) -> None:
    table.execute("BEGIN")
    warehouse.execute("INSERT INTO t VALUES (2)")
    assert rows(table) == [1, 2]
    warehouse.execute("INSERT INTO t VALUES (3)")
    assert rows(table) == [1, 2]
    table.execute("COMMIT")
    assert rows(table) == [1, 2, 3]


def test_a_definition_is_that_of_the_snapshot(warehouse: EmbeddedWarehouse, table: Session) -> None:
    table.execute("BEGIN")
    assert rows(table) == [1]
    warehouse.execute("CREATE VIEW v AS SELECT 7 AS a")
    with pytest.raises(StatementError, match=r'relation "public.v" does not exist'):
        table.execute("SELECT * FROM v")
    table.execute("ROLLBACK")
    assert table.execute("SELECT * FROM v").rows == ((7,),)
    warehouse.execute("CREATE OR REPLACE VIEW v AS SELECT 8 AS a")
    assert table.execute("SELECT * FROM v").rows == ((8,),)
