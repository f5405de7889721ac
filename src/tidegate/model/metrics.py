"""Numbers that are watched over time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Metric(StrEnum):
    """DATA_ROWS_LOADED: committed. EXECUTION_DURATION in milliseconds. DEAD_LETTERS: files in quarantine now."""

    FILES_PROCESSED = "FilesProcessed"
    DATA_ROWS_LOADED = "DataRowsLoaded"
    PROCESSING_ERRORS = "ProcessingErrors"
    EXECUTION_DURATION = "ExecutionDuration"
    DEAD_LETTERS = "DeadLetters"
    NOTIFICATIONS_FAILED = "NotificationsFailed"

    @property
    def unit(self) -> str:
        """As CloudWatch names it (API reference, MetricDatum)."""
        return "Milliseconds" if self is Metric.EXECUTION_DURATION else "Count"


@dataclass(frozen=True)
class Measures:
    """Values of one moment. `table`: what they are of, None = of no table."""

    at: datetime
    values: Mapping[Metric, int]
    table: str | None = None
