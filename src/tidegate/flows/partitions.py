"""The partitions of an external table, by batch."""

import re
from collections.abc import Mapping
from datetime import date

from tidegate.flows.context import Context
from tidegate.model.names import TableName
from tidegate.redshift.catalog import select_external_partitions

_VALUES = re.compile(r'\[\s*"([^"]+)"\s*,\s*"(\d{4}-\d\d-\d\d)"\s*\]')


def partition_days(ctx: Context, external: TableName) -> Mapping[str, frozenset[date]]:
    """The periods that have a partition, by batch: `values` is `["<batch>","<date>"]` (SVV_EXTERNAL_PARTITIONS).

    Others (NULL for one of them) are not Tidegate's.
    """
    days: dict[str, set[date]] = {}
    for row in ctx.warehouse.execute(select_external_partitions(external)).rows:
        if values := _VALUES.fullmatch(str(row[0])):
            days.setdefault(values[1], set()).add(date.fromisoformat(values[2]))
    return {batch: frozenset(found) for batch, found in days.items()}
