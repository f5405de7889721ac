"""What a check is, and how its failure is told."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from tidegate.errors import TidegateError


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Check:
    """`detail` is what was found, `hint` what to do; `exit_code` is 0 unless it failed. `code` of the error, if one."""

    name: str
    verdict: Verdict
    detail: str
    hint: str = ""
    exit_code: int = 0
    code: str = ""


Finding = tuple[Verdict, str, str]
"""Verdict, detail, hint."""


def check(name: str, look: Callable[[], Finding | str]) -> Check:
    """Run one check; a text alone means that all is well. A failure of ours is a finding, a bug is not."""
    try:
        found = look()
    except TidegateError as error:
        return Check(name, Verdict.FAILED, error.message, error.hint, error.exit_code, error.code)
    if isinstance(found, str):
        return Check(name, Verdict.OK, found)
    verdict, detail, hint = found
    return Check(name, verdict, detail, hint, exit_code=3 if verdict is Verdict.FAILED else 0)


def skipped(name: str, reason: str) -> Check:
    return Check(name, Verdict.SKIPPED, reason)
