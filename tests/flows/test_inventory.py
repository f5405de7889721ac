"""Inventories of a lake, beside what should be in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.inventories import CREATED, HandMade, Row
from tests.world import World

from tidegate.errors import ConfigError, CorruptRecord, ObjectNotFound
from tidegate.flows.inventory.normalize import NormalizeRequest, normalize
from tidegate.flows.inventory.places import Openers, Place
from tidegate.lake.local import LocalLake
from tidegate.model.inventory import DifferenceKind, InventoryDifference, NormalizeOutcome
from tidegate.model.records import BatchPeriods
from tidegate.model.tiers import Tier

NOTHING = dict.fromkeys(DifferenceKind, 0)
JANUARY = date(2020, 1, 1)


def on_this_machine(address: str) -> Place:
    return Place(LocalLake(Path(address)), "")


OPENERS = Openers(on_this_machine, None)


def rows_of(world: World) -> list[Row]:
    """Every object of the lake, written before the report was begun."""
    with world.context() as ctx:
        return [Row(info.key, info.size, info.etag) for info in ctx.lake.list("")]


def is_data(row: Row) -> bool:
    return "tg_period=" in row.key


def normalized(world: World, made: HandMade, folder: Path | None = None) -> NormalizeOutcome:
    """The outcome for a report that lies in a folder beside the lake."""
    root = folder or world.folder
    manifest = made.write(root)
    places = [Place(LocalLake(root), manifest.relative_to(root).as_posix())]
    with world.context() as ctx:
        return normalize(ctx, NormalizeRequest(places), OPENERS)


def changed(rows: list[Row], change: Callable[[Row], Row | None]) -> list[Row]:
    """The rows of data files as `change` leaves them (None: without them); the others as they are."""
    return [new for row in rows if (new := change(row) if is_data(row) else row) is not None]


def only(outcome: NormalizeOutcome, kind: DifferenceKind) -> list[InventoryDifference]:
    """The differences, which are all of one kind."""
    assert outcome.differences == NOTHING | {kind: len(outcome.examples)}
    assert {found.kind for found in outcome.examples} == {kind}
    return list(outcome.examples)


def test_a_report_that_agrees(archived: World) -> None:
    rows = rows_of(archived)
    outcome = normalized(archived, HandMade([rows[:2], rows[2:]]))
    assert outcome.differences == NOTHING
    assert (outcome.rows, outcome.files, outcome.written, outcome.unknown) == (len(rows), 2, True, ())
    assert outcome.inventory.endswith("/inventory/dt=2020-06-21/inventory.parquet")
    table = pq.read_table(outcome.inventory, partitioning=None)
    periods = [row for row in table.to_pylist() if row["period"] is not None]
    assert [(row["table_name"], row["period"]) for row in periods] == [
        ("orders", JANUARY),
        ("orders", date(2020, 2, 1)),
    ]


def test_files_that_the_report_lacks(archived: World) -> None:
    rows = rows_of(archived)
    found = only(normalized(archived, HandMade([changed(rows, lambda row: None)])), DifferenceKind.MISSING)
    assert [each.key for each in found] == [row.key for row in rows if is_data(row)]
    assert {(each.table, each.detail) for each in found} == {("public.orders", "the inventory lacks it")}


def test_a_file_below_a_delete_marker_is_missing(archived: World) -> None:
    rows = changed(rows_of(archived), lambda row: replace(row, marker=True, size=None, storage=None))
    assert len(only(normalized(archived, HandMade([rows])), DifferenceKind.MISSING)) == 2


def test_an_old_version_is_no_file_that_is_there(archived: World) -> None:
    rows = changed(rows_of(archived), lambda row: replace(row, latest=False, version="v"))
    assert len(only(normalized(archived, HandMade([rows])), DifferenceKind.MISSING)) == 2


def test_a_file_of_another_size(archived: World) -> None:
    rows = rows_of(archived)
    (january, february) = (row for row in rows if is_data(row))
    other = changed(rows, lambda row: replace(row, size=7) if row == january else row)
    (found,) = only(normalized(archived, HandMade([other])), DifferenceKind.SIZE)
    assert (found.key, found.detail) == (january.key, f"7 bytes, {january.size} were written")
    assert february.key != january.key


def test_objects_that_nothing_knows(archived: World) -> None:
    rows = rows_of(archived)
    root = next(row.key for row in rows if is_data(row)).partition("/")[0]
    strays = [f"{root}/public/orders/tg_batch=20200101-000000-0badf00d/tg_period=2020-01-01/f", f"{root}/notes.txt"]
    away = ["elsewhere/f", "_tidegate/x"]
    found = only(normalized(archived, HandMade([rows, [Row(key) for key in (*strays, *away)]])), DifferenceKind.EXTRA)
    assert sorted(each.key for each in found) == sorted(strays)
    assert {each.key: (each.table, each.batch) for each in found}[strays[0]] == (
        "public.orders",
        "20200101-000000-0badf00d",
    )
    assert {each.detail for each in found} == {"nothing that is known put it there"}


def test_files_of_a_retired_batch_may_be_there_or_not(archived: World) -> None:
    archived.restore()
    rows = rows_of(archived)
    assert normalized(archived, HandMade([rows])).differences == NOTHING
    assert normalized(archived, HandMade([changed(rows, lambda row: None)])).differences == NOTHING


def test_a_published_file_that_cannot_be_read(archived: World) -> None:
    rows = changed(rows_of(archived), lambda row: replace(row, storage="GLACIER"))
    found = only(normalized(archived, HandMade([rows])), DifferenceKind.TIER)
    assert {each.detail for each in found} == {"it lies in GLACIER, but its rows count as readable"}
    asleep = changed(rows_of(archived), lambda row: replace(row, storage="INTELLIGENT_TIERING", access="ARCHIVE"))
    found = only(normalized(archived, HandMade([asleep])), DifferenceKind.TIER)
    assert found[0].detail == "it lies in INTELLIGENT_TIERING ARCHIVE, but its rows count as readable"


def test_a_parked_file_may_be_in_its_tier_or_not_yet(archived: World) -> None:
    rows = rows_of(archived)
    batch = next(row.key for row in rows if is_data(row)).partition("tg_batch=")[2].partition("/")[0]
    with archived.context() as ctx:
        part = BatchPeriods(batch, "", (JANUARY,))
        ctx.warehouse.transaction(ctx.control.park([part], Tier.GLACIER, ctx.stamp()))
    assert normalized(archived, HandMade([rows])).differences == NOTHING
    cold = changed(rows, lambda row: replace(row, storage="GLACIER"))
    (found,) = only(normalized(archived, HandMade([cold])), DifferenceKind.TIER)
    assert "tg_period=2020-02-01" in found.key


def test_what_came_after_the_report_was_begun_is_no_difference(archived: World) -> None:
    rows = [row for row in rows_of(archived) if "tg_batch=" not in row.key]
    before = HandMade([rows], created=datetime(2020, 6, 20, 11, tzinfo=UTC))
    assert normalized(archived, before).differences == NOTHING
    later = CREATED + timedelta(minutes=1)
    new = changed(rows_of(archived), lambda row: replace(row, size=7, storage="GLACIER", modified=later))
    assert normalized(archived, HandMade([new])).differences == NOTHING


def test_every_difference_is_told(archived: World) -> None:
    rows = rows_of(archived)
    root = next(row.key for row in rows if is_data(row)).partition("/")[0]
    made = HandMade([rows, [Row(f"{root}/{n}") for n in range(1500)]])
    manifest = made.write(archived.folder)
    told: list[InventoryDifference] = []
    places = [Place(LocalLake(archived.folder), manifest.relative_to(archived.folder).as_posix())]
    with archived.context() as ctx:
        outcome = normalize(ctx, NormalizeRequest(places, on_difference=told.append), OPENERS)
    assert (outcome.differences[DifferenceKind.EXTRA], len(told), len(outcome.examples)) == (1500, 1500, 1000)


def test_the_newer_report_of_a_day_stays(archived: World, tmp_path: Path) -> None:
    rows = rows_of(archived)
    first = HandMade([rows])
    second = replace(first, files=[rows, [Row("late")]], created=CREATED + timedelta(hours=2))
    stored = Path(normalized(archived, first).inventory)
    bytes_of_first = stored.read_bytes()
    assert normalized(archived, first).written
    assert stored.read_bytes() == bytes_of_first
    assert normalized(archived, second).written
    bytes_of_second = stored.read_bytes()
    assert bytes_of_second != bytes_of_first
    outcome = normalized(archived, first)
    assert (outcome.written, outcome.rows) == (False, len(rows))
    assert stored.read_bytes() == bytes_of_second
    assert normalized(archived, replace(first, created=CREATED + timedelta(days=1))).inventory != str(stored)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[:-1], " bytes, the manifest says "),
        (lambda data: data[:-1] + b"x", " has the MD5 "),
    ],
    ids=["truncated", "changed"],
)
def test_a_damaged_file_stores_nothing(archived: World, damage: Callable[[bytes], bytes], message: str) -> None:
    rows = rows_of(archived)
    made = HandMade([rows[:2], rows[2:]])
    manifest = made.write(archived.folder)
    file = archived.folder / f"{made.root}data/1.csv.gz"
    file.write_bytes(damage(file.read_bytes()))
    places = [Place(LocalLake(archived.folder), manifest.relative_to(archived.folder).as_posix())]
    with archived.context() as ctx, pytest.raises(CorruptRecord) as caught:
        normalize(ctx, NormalizeRequest(places), OPENERS)
    assert caught.value.message.startswith(f"{made.root}data/1.csv.gz has ")
    assert message in caught.value.message
    assert list(archived.folder.rglob("inventory.parquet")) == []


def test_a_report_that_is_not_complete(archived: World) -> None:
    made = HandMade([rows_of(archived)])
    manifest = made.write(archived.folder)
    places = [Place(LocalLake(archived.folder), manifest.relative_to(archived.folder).as_posix())]
    checksum = manifest.with_name("manifest.checksum")
    proof = checksum.read_bytes()
    checksum.unlink()
    with archived.context() as ctx, pytest.raises(CorruptRecord, match=r"it has no manifest\.checksum$"):
        normalize(ctx, NormalizeRequest(places), OPENERS)
    checksum.write_bytes(proof)
    (archived.folder / f"{made.root}data/0.csv.gz").unlink()
    with archived.context() as ctx, pytest.raises(ObjectNotFound, match=r"data/0\.csv\.gz of the report .* is not th"):
        normalize(ctx, NormalizeRequest(places), OPENERS)


def test_a_lake_without_a_report(archived: World) -> None:
    with archived.context() as ctx, pytest.raises(ConfigError) as caught:
        normalize(ctx, NormalizeRequest(), OPENERS)
    assert caught.value.message.startswith(f"there is no report below {archived.folder}/lake/_tidegate/")
    assert caught.value.hint == "Run `tidegate inventory report`: of a local lake Tidegate makes the reports."


def test_nobody_waits_for_the_warehouse_while_files_are_worked_on(archived: World) -> None:
    open_sessions: list[int] = []

    class Watched:
        def __init__(self, port: Any) -> None:
            self.port = port

        def __getattr__(self, name: str) -> Any:
            return getattr(self.port, name)

        @contextmanager
        def session(self) -> Iterator[Any]:
            with self.port.session() as session:
                open_sessions.append(1)
                yield session
                open_sessions.pop()

    class Reports(LocalLake):
        def stream(self, key: str) -> Iterator[bytes]:
            assert open_sessions == []
            return super().stream(key)

    def tell(_: InventoryDifference) -> None:
        assert open_sessions == []

    rows = changed(rows_of(archived), lambda row: None)
    manifest = HandMade([rows]).write(archived.folder)
    place = Place(Reports(archived.folder), manifest.relative_to(archived.folder).as_posix())
    archived.wrap = lambda port, name: Watched(port) if name == "warehouse" else port
    with archived.context() as ctx:
        outcome = normalize(ctx, NormalizeRequest([place], on_difference=tell), OPENERS)
    assert outcome.differences[DifferenceKind.MISSING] == 2
