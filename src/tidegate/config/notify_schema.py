"""The sections [notify] and [metrics]: their shape, and what they mean."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from tidegate.config.fields import Seconds, Section, Text, one_or_more
from tidegate.config.secret import Secret
from tidegate.config.settings import Aws, MetricsSettings, NotifySettings, SnsTopic
from tidegate.config.urls import check_endpoint
from tidegate.model.notification import NotificationKind

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,30}://.+")
_ARN = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]+):[0-9]{12}:[A-Za-z0-9_-]{1,256}")
"""Standard topics (Amazon SNS API reference, CreateTopic): messages of a FIFO topic go to queues only."""
_NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/#:-]{0,254}")
"""Amazon CloudWatch API reference, PutMetricData; `AWS/` is the services' own."""
STDOUT = "-"


def _topic(value: str) -> str:
    if _ARN.fullmatch(value) is None:
        raise ValueError("must be the ARN of a standard topic, such as arn:aws:sns:eu-west-1:123456789012:loads")
    return value


def _namespace(value: str) -> str:
    if _NAMESPACE.fullmatch(value) is None or value.startswith("AWS/"):
        raise ValueError('must be letters, digits and any of "._/#:-", and not begin with AWS/')
    return value


def _endpoint(value: str) -> str:
    return check_endpoint(value)


class NotifySection(Section):
    """`profile` and `endpoint` are for `sns_topic`. Defaults are those of tidegate.config.settings.NotifySettings."""

    urls: Annotated[list[str], BeforeValidator(one_or_more)] = Field(default_factory=list)
    sns_topic: Annotated[str, AfterValidator(_topic)] | None = None
    profile: Text | None = None
    endpoint: Annotated[str, AfterValidator(_endpoint)] | None = None
    on: Annotated[list[Annotated[NotificationKind, Field(strict=False)]], BeforeValidator(one_or_more)] = Field(
        default_factory=lambda: [NotificationKind.SUCCESS, NotificationKind.ERROR]
    )
    digest: Seconds = 60.0


class MetricsSection(Section):
    """`file` None: nothing is written, but by AWS Lambda; `-`: standard output."""

    namespace: Annotated[str, AfterValidator(_namespace)] = "Tidegate"
    file: Text | None = None


def notify_settings(section: NotifySection) -> NotifySettings:
    """Raises ValueError: it completes "[notify] "; no URL stands in it."""
    for number, url in enumerate(section.urls, 1):
        if _URL.fullmatch(url) is None:
            raise ValueError(f"urls number {number} is no URL: write it as scheme://…, as apprise takes it")
    for key in ("profile", "endpoint"):
        if section.sns_topic is None and key in section.model_fields_set:
            raise ValueError(f"{key} is only for sns_topic")
    topic = None
    if section.sns_topic is not None:
        region = section.sns_topic.split(":")[3]
        topic = SnsTopic(section.sns_topic, Aws(region, section.profile, section.endpoint))
    return NotifySettings(tuple(map(Secret, section.urls)), topic, frozenset(section.on), section.digest)


def metrics_settings(section: MetricsSection, folder: Path) -> MetricsSettings:
    if section.file in (None, STDOUT):
        return MetricsSettings(section.namespace, None, section.file == STDOUT)
    return MetricsSettings(section.namespace, folder / str(section.file))
