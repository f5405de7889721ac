"""What storage costs: prices as values, and the rules by which S3 and Redshift bill. All amounts are exact.

A GB is 2^30 bytes, as AWS bills it. A month has 30 days where days are counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tidegate.model.tiers import Retrieval, Tier

GB = Decimal(2**30)
KB = Decimal(1024)

PARKED_OVERHEAD = 32 * KB
PARKED_INDEX = 8 * KB
"""Per object in GLACIER and DEEP_ARCHIVE: billed at the tier's price, and at STANDARD's (S3 pricing)."""

_LEAST_BILLED = {tier: 128 * KB for tier in (Tier.STANDARD_IA, Tier.ONEZONE_IA, Tier.GLACIER_IR)}
"""Smaller objects are billed as if they had this size (S3 pricing)."""

_DAYS_OF_MONTH = 30


@dataclass(frozen=True)
class RetrievalPrice:
    """`gb` for each GB, `requests` for each 1,000 objects."""

    gb: Decimal = Decimal(0)
    requests: Decimal = Decimal(0)


@dataclass(frozen=True)
class TierPrices:
    """`storage` for each GB and month, `transition` for each 1,000 objects that move here."""

    storage: Decimal
    transition: Decimal = Decimal(0)
    retrieval: Mapping[Retrieval, RetrievalPrice] = field(default_factory=dict)


@dataclass(frozen=True)
class Prices:
    """`date` says when they were right (ISO), `warehouse` is Redshift's managed storage for each GB and month."""

    date: str
    region: str
    currency: str
    warehouse: Decimal
    tiers: Mapping[Tier, TierPrices]

    def hot_month(self, size: int) -> Decimal:
        """A month of `size` bytes in the warehouse."""
        return self.warehouse * size / GB

    def cold_month(self, tier: Tier, size: int, objects: int) -> Decimal:
        """A month of `size` bytes in `objects` objects of a tier."""
        price = self.tiers[tier].storage
        if not tier.parks:
            return price * max(Decimal(size), _LEAST_BILLED.get(tier, Decimal(0)) * objects) / GB
        index = self.tiers[Tier.STANDARD].storage * PARKED_INDEX * objects
        return (price * (size + PARKED_OVERHEAD * objects) + index) / GB

    def transition(self, tier: Tier, objects: int) -> Decimal:
        """The fee for moving objects to a tier, once."""
        return self.tiers[tier].transition * objects / 1000

    def early_deletion(self, tier: Tier, size: int, objects: int, days: int) -> Decimal:
        """What is paid for the rest of the tier's minimum, when objects go after `days` days in it."""
        left = max(0, tier.minimum_days - days)
        return self.cold_month(tier, size, objects) * left / _DAYS_OF_MONTH

    def retrieval(self, tier: Tier, retrieval: Retrieval, size: int, objects: int) -> Decimal | None:
        """The fee for thawing, or reading, objects of a tier; None where the tier has no such retrieval."""
        price = self.tiers[tier].retrieval.get(retrieval)
        return None if price is None else price.gb * size / GB + price.requests * objects / 1000
