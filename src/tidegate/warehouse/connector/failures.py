"""What the server, or the way to it, told of a failure, as our errors."""

import ssl
from collections.abc import Mapping

from redshift_connector.error import Error

from tidegate.errors import (
    ConfigError,
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

LOST = (OSError, EOFError, ValueError)
"""What Python raises when the connection is gone, `ValueError` for a file that was closed."""

_REJECTED = ("28000", "28P01", "3D000")
_CONFLICTS = ("40001", "40P01")
_GOING_DOWN = ("57P01", "57P02", "57P03", "53300", "58030")
_CONFLICT_TEXTS = ("1023", "serializable isolation violation", "deadlock detected", "could not serialize")


class ConnectionLost(WarehouseUnreachable):
    """The connection broke while a statement was on its way."""


def told(error: BaseException) -> Mapping[str, str] | None:
    """The fields of the server's ErrorResponse, by their letters; None when the server said nothing."""
    fields = error.args[0] if isinstance(error, Error) and error.args else None
    return fields if isinstance(fields, dict) else None


def statement_failure(fields: Mapping[str, str]) -> TidegateError:
    """The error of a statement that the server refused or gave up.

    Some of Redshift's errors say what happened only in their detail (XX000, with a table of `error`, `code`, …).
    """
    state, message = fields.get("C", ""), fields.get("M", "the statement failed")
    detail = " ".join(fields.get("D", "").replace("-", " ").split())
    reason = guard_reason(f"{message} {fields.get('D', '')}")
    if reason is not None:
        return GuardFailed(reason, hint="Nothing was changed: the transaction was rolled back.")
    shown = f"{message}: {detail}" if detail else message
    hint = fields.get("H", "")
    if state in _CONFLICTS or any(text in message.lower() for text in _CONFLICT_TEXTS):
        return SerializationConflict(shown, hint="Run the whole transaction again.", sqlstate=state)
    if state == "57014":
        return StatementCancelled(shown, hint=hint or "Run it again if that was not meant.", sqlstate=state)
    if state == "55P03":
        return WarehouseLocked(shown, hint=hint or "Wait until the other transaction ends.")
    if state in _GOING_DOWN or state.startswith("08"):
        return WarehouseUnreachable(shown, hint=hint or "Run the command again when the warehouse is up.")
    kind = StatementRefused if state in ("0A000", "25001") else StatementError
    position = fields.get("P", "")
    return kind(
        shown,
        hint=hint or "Correct the statement.",
        sqlstate=state,
        position=int(position) if position.isdigit() else None,
    )


def connect_failure(address: str, error: BaseException) -> TidegateError:
    """The error of a connection that did not come about."""
    fields = told(error)
    if fields is not None and fields.get("C") in _REJECTED:
        return ConfigError(
            f"{address} refuses the login: {fields.get('M', '')}",
            hint=fields.get("H") or "Check user, password and database under [warehouse].",
        )
    if fields is not None:
        return WarehouseUnreachable(
            f"{address} refuses the connection: {fields.get('M', '')}", hint=fields.get("H") or "Try again later."
        )
    cause = next((each for each in error.args if isinstance(each, BaseException)), error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return ConfigError(
            f"the certificate of {address} cannot be trusted: {cause.verify_message}",
            hint="Let ca_file name the certificate of the server's authority, and the address be the one it names.",
        )
    return WarehouseUnreachable(
        f"cannot connect to {address}: {cause}", hint="Check host, port, network and that the warehouse is running."
    )


def lost(address: str, error: BaseException) -> ConnectionLost:
    """The error of a statement whose outcome nobody knows."""
    return ConnectionLost(
        f"the connection to {address} was lost and the outcome of the statement is unknown: {error}",
        hint="Look at the data, then run the command again.",
    )
