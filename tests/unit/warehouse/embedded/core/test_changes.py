"""INSERT, UPDATE, DELETE, TRUNCATE, and how values fit into columns."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tidegate.errors import StatementError, StatementRefused
from tidegate.warehouse.base import Session


@pytest.fixture
def table(session: Session) -> Session:
    session.execute("CREATE TABLE t (id INTEGER, name VARCHAR(5) DEFAULT 'none', n DECIMAL(6,2), d DATE)")
    session.execute("INSERT INTO t VALUES (1, 'one', 1.5, '2020-01-01'), (2, 'two', 2.5, NULL)")
    return session


@pytest.mark.parametrize(
    ("type", "value", "stored"),
    [
        ("VARCHAR(4)", "'néné'", None),
        ("VARCHAR(4)", "'néx'", "néx"),
        ("VARCHAR(4)", "'néx    '", "néx"),
        ("VARCHAR(5)", "'néx    '", "néx "),
        ("VARCHAR(3)", "'ab    '", "ab "),
        ("VARCHAR(3)", "'abcd'", None),
        ("VARCHAR(3)", "123", "123"),
        ("VARCHAR(3)", "''", ""),
        ("VARCHAR(3)", "NULL", "NULL"),
        ("VARCHAR(10)", "DATE '2020-01-02'", "2020-01-02"),
        ("CHAR(3)", "'ab    '", "ab"),
        ("CHAR(3)", "'abcd'", None),
        ("CHAR(3)", "'né'", None),
        ("DECIMAL(5,2)", "1.255", Decimal("1.26")),
        ("DECIMAL(5,2)", "-1.255", Decimal("-1.26")),
        ("DECIMAL(5,2)", "999.994", Decimal("999.99")),
        ("DECIMAL(5,2)", "999.995", None),
        ("DECIMAL(5,2)", "'12.345'", Decimal("12.35")),
        ("INTEGER", "2147483648", None),
        ("INTEGER", "'12'", 12),
        ("INTEGER", "'12.5'", None),
        ("INTEGER", "2.5", 3),
        ("SMALLINT", "40000", None),
        ("DATE", "'2020-02-30'", None),
        ("DATE", "TIMESTAMP '2020-01-02 03:04:05'", date(2020, 1, 2)),
        ("TIMESTAMP", "'2020-01-01 00:00:00+02'", None),
        ("TIMESTAMPTZ", "'2020-01-01 00:00:00+02'", datetime(2019, 12, 31, 22, tzinfo=UTC)),
        ("BOOLEAN", "'yes'", True),
        ("BOOLEAN", "'perhaps'", None),
        ("VARBYTE(2)", "FROM_HEX('c3a9')", "c3a9"),
        ("VARBYTE(2)", "FROM_HEX('c3a9aa')", None),
        ("VARBYTE(3)", "'é'", "c3a9"),
        ("REAL", "'1.5'", 1.5),
    ],
)
@pytest.mark.parametrize("form", ["VALUES ({})", "SELECT {}", "SELECT x FROM (SELECT {} AS x) AS q"])
def test_values_fit_or_fail(session: Session, type: str, value: str, stored: object, form: str) -> None:
    session.execute(f"CREATE TABLE v (x {type})")
    statement = f"INSERT INTO v {form.format(value)}"
    if stored is None:
        with pytest.raises(StatementError):
            session.execute(statement)
        assert session.execute("SELECT COUNT(*) FROM v").rows == ((0,),)
    else:
        assert session.execute(statement).rowcount == 1
        assert session.execute("SELECT x FROM v").rows == ((None if stored == "NULL" else stored,),)


@pytest.mark.parametrize(
    ("type", "value", "message"),
    [
        ("VARCHAR(3)", "'abcd'", "value too long for type character varying(3)"),
        ("CHAR(3)", "'abcd'", "value too long for type character(3)"),
        ("CHAR(3)", "'né'", "CHAR string contains invalid ASCII character: multibyte characters need VARCHAR"),
        ("VARBYTE(1)", "'ab'", "value too long for type varbyte(1)"),
        ("INTEGER", "'x'", 'invalid input syntax for integer: "x"'),
        ("INTEGER", "TRUE", 'column "x" is of type integer but the value is boolean'),
    ],
)
def test_what_does_not_fit_is_told(session: Session, type: str, value: str, message: str) -> None:
    session.execute(f"CREATE TABLE v (x {type})")
    with pytest.raises(StatementError) as error:
        session.execute(f"INSERT INTO v VALUES ({value})")
    assert error.value.message == message


def test_inserting(table: Session) -> None:
    assert table.execute("INSERT INTO t (n, id) VALUES (3, 3), (NULL, 4)").rowcount == 2
    assert table.execute("INSERT INTO t VALUES (5, DEFAULT, DEFAULT, GETDATE())").rowcount == 1
    assert table.execute("INSERT INTO t (id) SELECT id + 10 FROM t WHERE id < 3").rowcount == 2
    assert table.execute("INSERT INTO t (id) WITH w AS (SELECT 20 AS x) SELECT x FROM w").rowcount == 1
    assert table.execute("INSERT INTO t (id) (SELECT 21)").rowcount == 1
    assert table.execute("INSERT INTO t DEFAULT VALUES").rowcount == 1
    assert table.execute("SELECT id, name FROM t WHERE id > 2 OR id IS NULL ORDER BY id").rows == (
        *((3, "none"), (4, "none"), (5, "none"), (11, "none"), (12, "none"), (20, "none"), (21, "none")),
        (None, "none"),
    )


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("INSERT INTO t (id, nope) VALUES (1, 2)", 'column "nope" of relation "public.t" does not exist'),
        ("INSERT INTO t (id, id) VALUES (1, 2)", 'column "id" is specified more than once'),
        ("INSERT INTO t (id) VALUES (1, 2)", "INSERT has 1 target columns and 2 values"),
        ("INSERT INTO t VALUES (1)", "INSERT has 4 target columns and 1 values"),
        ("INSERT INTO t SELECT 1", "INSERT has 4 target columns and 1 values"),
        ("INSERT INTO nope VALUES (1)", 'relation "public.nope" does not exist'),
        ("UPDATE t SET nope = 1", 'column "nope" of relation "public.t" does not exist'),
        ("UPDATE t SET t.id = 1", "SET t.id = 1 is not column = value"),
        ("UPDATE nope SET a = 1", 'relation "public.nope" does not exist'),
        ("DELETE FROM nope", 'relation "public.nope" does not exist'),
        ("DELETE FROM t WHERE nope = 1", 'column "nope" does not exist'),
        ("TRUNCATE nope", 'relation "public.nope" does not exist'),
        ("INSERT INTO v VALUES (1)", '"public.v" is a view'),
        ("DELETE FROM v", '"public.v" is a view'),
        ("UPDATE v SET id = 1", '"public.v" is a view'),
    ],
)
def test_errors(table: Session, statement: str, message: str) -> None:
    table.execute("CREATE VIEW v AS SELECT id FROM t")
    with pytest.raises(StatementError) as error:
        table.execute(statement)
    assert error.value.message == message


@pytest.mark.parametrize(
    ("statement", "rows", "left"),
    [
        (
            "UPDATE t SET n = n * 2, name = DEFAULT WHERE id = 1",
            1,
            ((1, "none", Decimal("3.00")), (2, "two", Decimal("2.50"))),
        ),
        (
            "UPDATE t SET name = 'x' FROM (SELECT 2 AS k) AS s WHERE t.id = s.k",
            1,
            ((1, "one", Decimal("1.50")), (2, "x", Decimal("2.50"))),
        ),
        (
            "UPDATE t AS a SET n = b.n FROM t AS b WHERE a.id = 1 AND b.id = 2",
            1,
            ((1, "one", Decimal("2.50")), (2, "two", Decimal("2.50"))),
        ),
        (
            "WITH w AS (SELECT 1 AS k) UPDATE t SET n = NULL WHERE id IN (SELECT k FROM w)",
            1,
            ((1, "one", None), (2, "two", Decimal("2.50"))),
        ),
        (
            "UPDATE public.t SET n = (SELECT MAX(n) FROM t)",
            2,
            ((1, "one", Decimal("2.50")), (2, "two", Decimal("2.50"))),
        ),
        ("DELETE FROM t WHERE id = 1", 1, ((2, "two", Decimal("2.50")),)),
        ("DELETE t WHERE id = 1", 1, ((2, "two", Decimal("2.50")),)),
        (
            "DELETE FROM t USING u, (SELECT 2 AS z) AS w WHERE t.id = u.k AND w.z = t.id",
            1,
            ((1, "one", Decimal("1.50")),),
        ),
        ("DELETE FROM t USING u AS a JOIN u AS b ON a.k = b.k WHERE t.id = a.k", 1, ((1, "one", Decimal("1.50")),)),
        ("WITH w AS (SELECT 2 AS k) DELETE FROM t USING w WHERE t.id = w.k", 1, ((1, "one", Decimal("1.50")),)),
        ("DELETE FROM public.t WHERE t.n IN (SELECT MIN(n) FROM t)", 1, ((2, "two", Decimal("2.50")),)),
        ("DELETE FROM t", 2, ()),
        ("TRUNCATE TABLE t", 0, ()),
    ],
)
def test_changing(table: Session, statement: str, rows: int, left: object) -> None:
    table.execute("CREATE TABLE u (k INTEGER)")
    table.execute("INSERT INTO u VALUES (2)")
    assert table.execute(statement).rowcount == rows
    assert table.execute("SELECT id, name, n FROM t ORDER BY id").rows == left


def test_an_update_checks_values_too(table: Session) -> None:
    with pytest.raises(StatementError, match="value too long for type character varying"):
        table.execute("UPDATE t SET name = 'much too long'")
    with pytest.raises(StatementError, match='invalid input syntax for integer: "two"'):
        table.execute("UPDATE t SET id = name WHERE name = 'two'")


def test_identity(session: Session) -> None:
    session.execute("CREATE TABLE t (id BIGINT IDENTITY(10, 5), a INTEGER)")
    session.execute("INSERT INTO t VALUES (1), (2)")
    session.execute("INSERT INTO t (a) SELECT 3")
    session.execute("INSERT INTO t (a) VALUES (4)")
    assert session.execute("SELECT id, a FROM t ORDER BY a").rows == ((10, 1), (15, 2), (20, 3), (25, 4))
    with pytest.raises(StatementError, match=r'cannot set an identity column to a value: "id" of public.t'):
        session.execute("INSERT INTO t (id, a) VALUES (1, 1)")
    with pytest.raises(StatementError, match='cannot set an identity column to a value: "id"'):
        session.execute("UPDATE t SET id = 1")


def test_identity_by_default_takes_values(session: Session) -> None:
    session.execute("CREATE TABLE t (id INTEGER GENERATED BY DEFAULT AS IDENTITY(-1, -1), a INTEGER)")
    session.execute("INSERT INTO t (id, a) VALUES (7, 1), (DEFAULT, 2)")
    session.execute("INSERT INTO t (a) VALUES (3)")
    assert session.execute("SELECT id, a FROM t ORDER BY a").rows == ((7, 1), (-1, 2), (-2, 3))


def test_identity_values_are_not_given_twice_after_a_rollback(session: Session) -> None:
    session.execute("CREATE TABLE t (id BIGINT IDENTITY(1, 1), a INTEGER)")
    session.execute("BEGIN")
    session.execute("INSERT INTO t (a) VALUES (1)")
    session.execute("ROLLBACK")
    session.execute("INSERT INTO t (a) VALUES (2)")
    session.execute("INSERT INTO t (a) VALUES (3)")
    ((first,), (second,)) = session.execute("SELECT id FROM t ORDER BY a").rows
    assert first != second


def test_merge_is_refused_by_name(table: Session) -> None:
    with pytest.raises(StatementRefused, match="MERGE INTO is not supported by the embedded warehouse"):
        table.execute("MERGE INTO t USING u ON t.id = u.id REMOVE DUPLICATES")


def test_a_default_is_computed_for_each_insert(session: Session) -> None:
    session.execute("CREATE TABLE t (a INTEGER, d DATE DEFAULT CURRENT_DATE, v VARCHAR(3) DEFAULT 'a' || 'b')")
    session.execute("INSERT INTO t (a) VALUES (1)")
    assert session.execute("SELECT d = CURRENT_DATE, v FROM t").rows == ((True, "ab"),)
