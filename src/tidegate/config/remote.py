"""A configuration that lies elsewhere: an object of S3, or a parameter of Systems Manager."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from tidegate.errors import ConfigError

_REMOTE = re.compile(r"(s3|ssm):/+(.+)", re.DOTALL)
_S3 = "s3"


@dataclass(frozen=True)
class RemoteConfig:
    """`bucket` and `key` of an object; of a parameter `key` is the name and `bucket` None."""

    bucket: str | None
    key: str

    @property
    def address(self) -> str:
        """`s3://bucket/key`, `ssm:///path/of/parameter` or `ssm://parameter`."""
        return f"ssm://{self.key}" if self.bucket is None else f"s3://{self.bucket}/{self.key}"

    @property
    def name(self) -> str:
        return PurePosixPath(self.key).name


def remote_config(named: str) -> RemoteConfig | None:
    """What an address names; None for a path. A Path made of it has lost a slash, which does not matter.

    A parameter whose name has a slash begins with one (Systems Manager API reference, PutParameter).

    Raises:
        ConfigError: an address of S3 without a key.
    """
    match = _REMOTE.fullmatch(named)
    if match is None:
        return None
    scheme, rest = match.groups()
    if scheme != _S3:
        return RemoteConfig(None, f"/{rest}" if "/" in rest else rest)
    bucket, _, key = rest.partition("/")
    if not key or key.endswith("/"):
        raise ConfigError(f"the configuration s3://{rest} has no key", hint="Write it as s3://bucket/tidegate.toml.")
    return RemoteConfig(bucket, key)
