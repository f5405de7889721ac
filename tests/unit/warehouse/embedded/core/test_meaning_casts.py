"""Casts among all types, with the errors that guards rely on."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from tidegate.errors import GuardFailed, StatementError, StatementRefused
from tidegate.redshift.guard import guard, guard_none
from tidegate.warehouse.base import Session

stamp = datetime.fromisoformat
Typed = Callable[[str], tuple[object, str]]
LONG = "character varying(65535)"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'12'::int", (12, "integer")),
        ("' -12 '::bigint", (-12, "bigint")),
        ("'+7'::smallint", (7, "smallint")),
        ("TRUE::int", (1, "integer")),
        ("2.5::int", (3, "integer")),
        ("-2.5::int", (-3, "integer")),
        ("12::float::int", (12, "integer")),
        ("CONVERT(INTEGER, '12')", (12, "integer")),
        ("NULL::int", (None, "integer")),
        ("'1.255'::decimal(10,2)", (Decimal("1.26"), "numeric(10,2)")),
        ("-1.255::numeric(10,2)", (Decimal("-1.26"), "numeric(10,2)")),
        ("7::numeric", (Decimal(7), "numeric(18,0)")),
        ("'1.5'::float", (1.5, "double precision")),
        ("'1.5'::real", (1.5, "real")),
        ("'t'::boolean", (True, "boolean")),
        ("' No '::boolean", (False, "boolean")),
        ("2::boolean", (True, "boolean")),
        ("'abc'::varchar(2)", ("ab", LONG)),
        ("'néné'::varchar(5)", ("nén", LONG)),
        ("'né'::varchar(2)", ("n", LONG)),
        ("'ab  '::varchar(10) || '|'", ("ab  |", LONG)),
        ("'abc'::char(2)", ("ab", LONG)),
        ("'a '::char(5) || '|'", ("a|", LONG)),
        ("12::varchar(2)", ("12", LONG)),
        ("1.50::varchar", ("1.50", LONG)),
        ("DATE '2020-01-02'::varchar(10)", ("2020-01-02", LONG)),
        ("TIMESTAMP '2020-01-02 03:04:05.120'::varchar", ("2020-01-02 03:04:05.12", LONG)),
        ("'2020-01-02 03:04:05+00'::timestamptz::varchar", ("2020-01-02 03:04:05+00", LONG)),
        ("TIME '03:04:05'::varchar", ("03:04:05", LONG)),
        ("'03:04:05+02'::timetz::varchar", ("03:04:05+02", LONG)),
        ("'2020-01-02'::date", (date(2020, 1, 2), "date")),
        ("TIMESTAMP '2020-01-02 23:00:00'::date", (date(2020, 1, 2), "date")),
        ("'2020-01-02'::timestamp", (stamp("2020-01-02 00:00:00"), "timestamp without time zone")),
        ("DATE '2020-01-02'::timestamptz", (datetime(2020, 1, 2, tzinfo=UTC), "timestamp with time zone")),
        ("'10:11'::time", (time(10, 11), "time without time zone")),
        ("TIMESTAMP '2020-01-02 10:11:00'::time", (time(10, 11), "time without time zone")),
        ("'abc'::varbyte", ("616263", "varbyte(64000)")),
        ("'{}'::super", ('"{}"', "super")),
        ("1::super", ("1", "super")),
        ("JSON_PARSE('{\"a\":1}')::varchar", (None, LONG)),
        ("JSON_PARSE('\"a\"')::varchar", ("a", LONG)),
        ("JSON_PARSE('12')::varchar", ("12", LONG)),
    ],
)
def test_casts(typed: Typed, expression: str, expected: tuple[object, str]) -> None:
    assert typed(expression) == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("'abc'::int", 'invalid input syntax for integer: "abc"'),
        ("'12.5'::bigint", 'invalid input syntax for bigint: "12.5"'),
        ("'1_000'::smallint", 'invalid input syntax for smallint: "1_000"'),
        ("''::int", 'invalid input syntax for integer: ""'),
        ("'maybe'::boolean", 'invalid input syntax for type boolean: "maybe"'),
        ("123456::varchar(3)", "Value too long for character type: 123456"),
        ("'2020-01-01 00:00:00+02'::timestamp", 'time zone in the text of a TIMESTAMP: "2020-01-01 00:00:00+02"'),
    ],
)
def test_texts_that_are_no_value(typed: Typed, expression: str, message: str) -> None:
    with pytest.raises(StatementError) as error:
        typed(expression)
    assert error.value.message == message


@pytest.mark.parametrize(
    "expression",
    ["40000::smallint", "99999999999::int", "1000::decimal(3,0)", "'2020-02-30'::date", "'x'::decimal(5,2)"],
)
def test_values_out_of_range(typed: Typed, expression: str) -> None:
    with pytest.raises(StatementError):
        typed(expression)


@pytest.mark.parametrize(
    ("expression", "hint"),
    [
        ("TRUE::varchar", "BOOLEAN cannot be cast to VARCHAR here."),
        ("1.5::float::varchar", "DOUBLE PRECISION cannot be cast to VARCHAR here."),
        ("1::date", "INTEGER cannot be cast to DATE here."),
        ("DATE '2020-01-01'::int", "DATE cannot be cast to INTEGER here."),
        ("DATE '2020-01-01'::super", "DATE cannot be cast to SUPER here."),
        ("1::varbyte", "INTEGER cannot be cast to VARBYTE here."),
        ("JSON_PARSE('1')::int", "SUPER cannot be cast to INTEGER here."),
    ],
)
def test_casts_that_are_refused(typed: Typed, expression: str, hint: str) -> None:
    with pytest.raises(StatementRefused) as refusal:
        typed(expression)
    assert refusal.value.hint == hint


def test_an_unknown_type_is_an_error(typed: Typed) -> None:
    with pytest.raises(StatementError, match="is not a Redshift type"):
        typed("1::uuid")


def test_a_column_that_holds_a_bad_text_fails_with_it(session: Session) -> None:
    session.execute("CREATE TABLE t (s VARCHAR(20))")
    session.execute("INSERT INTO t VALUES ('1'), (NULL), ('zwei')")
    with pytest.raises(StatementError, match='invalid input syntax for integer: "zwei"'):
        session.execute("SELECT CAST(s AS INTEGER) FROM t")
    assert session.execute("SELECT SUM(CAST(s AS INTEGER)) FROM t WHERE s IS NULL OR s ~ '^[0-9]+$'").rows == ((1,),)


def test_a_guard_fails_with_its_reason_and_the_count(session: Session) -> None:
    session.execute("CREATE TABLE t (i INTEGER)")
    session.execute("INSERT INTO t VALUES (1), (2)")
    assert session.execute(guard("t", "COUNT(*) = 2", "hot rows changed")).rows == ((0,),)
    with pytest.raises(GuardFailed) as failure:
        session.execute(guard("t", "COUNT(*) = 3", "hot rows changed"))
    assert failure.value.message == "hot rows changed: 2"


def test_a_guard_over_nothing_fails_too(session: Session) -> None:
    session.execute("CREATE TABLE t (i INTEGER)")
    with pytest.raises(GuardFailed, match=r"^emptied: 0$"):
        session.execute(guard("t WHERE i = 7", "COUNT(*) = 3", "emptied"))


def test_a_guard_whose_condition_is_null_fails(session: Session) -> None:
    session.execute("CREATE TABLE t (i INTEGER)")
    with pytest.raises(GuardFailed, match=r"^unknown: 0$"):
        session.execute(guard("t", "MAX(i) = 3", "unknown"))


def test_forms_of_a_guard_that_pass_when_they_should_fail(session: Session) -> None:
    """Why a guard is one ungrouped aggregate with COALESCEd parts (guard statements, redshift/guard.py)."""
    session.execute("CREATE TABLE t (i INTEGER)")
    grouped = "SELECT CASE WHEN COUNT(*) = 1 THEN 0 ELSE CAST('tidegate guard: x' AS INTEGER) END FROM t GROUP BY i"
    assert session.execute(grouped).rows == ()
    session.execute("INSERT INTO t VALUES (1)")
    message = "'tidegate guard: ' || CAST(MAX(NULL::int) AS VARCHAR)"
    null = f"SELECT CASE WHEN COUNT(*) = 0 THEN 0 ELSE CAST({message} AS INTEGER) END FROM t"
    assert session.execute(null).rows == ((None,),)
    inner = (
        "CASE WHEN COUNT(*) = 0 THEN 0 ELSE CAST('tidegate guard: ' || CAST(COUNT(*) AS VARCHAR) AS INTEGER) END AS g"
    )
    assert session.execute(f"SELECT 1 FROM (SELECT {inner} FROM t) AS q").rows == ((1,),)


def test_a_failing_guard_undoes_the_transaction(session: Session) -> None:
    session.execute("CREATE TABLE t (i INTEGER)")
    with pytest.raises(GuardFailed, match=r"^rows: 1$"):
        session.transaction(["INSERT INTO t VALUES (1)", guard_none("t", "rows"), "INSERT INTO t VALUES (2)"])
    assert session.execute("SELECT COUNT(*) FROM t").rows == ((0,),)
