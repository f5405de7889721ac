"""In which storage class an object is, and whether it can be read, as S3 tells it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from tidegate.model.tiers import Thaw, ThawState, Tier

_EXPIRY = re.compile('expiry-date="([^"]*)"')


def tier_of(storage_class: str | None) -> Tier:
    """Classes that we do not know (of outposts, file systems) can be read as STANDARD can."""
    return Tier.__members__.get(storage_class or "", Tier.STANDARD)


def listed_thaw(item: Mapping[str, Any]) -> Thaw | None:
    """Of an entry of a listing with RestoreStatus (API reference, ListObjectsV2). It does not tell of the archive
    tiers of INTELLIGENT_TIERING; HEAD does.
    """
    if not tier_of(item.get("StorageClass")).parks:
        return None
    status = item.get("RestoreStatus", {})
    if status.get("IsRestoreInProgress"):
        return Thaw(ThawState.THAWING)
    until = status.get("RestoreExpiryDate")
    return Thaw(ThawState.THAWED, until.astimezone(UTC)) if until else Thaw(ThawState.PARKED)


def told_thaw(head: Mapping[str, Any]) -> Thaw | None:
    """Of the answer to HEAD: x-amz-restore, x-amz-archive-status (API reference, HeadObject)."""
    if not tier_of(head.get("StorageClass")).parks and not head.get("ArchiveStatus"):
        return None
    restore = head.get("Restore", "")
    if 'ongoing-request="true"' in restore:
        return Thaw(ThawState.THAWING)
    if 'ongoing-request="false"' in restore:
        return Thaw(ThawState.THAWED, _expiry(restore))
    return Thaw(ThawState.PARKED)


def _expiry(restore: str) -> datetime | None:
    found = _EXPIRY.search(restore)
    return parsedate_to_datetime(found[1]).astimezone(UTC) if found else None
