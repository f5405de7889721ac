"""Parameters become literals, and only where they are parameters."""

import pytest

from tidegate.errors import StatementError
from tidegate.warehouse.base import Session
from tidegate.warehouse.embedded.parameters import bind, bind_named, named_parameters, parameters


def test_numbered_parameters_are_counted_outside_of_strings_and_comments() -> None:
    assert parameters("SELECT $2, $1::int -- $9\n/* $8 */ , '$7', $$ $6 $$, \"$5\", a$4 FROM t") == 2
    assert parameters("SELECT 1") == 0


def test_values_are_bound_as_typed_or_bare_literals() -> None:
    sql = "SELECT $1, '$1', $2+$2, $3 /* $1 */"
    bound = bind(sql, ["it's \\ $2", "-5", None], [None, "bigint", "date"])
    assert bound == (
        "SELECT 'it''s \\\\ $2', '$1', CAST('-5' AS bigint)+CAST('-5' AS bigint), CAST(NULL AS date) /* $1 */"
    )
    assert bind("SELECT $11, $1", [str(n) for n in range(1, 12)], []) == "SELECT '11', '1'"


def test_a_parameter_without_a_value_is_named() -> None:
    with pytest.raises(StatementError, match=r"^there is no parameter \$2$") as failed:
        bind("SELECT $1, $2", ["a"], [None])
    assert (failed.value.sqlstate, failed.value.position) == ("42P02", 12)
    with pytest.raises(StatementError, match=r"^there is no value for the parameter :b$"):
        bind_named("SELECT :a, :b", {"a": "1"})


def test_named_parameters_leave_casts_strings_and_comments_alone() -> None:
    sql = "SELECT :a::int, ':a', a::varchar, :1st -- :a\n, /* :b */ \":a\", $$ :a $$"
    assert named_parameters(sql) == {"a", "1st"}
    assert bind_named(sql, {"a": "7", "1st": "o'c"}) == (
        "SELECT '7'::int, ':a', a::varchar, 'o''c' -- :a\n, /* :b */ \":a\", $$ :a $$"
    )


def test_bound_statements_run(session: Session) -> None:
    session.execute("CREATE TABLE t (id BIGINT, at DATE, what VARCHAR(20))")
    insert = "INSERT INTO t VALUES ($1, $2, $3)"
    session.execute(bind(insert, ["1", "2024-02-29", "it's"], ["bigint", "date", None]))
    session.execute(bind(insert, ["2", None, "\\n"], [None, None, None]))
    found = session.execute(bind("SELECT what FROM t WHERE id = $1 LIMIT $2", ["2", "5"], [None, "bigint"]))
    assert found.rows == (("\\n",),)
    named = bind_named("SELECT id FROM t WHERE at = :day AND what = :what", {"day": "2024-02-29", "what": "it's"})
    assert session.execute(named).rows == ((1,),)
