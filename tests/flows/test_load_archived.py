"""Keys that are archived: a row of the same key beside them would make two of one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.faults.test_load_races import acting
from tests.flows.landing import Land, names, upserting
from tests.flows.test_load_quarantine import spied
from tests.world import ORDERS, World

from tidegate.errors import Refused
from tidegate.model.route import OnArchived, Route

IDS = "SELECT order_id, COUNT(*), MAX(note) FROM public.orders_all WHERE order_id IN (1, 3, 61) GROUP BY 1 ORDER BY 1"


def into_orders(**options: Any) -> Route:
    """Order 1 is of January, which is archived; order 3 is of March."""
    return replace(upserting("order_id", **options), table=ORDERS)


def changed(land: Land, ids: Sequence[int] = (1, 3, 61), name: str = "a.parquet", minute: int = 0) -> None:
    days = [date(2020, 1 if i == 1 else 3, 1) for i in ids]
    amounts = pa.array([Decimal("1.00")] * len(ids), pa.decimal128(12, 2))
    columns = {"order_id": list(ids), "order_date": days, "amount": amounts, "note": ["changed"] * len(ids)}
    land.write(name, columns, minute=minute)


def test_a_row_whose_key_is_archived_is_kept_aside(archived: World) -> None:
    land = Land(archived)
    changed(land)
    changed(land, (3,), "b.parquet", 1)
    outcome = land.load(route=into_orders())
    (quarantined,) = outcome.quarantined
    assert (names([quarantined]), quarantined.code, quarantined.rows) == (["a.parquet"], "load.archived", 1)
    assert quarantined.reason == "1 of its 3 rows have a key (order_id) that is archived"
    assert archived.sql(IDS) == [(1, 1, "note 1"), (3, 1, "changed"), (61, 1, "changed")]
    assert [row["order_id"] for row in pq.read_table(quarantined.place or "").to_pylist()] == [1]
    assert land.load(route=into_orders()).batches == ()
    assert quarantined.hint == (
        f"The rows lie at {quarantined.place}: load that folder after `tidegate restore public.orders`, or by a route "
        'whose on_archived is "restore" or "allow".'
    )
    archived.restore()
    assert land.load(Path(quarantined.place or ""), route=into_orders()).quarantined == ()
    assert archived.sql(IDS) == [(1, 1, "changed"), (3, 1, "changed"), (61, 1, "changed")]


def test_the_period_of_an_archived_key_comes_back_first(archived: World) -> None:
    land = Land(archived)
    changed(land)
    outcome = land.load(route=into_orders(on_archived=OnArchived.RESTORE))
    assert (outcome.rows, outcome.quarantined) == (3, ())
    assert archived.sql(IDS) == [(1, 1, "changed"), (3, 1, "changed"), (61, 1, "changed")]
    assert archived.sql("SELECT period FROM tidegate.published") == [(date(2020, 2, 1),)]
    assert archived.verify().differences == ()


def test_history_may_be_appended_to_where_that_is_meant(archived: World) -> None:
    land = Land(archived)
    changed(land)
    land.load(route=into_orders(on_archived=OnArchived.ALLOW))
    assert archived.sql(IDS)[0][:2] == (1, 2)


def test_a_period_that_is_archived_meanwhile_is_minded(world: World) -> None:
    """Between the comparison and the transaction: the guard fails, and the keys are compared anew."""
    land = Land(world)
    changed(land)
    archiving = replace(world, suffix="z")
    outcome = spied(land, acting(" LOCK ", archiving.archive)).load(route=into_orders())
    assert [q.code for q in outcome.quarantined] == ["load.archived"]
    assert world.sql(IDS) == [(1, 1, "note 1"), (3, 1, "changed"), (61, 1, "changed")]


def test_parked_periods_cannot_be_compared(archived: World) -> None:
    archived.sql(
        "INSERT INTO tidegate.parked SELECT table_name, batch, period, row_count, fingerprint, hash, archived_at, "
        "'GLACIER', archived_at, archived_at FROM tidegate.published WHERE period = '2020-01-01'",
        "DELETE FROM tidegate.published WHERE period = '2020-01-01'",
    )
    land = Land(archived)
    changed(land)
    message = "public.orders has parked periods, whose keys cannot be compared with those of the files"
    with pytest.raises(Refused, match=message):
        land.load(route=into_orders())
    assert land.loaded() == []
