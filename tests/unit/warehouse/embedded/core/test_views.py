"""Views: bound and late binding, expanded when they are read."""

import pytest

from tidegate.errors import StatementError, StatementRefused
from tidegate.model.names import TableName
from tidegate.warehouse.base import Session
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse


@pytest.fixture
def table(session: Session) -> Session:
    session.execute("CREATE TABLE t (a INTEGER, b VARCHAR(5))")
    session.execute("INSERT INTO t VALUES (1, 'x'), (2, 'y')")
    return session


def test_a_view_shows_the_rows_of_now(table: Session) -> None:
    table.execute("CREATE VIEW v AS SELECT a, COUNT(*) FROM t GROUP BY a")
    table.execute("INSERT INTO t VALUES (1, 'z')")
    assert table.execute("SELECT a, count FROM v ORDER BY a").rows == ((1, 2), (2, 1))
    assert table.execute("SELECT w.a / 2 FROM v AS w ORDER BY 1").rows == ((0,), (1,))


def test_a_view_may_rename_its_columns(table: Session) -> None:
    table.execute("CREATE VIEW v (x, y) AS SELECT a, b FROM t")
    assert table.execute("SELECT x, y FROM v ORDER BY x").rows == ((1, "x"), (2, "y"))


def test_a_view_does_not_see_the_names_of_its_reader(table: Session) -> None:
    table.execute("CREATE VIEW v AS SELECT a FROM t")
    assert table.execute("WITH t AS (SELECT 7 AS a) SELECT a FROM v ORDER BY a").rows == ((1,), (2,))


def test_a_view_is_replaced_only_when_asked(table: Session) -> None:
    table.execute("CREATE VIEW v AS SELECT a FROM t")
    with pytest.raises(StatementError, match=r'relation "public.v" already exists'):
        table.execute("CREATE VIEW v AS SELECT b FROM t")
    table.execute("CREATE OR REPLACE VIEW v AS SELECT b FROM t")
    assert table.execute("SELECT * FROM v ORDER BY 1").rows == (("x",), ("y",))
    with pytest.raises(StatementError, match=r'"public.t" is a table'):
        table.execute("CREATE OR REPLACE VIEW t AS SELECT 1 AS a")


def test_a_bound_view_is_checked_at_once(table: Session) -> None:
    with pytest.raises(StatementError, match='column "nope" does not exist'):
        table.execute("CREATE VIEW v AS SELECT nope FROM t")
    with pytest.raises(StatementError, match=r'relation "public.nope" does not exist'):
        table.execute("CREATE VIEW v AS SELECT 1 AS a FROM nope")


def test_a_late_binding_view_is_checked_when_read(table: Session) -> None:
    table.execute("CREATE VIEW v AS SELECT nope FROM public.missing WITH NO SCHEMA BINDING")
    with pytest.raises(StatementError, match=r'relation "public.missing" does not exist'):
        table.execute("SELECT * FROM v")
    table.execute("CREATE TABLE missing (nope INTEGER)")
    assert table.execute("SELECT * FROM v").rows == ()
    table.execute("DROP TABLE missing")


def test_a_late_binding_view_names_schemas(table: Session) -> None:
    with pytest.raises(StatementError, match='must name the schema of "t"'):
        table.execute("CREATE VIEW v AS SELECT a FROM t WITH NO SCHEMA BINDING")
    table.execute("CREATE VIEW v AS WITH w AS (SELECT a FROM public.t) SELECT a FROM w WITH NO SCHEMA BINDING")
    assert table.execute("SELECT COUNT(*) FROM v").rows == ((2,),)


def test_a_table_with_bound_views_is_dropped_with_cascade_only(table: Session) -> None:
    table.execute("CREATE VIEW v AS SELECT a FROM t")
    table.execute("CREATE VIEW w AS SELECT a FROM v")
    with pytest.raises(StatementError, match=r"cannot drop public.t: view public.v depends on it"):
        table.execute("DROP TABLE t")
    with pytest.raises(StatementError, match=r"cannot drop public.v: view public.w depends on it"):
        table.execute("DROP VIEW v")
    table.execute("DROP TABLE t CASCADE")
    for name in ("v", "w"):
        with pytest.raises(StatementError, match=f'relation "public.{name}" does not exist'):
            table.execute(f"SELECT * FROM {name}")


def test_late_binding_views_hold_nothing(table: Session) -> None:
    table.execute("CREATE VIEW v AS SELECT a FROM public.t WITH NO SCHEMA BINDING")
    table.execute("DROP TABLE t")
    table.execute("CREATE TABLE t (a VARCHAR(3))")
    table.execute("INSERT INTO t VALUES ('new')")
    assert table.execute("SELECT * FROM v").rows == (("new",),)


def test_dropping_views(table: Session) -> None:
    table.execute("CREATE VIEW v AS SELECT a FROM t")
    with pytest.raises(StatementError, match=r'"public.v" is a view'):
        table.execute("DROP TABLE v")
    with pytest.raises(StatementError, match=r'"public.t" is not a view'):
        table.execute("DROP VIEW t")
    table.execute("DROP VIEW v")
    with pytest.raises(StatementError, match=r'view "public.v" does not exist'):
        table.execute("DROP VIEW v")
    table.execute("DROP VIEW IF EXISTS v")


def test_views_that_read_one_another_in_a_ring(table: Session) -> None:
    table.execute("CREATE VIEW v AS SELECT 1 AS a FROM public.w WITH NO SCHEMA BINDING")
    table.execute("CREATE VIEW w AS SELECT 1 AS a FROM public.v WITH NO SCHEMA BINDING")
    with pytest.raises(StatementError, match=r"the view public.v reads itself"):
        table.execute("SELECT * FROM v")


def test_a_view_cannot_read_a_temporary_table(table: Session) -> None:
    table.execute("CREATE TEMP TABLE tmp (a INTEGER)")
    with pytest.raises(StatementError, match="the view reads the temporary table tmp"):
        table.execute("CREATE VIEW v AS SELECT a FROM tmp")


def test_a_materialized_view_is_refused_by_name(table: Session) -> None:
    with pytest.raises(StatementRefused, match="CREATE MATERIALIZED is not supported by the embedded warehouse"):
        table.execute("CREATE MATERIALIZED VIEW v AS SELECT a FROM t")


def test_a_view_is_no_table_of_the_port(warehouse: EmbeddedWarehouse, table: Session) -> None:
    table.execute("CREATE VIEW v AS SELECT a FROM t")
    assert list(warehouse.tables([TableName("public", "v"), TableName("public", "t")])) == [TableName("public", "t")]


def test_columns_of_views_are_listed(table: Session) -> None:
    table.execute("CREATE VIEW v AS SELECT b, COUNT(*) AS n FROM t GROUP BY b")
    result = table.execute(
        "SELECT column_name, data_type, character_maximum_length FROM svv_columns WHERE table_name = 'v' "
        "ORDER BY ordinal_position"
    )
    assert result.rows == (("b", "character varying", 5), ("n", "bigint", None))
