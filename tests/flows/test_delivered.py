"""Events that are handed over: what is done, what has to come again, and why."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.unit.formats.events import shapes
from tests.world import World

from tidegate.errors import TidegateError, WarehouseUnreachable
from tidegate.flows.context import Context
from tidegate.flows.landing.delivered import EventOutcome, EventRequest, load_event
from tidegate.flows.landing.routing import Router
from tidegate.formats.events.parse import parse_event
from tidegate.model.landing import FileVersion
from tidegate.model.loading import LoadedBatch, LoadOutcome
from tidegate.model.names import TableName
from tidegate.model.route import Route

ROUTES = tuple(Route(f"s3://landing/{name}/*", TableName("public", name), batch_files=2) for name in ("a", "b", "c"))


@dataclass
class Loads:
    """Stands for the load flow. `ends`: the bell rings after so many loads."""

    fails: Sequence[str] = ()
    ends: int = 99
    bell: threading.Event = field(default_factory=threading.Event)
    seen: list[str] = field(default_factory=list)

    def __call__(self, ctx: Context, route: Route, files: tuple[FileVersion, ...]) -> LoadOutcome:
        assert route.table is not None
        self.seen.append(f"{route.table.name}{len(files)}")
        if len(self.seen) == self.ends:
            self.bell.set()
        if route.table.name in self.fails:
            raise WarehouseUnreachable(f"{route.table.name} is away")
        return LoadOutcome(route.table, (LoadedBatch(route.table, "id", files, 1, 1),))


def loaded(folder: Path, loads: Loads, *keys: str, fifo: bool = False) -> EventOutcome:
    """The outcome of an event of a queue with a message for each key; `{` is one that cannot be read."""
    bodies = [key if key == "{" else shapes.s3(shapes.obj(key)) for key in keys]
    with World(folder).context() as ctx:
        router = Router(replace(ctx.settings, routes=ROUTES))
        return load_event(ctx, EventRequest(parse_event(shapes.sqs(*bodies, fifo=fifo)), router, loads, loads.bell))


def again(outcome: EventOutcome) -> list[str]:
    return [one["itemIdentifier"] for one in outcome.answer()["batchItemFailures"]]


def texts(errors: Sequence[TidegateError]) -> list[str]:
    return [error.message for error in errors]


def test_batches_are_closed_as_in_watch_and_only_failures_come_again(tmp_path: Path) -> None:
    loads = Loads(fails=("b",))
    outcome = loaded(tmp_path, loads, "a/1", "b/1", "a/2", "{", "c/1", "nobody/1")
    assert loads.seen == ["a2", "b1", "c1"]
    assert again(outcome) == ["m1", "m3"]
    assert outcome.undone == (1, 3)
    message = "message m3: the event is '{', which is neither JSON nor an address"
    assert texts(outcome.errors) == [message, "b is away"]
    assert texts(outcome.refused) == [message]
    assert (outcome.files, outcome.rows, outcome.quarantined) == (3, 2, 0)


def test_what_was_not_begun_when_the_time_ended_comes_again(tmp_path: Path) -> None:
    loads = Loads(ends=1)
    outcome = loaded(tmp_path, loads, "a/1", "b/1", "a/2", "c/1")
    assert (loads.seen, again(outcome), outcome.errors) == (["a2"], ["m1", "m3"], ())


@pytest.mark.parametrize(
    ("keys", "fails", "seen", "failed"),
    [
        (("a/1", "{", "b/1"), (), ["a1"], ["m1", "m2"]),
        (("a/1", "b/1", "c/1"), ("b",), ["a1", "b1"], ["m1", "m2"]),
        (("a/1", "b/1"), (), ["a1", "b1"], []),
    ],
)
def test_of_a_fifo_queue_nothing_overtakes_what_failed(
    tmp_path: Path, keys: Sequence[str], fails: Sequence[str], seen: Sequence[str], failed: Sequence[str]
) -> None:
    loads = Loads(fails=fails)
    outcome = loaded(tmp_path, loads, *keys, fifo=True)
    assert (loads.seen, again(outcome), len(outcome.errors)) == (seen, failed, bool(failed))


@pytest.mark.parametrize("name", ["y" * 256, "x\0"], ids=["long", "nul"])
def test_a_key_that_cannot_be_read_does_not_keep_its_batch_from_being_loaded(tmp_path: Path, name: str) -> None:
    loads = Loads()
    outcome = loaded(tmp_path, loads, "a/1", f"a/{name}", "a/2")
    assert (loads.seen, again(outcome), outcome.rows) == (["a2"], ["m1"], 1)
    assert outcome.errors[0].message.startswith("the key 'landing/a/")
