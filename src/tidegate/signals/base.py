"""How a flow speaks while it works: progress and notices, messages to people elsewhere, numbers; never results."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tidegate.model.metrics import Measures
from tidegate.model.notification import Delivered, Notification


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


class Channel(Protocol):
    """One place that messages go to."""

    @property
    def address(self) -> str:
        """Names it in messages, without secrets."""
        ...

    def send(self, notification: Notification) -> None:
        """Takes at most some seconds. Raises NotifyError, whose text holds no secret."""
        ...


class Notifier(Protocol):
    """Tells people elsewhere. Nothing here fails: what a channel does not take is a notice, and counted."""

    @property
    def delivered(self) -> Delivered:
        """Until now."""
        ...

    def send(self, notification: Notification) -> None:
        """Now, or at `next_at` together with others; not at all when nobody asked for its kind."""
        ...

    def next_at(self) -> datetime | None:
        """When messages that are held back are to be sent, None when there are none."""
        ...

    def due(self) -> None:
        """Send what was held back for long enough."""
        ...

    def close(self) -> None:
        """Send all that was held back."""
        ...


class Metrics(Protocol):
    """Numbers for those who watch. Never fails: what cannot be written is a notice."""

    @property
    def wanted(self) -> bool:
        """Whether anybody reads them; what costs a statement is not asked for otherwise."""
        ...

    def put(self, measures: Measures) -> None: ...


class TellsNobody:
    """A Notifier without channels."""

    delivered = Delivered()

    def send(self, notification: Notification) -> None:
        return None

    def next_at(self) -> datetime | None:
        return None

    def due(self) -> None:
        return None

    def close(self) -> None:
        return None


class Unmeasured:
    """Metrics that nobody reads."""

    wanted = False

    def put(self, measures: Measures) -> None:
        return None
