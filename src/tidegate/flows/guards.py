"""What a guard's failure means for a batch."""

from enum import Enum

from tidegate.errors import GuardFailed
from tidegate.flows.statements import COLUMNS_CHANGED, HOT_CHANGED
from tidegate.redshift.control import NUMBER_TAKEN


class Verdict(Enum):
    """ALREADY: the batch was published or retired before. ORDER: another record took the number; try again."""

    HOT_CHANGED = "hot changed"
    COLUMNS_CHANGED = "columns changed"
    HOLD = "hold"
    ALREADY = "already"
    ORDER = "order"
    OTHER = "other"


_STARTS = (
    (HOT_CHANGED, Verdict.HOT_CHANGED),
    (COLUMNS_CHANGED, Verdict.COLUMNS_CHANGED),
    ("rows are under hold", Verdict.HOLD),
    ("batch ", Verdict.ALREADY),
    (NUMBER_TAKEN, Verdict.ORDER),
)


def verdict(error: GuardFailed) -> Verdict:
    return next((v for start, v in _STARTS if error.message.startswith(start)), Verdict.OTHER)
