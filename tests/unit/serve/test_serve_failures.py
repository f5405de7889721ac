"""What clients are told about errors."""

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
from tidegate.redshift.guard import guard_reason
from tidegate.serve.failures import ClientError, client_error


@pytest.mark.parametrize(
    ("error", "sqlstate"),
    [
        (StatementError("m", sqlstate="42P01"), "42P01"),
        (StatementError("m"), "42000"),
        (StatementRefused("m"), "0A000"),
        (StatementCancelled("m"), "57014"),
        (SerializationConflict("m"), "40001"),
        (WarehouseLocked("m"), "55P03"),
        (WarehouseUnreachable("m"), "58030"),
        (TidegateError("m"), "XX000"),
    ],
)
def test_the_sqlstate_of_an_error(error: TidegateError, sqlstate: str) -> None:
    assert client_error(error) == ClientError(sqlstate, "m")


def test_hint_and_position_are_passed_on() -> None:
    error = StatementError("syntax error", hint="Write it.", sqlstate="42601", position=7)
    assert client_error(error) == ClientError("42601", "syntax error", "Write it.", 7)


def test_a_guard_fails_as_its_cast_does_on_a_cluster() -> None:
    told = client_error(GuardFailed("hot rows changed: 2"))
    assert told.sqlstate == "22P02"
    assert told.message == 'invalid input syntax for integer: "tidegate guard: hot rows changed: 2"'
    assert guard_reason(told.message) == "hot rows changed: 2"
