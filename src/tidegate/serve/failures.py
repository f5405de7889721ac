"""What a client of the local Redshift is told about an error: SQLSTATE, message, hint and position."""

from dataclasses import dataclass

from tidegate.errors import TidegateError
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
