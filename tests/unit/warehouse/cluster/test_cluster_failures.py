"""What a Redshift says of failures, word for word, and what they become: by both drivers, and for guards."""

from collections.abc import Callable

import pytest

from tidegate.errors import (
    GuardFailed,
    SerializationConflict,
    StatementCancelled,
    StatementError,
    StatementRefused,
    TidegateError,
    WarehouseLocked,
    WarehouseUnreachable,
)
from tidegate.redshift.guard import guard, guard_reason, guarded_reason
from tidegate.warehouse.cluster.failures import Told, failure
from tidegate.warehouse.connector import failures as connector
from tidegate.warehouse.data_api import failures as data_api

_TABLE = """
  -----------------------------------------------
  error:  {message}
  code:      {code}
  context:   {context}
  query:     1188898
  location:  :0
  process:   query0_118_1188898 [pid=0]
  -----------------------------------------------
"""
_BAD_DIGIT = "Invalid digit, Value 't', Pos 0, Type: Integer "
_GUARD = "/* tidegate b1 publish */ " + guard('"a"."o" WHERE x = \'y\'', "COUNT(*) = 9", "hot rows changed")


def _detail(context: str, code: int = 1207, message: str = _BAD_DIGIT) -> str:
    return _TABLE.format(message=message, code=code, context=context)


def _by_connector(message: str, detail: str = "", state: str = "XX000", statement: str = "SELECT 1") -> TidegateError:
    return connector.statement_failure({"S": "ERROR", "C": state, "M": message, "D": detail}, statement)


def _by_data_api(message: str, detail: str = "", state: str = "", statement: str = "SELECT 1") -> TidegateError:
    text = f"ERROR: {message}" + (f"\n  Detail: {detail}" if detail else "") + " [ErrorId: 1-66f]"
    part = {"Status": "FAILED", "QueryString": statement, "Error": text}
    return data_api.failure_of({"Status": "FAILED", "SubStatements": [{"Status": "ABORTED"}, part]}, leading=0)


def _by_data_api_alone(message: str, detail: str = "", state: str = "", statement: str = "SELECT 1") -> TidegateError:
    text = " ".join(f"ERROR: {message} Detail: {detail}".split())
    return data_api.failure_of({"Status": "FAILED", "QueryString": statement, "Error": text}, leading=0)


DRIVERS = pytest.mark.parametrize("fail", [_by_connector, _by_data_api, _by_data_api_alone])
Fail = Callable[..., TidegateError]


@pytest.mark.parametrize(
    ("state", "message", "kind", "shown"),
    [
        ("42P01", 'ERROR: Relation "t" does not exist', StatementError, 'relation "t" does not exist'),
        ("40P01", "deadlock detected", SerializationConflict, "deadlock detected"),
        ("XX000", "ERROR:  1023", SerializationConflict, "1023"),
        (None, "ERROR: 1023 Serializable isolation violation on table", SerializationConflict, None),
        ("0A000", "GRANT is not supported", StatementRefused, "GRANT is not supported"),
        ("57014", "Query (1) cancelled on user's request", StatementCancelled, "query (1) cancelled on user's request"),
        (None, "ERROR: Query (12) cancelled on user's request", StatementCancelled, None),
        ("XX000", "Query (12) cancelled by WLM abort action", StatementCancelled, None),
        (None, "canceling statement due to user request", StatementCancelled, None),
        ("55P03", "somebody writes", WarehouseLocked, "somebody writes"),
        ("57P01", "terminating connection", WarehouseUnreachable, "terminating connection"),
        ("08006", "connection lost", WarehouseUnreachable, "connection lost"),
        ("42501", "Permission denied for relation t", StatementError, "permission denied for relation t"),
        (None, "", StatementError, "the statement failed without a message"),
    ],
)
def test_failures_by_state_and_text(
    state: str | None, message: str, kind: type[TidegateError], shown: str | None
) -> None:
    error = failure(Told(state, message))
    assert type(error) is kind
    assert error.hint.endswith(".")
    if shown is not None:
        assert error.message == shown
    if isinstance(error, StatementError) and state not in (None, "XX000"):
        assert error.sqlstate == state


def test_hint_and_position_are_kept() -> None:
    error = failure(Told("42601", "syntax error", hint="Look there.", position=7))
    assert (error.message, error.hint, getattr(error, "position", None)) == ("syntax error", "Look there.", 7)


@pytest.mark.parametrize("fail", [_by_connector, _by_data_api])
def test_what_only_the_detail_tells_is_told(fail: Fail) -> None:
    cycle = "Serializable isolation violation on table - 1234, transactions forming the cycle are: 1, 2 (pid:3)"
    for conflict in (fail("1023", cycle), fail("Assert", cycle), fail("Assert", _detail(cycle, 1023, "1023"))):
        assert isinstance(conflict, SerializationConflict)
        assert cycle in conflict.message
        assert "----" not in conflict.message


@pytest.mark.parametrize("fail", [_by_connector, _by_data_api])
@pytest.mark.parametrize(
    "quoted",
    [
        "1023",
        "Query canceled",
        "query (7) cancelled on user's request",
        "deadlock detected",
        "code: 1023",
        "tidegate guard: x: 1",
    ],
)
def test_what_an_error_quotes_is_not_what_it_is(fail: Fail, quoted: str) -> None:
    for told in (
        (f'invalid input syntax for type date: "{quoted}"', ""),
        (f'relation "{quoted}" does not exist', ""),
        ("Invalid date", _detail(f"'{quoted}'", 8001, "Invalid date")),
    ):
        error = fail(*told)
        assert (type(error), quoted in error.message) == (StatementError, True)


@DRIVERS
def test_a_guard_on_the_leader_node(fail: Fail) -> None:
    error = fail('invalid input syntax for integer: "tidegate guard: hot rows changed: 10"', "", "22P02", _GUARD)
    assert (type(error), error.message) == (GuardFailed, "hot rows changed: 10")


@DRIVERS
@pytest.mark.parametrize("statement", [_GUARD, ""])
def test_a_guard_on_the_compute_nodes(fail: Fail, statement: str) -> None:
    error = fail(_BAD_DIGIT, _detail("tidegate guard: hot rows changed: 10"), "XX000", statement)
    assert (type(error), error.message) == (GuardFailed, "hot rows changed: 10")
    assert error.hint == "Nothing was changed: the transaction was rolled back."


@DRIVERS
@pytest.mark.parametrize(
    "context", ["tidegate guard: hot rows changed: ", "tidegate guard: hot ro", "tidegate guard: ", "tidega", ""]
)
def test_a_guard_whose_text_is_cut_off(fail: Fail, context: str) -> None:
    error = fail(_BAD_DIGIT, _detail(context), "XX000", _GUARD)
    assert (type(error), error.message) == (GuardFailed, "hot rows changed: the count is not told")


@DRIVERS
def test_a_guard_of_which_nothing_is_told(fail: Fail) -> None:
    for told in ((_BAD_DIGIT, "", "22P02"), ('invalid input syntax for integer: "', "", "22P02")):
        error = fail(*told, _GUARD)
        assert (type(error), error.message) == (GuardFailed, "hot rows changed: the count is not told")
    alone = fail(_BAD_DIGIT, "", "22P02", "SELECT CAST(v AS INTEGER) FROM t")
    assert type(alone) is StatementError


@DRIVERS
def test_a_guard_that_fails_otherwise_is_no_verdict(fail: Fail) -> None:
    error = fail('relation "a.o" does not exist', "", "42P01", _GUARD)
    assert type(error) is StatementError
    assert isinstance(fail("1023", "Serializable isolation violation on table - 1", "XX000", _GUARD), StatementError)


def test_only_a_guard_is_taken_for_one() -> None:
    assert guarded_reason(_GUARD) == "hot rows changed"
    assert guarded_reason(guard("t", "TRUE", "batch a'b\\c is held: already")) == "batch a'b\\c is held: already"
    assert guarded_reason("SELECT CAST('tidegate guard: x: ' AS INTEGER)") is None
    quoted = _GUARD.replace("'", "''")
    assert guarded_reason(f"SELECT CASE WHEN COALESCE(a, '{quoted}') THEN 1 END AS guard FROM t") is None
    assert guard_reason(f"syntax error in {_GUARD}") is None
