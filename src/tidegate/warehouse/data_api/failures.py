"""What the API tells of a statement that failed or was called off: one text, taken apart."""

import re
from collections.abc import Mapping
from typing import Any

from tidegate.errors import TidegateError
from tidegate.warehouse.cluster.failures import Told, failure

_PREFIX = re.compile(r"^(?:Query #\d+ failed with )?(?:ERROR: *)*")
_ERROR_ID = re.compile(r" *\[ErrorId: [^\]]*\]\s*\Z")
_DETAIL = re.compile(r"\n *Detail: *")
_POSITION = re.compile(r"\n *Position: (\d+);?")
_HINT = re.compile(r"\n *Hint: ([^\n]*)")
_CANCELLED = "57014"


def statement_failure(
    text: str, *, statement: str = "", aborted: bool = False, number: int = 0, of: int = 0
) -> TidegateError:
    """The error of a statement. `number` is its place in a transaction of `of` statements, 0 when it stood alone."""
    position, hint = _POSITION.search(text), _HINT.search(text)
    plain = _HINT.sub("", _POSITION.sub("", _ERROR_ID.sub("", _PREFIX.sub("", text))))
    message, *details = _DETAIL.split(plain, maxsplit=1)
    told = Told(
        _CANCELLED if aborted else None,
        message,
        detail=details[0] if details else "",
        hint=hint[1] if hint else "",
        position=int(position[1]) if position else None,
    )
    return failure(told, statement=statement, place=f"statement {number} of {of}: " if of > 1 and number else "")


def failure_of(described: Mapping[str, Any], leading: int) -> TidegateError:
    """The error of a description whose status is FAILED or ABORTED. The first `leading` statements are not the
    caller's own.
    """
    aborted = described.get("Status") == "ABORTED"
    parts = described.get("SubStatements", [])
    for number in range(len(parts), 0, -1):
        part = parts[number - 1]
        if part.get("Error") or part.get("Status") == "FAILED":
            text = str(part.get("Error") or described.get("Error") or "")
            place = {"number": max(number - leading, 0), "of": len(parts) - leading}
            return statement_failure(text, statement=str(part.get("QueryString", "")), aborted=aborted, **place)
    text = str(described.get("Error") or ("Query canceled" if aborted else ""))
    return statement_failure(text, statement=str(described.get("QueryString", "")), aborted=aborted)
