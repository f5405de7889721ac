"""What a server of the embedded warehouse tells its clients of an error: SQLSTATE, text and position.

States as in PostgreSQL, appendix A, from which Redshift took them. Where Redshift answers XX000 to almost
everything that COPY and UNLOAD refuse, so does this.
"""

import re
from dataclasses import dataclass

from tidegate.errors import (
    GuardFailed,
    LakeUnreachable,
    SerializationConflict,
    StatementCancelled,
    StatementError,
    StatementRefused,
    TidegateError,
    UsageError,
    WarehouseLocked,
    WarehouseUnreachable,
)
from tidegate.redshift.guard import guard_text

ABORTED, CANCELLED, LOCKED, REFUSED = "25P02", "57014", "55P03", "0A000"
_INTERNAL, _UNREACHABLE, _OTHER = "XX000", "58030", "42000"

_BY_MESSAGE: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), state)
    for pattern, state in (
        (r"current transaction is aborted|was aborted by an earlier error", ABORTED),
        (r"the function \w+ is not supported|\bfunction .* does not exist", "42883"),
        (r"cannot run inside a transaction block", "25001"),
        (r"syntax error|unterminated |unexpected character|WITH is followed by no|names no columns", "42601"),
        (r'^(external )?schema ".*" does not exist', "3F000"),
        (r'^schema ".*" already exists', "42P06"),
        (r'^column ".*" (of .*)?already exists|is specified (twice|more than once)', "42701"),
        (r"^column .* does not exist|^column .* not found", "42703"),
        (r"^missing FROM item", "42P01"),
        (r'^(relation|view|external table) ".*" does not exist', "42P01"),
        (r'^relation ".*" already exists|stands twice in FROM', "42P07"),
        (r'" is (not )?a (view|table)$', "42809"),
        (r"depends on it|is not empty: it has", "2BP01"),
        (r"[Dd]ivision by zero", "22012"),
        (r"out of range|[Oo]verflow|can't be cast because the value is", "22003"),
        (
            r"invalid input syntax|[Cc]ould not convert|invalid date|time zone in the text|timestamp field value",
            "22P02",
        ),
        (r"[Vv]alue too long", "22001"),
        (r"cannot insert a NULL value", "23502"),
        (r"cannot be (compared|matched|cast)|the value is boolean|must be boolean|takes \d.* not \d", "42804"),
    )
)
_POSITION = re.compile(r"position (\d+)")
_LINE = re.compile(r"\(line (\d+), column (\d+)\)")


@dataclass(frozen=True)
class ServerError:
    """`position` counts the statement's characters from 1."""

    sqlstate: str
    message: str
    hint: str
    position: int | None = None


def server_error(error: TidegateError) -> ServerError:
    """The error as Redshift words it to a client. A guard's reason is found in the text again by `guard_reason`."""
    if isinstance(error, GuardFailed):
        text = f'invalid input syntax for integer: "{guard_text(error.message)}"'
        return ServerError("22P02", text, error.hint)
    position = error.position if isinstance(error, StatementError) else None
    return ServerError(sqlstate(error), error.message, error.hint, position)


def sqlstate(error: TidegateError) -> str:
    """The five characters of any error."""
    if isinstance(error, StatementError) and error.sqlstate is not None:
        return error.sqlstate
    for kind, state in _BY_KIND:
        if isinstance(error, kind):
            return state
    found = next((state for pattern, state in _BY_MESSAGE if pattern.search(error.message)), None)
    if found is not None:
        return found
    if isinstance(error, StatementRefused):
        return REFUSED
    return _OTHER if isinstance(error, UsageError) else _INTERNAL


def completed(error: TidegateError, statement: str) -> None:
    """Give an error of `statement` its state and, where the message tells it, its position."""
    if not isinstance(error, StatementError):
        return
    error.sqlstate = sqlstate(error)
    if error.position is None:
        error.position = _position(error.message, statement)


_BY_KIND: tuple[tuple[type[TidegateError], str], ...] = (
    (GuardFailed, "22P02"),
    (StatementCancelled, CANCELLED),
    (SerializationConflict, "40001"),
    (WarehouseLocked, LOCKED),
    (WarehouseUnreachable, _UNREACHABLE),
    (LakeUnreachable, _INTERNAL),
)


def _position(message: str, statement: str) -> int | None:
    if match := _POSITION.search(message):
        return int(match[1])
    match = _LINE.search(message)
    if match is None:
        return None
    lines, line, column = statement.split("\n"), int(match[1]), int(match[2])
    if line > len(lines) or column > len(lines[line - 1]) + 1:
        return None
    start = max(column, 1)  # the parser tells where a word ends
    while start > 1 and lines[line - 1][start - 2 : start].isidentifier():
        start -= 1
    return sum(len(each) + 1 for each in lines[: line - 1]) + start
