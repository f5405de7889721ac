"""Thawing: where the files of parked periods stand, and what each way to bring them back takes and costs."""

from dataclasses import dataclass
from decimal import Decimal

from tidegate.model.tiers import Retrieval, Tier


@dataclass(frozen=True)
class Amount:
    files: int = 0
    bytes: int = 0

    def and_one(self, size: int) -> "Amount":
        """With one more file of `size` bytes."""
        return Amount(self.files + 1, self.bytes + size)


@dataclass(frozen=True)
class FileStates:
    """How many files are in each state. `readable`: no thaw is needed; the others are those of `ThawState`."""

    readable: Amount = Amount()
    parked: Amount = Amount()
    thawing: Amount = Amount()
    thawed: Amount = Amount()

    @property
    def waiting(self) -> bool:
        """Whether some cannot be read yet."""
        return self.parked.files + self.thawing.files > 0


NO_FILES = FileStates()


@dataclass(frozen=True)
class Way:
    """One way to thaw files. `hours`: the longest that it takes, as `time` says in words.

    `price` is what asking for them costs, None where the price file does not tell.
    """

    retrieval: Retrieval
    time: str
    hours: float
    price: Decimal | None


@dataclass(frozen=True)
class ThawEstimate:
    """What is parked and was not asked for yet: every way to thaw all of it, and what reading it costs besides.

    `keeping`: what was thawed, and the copies of it, for the days that they stay. Amounts are in `currency`, with the
    prices of `region` on the day `date`.
    """

    ways: tuple[Way, ...]
    keeping: Decimal
    date: str
    region: str
    currency: str


_TIMES = {
    (Tier.GLACIER, Retrieval.EXPEDITED): ("1 to 5 minutes", 0.1),
    (Tier.GLACIER, Retrieval.STANDARD): ("3 to 5 hours", 5.0),
    (Tier.GLACIER, Retrieval.BULK): ("5 to 12 hours", 12.0),
    (Tier.DEEP_ARCHIVE, Retrieval.STANDARD): ("up to 12 hours", 12.0),
    (Tier.DEEP_ARCHIVE, Retrieval.BULK): ("up to 48 hours", 48.0),
}
"""S3 User Guide, Archive retrieval options."""


def retrieval_time(tier: Tier, retrieval: Retrieval) -> tuple[str, float] | None:
    """In words and as the longest in hours; None where the tier has no such retrieval."""
    return _TIMES.get((tier, retrieval))
