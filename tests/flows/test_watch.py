"""Watch: when messages are done, when batches are loaded, and what becomes of what cannot be."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.formats.events import shapes
from tests.world import Clock, World

from tidegate.arrivals.base import Received
from tidegate.errors import StatementError, Unreachable, UsageError, WarehouseUnreachable
from tidegate.flows.context import Context
from tidegate.flows.landing.listing import ListedFiles
from tidegate.flows.landing.places import Place
from tidegate.flows.landing.routing import Router
from tidegate.flows.landing.watch import WatchedBatch, WatchRequest, watch
from tidegate.formats.events.landed import Message
from tidegate.formats.events.parse import parse_message
from tidegate.lake.local import LocalLake
from tidegate.model.landing import FileVersion
from tidegate.model.loading import LoadOutcome
from tidegate.model.names import TableName
from tidegate.model.notification import Delivered, Notification
from tidegate.model.route import Route

T = TableName("public", "t")
ROUTE = Route("s3://landing/in/*", T, batch_files=2, batch_seconds=25)


@dataclass
class Scripted:
    """Messages, a round at a time; each wait moves the clock by what was asked for."""

    rounds: list[Sequence[Received] | Unreachable]
    clock: Clock
    acknowledged: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    address: str = "sqs://landed"

    def receive(self, seconds: float) -> Sequence[Received]:
        self.waits.append(round(seconds, 3))
        if self.rounds:
            came = self.rounds.pop(0)
            if isinstance(came, Unreachable):
                raise came
            return came
        self.clock.now += timedelta(seconds=seconds)
        return ()

    def done(self, receipts: Sequence[str]) -> None:
        self.acknowledged += receipts

    def failed(self, receipts: Sequence[str]) -> None:
        self.returned += receipts

    def waiting(self) -> int:
        return 0

    def close(self) -> None: ...


@dataclass
class Bell:
    """Rings when it has been looked at so often."""

    looks: int = 10_000
    waits: list[float] = field(default_factory=list)

    def is_set(self) -> bool:
        self.looks -= 1
        return self.looks < 0

    def wait(self, timeout: float) -> bool:
        self.waits.append(timeout)
        return False


@dataclass
class Told:
    notices: list[str] = field(default_factory=list)

    def progress(self, event: object) -> None: ...

    def notice(self, message: str) -> None:
        self.notices.append(message)


@dataclass
class Loads:
    """Stands for the load flow: remembers what it is given, and fails as it is told to."""

    failing: list[Exception] = field(default_factory=list)
    groups: list[list[str]] = field(default_factory=list)

    def __call__(self, ctx: Context, route: Route, files: tuple[FileVersion, ...]) -> LoadOutcome:
        self.groups.append([file.uri.rpartition("/")[2] for file in files])
        if self.failing:
            raise self.failing.pop(0)
        assert route.table is not None
        return LoadOutcome(route.table, ())


def message(receipt: str, *keys: str) -> Received:
    landed = (shapes.obj(f"in/{key}") for key in keys)
    return Received(receipt, Message(receipt, tuple(landed)))


@dataclass
class Stage:
    ctx: Context
    told: Told
    clock: Clock
    loads: Loads = field(default_factory=Loads)

    def run(
        self, *rounds: Sequence[Received] | Unreachable, once: bool = True, bell: Bell | None = None
    ) -> tuple[Scripted, list[WatchedBatch]]:
        source = Scripted(list(rounds), self.clock)
        router = Router(replace(self.ctx.settings, routes=(ROUTE,)))
        request = WatchRequest([source], router, self.loads, bell or Bell(), once)
        return source, list(watch(self.ctx, request))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    world, told = World(tmp_path), Told()
    with world.context() as ctx:
        yield Stage(replace(ctx, reporter=told), told, world.clock)


def test_a_message_is_done_only_when_its_rows_are_there(stage: Stage) -> None:
    source, batches = stage.run([message("1", "a"), message("2", "b")], [message("3", "c")])
    assert stage.loads.groups == [["a", "b"], ["c"]]
    assert (source.acknowledged, source.returned) == (["1", "2", "3"], [])
    assert [(batch.files, batch.bytes, batch.error) for batch in batches] == [(2, 2048, None), (1, 1024, None)]


def test_a_message_of_several_files_is_done_with_the_last_of_them(stage: Stage) -> None:
    stage.loads.failing = [UsageError("no")]
    source, _ = stage.run([message("1", "a", "b", "c"), message("2", "d")])
    assert stage.loads.groups == [["a", "b"], ["c", "d"]]
    assert (source.acknowledged, source.returned) == (["2"], ["1"])


def test_messages_of_a_batch_that_failed_come_again(stage: Stage) -> None:
    stage.loads.failing = [StatementError("no such column")]
    source, (first, second) = stage.run([message("1", "a"), message("2", "b")], [message("3", "c")])
    assert (str(first.error), first.outcome) == ("no such column", None)
    assert second.outcome == LoadOutcome(T, ())
    assert (source.acknowledged, source.returned) == (["3"], ["1", "2"])


def test_a_run_that_ends_by_itself_tries_a_file_once(stage: Stage, tmp_path: Path) -> None:
    put(tmp_path, "in/a", stage.clock.now - timedelta(days=1))
    router = Router(replace(stage.ctx.settings, routes=(Route("in/*", T),)), tmp_path)
    stage.loads.failing = [StatementError("no such column")]
    files = listed(tmp_path, stage.clock)
    batches = list(watch(stage.ctx, WatchRequest([files], router, stage.loads, Bell(), once=True)))
    assert [str(batch.error) for batch in batches] == ["no such column"]
    assert len(files.receive(0)) == 1


@dataclass
class Held:
    """A Notifier that holds something back until `at`."""

    clock: Clock
    at: datetime | None
    sent: list[datetime] = field(default_factory=list)
    delivered: Delivered = field(default_factory=Delivered)

    def send(self, notification: Notification) -> None: ...

    def next_at(self) -> datetime | None:
        return self.at

    def due(self) -> None:
        if self.at is not None and self.at <= self.clock.now:
            self.sent.append(self.at)
            self.at = None

    def close(self) -> None: ...


def test_messages_that_are_held_back_wait_for_no_file(stage: Stage) -> None:
    due = stage.clock.now + timedelta(seconds=7)
    held = Held(stage.clock, due)
    stage.ctx = replace(stage.ctx, notifier=held)
    source, _ = stage.run(once=False, bell=Bell(looks=3))
    assert (source.waits, held.sent) == ([7.0, 10.0, 10.0], [due])


def test_failures_in_a_row_pause_longer(stage: Stage) -> None:
    stage.loads.failing = [WarehouseUnreachable("away")] * 2
    bell = Bell(looks=12)
    stage.run(*[[message(f"{n}a", f"{n}a"), message(f"{n}b", f"{n}b")] for n in range(3)], once=False, bell=bell)
    assert bell.waits == [2.0, 4.0]


def test_a_batch_is_loaded_by_its_age_without_another_message(stage: Stage) -> None:
    source, _ = stage.run([message("1", "a")], once=False, bell=Bell(looks=6))
    assert source.waits == [10.0, 10.0, 10.0, 5.0, 10.0]
    assert (stage.loads.groups, source.acknowledged) == ([["a"]], ["1"])


def test_the_same_event_a_thousand_times_is_one_file(stage: Stage) -> None:
    source, batches = stage.run([message(str(number), "a") for number in range(1000)])
    assert stage.loads.groups == [["a"]]
    assert len(source.acknowledged) == 1000
    assert [batch.files for batch in batches] == [1]


def test_what_cannot_be_read_comes_again_and_is_told(stage: Stage) -> None:
    bad = Received("1", parse_message("m1", "nonsense"))
    source, batches = stage.run([bad, message("2", "a")])
    assert (source.returned, source.acknowledged, len(batches)) == (["1"], ["2"], 1)
    assert stage.told.notices == [
        "sqs://landed: message m1: the event is 'nonsense', which is neither JSON nor an address"
    ]


def test_files_without_a_route_and_removed_ones_are_told_and_done(stage: Stage) -> None:
    other = Received("1", Message("1", (shapes.obj("other/a"),), ("s3://landing/in/b: removed",)))
    hidden = Received("2", Message("2", (shapes.obj("in/_SUCCESS"),)))
    source, batches = stage.run([other, hidden])
    assert (source.acknowledged, batches) == (["1", "2"], [])
    assert stage.told.notices == [
        "s3://landing/in/b: removed",
        "s3://landing/other/a is not loaded: no route matches",
    ]


@dataclass
class Passing(Bell):
    """A bell whose waits move the clock."""

    clock: Clock = field(default_factory=Clock)

    def wait(self, timeout: float) -> bool:
        self.clock.now += timedelta(seconds=timeout)
        return super().wait(timeout)


def test_a_source_that_cannot_be_reached_for_a_while_is_looked_at_again(stage: Stage) -> None:
    gone = Unreachable("no route to host")
    bell = Passing(9, clock=stage.clock)
    source, batches = stage.run([message("1", "a")], gone, gone, [message("2", "b")], once=False, bell=bell)
    assert [batch.files for batch in batches] == [2]
    assert stage.told.notices == [
        "sqs://landed: no route to host; it is looked at again in 2 seconds",
        "sqs://landed: no route to host; it is looked at again in 4 seconds",
        "sqs://landed can be reached again",
    ]
    assert source.acknowledged == ["1", "2"]


@pytest.mark.parametrize(("before", "once"), [([], False), ([[message("1", "a")]], True)])
def test_a_source_that_was_never_reached_ends_it_and_any_ends_a_run_that_ends_by_itself(
    stage: Stage, before: list[Sequence[Received]], once: bool
) -> None:
    with pytest.raises(Unreachable, match="no route to host"):
        stage.run(*before, Unreachable("no route to host"), once=once)


def test_a_bell_that_rings_leaves_open_batches_to_the_next_run(stage: Stage) -> None:
    source, batches = stage.run([message("1", "a")], once=False, bell=Bell(looks=1))
    assert (batches, source.acknowledged, source.returned) == ([], [], [])


def listed(folder: Path, clock: Clock) -> ListedFiles:
    return ListedFiles([Place(LocalLake(folder), "", whole=False)], clock, lambda seconds: clock.advance(seconds=2))


def put(folder: Path, name: str, written: datetime, text: str = "x") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (written.timestamp(), written.timestamp()))
    return path


def test_a_file_of_a_folder_counts_when_it_is_settled_and_once(tmp_path: Path) -> None:
    clock = Clock(datetime(2026, 1, 1, tzinfo=UTC))
    files = listed(tmp_path, clock)
    put(tmp_path, "in/old", clock.now - timedelta(days=1))
    put(tmp_path, "in/new", clock.now)
    assert [one.receipt for one in files.receive(0)] == [f"{tmp_path}/in/old"]
    assert (files.waiting(), files.receive(0)) == (1, [])
    assert [one.receipt for one in files.receive(1)] == [f"{tmp_path}/in/new"]
    assert (files.waiting(), files.receive(1)) == (0, [])


def test_a_file_that_still_grows_waits(tmp_path: Path) -> None:
    clock = Clock(datetime(2026, 1, 1, tzinfo=UTC))
    files = listed(tmp_path, clock)
    for size in range(1, 4):
        put(tmp_path, "a", clock.now, "x" * size)
        assert files.receive(0) == []
        clock.advance(seconds=1)
    clock.advance(seconds=1)
    (received,) = files.receive(0)
    assert received.message.landed[0].size == 3


def test_a_file_with_a_time_in_the_future_counts_when_two_looks_agree(tmp_path: Path) -> None:
    clock = Clock(datetime(2026, 1, 1, tzinfo=UTC))
    files = listed(tmp_path, clock)
    put(tmp_path, "a", clock.now + timedelta(days=1))
    assert (files.receive(0), files.waiting()) == ([], 1)
    clock.advance(seconds=3)
    assert len(files.receive(0)) == 1


def test_a_file_that_is_written_anew_or_failed_is_told_again(tmp_path: Path) -> None:
    clock = Clock(datetime(2026, 1, 1, tzinfo=UTC))
    files = listed(tmp_path, clock)
    put(tmp_path, "a", clock.now - timedelta(days=2))
    (first,) = files.receive(0)
    put(tmp_path, "a", clock.now - timedelta(days=1), "other")
    (second,) = files.receive(0)
    assert (first.receipt, first.message.landed[0].size, second.message.landed[0].size) == (f"{tmp_path}/a", 1, 5)
    files.failed([second.receipt])
    assert files.receive(0) == [second]
