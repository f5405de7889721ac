"""Settings become channels and metrics; each channel is opened when something is told."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from tidegate.config.extras import needing
from tidegate.config.secret import Secret
from tidegate.config.settings import MetricsSettings, NotifySettings, SnsTopic
from tidegate.signals.base import Channel, Metrics, Reporter, Unmeasured
from tidegate.signals.channels import Channels, Named


def open_channels(settings: NotifySettings, reporter: Reporter, metrics: Metrics) -> Channels:
    opening = [partial(_apprise, url) for url in settings.urls]
    makers = [*opening, partial(_sns, settings.topic)] if settings.topic is not None else opening
    named = [Named(address, _once(make)) for address, make in zip(settings.addresses, makers, strict=True)]
    return Channels(named, settings.on, now, reporter, metrics)


def open_metrics(settings: MetricsSettings, reporter: Reporter) -> Metrics:
    from tidegate.signals.emf import EmfFile, EmfMetrics

    if settings.file is not None:
        return EmfFile(settings.file, settings.namespace, reporter)
    return EmfMetrics(sys.stdout, settings.namespace) if settings.stdout else Unmeasured()


def now() -> datetime:
    return datetime.now(UTC)


def _apprise(url: Secret) -> Channel:
    with needing("notify", "[notify] urls"):
        from tidegate.signals.apprise_channel import AppriseChannel

    return AppriseChannel(url)


def _sns(topic: SnsTopic) -> Channel:
    with needing("aws", f"the topic {topic.arn!r}"):
        from tidegate.signals.sns import SnsChannel

    return SnsChannel(topic)


def _once(make: Callable[[], Channel]) -> Callable[[], Channel]:
    """What is made by the first call that does not fail."""
    made: list[Channel] = []

    def get() -> Channel:
        if not made:
            made.append(make())
        return made[0]

    return get
