"""What a client of the local Redshift is told about an error: SQLSTATE, message, hint and position."""

from dataclasses import dataclass

from tidegate.errors import (
    ConfigError,
    GuardFailed,
    ObjectMissing,
    Refused,
    SerializationConflict,
    StatementCancelled,
    StatementError,
    StatementRefused,
    TidegateError,
    Unreachable,
    UsageError,
    WarehouseLocked,
)
from tidegate.redshift.guard import guard_text

_SQLSTATES: tuple[tuple[type[TidegateError], str], ...] = (
    (StatementCancelled, "57014"),
    (SerializationConflict, "40001"),
    (StatementRefused, "0A000"),
    (StatementError, "42000"),
    (GuardFailed, "22P02"),
    (ObjectMissing, "42P01"),
    (WarehouseLocked, "55P03"),
    (Unreachable, "58000"),
    (Refused, "55000"),
    (ConfigError, "42000"),
    (UsageError, "42000"),
)
"""Where the error itself tells none (PostgreSQL 8.0, Appendix A); the first class that fits."""

_INTERNAL = "XX000"


@dataclass(frozen=True)
class ClientError:
    """`position` counts the characters of the statement from 1."""

    sqlstate: str
    message: str
    hint: str = ""
    position: int | None = None


def client_error(error: TidegateError) -> ClientError:
    """An error as a client of Redshift gets it. A guard fails as it does there, in the words of its cast."""
    sqlstate = next((state for kind, state in _SQLSTATES if isinstance(error, kind)), _INTERNAL)
    if isinstance(error, GuardFailed):
        message = f'invalid input syntax for integer: "{guard_text(error.message)}"'
        return ClientError(sqlstate, message, error.hint)
    if isinstance(error, StatementError):
        return ClientError(error.sqlstate or sqlstate, error.message, error.hint, error.position)
    return ClientError(sqlstate, error.message, error.hint)
