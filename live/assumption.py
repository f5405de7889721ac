"""An assumption about Redshift or S3, and what became of its check."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from live.site import Site
from tidegate.errors import ConfigError, ObjectNotFound, TidegateError, Unreachable

_DENIED = ("permission denied", "must be owner", "must be superuser", "not authorized", "accessdenied")


class Violated(Exception):
    """The fact is another one here. The text says what was found."""


class Unchecked(Exception):
    """The check cannot be made here. The text says why."""


class Verdict(StrEnum):
    HOLDS = "holds"
    DOES_NOT_HOLD = "does not hold"
    NOT_CHECKED = "could not be checked"


@dataclass(frozen=True)
class Assumption:
    """`id` is that of its row in docs/assumptions.md. `check` returns what it saw, in a few words.

    It raises Violated or Unchecked. An error of the warehouse is a violation, since Tidegate sends such statements,
    unless a privilege is missing; what cannot be reached could not be checked.
    """

    id: str
    check: Callable[[Site], str]


@dataclass(frozen=True)
class Finding:
    id: str
    verdict: Verdict
    detail: str


def examine(assumption: Assumption, site: Site) -> Finding:
    """Make the check."""
    try:
        return Finding(assumption.id, Verdict.HOLDS, assumption.check(site))
    except Violated as found:
        return Finding(assumption.id, Verdict.DOES_NOT_HOLD, str(found))
    except Unchecked as reason:
        return Finding(assumption.id, Verdict.NOT_CHECKED, str(reason))
    except TidegateError as error:
        return Finding(assumption.id, _verdict(error), f"{error.code}: {error.message}")


def expect(holds: bool, found: str) -> None:
    """Raises Violated with what was found."""
    if not holds:
        raise Violated(found)


def _verdict(error: TidegateError) -> Verdict:
    denied = any(word in error.message.lower() for word in _DENIED)
    unreached = isinstance(error, Unreachable | ConfigError) and not isinstance(error, ObjectNotFound)
    return Verdict.NOT_CHECKED if denied or unreached else Verdict.DOES_NOT_HOLD
