"""Where rules are: the path of a CSV file, or `dynamodb://TABLE?region=…&profile=…&endpoint=…`."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from tidegate.config.settings import Aws
from tidegate.config.urls import aws_options, parse_url
from tidegate.errors import UsageError

_FORM = "dynamodb://TABLE?region=REGION"
_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")
"""Names of tables (Amazon DynamoDB developer guide, Naming rules)."""


@dataclass(frozen=True)
class DynamoTable:
    name: str
    aws: Aws

    @property
    def address(self) -> str:
        """The same for the same table, however its options were ordered."""
        options = {"region": self.aws.region, "profile": self.aws.profile, "endpoint": self.aws.endpoint}
        given = {key: value for key, value in options.items() if value is not None}
        return f"dynamodb://{self.name}" + (f"?{urlencode(given, safe=':/')}" if given else "")


def parse_rule_source(text: str) -> Path | DynamoTable:
    """Raises UsageError: it is an address, but not of a DynamoDB table."""
    if "://" not in text:
        return Path(text)
    try:
        if not text.startswith("dynamodb://"):
            raise ValueError(f"must be the path of a CSV file, or written as {_FORM}")
        url = parse_url(text, _FORM, ("region", "profile", "endpoint"))
        if url.path or url.user or url.password or url.port or _NAME.fullmatch(url.host) is None:
            raise ValueError(f"must be written as {_FORM}")
        region, profile, endpoint = aws_options(url)
    except ValueError as error:
        raise UsageError(f"the address {text.partition('?')[0]!r} {error}", hint=f"Write it as {_FORM}.") from error
    return DynamoTable(url.host, Aws(region, profile, endpoint))
