"""What was told and measured, as documents."""

from tidegate.model.loading import LoadOutcome
from tidegate.model.metrics import Metric
from tidegate.model.notification import Delivered


def metrics_document(outcome: LoadOutcome) -> dict[str, int | None]:
    """DeadLetters is null where no metrics are written."""
    return {**{metric.value: value for metric, value in outcome.metrics.items()}, _LETTERS: outcome.dead_letters}


def delivered_document(delivered: Delivered) -> dict[str, int]:
    return {"sent": delivered.sent, "failed": delivered.failed}


_LETTERS = Metric.DEAD_LETTERS.value
