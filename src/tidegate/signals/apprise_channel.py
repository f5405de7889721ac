"""Mail, chats, pagers and webhooks, by apprise. Only this module speaks to apprise."""

import logging
import re
from urllib.parse import unquote

from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType
from apprise.result import AppriseResult, AppriseResultStatus

from tidegate.config.secret import Secret
from tidegate.config.settings import url_address
from tidegate.errors import ConfigError, NotifyError
from tidegate.model.notification import Notification, NotificationKind

SECONDS = 15.0
"""For one message at one channel, all in all."""

_TYPES = {
    NotificationKind.UPLOAD: NotifyType.INFO,
    NotificationKind.SUCCESS: NotifyType.SUCCESS,
    NotificationKind.WARNING: NotifyType.WARNING,
    NotificationKind.ERROR: NotifyType.FAILURE,
}
_LONGEST_REASON = 300
_SHORTEST_SECRET = 3

logging.getLogger("apprise").addHandler(logging.NullHandler())
"""What apprise logs is told as the reason of a NotifyError; without a handler Python would print it."""


class AppriseChannel:
    """One URL of apprise: https://github.com/caronc/apprise/wiki lists the services."""

    def __init__(self, url: Secret, seconds: float = SECONDS) -> None:
        """Raises ConfigError: apprise does not know such a URL. Nothing is connected to."""
        self._url = url
        asset = AppriseAsset(
            app_id="Tidegate",
            app_desc="Tidegate",
            storage_mode="memory",
            service_timeout=seconds,
            pgp_autogen=False,
            pem_autogen=False,
            async_mode=False,
        )
        self._service = Apprise(asset=asset)
        self._seconds = seconds
        service = Apprise.instantiate(url.reveal(), asset=asset)
        if service is None or not self._service.add(service):
            raise ConfigError(
                f"apprise does not understand the URL {self.address} of [notify]",
                hint="Write it as the page of the service says: https://github.com/caronc/apprise/wiki.",
            )

    @property
    def address(self) -> str:
        return url_address(self._url)

    def send(self, notification: Notification) -> None:
        result = self._service.notify(
            body="\n".join(notification.lines) or notification.title,
            title=notification.title if notification.lines else "",
            notify_type=_TYPES[notification.kind],
            body_format=NotifyFormat.TEXT,
        )
        if not result:
            raise NotifyError(
                f"cannot send a message to {self.address}: {self._reason(result)}",
                hint="Check the URL in [notify], and that this machine may reach the service.",
            )

    def _reason(self, result: AppriseResult) -> str:
        if result.status is AppriseResultStatus.TIMEOUT:
            return f"no answer within {self._seconds:g} seconds"
        told = [entry.message for service in result.results for entry in service.logs()]
        told += [entry.message for entry in result.call_logs()]
        return without(self._url.reveal(), "; ".join(told))[:_LONGEST_REASON].rstrip(".\n ") or "it was not taken"


def without(url: str, text: str) -> str:
    """The text without any part of the URL, as it is written or decoded: tokens stand where others have a host."""
    rest = url.partition("://")[2]
    whole = re.split(r"[/:@?&=#]+", rest)
    parts = {*whole, *map(unquote, whole), *re.split(r"[^\w.~-]+", rest)}
    for part in sorted((part for part in parts if len(part) >= _SHORTEST_SECRET), key=len, reverse=True):
        text = text.replace(part, "***")
    return text
