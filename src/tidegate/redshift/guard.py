"""Guards: statements that fail by themselves, so that a decision inside a transaction works through every driver.

A guard is ONE ungrouped aggregate, so it always returns exactly one row; every operand and the message are
COALESCEd, so no NULL makes it pass; and the failing expression depends on a counted value, so that no planner can
fold it. The whole transaction aborts and the engine's error carries the message.
"""

import re

from tidegate.redshift.identifiers import literal

_MARK = "tidegate guard: "
_COUNT = "CAST(COALESCE(COUNT(*), 0) AS VARCHAR(20))"
_REASON = re.compile(
    r"(?:invalid input syntax for (?:type )?integer: \"|could not convert string ['\"]|\bcode:\s*\d+\s+context:\s*)"
    rf"{re.escape(_MARK)}(.*?)(?=['\"\\\n]|\s*\b(?:query|location|process):\s|\Z)",
    re.IGNORECASE,
)
_GUARD = re.compile(
    r"\s*(?:/\*.*?\*/\s*)*SELECT CASE WHEN COALESCE\(.*"
    rf"CAST\('{re.escape(_MARK)}((?:[^'\\]|''|\\.)*): ' \|\| {re.escape(_COUNT)} AS INTEGER\) END AS guard FROM ",
    re.DOTALL,
)


def guard(source: str, condition: str, reason: str) -> str:
    """A statement over `source` (text after FROM) that fails with `reason` and the row count unless `condition` holds.

    `condition` is an aggregate expression over `source`; a NULL condition fails too. `reason` holds no quotes.
    """
    message = f"{literal(f'{_MARK}{reason}: ')} || {_COUNT}"
    failing = f"CAST({message} AS INTEGER)"
    return f"SELECT CASE WHEN COALESCE({condition}, FALSE) THEN 0 ELSE {failing} END AS guard FROM {source}"


def guard_none(source: str, reason: str) -> str:
    """Fails with `reason` and the count when `source` has any row."""
    return guard(source, "COUNT(*) = 0", reason)


def guard_reason(text: str) -> str | None:
    """The reason in an engine's error text, e.g. `hot rows changed: 10`; None when it is not a guard's error.

    It is what the failing cast complains about: the value that Redshift's leader node quotes, or the `context` in the
    details of a compute node's error 1207, where the end may be cut off. A text that only quotes a guard has none.
    """
    match = _REASON.search(text)
    return match.group(1).strip(" :") if match else None


def guarded_reason(statement: str) -> str | None:
    """The reason that a statement made by `guard` would fail with, without the count; None when it is not one."""
    match = _GUARD.match(statement)
    return match.group(1).replace("''", "'").replace("\\\\", "\\") if match else None


def guard_text(reason: str) -> str:
    """The text that the failing cast of a guard complains about: what `guard_reason` finds the reason in again."""
    return _MARK + reason
