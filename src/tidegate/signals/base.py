"""How a flow speaks while it works: progress and notices, never results."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Progress:
    """`task` names the object and the step. `rows` and `bytes` done so far; totals are None when not known."""

    task: str
    rows: int = 0
    total_rows: int | None = None
    bytes: int = 0
    total_bytes: int | None = None


class Reporter(Protocol):
    def progress(self, event: Progress) -> None: ...

    def notice(self, message: str) -> None:
        """A fact that a person should read, as one sentence without a full stop."""
        ...


class Silent:
    """Says nothing: the default of the library."""

    def progress(self, event: Progress) -> None:
        return None

    def notice(self, message: str) -> None:
        return None
