"""Storage classes of archived files, the ways to bring a file back from one, and what stands in between."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Tier(StrEnum):
    """S3 storage classes (S3 User Guide, Understanding storage classes). A local lake behaves as they do."""

    STANDARD = "STANDARD"
    STANDARD_IA = "STANDARD_IA"
    ONEZONE_IA = "ONEZONE_IA"
    INTELLIGENT_TIERING = "INTELLIGENT_TIERING"
    GLACIER_IR = "GLACIER_IR"
    GLACIER = "GLACIER"
    DEEP_ARCHIVE = "DEEP_ARCHIVE"

    @property
    def parks(self) -> bool:
        """Whether an object in it cannot be read before it was thawed."""
        return self in (Tier.GLACIER, Tier.DEEP_ARCHIVE)

    @property
    def minimum_days(self) -> int:
        """Days that are paid for in any case (S3 pricing, minimum storage duration)."""
        return _MINIMUM_DAYS.get(self, 0)


_MINIMUM_DAYS = {
    Tier.STANDARD_IA: 30,
    Tier.ONEZONE_IA: 30,
    Tier.GLACIER_IR: 90,
    Tier.GLACIER: 90,
    Tier.DEEP_ARCHIVE: 180,
}

POLICY_TIERS = (Tier.STANDARD_IA, Tier.GLACIER_IR, Tier.GLACIER, Tier.DEEP_ARCHIVE)
"""What a policy may name, in the only order in which lifecycle rules move objects (S3 User Guide, Transitioning)."""


class Retrieval(StrEnum):
    """How fast, and how dearly, a parked object is thawed (S3 User Guide, Archive retrieval options)."""

    EXPEDITED = "expedited"
    STANDARD = "standard"
    BULK = "bulk"


class ThawState(StrEnum):
    """PARKED: nobody asked for it. THAWING: asked for, not there yet. THAWED: readable for a while."""

    PARKED = "parked"
    THAWING = "thawing"
    THAWED = "thawed"


@dataclass(frozen=True)
class Thaw:
    """Where a parked object stands. `until` (UTC) is when a thawed one goes back."""

    state: ThawState
    until: datetime | None = None
