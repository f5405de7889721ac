"""What S3 tells of an object, as the port's own."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tidegate.lake.base import ObjectInfo
from tidegate.lake.s3.standing import listed_thaw, tier_of, told_thaw


def described(key: str, head: Mapping[str, Any]) -> ObjectInfo:
    """Of the answer to HEAD."""
    return ObjectInfo(
        key,
        head["ContentLength"],
        etag_of(head["ETag"]),
        _whole(head["LastModified"]),
        head.get("VersionId"),
        tier_of(head.get("StorageClass")),
        told_thaw(head),
    )


def listed(key: str, item: Mapping[str, Any]) -> ObjectInfo:
    """Of an entry of a listing, which tells no version."""
    return ObjectInfo(
        key,
        item["Size"],
        etag_of(item["ETag"]),
        _whole(item["LastModified"]),
        tier=tier_of(item.get("StorageClass")),
        thaw=listed_thaw(item),
    )


def etag_of(text: str) -> str:
    return text.strip('"')


def _whole(moment: datetime) -> datetime:
    """HEAD tells whole seconds, a listing may tell parts of them: an object has one time, so the parts go."""
    return moment.astimezone(UTC).replace(microsecond=0)
