"""What became of archived periods with their age: files in colder tiers, and archives that expired."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tidegate.model.names import TableName
from tidegate.model.tiers import Tier


class TierStep(StrEnum):
    """MOVE: to a colder tier, which can be read as well, or is as parked as the one before. PARK: the rows still
    count, but are no longer read; the files stay where they are. HAND_OVER: after `delete_grace`, the files of what is
    parked go to its tier.
    """

    MOVE = "move"
    PARK = "park"
    HAND_OVER = "hand_over"


@dataclass(frozen=True)
class TierMove:
    """Periods of one batch, their files, and the tiers that they go from and to."""

    table: TableName
    batch: str
    step: TierStep
    source: Tier
    tier: Tier
    periods: tuple[date, ...]
    rows: int
    objects: int
    bytes: int


@dataclass(frozen=True)
class Expiry:
    """Periods of one batch whose rows and files go for ever. `copies`: their rows are hot as well.

    `early_days`: that many days of its tier's minimum are not over yet, and are paid for all the same.
    """

    table: TableName
    batch: str
    tier: Tier
    periods: tuple[date, ...]
    rows: int
    objects: int
    bytes: int
    parked: bool = False
    copies: bool = False
    early_days: int = 0


@dataclass(frozen=True)
class Kept:
    """Periods of one batch that are due, but stay as they are: they are under hold."""

    table: TableName
    batch: str
    periods: tuple[date, ...]
