"""What the API tells of a statement that failed or was called off, as our errors."""

import re
from collections.abc import Mapping
from typing import Any

from tidegate.errors import GuardFailed, SerializationConflict, StatementCancelled, StatementError, TidegateError
from tidegate.redshift.guard import guard_reason

_PREFIX = re.compile(r"^(?:Query #\d+ failed with )?(?:ERROR: )?(?:ERROR: )?")
_ERROR_ID = re.compile(r" *\[ErrorId: [^\]]*\]")
_POSITION = re.compile(r"\n? *Position: (\d+);?")
_HINT = re.compile(r"\n *Hint: ([^\n]*)")
_CONFLICT = re.compile(r"1023\b|serializable isolation violation|deadlock detected|could not serialize", re.IGNORECASE)
_CANCELLED = re.compile(r"query (\(\d+\) )?cancell?ed|cancell?ed on user|cancell?ing statement due to", re.IGNORECASE)


def statement_failure(text: str, *, aborted: bool = False, number: int = 0, of: int = 0) -> TidegateError:
    """The error of a statement. `number` is its place in a transaction of `of` statements, 0 when it stood alone."""
    reason = guard_reason(text)
    if reason is not None:
        return GuardFailed(reason, hint="Nothing was changed: the transaction was rolled back.")
    position, hint = _POSITION.search(text), _HINT.search(text)
    message = _HINT.sub("", _POSITION.sub("", _ERROR_ID.sub("", _PREFIX.sub("", text)))).strip()
    message = message or "the statement failed without a message"
    shown = f"statement {number} of {of}: {message}" if of > 1 and number else message
    if _CONFLICT.match(message):
        return SerializationConflict(shown, hint="Run the whole transaction again.")
    if aborted or _CANCELLED.match(message):
        return StatementCancelled(shown, hint="Run it again if that was not meant.", sqlstate="57014")
    return StatementError(
        shown,
        hint=hint[1] if hint else "Correct the statement.",
        position=int(position[1]) if position else None,
    )


def failure_of(described: Mapping[str, Any], leading: int) -> TidegateError:
    """The error of a description whose status is FAILED or ABORTED. The first `leading` statements are not the
    caller's own.
    """
    aborted = described.get("Status") == "ABORTED"
    parts = described.get("SubStatements", [])
    for number in range(len(parts), 0, -1):
        if error := parts[number - 1].get("Error"):
            place = {"number": max(number - leading, 0), "of": len(parts) - leading}
            return statement_failure(str(error), aborted=aborted, **place)
    text = str(described.get("Error") or ("Query canceled" if aborted else ""))
    return statement_failure(text, aborted=aborted)
