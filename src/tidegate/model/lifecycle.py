"""A policy that was imported: a rule of AWS's data-lifecycle sample, as text, and where it came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tidegate.model.names import TableName


@dataclass(frozen=True)
class ImportedPolicy:
    """`cells` are the fields of the rule as they were written, without its checkpoint. `source` is the absolute path of
    a CSV file, or `dynamodb://TABLE?…`. `checkpoint`: the day, or first day of the month, that was archived last.
    """

    table: TableName
    source: str
    cells: Mapping[str, str]
    checkpoint: str | None
    imported_at: datetime
