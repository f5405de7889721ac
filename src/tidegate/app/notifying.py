"""The verb of messages to people."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tidegate.app.opened import Opened
from tidegate.errors import ConfigError
from tidegate.model.notification import Notification, NotificationKind

if TYPE_CHECKING:
    from tidegate.signals.channels import Delivery


class Notifying(Opened):
    def notify(self, text: str, kind: NotificationKind = NotificationKind.WARNING) -> "Sequence[Delivery]":
        """Send a message to each channel of [notify], whatever its `on` says. What failed stands in the answer.

        The first line is the title.

        Raises:
            ConfigError: there is no channel.
        """
        if not self.channels.channels:
            raise ConfigError(
                f"{self.settings.file} names no channel", hint="Set urls or sns_topic in [notify], see docs/notify.md."
            )
        title, _, body = text.strip().partition("\n")
        return self.channels.deliver(Notification(kind, text=title, body=tuple(body.splitlines())))
