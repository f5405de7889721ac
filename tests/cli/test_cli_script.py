import pytest

from tidegate.cli.script import read_script
from tidegate.errors import StatementError, UsageError


@pytest.mark.parametrize(
    ("sql", "verb", "is_query"),
    [
        ("select 1", "SELECT", True),
        ("/* a; b */ -- c;\n(select 1) union select 2", "SELECT", True),
        ("with a as (select 1) select * from a", "WITH", True),
        ("select * into t from a", "SELECT", False),
        ("select * from (select 1 as x, 'into') as y", "SELECT", True),
        ("insert into t select 1", "INSERT", False),
        ("create table t (a int)", "CREATE TABLE", False),
        ("create or replace view v as select 1", "CREATE VIEW", False),
        ("drop table t", "DROP TABLE", False),
        ("start transaction", "START TRANSACTION", False),
        ("show search_path", "SHOW", False),
    ],
)
def test_what_a_statement_is(sql: str, verb: str, is_query: bool) -> None:
    (statement,) = read_script(sql)
    assert (statement.text, statement.verb, statement.is_query) == (sql, verb, is_query)


def test_a_script_is_split_at_its_semicolons() -> None:
    statements = read_script("begin; insert into t values ('a;b');;\ncommit;\n")
    assert [s.text for s in statements] == ["begin", "insert into t values ('a;b')", "commit"]
    assert [(s.opens, s.closes) for s in statements] == [(True, False), (False, False), (False, True)]


@pytest.mark.parametrize("sql", ["", " ; ;", "-- only a comment"])
def test_a_script_without_a_statement_is_refused(sql: str) -> None:
    with pytest.raises(UsageError, match=r"^there is no SQL statement$"):
        read_script(sql)


def test_an_open_quote_is_refused() -> None:
    with pytest.raises(StatementError, match=r"^unterminated string$"):
        read_script("select 'a")
