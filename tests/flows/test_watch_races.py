"""Events as queues deliver them: the same one a thousand times, at once, late, and of versions that are old by now."""

import os
import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.faults.children import in_child, start
from tests.faults.test_load_races import acting
from tests.flows.landing import TABLE, Land, names, upserting
from tests.flows.test_load_quarantine import spied
from tests.world import World

from tidegate.arrivals.base import Received
from tidegate.flows.context import Context
from tidegate.flows.landing.files import load_files
from tidegate.flows.landing.routing import Router
from tidegate.flows.landing.watch import WatchedBatch, WatchRequest, watch
from tidegate.flows.load.landing import Landing
from tidegate.formats.events.landed import Landed, Message
from tidegate.formats.events.parse import parse_message
from tidegate.model.route import LoadMode, Route

MESSAGES, PROCESSES, THREADS, ROUNDS = 1000, 2, 8, 2


@dataclass
class Queue:
    """Messages, a round at a time."""

    rounds: list[Sequence[Received]]
    acknowledged: list[str] = field(default_factory=list)
    address: str = "sqs://landed"

    def receive(self, seconds: float) -> Sequence[Received]:
        return self.rounds.pop(0) if self.rounds else ()

    def done(self, receipts: Sequence[str]) -> None:
        self.acknowledged += receipts

    def failed(self, receipts: Sequence[str]) -> None: ...

    def waiting(self) -> int:
        return 0

    def close(self) -> None: ...


def routed(land: Land, **options: object) -> Route:
    return replace(upserting("id"), match=f"{land.folder}/*.parquet", **options)


def watched(ctx: Context, route: Route, *rounds: Sequence[Received]) -> tuple[Queue, list[WatchedBatch]]:
    queue = Queue(list(rounds))
    router = Router(replace(ctx.settings, routes=(route,)))
    return queue, list(watch(ctx, WatchRequest([queue], router, load_files, threading.Event(), once=True)))


def told(land: Land, path: Path, sequencer: str) -> Landed:
    """What an event tells of the file as it is now."""
    with land.world.context() as ctx:
        file = Landing(land.context(ctx)).head(str(path))
    assert file is not None
    return Landed(None, file.uri, file.size, file.etag, sequencer=sequencer)


def message(receipt: str, *landed: Landed) -> Received:
    return Received(receipt, Message(receipt, landed))


def _deliver(land: Land, events: Sequence[Received]) -> tuple[int, int]:
    """Watch with eight threads, each with its part of the messages; rows that came in, messages that are done."""
    sums: list[tuple[int, int]] = []
    appending = routed(land, mode=LoadMode.APPEND, batch_seconds=0.0)
    with land.world.context() as ctx:

        def work(number: int) -> None:
            part = events[number::THREADS]
            own = replace(land.context(ctx), suffix=lambda: f"{land.world.suffix}{number}{random.getrandbits(28):07x}")
            queue, batches = watched(own, appending, *(part[n::ROUNDS] for n in range(ROUNDS)))
            assert [batch.error for batch in batches] == [None] * ROUNDS
            rows = sum(batch.outcome.rows for batch in batches if batch.outcome is not None)
            sums.append((rows, len(queue.acknowledged)))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(sums) == THREADS
    return sum(rows for rows, _ in sums), sum(done for _, done in sums)


def test_one_event_a_thousand_times_by_threads_and_processes_is_loaded_once(tmp_path: Path) -> None:
    """By event, and by address alone; shuffled; 32 batches of it at once."""
    land = Land(World(tmp_path))
    in_child(land.world.initialise)
    paths = [land.write(f"{n}.parquet", {"id": [10 * n, 10 * n + 1]}, minute=n) for n in range(3)]
    events = in_child(lambda: [told(land, path, f"0{n}") for n, path in enumerate(paths)])
    messages = [message(str(n), events[n % 3]) for n in range(0, MESSAGES, 2)]
    messages += [Received(str(n), parse_message(str(n), str(paths[n % 3]))) for n in range(1, MESSAGES, 2)]
    random.Random(7).shuffle(messages)
    ready, go = os.pipe()

    def work(number: int) -> tuple[int, int]:
        os.read(ready, 1)
        return _deliver(Land(replace(land.world, suffix="ab"[number])), messages[number::PROCESSES])

    children = [start(lambda n=n: work(n)) for n in range(PROCESSES)]
    os.write(go, b".." * PROCESSES)
    answers = [child.answer() for child in children]
    assert (sum(rows for rows, _ in answers), sum(done for _, done in answers)) == (6, MESSAGES)
    assert land.rows() == [(0,), (1,), (10,), (11,), (20,), (21,)]
    assert sorted(land.loaded()) == [("0.parquet", 2), ("1.parquet", 2), ("2.parquet", 2)]


@pytest.fixture
def land(empty: World) -> Land:
    return Land(empty)


def test_an_older_version_after_a_newer_one_is_skipped_and_a_newer_one_replaces_it(land: Land) -> None:
    """By the sequencer alone: the older file has come back as it was, as a rollback of a bucket does."""
    path = land.write("a.parquet", {"id": [1, 2], "note": ["old", "old"]}, minute=5)
    old = told(land, path, "0055AED6DCD90281E4")
    kept = path.rename(path.with_name("kept"))
    land.write("a.parquet", {"id": [1, 3], "note": ["new", "new"]}, minute=4)
    new = told(land, path, "0055AED6DCD90281E5FF")

    def deliver(*landed: Landed) -> list[tuple[int, int, int]]:
        with land.world.context() as ctx:
            _, batches = watched(land.context(ctx), routed(land), [message("1", *landed)])
        outcomes = [batch.outcome for batch in batches if batch.outcome is not None]
        return [(one.rows, len(one.already), len(one.stale)) for one in outcomes]

    assert deliver(old, new) == [(2, 0, 0)], "of two versions in one batch the newer is loaded"
    assert deliver(old) == [(0, 1, 0)], "the event is late: what lies there is loaded already"
    kept.rename(path)
    assert deliver(old) == [(0, 0, 1)], "the old version itself lies there again"
    assert land.rows("id, note") == [(1, "new"), (3, "new")]
    land.write("a.parquet", {"id": [1, 4], "note": ["newest", "newest"]}, minute=6)
    assert deliver(told(land, path, "0055AED6DCD90281E6")) == [(2, 0, 0)]
    assert land.rows("id, note") == [(1, "newest"), (3, "new"), (4, "newest")]


def test_only_the_guard_keeps_an_older_version_out_that_was_planned_before_the_newer_came(land: Land) -> None:
    path = land.write("a.parquet", {"id": [1], "note": ["old"]}, minute=5)
    old = told(land, path, "0A")
    other = Land(replace(land.world, suffix="z"))

    def newer() -> None:
        kept = path.rename(path.with_name("kept"))
        land.write("a.parquet", {"id": [1], "note": ["new"]}, minute=4)
        event = told(other, path, "0B")
        with other.world.context() as ctx:
            watched(other.context(ctx), routed(other), [message("2", event)])
        kept.rename(path)

    with spied(land, acting(" LOCK ", newer)).world.context() as ctx:
        _, (batch,) = watched(land.context(ctx), routed(land), [message("1", old)])
    assert batch.outcome is not None
    assert (batch.outcome.rows, names(batch.outcome.stale)) == (0, ["a.parquet"])
    assert land.rows("id, note") == [(1, "new")]


@pytest.mark.parametrize("word", [" COPY ", "COUNT(*) AS tg_rows", " LOCK "])
def test_of_a_file_that_is_overwritten_while_it_is_upserted_the_newer_bytes_are_there_once(
    land: Land, word: str
) -> None:
    """Between sealing and COPY, between COPY and the second look, and right before the transaction."""
    land.write("a.parquet", {"id": [1, 2], "note": ["old", "old"]})
    newer: list[Path] = []
    new = {"id": [1, 2], "note": ["new", "new"]}
    spy = acting(word, lambda: newer.append(land.write("a.parquet", new, minute=2)))
    spied(land, spy).load(route=upserting("id"))
    assert len(newer) == 1
    land.load(route=upserting("id"))
    assert land.rows("id, note") == [(1, "new"), (2, "new")]
    assert land.world.value(f"SELECT COUNT(*) FROM {TABLE}") == 2
    assert land.load(route=upserting("id")).batches == ()


def test_clocks_of_other_machines_do_not_order_versions(land: Land) -> None:
    """A file with an earlier time and a later sequencer is the newer one."""
    path = land.write("a.parquet", {"id": [1], "note": ["first"]}, minute=50)
    first = told(land, path, "01")
    with land.world.context() as ctx:
        watched(land.context(ctx), routed(land), [message("1", first)])
    land.world.clock.now -= timedelta(days=1)
    land.write("a.parquet", {"id": [1], "note": ["second"]}, minute=1)
    second = told(land, path, "02")
    with land.world.context() as ctx:
        watched(land.context(ctx), routed(land), [message("2", second)])
    assert land.rows("id, note") == [(1, "second")]
