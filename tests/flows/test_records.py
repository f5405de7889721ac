"""The log of records: what is too long for one row is written as several, what is missing is found and put."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.flows.tables import archive
from tests.world import AS_OF, ORDERS, World

from tidegate.flows import records as flows_records
from tidegate.flows.adopt import take_over
from tidegate.flows.identity import attach
from tidegate.flows.records import RecordLog, fitting
from tidegate.formats.stored import dump
from tidegate.model.layout import record_key
from tidegate.model.records import BatchPeriods, LogRecord, RecordKind

DAYS = [date(1990, 1, 1) + timedelta(days=n) for n in range(6000)]
LONGEST = 65_535
"""Bytes of a VARCHAR."""


def record(**parts: tuple[BatchPeriods, ...]) -> LogRecord:
    return LogRecord(7, RecordKind.ADOPT, "w1", ORDERS, "2020-06-20T00:00:00+00:00", **parts)


@pytest.mark.parametrize("batches", [1, 2, 6000])
def test_a_record_is_split_without_losing_a_period(batches: int) -> None:
    size = len(DAYS) // batches
    parts = [BatchPeriods(f"b{n}", f"w1/{n}/", tuple(DAYS[n * size : (n + 1) * size])) for n in range(batches)]
    half = batches // 2
    records = fitting(record(published=tuple(parts[:half]), retired=tuple(parts[half:])))
    assert len(records) > 1
    assert [r.number for r in records] == list(range(7, 7 + len(records)))
    assert max(len(dump(r)) for r in records) <= LONGEST
    for found, expected in (
        ([p for r in records for p in r.published], parts[:half]),
        ([p for r in records for p in r.retired], parts[half:]),
    ):
        assert [(p.batch, p.prefix, day) for p in found for day in p.periods] == [
            (p.batch, p.prefix, day) for p in expected for day in p.periods
        ]


def test_a_record_that_fits_is_left_as_it_is() -> None:
    small = record(published=(BatchPeriods("b1", "w1/b1/", tuple(DAYS[:100])),))
    assert fitting(small) == [small]
    assert fitting(record()) == [record()]


def test_a_warehouse_that_differs_in_thousands_of_periods_is_taken_over(world: World) -> None:
    archive(world, AS_OF)
    rows = ", ".join(f"('public.orders', 'b1', DATE '{day}', 1, '1', 'x', GETDATE())" for day in DAYS)
    columns = "table_name, batch, period, row_count, fingerprint, hash, archived_at"
    world.sql(f"INSERT INTO tidegate.published ({columns}) VALUES {rows}")
    with world.context() as ctx:
        assert len(take_over(ctx).differences) == len(DAYS)
        lengths = ctx.warehouse.execute("SELECT number, OCTET_LENGTH(record) FROM tidegate.log ORDER BY number").rows
    assert [number for number, _ in lengths] == [1, 2, 3, 4]
    assert max(length for _, length in lengths) <= LONGEST
    written = sorted((world.folder / "lake").glob("_tidegate/w*/log/public/orders/*.json"))[2:]
    documents = [json.loads(path.read_text()) for path in written]
    assert [document["kind"] for document in documents] == ["adopt", "adopt"]
    assert [day for d in documents for part in d["published"] for day in part["periods"]] == [str(d) for d in DAYS]
    with world.context() as ctx:
        assert take_over(ctx).differences == ()


class Listed:
    """A lake that notes where each listing of records begins and how many it gives."""

    def __init__(self, lake: Any, listings: list[tuple[str | None, int]]) -> None:
        self._lake, self._listings = lake, listings

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lake, name)

    def list(self, prefix: str, *, after: str | None = None) -> Iterator[Any]:
        found = list(self._lake.list(prefix, after=after))
        self._listings.append((after and after[-7:-5], len(found)))
        return iter(found)


@pytest.mark.parametrize(("gone", "looked"), [(1, [("11", 0), ("09", 2)]), (4, [("11", 0), ("09", 0), (None, 8)])])
def test_records_that_a_killed_run_left_out_are_found_near_the_last(
    world: World, monkeypatch: pytest.MonkeyPatch, gone: int, looked: list[tuple[str | None, int]]
) -> None:
    world.initialise()
    listings: list[tuple[str | None, int]] = []
    world = replace(world, wrap=lambda port, name: Listed(port, listings) if name == "lake" else port)
    with world.context() as ctx:
        log = RecordLog(ctx, attach(ctx).warehouse)
        records = [LogRecord(n, RecordKind.ABANDON, log.warehouse, ORDERS, "2020-06-20") for n in range(1, 13)]
        ctx.warehouse.transaction(log.inserts(records))
        assert log.sync(ORDERS) == 12
        ctx.lake.delete([record_key(log.warehouse, ORDERS, 12 - n) for n in range(gone)])
        monkeypatch.setattr(flows_records, "NEAR", 3)
        listings.clear()
        assert (log.sync(ORDERS), listings) == (12, looked)
        assert list(log.read(ORDERS)) == records
