"""What people are told of a load, once of each kind, and its numbers; neither can fail it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from tests.flows.landing import TABLE, Land, Notices, appending, upserting
from tests.world import World

from tidegate.errors import Interrupted, NotifyError, Refused, StillRunning, TidegateError, WarehouseUnreachable
from tidegate.flows.context import Context
from tidegate.flows.landing.files import load_files
from tidegate.flows.load.landing import Landing
from tidegate.flows.load.told import failures_told, load_told
from tidegate.model.loading import LoadOutcome
from tidegate.model.metrics import Measures
from tidegate.model.notification import Delivered, Notification, NotificationKind
from tidegate.model.route import Route
from tidegate.signals.channels import Channels, Named


@dataclass
class Box:
    """A channel that keeps what it is sent, or takes nothing."""

    broken: bool = False
    sent: list[Notification] = field(default_factory=list)
    address: str = "box://***"

    def send(self, notification: Notification) -> None:
        if self.broken:
            raise NotifyError("cannot send a message to box://***: gone", hint="Check it.")
        self.sent.append(notification)

    @property
    def told(self) -> list[str]:
        return [notification.title for notification in self.sent]


@dataclass
class Numbers:
    """Metrics that are kept. `wanted`: somebody reads them."""

    wanted: bool = True
    rows: list[Measures] = field(default_factory=list)

    def put(self, measures: Measures) -> None:
        self.rows.append(measures)

    @property
    def values(self) -> list[tuple[str | None, dict[str, int]]]:
        return [(row.table, {metric.value: value for metric, value in row.values.items()}) for row in self.rows]


@dataclass
class Stage:
    land: Land
    box: Box = field(default_factory=Box)
    numbers: Numbers = field(default_factory=Numbers)
    notices: Notices = field(default_factory=Notices)
    kinds: frozenset[NotificationKind] = frozenset(NotificationKind)

    @contextmanager
    def context(self) -> Iterator[Context]:
        with self.land.world.context() as plain:
            named = [Named(self.box.address, lambda: self.box)]
            channels = Channels(named, self.kinds, plain.clock, self.notices, self.numbers)
            ctx = replace(plain, notifier=channels, metrics=self.numbers, reporter=self.notices)
            yield self.land.context(ctx)

    def load(self, route: Route | None = None, before: Callable[[], Any] = lambda: None) -> LoadOutcome:
        """Load what lies in the folder; `before` comes between the look at it and the load."""
        with self.context() as ctx:
            files = tuple(Landing(ctx).find([str(self.land.folder)]))
            before()
            return load_files(ctx, route or appending(), files)


@pytest.fixture
def stage(empty: World) -> Stage:
    return Stage(Land(empty))


def test_one_message_of_each_kind_however_many_files_there_are(stage: Stage) -> None:
    for number in range(6):
        stage.land.write(f"{number}.parquet", {"id": [number, 10 + number]}, minute=number)
    for number in range(25):
        (stage.land.folder / f"bad{number:02}.parquet").write_bytes(b"nonsense")
    outcome = stage.load()
    assert stage.box.told == [
        f"UPLOAD: 31 files landed for {TABLE}",
        f"SUCCESS: 12 rows of 6 files loaded into {TABLE}",
        f"ERROR: 25 files failed to load into {TABLE}",
    ]
    upload, success, error = stage.box.sent
    assert success.lines[1:4] == ("operation: append", "files: 6", "rows: 12")
    assert success.lines[-1] == "status: partial, 25 files in quarantine"
    assert error.lines[5:7] == (
        f"{stage.land.folder}/bad00.parquet is no Parquet file: it has only 8 bytes",
        f"  {outcome.quarantined[0].hint}",
    )
    assert error.lines[-1] == "and 5 more"
    assert (upload.facts["files"], outcome.notifications) == (31, Delivered(3, 0))


def test_what_is_loaded_already_is_not_told_of(stage: Stage) -> None:
    stage.land.write("1.parquet", {"id": [1]})
    stage.load()
    stage.box.sent.clear()
    outcome = stage.load()
    assert (stage.box.told, len(stage.numbers.rows), outcome.notifications) == ([], 1, Delivered())


def test_only_what_is_asked_for_is_told(stage: Stage) -> None:
    stage.kinds = frozenset((NotificationKind.ERROR,))
    stage.land.write("1.parquet", {"id": [1]})
    assert (stage.load().rows, stage.box.told) == (1, [])


def test_a_file_that_is_gone_is_a_warning(stage: Stage) -> None:
    path = stage.land.write("1.parquet", {"id": [1]})
    stage.load(before=path.unlink)
    (warning,) = stage.box.sent
    assert warning.title == f"WARNING: 1 file for {TABLE} gone before the load"
    assert warning.lines[-1] == f"{path}: it was gone before the load"


def test_rows_that_are_kept_aside_are_not_counted_as_loaded(stage: Stage) -> None:
    stage.land.write("1.parquet", {"id": [1, None, 3], "v": [1, 2, 3]})
    outcome = stage.load(upserting("id"))
    assert (outcome.rows, outcome.kept_aside) == (3, 1)
    assert stage.box.told[1:] == [
        f"SUCCESS: 2 rows of 1 file loaded into {TABLE}",
        f"ERROR: 1 file failed to load into {TABLE}",
    ]
    assert stage.numbers.values[-1] == (
        TABLE,
        {"FilesProcessed": 1, "DataRowsLoaded": 2, "ProcessingErrors": 1, "ExecutionDuration": 0, "DeadLetters": 1},
    )


def test_a_channel_that_is_gone_fails_no_load(stage: Stage) -> None:
    stage.box.broken = True
    stage.land.write("1.parquet", {"id": [1]})
    outcome = stage.load()
    assert (outcome.rows, outcome.notifications) == (1, Delivered(0, 2))
    assert stage.notices.told == ["cannot send a message to box://***: gone"] * 2
    assert [set(values) for _, values in stage.numbers.values][:2] == [{"NotificationsFailed"}] * 2


def test_an_error_that_ends_a_load_is_told_and_counted(stage: Stage) -> None:
    stage.land.write("1.parquet", {"id": [1]})
    with stage.context() as ctx:
        plan = stage.land.plan(ctx, appending())

        def away(*_: object) -> None:
            raise Refused("the table is locked away", hint="Ask for the key.")

        with pytest.raises(Refused):
            load_told(replace(ctx, check=away), plan)
    error = stage.box.sent[-1]
    assert stage.box.told[:-1] == [f"UPLOAD: 1 file landed for {TABLE}"]
    assert error.title == f"ERROR: 1 file failed to load into {TABLE}"
    assert error.lines == (
        f"table: {TABLE}",
        "operation: append",
        "files: 1",
        "status: failed",
        f"{TABLE}: the table is locked away",
        "  Ask for the key.",
    )
    assert [values["ProcessingErrors"] for _, values in stage.numbers.values] == [1]


def test_a_plan_that_fails_is_told_too(stage: Stage) -> None:
    stage.land.write("1.parquet", {"id": [1]})
    stage.land.world.sql(f"CREATE VIEW {TABLE} AS SELECT 1 AS id")
    with pytest.raises(TidegateError):
        stage.load()
    assert [notification.lines[-2:] for notification in stage.box.sent] == [
        (f"{TABLE} is a view", "  Name the table that the files go into.")
    ]


@pytest.mark.parametrize("error", [Interrupted("interrupted"), StillRunning("the time is over"), Refused("no")])
def test_an_end_that_was_asked_for_is_not_told(stage: Stage, error: TidegateError) -> None:
    with stage.context() as ctx, pytest.raises(type(error)), failures_told(ctx, but=(Refused,)):
        raise error
    assert (stage.box.sent, stage.numbers.rows) == ([], [])


def test_a_load_without_a_table_is_told_by_what_it_is(stage: Stage) -> None:
    with stage.context() as ctx, pytest.raises(WarehouseUnreachable), failures_told(ctx):
        raise WarehouseUnreachable("the warehouse is away", hint="Wait.")
    assert (stage.box.told, stage.numbers.values[0][0]) == (["ERROR: loading failed"], None)


def test_letters_are_counted_only_where_somebody_reads_the_numbers(stage: Stage) -> None:
    stage.numbers.wanted = False
    (stage.land.folder / "bad.parquet").write_bytes(b"nonsense")
    assert stage.load().dead_letters is None
    stage.numbers.wanted = True
    (stage.land.folder / "worse.parquet").write_bytes(b"nonsense too")
    assert stage.load().dead_letters == 2


def test_a_warehouse_that_cannot_count_fails_no_load(stage: Stage) -> None:
    class Uncounting:
        def __init__(self, port: Any) -> None:
            self._port = port

        def __getattr__(self, name: str) -> Any:
            return getattr(self._port, name)

        def execute(self, sql: str) -> Any:
            if "COUNT(*) AS files" in sql:
                raise WarehouseUnreachable("it went away")
            return self._port.execute(sql)

    stage.land.write("1.parquet", {"id": [1]})
    with stage.context() as plain:
        ctx = replace(plain, warehouse=Uncounting(plain.warehouse))
        outcome = load_told(ctx, stage.land.plan(ctx, appending()))
    assert (outcome.rows, outcome.dead_letters) == (1, None)
    assert stage.notices.told == [f"files of {TABLE} in quarantine are not counted: it went away"]
