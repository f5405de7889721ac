"""What the server, or the way to it, told of a failure, as our errors."""

import ssl
from collections.abc import Mapping

from redshift_connector.error import Error

from tidegate.errors import ConfigError, TidegateError, WarehouseUnreachable
from tidegate.warehouse.cluster.failures import Told, failure

LOST = (OSError, EOFError, ValueError)
"""What Python raises when the connection is gone, `ValueError` for a file that was closed."""

_REJECTED = ("28000", "28P01", "3D000")


class ConnectionLost(WarehouseUnreachable):
    """The connection broke while a statement was on its way."""


def told(error: BaseException) -> Mapping[str, str] | None:
    """The fields of the server's ErrorResponse, by their letters; None when the server said nothing."""
    fields = error.args[0] if isinstance(error, Error) and error.args else None
    return fields if isinstance(fields, dict) else None


def statement_failure(fields: Mapping[str, str], statement: str) -> TidegateError:
    """The error of a statement that the server refused or gave up."""
    position = fields.get("P", "")
    told = Told(
        fields.get("C"),
        fields.get("M", ""),
        detail=fields.get("D", ""),
        hint=fields.get("H", ""),
        position=int(position) if position.isdigit() else None,
    )
    return failure(told, statement=statement)


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
