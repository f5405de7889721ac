"""Messages of some time as one of each kind."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tidegate.model.notification import Delivered, Notification, NotificationKind, Problem, joined
from tidegate.signals.channels import Channels

LONGEST = 3_600.0
"""For how many seconds an error that says what the last one said is held back at most."""


@dataclass(frozen=True)
class Kept:
    """What waits. `since`: when the first of it came."""

    notification: Notification
    since: datetime


@dataclass
class Digest:
    """A Notifier that holds messages of a kind back for `seconds` after the first one.

    An error that only says what the last one said waits twice as long each time, until something was loaded: a
    warehouse that is away for a night is not told of every minute.
    """

    channels: Channels
    seconds: float
    kept: dict[NotificationKind, Kept] = field(default_factory=dict)
    last: tuple[Problem, ...] = ()
    patience: float = 0.0

    @property
    def delivered(self) -> Delivered:
        return self.channels.delivered

    def send(self, notification: Notification) -> None:
        kind = notification.kind
        if kind is NotificationKind.SUCCESS:
            self.last = ()
        if kind not in self.channels.kinds:
            return
        before = self.kept.get(kind)
        if before is None:
            self.kept[kind] = Kept(notification, self.channels.clock())
        else:
            self.kept[kind] = Kept(joined([before.notification, notification]), before.since)

    def next_at(self) -> datetime | None:
        return min((self._due_at(kept) for kept in self.kept.values()), default=None)

    def due(self) -> None:
        now = self.channels.clock()
        for kind in NotificationKind:
            if kind in self.kept and self._due_at(self.kept[kind]) <= now:
                self._send(kind)

    def close(self) -> None:
        for kind in NotificationKind:
            if kind in self.kept:
                self._send(kind)

    def _due_at(self, kept: Kept) -> datetime:
        again = bool(self.last) and kept.notification.problems == self.last
        return kept.since + timedelta(seconds=self.patience if again else self.seconds)

    def _send(self, kind: NotificationKind) -> None:
        notification = self.kept.pop(kind).notification
        if kind is NotificationKind.ERROR:
            again = notification.problems == self.last
            self.patience = min(LONGEST, 2 * (self.patience if again else self.seconds))
            self.last = notification.problems
        self.channels.send(notification)
