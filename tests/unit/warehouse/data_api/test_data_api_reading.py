"""What the Data API driver reads: statements before they are sent, fields, failures, tokens."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from tidegate.errors import (
    GuardFailed,
    SerializationConflict,
    StatementCancelled,
    StatementError,
    StatementRefused,
    TidegateError,
)
from tidegate.redshift.guard import guard_text
from tidegate.warehouse.base import ResultColumn
from tidegate.warehouse.cluster.statements import read
from tidegate.warehouse.data_api.failures import failure_of, statement_failure
from tidegate.warehouse.data_api.tokens import MOST_ATTEMPTS, Tokens
from tidegate.warehouse.data_api.values import column, rows


@pytest.mark.parametrize(
    ("sql", "reads", "changes"),
    [
        ("SELECT 1", True, False),
        ("-- delete\nselect 'insert into', \"update\" from t", True, False),
        ("/* a /* DELETE */ b */ WITH x AS (SELECT 1) SELECT * FROM x", True, False),
        ("SELECT $$ delete $$, $a$ insert $$ $a$", True, False),
        ("EXPLAIN SELECT 1", True, False),
        ("(SELECT 1) UNION (SELECT 2)", True, False),
        ("WITH x AS (SELECT 1) DELETE FROM t USING x", False, True),
        ("SELECT * INTO copy FROM t", False, False),
        ("DELETE FROM t", False, True),
        ("UNLOAD ('select 1') TO 's3://b/p'", False, True),
        ("CREATE TABLE t (a INTEGER)", False, False),
        ("VACUUM t", False, False),
    ],
)
def test_what_a_statement_does(sql: str, reads: bool, changes: bool) -> None:
    text = read(sql)
    assert (text.reads, text.changes) == (reads, changes)


@pytest.mark.parametrize(
    ("sql", "stateful"),
    [
        ("CREATE TEMP TABLE s (a INTEGER)", True),
        ("create local temporary table s (a INTEGER)", True),
        ("CREATE TABLE #s (a INTEGER)", True),
        ("SET query_group TO 'x'", True),
        ("BEGIN", True),
        ("CREATE TABLE temp_orders (a INTEGER)", False),
        ("SELECT '#s', 'create temp'", False),
        ("UPDATE t SET a = 1", False),
    ],
)
def test_what_needs_a_session(sql: str, stateful: bool) -> None:
    assert read(sql).stateful is stateful


def test_the_comment_of_a_statement() -> None:
    assert read("/* tidegate b1 publish */ DELETE FROM t").mark == "/* tidegate b1 publish */"
    assert read("/* by hand */ DELETE FROM t").mark == ""
    assert read("DELETE FROM t /* tidegate b1 publish */").mark == ""


@pytest.mark.parametrize("sql", ["DELETE FROM t; SELECT 1", "SELECT 1;;SELECT 2"])
def test_one_statement_at_a_time(sql: str) -> None:
    with pytest.raises(StatementRefused, match="more than one statement"):
        read(sql)


@pytest.mark.parametrize("sql", ["", " ; ", "-- nothing", "/* /* */"])
def test_no_statement(sql: str) -> None:
    with pytest.raises(StatementRefused, match="no statement"):
        read(sql)


def test_semicolons_that_separate_nothing() -> None:
    assert read("SELECT ';' /* ; */ -- ;\n;").first == "select"


@pytest.mark.parametrize(
    ("type", "precision", "scale", "field", "shown", "value"),
    [
        ("int8", 19, 0, {"longValue": 7}, "bigint", 7),
        ("numeric", 38, 4, {"stringValue": "1.5000"}, "numeric(38,4)", Decimal("1.5000")),
        ("float4", 8, 0, {"doubleValue": 1.5}, "real", 1.5),
        ("bool", 1, 0, {"booleanValue": False}, "boolean", False),
        ("varchar", 5, 0, {"stringValue": ""}, "character varying(5)", ""),
        ("bpchar", 4, 0, {"stringValue": "ab  "}, "character(4)", "ab  "),
        ("date", 13, 0, {"stringValue": "2020-01-02"}, "date", date(2020, 1, 2)),
        ("date", 13, 0, {"stringValue": "20200-01-02"}, "date", "20200-01-02"),
        ("time", 15, 6, {"stringValue": "10:11:12.5"}, "time without time zone", time(10, 11, 12, 500_000)),
        (
            "timestamp",
            29,
            6,
            {"stringValue": "2020-01-02 03:04:05.25"},
            "timestamp without time zone",
            datetime(2020, 1, 2, 3, 4, 5, 250_000),  # noqa: DTZ001
        ),
        (
            "timestamptz",
            35,
            6,
            {"stringValue": "2020-01-02 05:04:05+02"},
            "timestamp with time zone",
            datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC),
        ),
        ("super", 0, 0, {"stringValue": "[1]"}, "super", "[1]"),
        ("varbyte", 0, 0, {"blobValue": b"\xc3\xa9"}, "varbyte", "c3a9"),
        ("int4", 10, 0, {"isNull": True}, "integer", None),
    ],
)
def test_fields_and_their_types(
    type: str, precision: int, scale: int, field: dict[str, object], shown: str, value: object
) -> None:
    found = column({"name": "v", "typeName": type, "precision": precision, "scale": scale})
    assert found == ResultColumn("v", shown)
    assert rows([found], [[field]]) == ((value,),)


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ('ERROR: relation "t" does not exist', StatementError, 'relation "t" does not exist'),
        (
            "ERROR: permission denied for relation t [ErrorId: 1-66-7]",
            StatementError,
            "permission denied for relation t",
        ),
        (f'ERROR: invalid input syntax for integer: "{guard_text("held: 3")}"', GuardFailed, "held: 3"),
        ("ERROR: 1023\n  Hint: x", SerializationConflict, "1023"),
        ("Query #2 failed with ERROR: deadlock detected", SerializationConflict, "deadlock detected"),
        ("ERROR: Query (7) cancelled on user's request", StatementCancelled, "query (7) cancelled"),
        ('ERROR: invalid input syntax for integer: "query canceled"', StatementError, "invalid input syntax"),
        ("ERROR: Query canceled", StatementCancelled, "query canceled"),
        ("", StatementError, "the statement failed without a message"),
    ],
)
def test_failures(text: str, kind: type[TidegateError], message: str) -> None:
    error = statement_failure(text)
    assert type(error) is kind
    assert error.message.startswith(message)
    assert "ERROR" not in error.message


def test_a_failure_has_hint_and_position() -> None:
    error = statement_failure('ERROR: column "x" does not exist\n  Hint: Check the name.\n  Position: 8')
    assert isinstance(error, StatementError)
    assert (error.message, error.hint, error.position) == ('column "x" does not exist', "Check the name.", 8)


def test_a_failure_inside_a_transaction_names_the_statement() -> None:
    """The first statement is the driver's own: the caller's are counted."""
    parts: list[dict[str, Any]] = [{}, {}, {"Error": "ERROR: no such thing"}, {}]
    error = failure_of({"Status": "FAILED", "SubStatements": parts}, leading=1)
    assert error.message == "statement 2 of 3: no such thing"
    aborted = failure_of({"Status": "ABORTED"}, leading=0)
    assert isinstance(aborted, StatementCancelled)


def test_tokens_are_the_same_in_every_process_until_an_outcome_is_known() -> None:
    here, there = Tokens(), Tokens()
    first = here.attempt("w", ["a", "b"])
    assert first.token == there.attempt("w", ["a", "b"]).token
    assert first.token not in {there.attempt("w", ["a"]).token, there.attempt("v", ["a", "b"]).token}
    assert len(first.token) <= 64
    second = here.after_failure(first)
    assert (second.number, here.attempt("w", ["a", "b"])) == (2, second)
    assert there.after_failure(there.attempt("w", ["a", "b"])).token == second.token
    here.delivered(second)
    drawn = here.attempt("w", ["a", "b"])
    assert drawn.number == 0
    assert here.attempt("w", ["a", "b"]) == drawn
    assert here.after_failure(drawn).token != drawn.token


def test_attempts_have_an_end() -> None:
    tokens = Tokens()
    attempt = tokens.attempt("w")
    for _ in range(MOST_ATTEMPTS):
        attempt = tokens.after_failure(attempt)
    assert attempt.number == 0
