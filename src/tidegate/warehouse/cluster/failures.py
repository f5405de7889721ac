"""What a Redshift says of a failed statement, as our errors. Both drivers word it here."""

import re
from dataclasses import dataclass

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
from tidegate.redshift.guard import guard_reason, guarded_reason

_PREFIX = re.compile(r"^(?:ERROR: *)+")
_CODE = re.compile(r"\bcode:\s*(\d+)")
_RULE = re.compile(r"-{5,}")
_CONFLICT = re.compile(
    r"1023\b|serializable isolation violation|deadlock detected|could not serialize access", re.IGNORECASE
)
_CANCELLED = re.compile(
    r"query (?:\(?\d+\)? )?cancell?ed\b|cancell?ed on user|cancell?ing statement due to|statement timeout",
    re.IGNORECASE,
)
_BAD_INTEGER = re.compile(r"invalid digit|invalid input syntax for (?:type )?integer", re.IGNORECASE)
_CONFLICTS = ("40001", "40P01")
_REFUSED = ("0A000", "25001")
_UNREACHABLE = ("57P01", "57P02", "57P03", "53300", "58030")
_CONFLICT_CODE, _BAD_INTEGER_CODE = "1023", "1207"
"""What Redshift calls `code` in the details of its errors."""

_HINTS = {
    "42501": "Grant the privilege, or run it as a user who has it.",
    "42P01": "Check the schema and the name, or create it first.",
    "42703": "Check the spelling against the table.",
    "3F000": "Check the schema's name, or create it first.",
    "25P02": "Send ROLLBACK, then run the whole transaction again.",
}


@dataclass(frozen=True)
class Told:
    """What the warehouse tells of a failure. `sqlstate` is None where only a text is told, as by the Data API.

    Some of Redshift's errors say what happened only in their `detail`: a table of `error`, `code`, `context`, ….
    `position` counts the characters of the statement from 1.
    """

    sqlstate: str | None
    message: str
    detail: str = ""
    hint: str = ""
    position: int | None = None

    @property
    def text(self) -> str:
        """The message without `ERROR:`."""
        return _PREFIX.sub("", self.message.strip()) or "the statement failed without a message"

    @property
    def code(self) -> str | None:
        """Redshift's own, in the details before anything that they quote."""
        match = _CODE.search(self.detail)
        return match[1] if match else None


def failure(told: Told, *, statement: str = "", place: str = "") -> TidegateError:
    """The error of a statement that the warehouse refused or gave up; `place` is put before its message.

    What an error is stands at the beginning of its text, or in its state or code: all else may be quoted data.
    """
    reason = _failed_guard(told, statement)
    if reason is not None:
        return GuardFailed(reason, hint="Nothing was changed: the transaction was rolled back.")
    state, text = told.sqlstate, told.text
    shown = place + _shown(told)
    if state in _CONFLICTS or told.code == _CONFLICT_CODE or _CONFLICT.match(text) or _CONFLICT.match(told.detail):
        return SerializationConflict(shown, hint="Run the whole transaction again.", sqlstate=state)
    if state == "57014" or (state in (None, "XX000") and _CANCELLED.match(text)):
        return StatementCancelled(shown, hint=told.hint or "Run it again if that was not meant.", sqlstate="57014")
    if state == "55P03":
        return WarehouseLocked(shown, hint=told.hint or "Wait until the other transaction ends.")
    if state is not None and (state.startswith("08") or state in _UNREACHABLE):
        return WarehouseUnreachable(shown, hint=told.hint or "Run the command again when the warehouse is up.")
    kind = StatementRefused if state in _REFUSED else StatementError
    advice = told.hint or _HINTS.get(state or "", "Correct the statement.")
    return kind(shown, hint=advice, sqlstate=state, position=told.position)


def _failed_guard(told: Told, statement: str) -> str | None:
    """A guard's reason, from the statement where the warehouse tells none of it, or not all."""
    reason, whole = guard_reason(f"{told.message}\n{told.detail}"), guarded_reason(statement)
    if whole is None or (reason is not None and not whole.startswith(reason)):
        return reason
    by_code = told.sqlstate == "22P02" or told.code == _BAD_INTEGER_CODE
    if reason is None and not by_code and not _BAD_INTEGER.match(told.text):
        return None
    return f"{whole}: the count is not told"


def _shown(told: Told) -> str:
    """In lower case at the start, unless a name or an abbreviation stands there."""
    text = told.text
    if text[:1].isupper() and text[1:2].islower():
        text = text[0].lower() + text[1:]
    detail = " ".join(_RULE.sub(" ", told.detail).split())
    return f"{text}: {detail}" if detail else text
