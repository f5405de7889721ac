"""Messages to several channels, of which none can fail the work that they are of."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tidegate.errors import ConfigError, NotifyError
from tidegate.model.metrics import Measures, Metric
from tidegate.model.notification import Delivered, Notification, NotificationKind
from tidegate.signals.base import Channel, Metrics, Reporter, Silent, Unmeasured


@dataclass(frozen=True)
class Delivery:
    """One message at one channel: `error` is None when it was taken."""

    channel: str
    error: NotifyError | None = None


@dataclass(frozen=True)
class Named:
    """A channel that is opened when it is first used. `address` names it, without secrets."""

    address: str
    open: Callable[[], Channel]


@dataclass
class Channels:
    """A Notifier that sends what is of one of `kinds` at once, to each channel. `clock` gives aware UTC times."""

    channels: Sequence[Named]
    kinds: Collection[NotificationKind]
    clock: Callable[[], datetime]
    reporter: Reporter = field(default_factory=Silent)
    metrics: Metrics = field(default_factory=Unmeasured)
    delivered: Delivered = field(default_factory=Delivered)

    def send(self, notification: Notification) -> None:
        if notification.kind in self.kinds:
            for delivery in self.deliver(notification):
                if delivery.error is not None:
                    self.reporter.notice(delivery.error.message)

    def deliver(self, notification: Notification) -> Sequence[Delivery]:
        """The same whatever its kind is, with what came of it at each channel."""
        deliveries = list(self._deliver(notification))
        failed = sum(delivery.error is not None for delivery in deliveries)
        self.delivered += Delivered(len(deliveries) - failed, failed)
        if failed:
            self.metrics.put(Measures(self.clock(), {Metric.NOTIFICATIONS_FAILED: failed}))
        return deliveries

    def next_at(self) -> datetime | None:
        return None

    def due(self) -> None:
        return None

    def close(self) -> None:
        return None

    def _deliver(self, notification: Notification) -> Iterator[Delivery]:
        for channel in self.channels:
            try:
                channel.open().send(notification)
            except NotifyError as error:
                yield Delivery(channel.address, error)
            except ConfigError as error:
                yield Delivery(channel.address, NotifyError(error.message, hint=error.hint))
            else:
                yield Delivery(channel.address)
