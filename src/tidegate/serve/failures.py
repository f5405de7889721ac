"""What a client of the local Redshift is told about an error, and its owner about an address that is not free."""

import os
from dataclasses import dataclass

from tidegate.errors import TidegateError, WarehouseUnreachable
from tidegate.warehouse.embedded.sqlstates import server_error


@dataclass(frozen=True)
class ClientError:
    """`position` counts the characters of the statement from 1."""

    sqlstate: str
    message: str
    hint: str = ""
    position: int | None = None


def client_error(error: TidegateError) -> ClientError:
    """An error as a client of Redshift gets it. A guard fails as it does there, in the words of its cast."""
    told = server_error(error)
    return ClientError(told.sqlstate, told.message, told.hint, told.position)


def cannot_listen(what: str, option: str, address: tuple[str, int], error: OSError) -> WarehouseUnreachable:
    """The error of an address that is taken, or not one of this machine."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    return WarehouseUnreachable(
        f"{what} cannot listen on {address[0]}:{address[1]}: {reason.lower()}",
        hint=f"Choose another {option}, or 0 for any that is free.",
    )
