"""The partitions of an external table, by batch."""

import re
from collections.abc import Mapping
from datetime import date

from tidegate.errors import DifferenceFound
from tidegate.flows.context import Context
from tidegate.model.names import TableName
from tidegate.redshift.catalog import select_external_partitions

_VALUES = re.compile(r'\[\s*"([^"]+)"\s*,\s*"(\d{4}-\d\d-\d\d)"\s*\]')
_BATCH = re.compile(r"\b\d{8}-\d{6}-[0-9a-z]+.*\d{4}")
"""The id of a batch, and digits of a year after it."""


def partition_days(ctx: Context, external: TableName) -> Mapping[str, frozenset[date]]:
    """The periods that have a partition, by batch: `values` is `["<batch>","<date>"]` (SVV_EXTERNAL_PARTITIONS).

    Others (NULL for one of them) are not Tidegate's.

    Raises:
        DifferenceFound: a partition of a batch is written in a form that is not known.
    """
    days: dict[str, set[date]] = {}
    for row in ctx.warehouse.execute(select_external_partitions(external)).rows:
        if values := _VALUES.fullmatch(str(row[0])):
            days.setdefault(values[1], set()).add(date.fromisoformat(values[2]))
        elif _BATCH.search(str(row[0])):
            raise DifferenceFound(
                f"the catalog shows a partition of {external} as {row[0]}, which cannot be read",
                hint="Report this with the version of the warehouse; nothing was changed.",
            )
    return {batch: frozenset(found) for batch, found in days.items()}
