"""Where messages of landed files are: `sqs://NAME?region=…&profile=…&endpoint=…`, or the URL of a queue."""

import re
from dataclasses import dataclass, field

from tidegate.config.settings import Aws
from tidegate.config.urls import aws_options, parse_url

QUEUE_SCHEMES = ("sqs://", "https://", "http://")
_FORM = "sqs://NAME?region=REGION"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}(\.fifo)?")
"""Names of queues (Amazon SQS developer guide, Quotas related to queues)."""
_REGION = re.compile(r"^https://sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/")


@dataclass(frozen=True)
class SqsQueue:
    """A queue by its name, or by its `url`."""

    name: str
    url: str | None = None
    aws: Aws = field(default_factory=Aws)

    @property
    def address(self) -> str:
        """Names it in messages."""
        return self.url or f"sqs://{self.name}"


def parse_queue(text: str) -> SqsQueue:
    """Raises ValueError: it is neither; the text completes "queue "."""
    if text.startswith(("https://", "http://")):
        name = text.rpartition("/")[2]
        if _NAME.fullmatch(name) is None:
            raise ValueError("must end with the name of a queue")
        region = _REGION.match(text)
        return SqsQueue(name, text, Aws(region[1] if region else None))
    if not text.startswith("sqs://"):
        raise ValueError(f"must be written as {_FORM}, or be the URL of a queue")
    url = parse_url(text, _FORM, ("region", "profile", "endpoint"))
    if url.path or url.user or url.password or url.port or _NAME.fullmatch(url.host) is None:
        raise ValueError(f"must be written as {_FORM}")
    region_name, profile, endpoint = aws_options(url)
    return SqsQueue(url.host, None, Aws(region_name, profile, endpoint))
