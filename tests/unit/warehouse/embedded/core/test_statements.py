"""Which statements there are, and which are refused by name."""

import pytest

from tidegate.errors import StatementError, StatementRefused
from tidegate.warehouse.base import Session
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("CREATE ROLE r", "CREATE ROLE"),
        ("CREATE GROUP g", "CREATE GROUP"),
        ("CREATE USER x PASSWORD 'y'", "CREATE USER"),
        ("CREATE FUNCTION f() RETURNS INT AS $$ SELECT 1 $$ LANGUAGE sql", "CREATE FUNCTION"),
        ("CREATE EXTERNAL FUNCTION f()", "CREATE EXTERNAL"),
        ("CREATE DATABASE d", "CREATE DATABASE"),
        ("CREATE INDEX i ON t (a)", "CREATE INDEX"),
        ("CALL p()", "CALL P"),
        ("EXPLAIN SELECT 1", "EXPLAIN SELECT"),
        ("PREPARE p AS SELECT 1", "PREPARE P"),
        ("DECLARE c CURSOR FOR SELECT 1", "DECLARE C"),
        ("FETCH NEXT FROM c", "FETCH NEXT"),
        ("MERGE INTO t USING u ON t.a = u.a REMOVE DUPLICATES", "MERGE INTO"),
        ("DROP USER x", "DROP USER"),
        ("ALTER USER x", "ALTER USER"),
        ("REFRESH MATERIALIZED VIEW v", "REFRESH MATERIALIZED"),
        ("CANCEL 1", "CANCEL 1"),
        ("PRAGMA database_list", "PRAGMA DATABASE_LIST"),
        ("ATTACH 'x.duckdb'", "ATTACH 'X.DUCKDB'"),
        ("INSTALL httpfs", "INSTALL HTTPFS"),
        ("EXPORT DATABASE 'x'", "EXPORT DATABASE"),
        ("VALUES (1)", "VALUES ("),
        ("FROM t", "FROM T"),
        ("PIVOT t", "PIVOT T"),
    ],
)
def test_statements_that_are_refused_by_name(session: Session, statement: str, name: str) -> None:
    with pytest.raises(StatementRefused) as refusal:
        session.execute(statement)
    assert refusal.value.message == f"{name} is not supported by the embedded warehouse"


@pytest.mark.parametrize("text", ["", "  ", ";", "-- nothing", "/* nothing */ ;"])
def test_a_text_without_a_statement(session: Session, text: str) -> None:
    with pytest.raises(StatementRefused, match="there is no statement"):
        session.execute(text)


@pytest.mark.parametrize(
    "text", ["SELECT 1; SELECT 2", "SELECT 1; DROP TABLE t", "VACUUM; SELECT 1", "SELECT 'a\\'; --'; SELECT 2"]
)
def test_two_statements_in_one_call(session: Session, text: str) -> None:
    with pytest.raises(StatementRefused, match="more than one statement in one call"):
        session.execute(text)


@pytest.mark.parametrize(
    "text",
    ["SELECT 1;", "SELECT 1 ; ; ", "/* tidegate job step */ SELECT 1 -- done", "SELECT 1 /* a ; b */", "(SELECT 1)"],
)
def test_one_statement_with_what_surrounds_it(session: Session, text: str) -> None:
    assert session.execute(text).rows == ((1,),)


def test_a_semicolon_in_a_literal_ends_nothing(session: Session) -> None:
    assert session.execute("SELECT 'a;b', $$c;d$$, 'it\\'s; fine'").rows == (("a;b", "c;d", "it's; fine"),)


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("SET query_group TO 'nightly'", "nightly"),
        ("SET SESSION query_group = nightly", "nightly"),
        ("SET query_group TO DEFAULT", "DEFAULT"),
    ],
)
def test_settings_are_remembered_by_the_session(session: Session, statement: str, shown: str) -> None:
    session.execute(statement)
    assert session.execute("SHOW query_group").rows == ((shown,),)
    session.execute("RESET query_group")
    assert session.execute("SHOW query_group").rows == (("",),)


@pytest.mark.parametrize(
    "statement",
    [
        "SET search_path TO public",
        "SET search_path TO '$user', public",
        "SET timezone TO 'UTC'",
        "SET TIME ZONE 'UTC'",
        "SET datestyle TO ISO",
        "SET extra_float_digits TO 0",
        "SET statement_timeout TO 1000",
        "SET enable_case_sensitive_identifier TO off",
    ],
)
def test_settings_that_change_nothing_are_taken(session: Session, statement: str) -> None:
    session.execute(statement)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SET search_path TO other", "SET search_path TO other is not supported by the embedded warehouse"),
        ("SET timezone TO 'CET'", "SET timezone TO CET is not supported by the embedded warehouse"),
        ("SET TIME ZONE 'CET'", "SET timezone TO CET is not supported by the embedded warehouse"),
        ("SET memory_limit TO '1GB'", "the setting memory_limit is not supported by the embedded warehouse"),
        ("SHOW all", "the setting all is not supported by the embedded warehouse"),
        ("RESET all", "the setting all is not supported by the embedded warehouse"),
        ("SET x", "SET x is not understood"),
    ],
)
def test_settings_that_are_refused(session: Session, statement: str, message: str) -> None:
    with pytest.raises(StatementRefused) as refusal:
        session.execute(statement)
    assert refusal.value.message == message


def test_maintenance(session: Session) -> None:
    session.execute("CREATE TABLE t (a INTEGER)")
    session.execute("INSERT INTO t VALUES (1), (2), (3)")
    session.execute("DELETE FROM t WHERE a = 1")
    for statement in (
        "VACUUM",
        "VACUUM t",
        "VACUUM DELETE ONLY public.t TO 99 PERCENT",
        "VACUUM FULL t BOOST",
        "VACUUM REINDEX t",
        "ANALYZE",
        "ANALYZE t",
        "ANALYZE VERBOSE t (a) PREDICATE COLUMNS",
    ):
        session.execute(statement)
    assert session.execute("SELECT COUNT(*) FROM t").rows == ((2,),)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("VACUUM nope", 'relation "public.nope" does not exist'),
        ("ANALYZE nope", 'relation "public.nope" does not exist'),
        ("ANALYZE t (b)", 'column "b" of public.t does not exist'),
        ("VACUUM t TO 101 PERCENT", 'syntax error in VACUUM at or near "PERCENT" (position 17)'),
        ("ANALYZE COMPRESSION t", "ANALYZE COMPRESSION is not supported by the embedded warehouse"),
        ("LOCK t", "LOCK outside of a transaction"),
    ],
)
def test_maintenance_errors(session: Session, statement: str, message: str) -> None:
    session.execute("CREATE TABLE t (a INTEGER)")
    with pytest.raises(StatementError) as error:
        session.execute(statement)
    assert error.value.message == message


def test_vacuum_reclaims_the_space_of_deleted_rows(warehouse: EmbeddedWarehouse) -> None:
    from tidegate.model.names import TableName

    name = TableName("public", "t")
    digits = "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4)"
    joins = ", ".join(f"{digits} AS d{n}" for n in range(8))
    with warehouse.session() as session:
        session.execute("CREATE TABLE t (a INTEGER)")
        session.execute(f"INSERT INTO t SELECT ROW_NUMBER() OVER () FROM {joins}")
        session.execute("DELETE FROM t WHERE a <= 300000")
        before = warehouse.table_stats([name])[name]
        session.execute("VACUUM t")
        after = warehouse.table_stats([name])[name]
    assert (before.rows, after.rows) == (90_625, 90_625)
    assert before.deleted == pytest.approx(300_000 / 390_625)
    assert after.deleted is not None
    assert after.deleted < 0.5
