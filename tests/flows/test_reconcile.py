"""What lies in the places of routes against what is loaded, and loading what is missing."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.flows.landing import folder_at
from tests.flows.test_watch import Bell, Scripted, Told
from tests.unit.formats.events import shapes
from tests.world import Clock, World

from tidegate.arrivals.base import Received
from tidegate.config.routes import specificity
from tidegate.errors import ObjectMissing, WarehouseUnreachable
from tidegate.flows.context import Context
from tidegate.flows.landing.backfill import backfill
from tidegate.flows.landing.files import load_files
from tidegate.flows.landing.listing import ListedFiles
from tidegate.flows.landing.places import place_of
from tidegate.flows.landing.reconcile import Counts, ReconcileRequest, Standing, reconcile
from tidegate.flows.landing.routing import Router
from tidegate.flows.landing.watch import WatchedBatch, WatchRequest, watch
from tidegate.flows.load.landing import Landing
from tidegate.formats.events.landed import Landed, Message
from tidegate.model.loading import LoadOutcome
from tidegate.model.names import TableName
from tidegate.model.route import LoadMode, Route

SALES = Route("sales/**/*.parquet", TableName("public", "sales"), batch_files=2)
ALL = ReconcileRequest()
BY_NAME = Route("in/{table}/*.parquet", None)


@dataclass(frozen=True)
class Place:
    """A world with routes, and files of `id` and `day` in its lake."""

    world: World

    def put(self, name: str, *ids: int, minute: int = 0, folder: Path | None = None) -> Path:
        path = (folder or self.world.folder / "lake") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"id": list(ids)}), path.with_suffix(".new"))
        seconds = 1_592_647_200 + 60 * minute
        os.utime(path.with_suffix(".new"), (seconds, seconds))
        path.with_suffix(".new").replace(path)
        return path

    @contextmanager
    def context(self, *routes: Route) -> Iterator[Context]:
        ordered = tuple(sorted(routes or (SALES, BY_NAME), key=specificity, reverse=True))
        with self.world.context() as ctx:
            settings = replace(ctx.settings, routes=ordered)
            yield replace(ctx, settings=settings, lake_at=folder_at, sleep=lambda seconds: None)

    def reconcile(self, request: ReconcileRequest = ALL, *routes: Route) -> list[tuple[str, str, str]]:
        with self.context(*routes) as ctx:
            return [(f.standing.value, str(f.table), Path(f.uri).name) for f in reconcile(ctx, request)]

    def backfill(self, request: ReconcileRequest = ALL, *routes: Route) -> list[WatchedBatch]:
        with self.context(*routes) as ctx:
            return list(backfill(ctx, request, load_files))


@pytest.fixture
def place(world: World) -> Place:
    return Place(world)


def test_what_was_never_loaded_is_loaded_and_then_agrees(place: Place) -> None:
    for name, ids in (("sales/1.parquet", (1,)), ("sales/a/2.parquet", (2, 3)), ("in/stock/3.parquet", (4,))):
        place.put(name, *ids)
    place.put("elsewhere/4.parquet", 5)
    place.put("sales/_hidden/5.parquet", 6)
    missing = [
        ("missing", "public.stock", "3.parquet"),
        ("missing", "public.sales", "1.parquet"),
        ("missing", "public.sales", "2.parquet"),
    ]
    assert place.reconcile() == missing
    assert [(str(batch.route.table), batch.files) for batch in place.backfill()] == [
        ("public.sales", 2),
        ("public.stock", 1),
    ]
    assert place.world.sql("SELECT id FROM public.sales ORDER BY id") == [(1,), (2,), (3,)]
    assert (place.reconcile(), place.backfill()) == ([], [])


def test_newer_versions_and_files_that_are_gone(place: Place) -> None:
    place.put("sales/1.parquet", 1)
    place.put("sales/2.parquet", 2)
    place.backfill()
    place.put("sales/1.parquet", 1, 7, minute=5)
    (place.world.folder / "lake/sales/2.parquet").unlink()
    counts = Counts()
    with place.context() as ctx:
        found = [(f.standing, Path(f.uri).name) for f in reconcile(ctx, ALL, counts)]
    assert found == [(Standing.NEWER, "1.parquet"), (Standing.GONE, "2.parquet")]
    assert (counts.agreed, counts.to_load, counts.differing[Standing.GONE]) == (0, 1, 1)
    assert [batch.files for batch in place.backfill()] == [1]
    assert place.reconcile() == [("gone", "public.sales", "2.parquet")]


def test_a_file_in_quarantine_stays_there(place: Place) -> None:
    bad = place.put("sales/bad.parquet", 1)
    bad.write_bytes(b"nonsense")
    place.put("sales/good.parquet", 2)
    (batch,) = place.backfill()
    assert batch.outcome is not None
    assert [Path(q.file.uri).name for q in batch.outcome.quarantined] == ["bad.parquet"]
    assert place.reconcile() == [("quarantined", "public.sales", "bad.parquet")]
    assert place.backfill() == []


def test_a_link_in_a_circle_is_told_and_the_others_are_compared_and_watched(place: Place) -> None:
    good = place.put("sales/good.parquet", 1)
    (good.parent / "up").symlink_to("..")
    told = Told()
    with place.context() as ctx:
        found = reconcile(replace(ctx, reporter=told), ALL)
        assert [Path(one.uri).name for one in found] == ["good.parquet"]
        looked = ListedFiles([place_of(ctx, SALES)], ctx.clock, lambda seconds: None).receive(0)
    circle, why = f"{good.parent}/up/sales", "symbolic links lead in a circle there"
    assert told.notices == [f"{circle} cannot be loaded: {why}"]
    assert [one.message.told for one in looked] == [(f"{circle} is not loaded: {why}",), ()]


def test_a_name_that_is_not_utf8_is_told_and_the_others_are_compared_and_watched(place: Place) -> None:
    good = place.put("sales/good.parquet", 1)
    odd = f"{good.parent}/\\xff.parquet"
    Path(os.fsdecode(os.fsencode(good.parent) + b"/\xff.parquet")).write_bytes(b"nothing")
    told = Told()
    with place.context() as ctx:
        found = reconcile(replace(ctx, reporter=told), ALL)
        assert [Path(one.uri).name for one in found] == ["good.parquet"]
        listed = ListedFiles([place_of(ctx, SALES)], ctx.clock, lambda seconds: None)
        looks = [listed.receive(0), listed.receive(0)]
    assert told.notices == [f"{odd} cannot be loaded: its name is not UTF-8"]
    assert [[(one.message.told, len(one.message.landed)) for one in look] for look in looks] == [
        [((f"{odd} is not loaded: its name is not UTF-8",), 0), ((), 1)],
        [],
    ]


def test_older_files_of_a_table_that_is_one_file_are_not_missing(place: Place) -> None:
    whole = replace(SALES, mode=LoadMode.REPLACE)
    for name, minute in (("old", 0), ("new", 5)):
        place.put(f"sales/{name}.parquet", minute, minute=minute)
    with place.context(whole) as ctx:
        list(backfill(ctx, ALL, load_files))
        counts = Counts()
        assert list(reconcile(ctx, ALL, counts)) == []
    assert (counts.agreed, counts.stale) == (1, 1)
    place.put("sales/newest.parquet", 9, minute=9)
    with place.context(whole) as ctx:
        assert [Path(one.uri).name for one in reconcile(ctx, ALL)] == ["newest.parquet"]


def test_one_route_by_its_match_or_its_table(place: Place) -> None:
    place.put("sales/1.parquet", 1)
    place.put("in/stock/2.parquet", 2)
    assert place.reconcile(ReconcileRequest("public.sales")) == [("missing", "public.sales", "1.parquet")]
    assert place.reconcile(ReconcileRequest("sales")) == [("missing", "public.sales", "1.parquet")]
    assert place.reconcile(ReconcileRequest("in/{table}/*.parquet")) == [("missing", "public.stock", "2.parquet")]
    with pytest.raises(ObjectMissing) as caught:
        place.reconcile(ReconcileRequest("stock"))
    assert caught.value.message == "there is no route stock"
    assert caught.value.hint == (
        "Name one by its match or its table; there are: in/{table}/*.parquet, sales/**/*.parquet."
    )


def test_a_more_specific_route_keeps_its_files(place: Place) -> None:
    place.put("sales/eu/1.parquet", 1)
    place.put("sales/us/2.parquet", 2)
    other = Route("sales/eu/*.parquet", TableName("public", "eu"))
    assert place.reconcile(ReconcileRequest("public.sales"), SALES, other) == [("missing", "public.sales", "2.parquet")]


def test_only_files_that_landed_since(place: Place) -> None:
    place.put("sales/1.parquet", 1, minute=0)
    place.put("sales/2.parquet", 2, minute=10)
    since = datetime(2020, 6, 20, 10, 5, tzinfo=UTC)
    place.backfill(ReconcileRequest(since=since))
    assert place.world.sql("SELECT id FROM public.sales") == [(2,)]


def test_files_are_loaded_in_the_order_in_which_they_landed(place: Place) -> None:
    keyed = replace(SALES, batch_files=1)
    for name, minute in (("b", 1), ("a", 3), ("c", 2)):
        place.put(f"sales/{name}.parquet", minute, minute=minute)
    outcomes = [batch.outcome for batch in place.backfill(ALL, keyed)]
    assert [Path(o.batches[0].files[0].uri).name[0] for o in outcomes if o] == ["b", "c", "a"]


def test_a_batch_that_fails_is_not_tried_again_in_the_same_run(place: Place) -> None:
    for number in range(3):
        place.put(f"sales/{number}.parquet", number)
    tries: list[int] = []

    def away(ctx: Context, route: Route, files: tuple[object, ...]) -> LoadOutcome:
        tries.append(len(files))
        raise WarehouseUnreachable("the warehouse is away")

    with place.context() as ctx:
        batches = list(backfill(ctx, ALL, away))
    assert (tries, [str(batch.error) for batch in batches]) == ([2, 1], ["the warehouse is away"] * 2)
    assert len(place.reconcile()) == 3


def test_relative_routes_may_start_from_a_folder_outside_of_the_lake(place: Place) -> None:
    outside = place.world.folder / "drop"
    place.put("sales/1.parquet", 1, folder=outside)
    place.put("sales/2.parquet", 2)
    request = ReconcileRequest("public.sales", outside)
    assert place.reconcile(request) == [("missing", "public.sales", "1.parquet")]
    place.backfill(request)
    assert (place.reconcile(request), place.world.sql("SELECT id FROM public.sales")) == ([], [(1,)])


def test_a_route_with_a_path_of_its_own(place: Place) -> None:
    outside = place.world.folder / "drop"
    place.put("x/1.parquet", 1, folder=outside)
    route = Route(f"{outside}/x/*.parquet", TableName("public", "x"))
    assert place.reconcile(ALL, route) == [("missing", "public.x", "1.parquet")]
    place.backfill(ALL, route)
    assert place.reconcile(ALL, route) == []


def test_a_file_by_listing_by_path_and_by_event_is_one_version(place: Place) -> None:
    path = str(place.put("sales/1.parquet", 1))
    with place.context() as ctx:
        (listed,) = place_of(ctx, SALES).files()
        (found,) = Landing(ctx).find([path])
        assert listed.identity == found.identity
        told = Received("1", Message("1", (Landed(None, path),)))
        loads = [next(watch(ctx, _watching(ctx, told))).outcome for _ in range(2)]
        assert [(o.files, len(o.already)) for o in loads if o] == [(1, 0), (0, 1)]
        assert list(backfill(ctx, ALL, load_files)) == []
        files = ListedFiles([place_of(ctx, SALES)], ctx.clock, lambda seconds: None)
        (again,) = list(watch(ctx, WatchRequest([files], Router(ctx.settings), load_files, Bell(), True)))
    assert again.outcome is not None
    assert (again.outcome.files, len(again.outcome.already)) == (0, 1)
    assert place.world.sql("SELECT id FROM public.sales") == [(1,)]


def test_events_that_are_told_out_of_order_and_twice_load_each_row_once(place: Place) -> None:
    paths = [str(place.put(f"sales/{number}.parquet", number)) for number in range(5)]
    told = [Received(str(n), Message(str(n), (Landed(None, paths[n * 3 % 5]),))) for n in range(40)]
    with place.context() as ctx:
        list(watch(ctx, _watching(ctx, *told)))
    assert place.world.sql("SELECT id FROM public.sales ORDER BY id") == [(n,) for n in range(5)]


def test_a_file_that_is_gone_before_it_is_loaded_is_done(place: Place) -> None:
    gone = Received("1", Message("1", (Landed(None, str(place.world.folder / "lake/sales/x.parquet")),)))
    foreign = Received("2", Message("2", (shapes.obj("sales/1.parquet"),)))
    with place.context() as ctx:
        assert list(watch(ctx, _watching(ctx, gone, foreign))) == []


def _watching(ctx: Context, *messages: Received) -> WatchRequest:
    return WatchRequest([Scripted([messages], Clock())], Router(ctx.settings), load_files, Bell(), True)
