"""What a Redshift says of a failed statement, as our errors. Both drivers word it here."""

import re

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

_PREFIX = re.compile(r"^(?:ERROR: *)+")
_CONFLICT = re.compile(
    r"\b1023\b|serializable isolation violation|deadlock detected|could not serialize", re.IGNORECASE
)
_CANCELLED = re.compile(r"quer(?:y|ies) \S* ?cancell?ed|cancell?ed on user|statement timeout", re.IGNORECASE)
_CONFLICTS = ("40001", "40P01")
_REFUSED = ("0A000", "25001")
_UNREACHABLE = ("57P01", "57P02", "57P03", "53300", "58030")
_HINTS = {
    "42501": "Grant the privilege, or run it as a user who has it.",
    "42P01": "Check the schema and the name, or create it first.",
    "42703": "Check the spelling against the table.",
    "3F000": "Check the schema's name, or create it first.",
    "25P02": "Send ROLLBACK, then run the whole transaction again.",
}


def failure(
    sqlstate: str | None, message: str, *, detail: str = "", hint: str = "", position: int | None = None
) -> TidegateError:
    """The error of a statement that the warehouse refused or gave up.

    `sqlstate` is None where only a text is told, as by the Data API. Some of Redshift's errors say what happened only
    in their `detail` (XX000, with a table of `error`, `code`, `context`, …), which is searched and shown too.
    """
    reason = guard_reason(f"{message} {detail}")
    if reason is not None:
        return GuardFailed(reason, hint="Nothing was changed: the transaction was rolled back.")
    shown = _shown(message, detail)
    if sqlstate in _CONFLICTS or _CONFLICT.search(shown):
        return SerializationConflict(shown, hint="Run the whole transaction again.", sqlstate=sqlstate)
    if sqlstate == "57014" or (sqlstate is None and _CANCELLED.search(shown)):
        return StatementCancelled(shown, hint=hint or "Run it again if that was not meant.", sqlstate="57014")
    if sqlstate == "55P03":
        return WarehouseLocked(shown, hint=hint or "Wait until the other transaction ends.")
    if sqlstate is not None and (sqlstate.startswith("08") or sqlstate in _UNREACHABLE):
        return WarehouseUnreachable(shown, hint=hint or "Run the command again when the warehouse is up.")
    kind = StatementRefused if sqlstate in _REFUSED else StatementError
    advice = hint or _HINTS.get(sqlstate or "", "Correct the statement.")
    return kind(shown, hint=advice, sqlstate=sqlstate, position=position)


def _shown(message: str, detail: str) -> str:
    """In lower case at the start, unless a name or an abbreviation stands there."""
    text = _PREFIX.sub("", message.strip()) or "the statement failed without a message"
    if text[:1].isupper() and text[1:2].islower():
        text = text[0].lower() + text[1:]
    told = " ".join(detail.replace("-", " ").split())
    return f"{text}: {told}" if told else text
