"""Partitions as the catalog shows them."""

from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tidegate.errors import DifferenceFound
from tidegate.flows.context import Context
from tidegate.flows.partitions import partition_days
from tidegate.model.names import TableName
from tidegate.warehouse.base import Result

BATCH = "20200620-121314-3f9a2c1b"


def days(*values: str | None) -> Any:
    rows = tuple((value,) for value in values)
    warehouse = SimpleNamespace(execute=lambda sql: Result(rows=rows))
    return partition_days(cast(Context, SimpleNamespace(warehouse=warehouse)), TableName("cold", "orders"))


def test_days_by_batch_and_partitions_of_others() -> None:
    shown = (f'["{BATCH}","2020-01-01"]', f'["{BATCH}", "2020-02-01"]', '["eu","2020"]', None, f'["{BATCH}",null]')
    assert days(*shown) == {BATCH: frozenset({date(2020, 1, 1), date(2020, 2, 1)})}


def test_a_partition_of_a_batch_in_another_form_is_named() -> None:
    with pytest.raises(DifferenceFound) as unknown:
        days(f"({BATCH},2020-01-01)")
    assert unknown.value.message == (
        f"the catalog shows a partition of cold.orders as ({BATCH},2020-01-01), which cannot be read"
    )
