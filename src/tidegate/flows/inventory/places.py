"""Where reports, inventories and manifests lie: in this lake, in another bucket, or in a folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tidegate.lake.base import Lake

_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


@dataclass(frozen=True)
class Place:
    """An object, or a folder when `key` is empty or ends with a slash."""

    lake: Lake
    key: str

    @property
    def address(self) -> str:
        return self.lake.uri(self.key)

    def below(self, key: str) -> "Place":
        return Place(self.lake, self.key + key)


@dataclass(frozen=True)
class Location:
    """A lake as inventories name it: its bucket, and the prefix of its keys in there."""

    bucket: str
    prefix: str


class Configurations(Protocol):
    """The inventory configurations of the lake's bucket."""

    def read(self, configuration_id: str) -> dict[str, object] | None:
        """One of them, as S3 describes it; None where there is none of that id. Raises LakeUnreachable."""
        ...

    def write(self, configuration: dict[str, object]) -> None:
        """Put one, replacing the one of the same id and no other. Raises LakeUnreachable."""
        ...


@dataclass(frozen=True)
class Openers:
    """How addresses are opened, and what the bucket is asked.

    `folder`: a place to write to, or to look for reports. `configurations`: None for a lake that is no bucket.
    """

    folder: Callable[[str], Place]
    configurations: Configurations | None


def arn(lake: Lake, name: str) -> str:
    """The ARN of a bucket, or of `bucket/key`, beside this lake (AWS General Reference, Amazon Resource Names)."""
    region = lake.capabilities.region or ""
    partition = next((known for start, known in _PARTITIONS.items() if region.startswith(start)), "aws")
    return f"arn:{partition}:s3:::{name}"


def location(lake: Lake) -> Location:
    """Of a folder the bucket is its name."""
    root = lake.uri("")
    if lake.capabilities.scheme == "s3":
        bucket, _, prefix = root.removeprefix("s3://").partition("/")
        return Location(bucket, prefix)
    return Location(Path(root).name, "")
