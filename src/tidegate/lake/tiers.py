"""What may be asked of tiers, alike in every store."""

from tidegate.errors import UsageError
from tidegate.model.tiers import Retrieval, Tier

THAW_HINT = "Thaw the object first: `tidegate restore <table> --days 7` makes it readable for so many days."


def check_tier(tier: Tier) -> Tier:
    """Raises UsageError: nothing moves back to STANDARD but by a copy (S3 User Guide, Transitioning objects)."""
    if tier is Tier.STANDARD:
        raise UsageError("no object moves to the tier STANDARD", hint="Copy the object: a copy is in STANDARD.")
    return tier


def check_days(days: int) -> int:
    """Raises UsageError: less than a day."""
    if days < 1:
        raise UsageError(f"an object is thawed for {days} days, must be 1 or more", hint="Give whole days from 1 on.")
    return days


def check_retrieval(key: str, tier: Tier, retrieval: Retrieval) -> None:
    """Raises UsageError: DEEP_ARCHIVE knows no expedited retrieval (S3 User Guide, Archive retrieval options)."""
    if tier is Tier.DEEP_ARCHIVE and retrieval is Retrieval.EXPEDITED:
        raise UsageError(
            f"the object {key!r} is in DEEP_ARCHIVE, which has no expedited retrieval",
            hint="Ask for the standard or the bulk retrieval.",
        )


def is_colder(tier: Tier, than: Tier) -> bool:
    """Tiers go one way, in the order of Tier (S3 User Guide, Transitioning objects)."""
    order = list(Tier)
    return order.index(tier) > order.index(than)
