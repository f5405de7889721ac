"""Cycles of plan and work, one after another."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tests.world import MONTHLY, World

from tidegate.flows.queue.cycle import CycleOutcome, Cycles, run_cycle, run_cycles
from tidegate.flows.queue.schedule import Every
from tidegate.flows.queue.work import WorkRequest
from tidegate.flows.telling import tell
from tidegate.model.names import TableName
from tidegate.model.notification import Notification
from tidegate.model.policy import TierRule
from tidegate.model.tiers import Tier
from tidegate.signals.base import TellsNobody


class Bell(threading.Event):
    """Does not wait, but moves the clock; rings after some waits."""

    def __init__(self, world: World, waits: int) -> None:
        super().__init__()
        self._world, self._waits = world, waits

    def wait(self, timeout: float | None = None) -> bool:
        if self._waits == 0:
            self.set()
        self._waits -= 1
        self._world.clock.now += timedelta(seconds=timeout or 0)
        return self.is_set()


def cycles(world: World, bell: Bell, end: datetime | None = None) -> Sequence[CycleOutcome]:
    with world.context() as ctx:
        told = Cycles(Every(timedelta(seconds=60)), WorkRequest(workers=1), bell, lambda _: end)
        return list(run_cycles(ctx, told))


def test_cycles_follow_one_another_until_the_bell_rings(world: World) -> None:
    first, second = cycles(world, Bell(world, 1))
    assert [(step.name, dict(step.counts), step.failures) for step in first.steps] == [
        ("plan", {"new": 1, "known": 0}, ()),
        ("work", {"done": 1, "failed": 0, "waiting": 0}, ()),
        ("tier", {"moved": 0, "waiting": 0}, ()),
        ("expire", {"expired": 0}, ()),
        ("gc", {"removed": 0, "waiting": 0}, ()),
    ]
    assert [dict(step.counts) for step in second.steps] == [
        {"new": 0, "known": 0},
        {"done": 0, "failed": 0, "waiting": 0},
        {"moved": 0, "waiting": 0},
        {"expired": 0},
        {"removed": 0, "waiting": 0},
    ]
    assert (first.number, second.number, first.stopped) == (1, 2, False)
    assert round((second.began_at - first.began_at).total_seconds()) == 60


def test_what_fails_in_a_cycle_is_one_message(world: World) -> None:
    sent: list[Notification] = []
    with world.context() as ctx:
        notifier = TellsNobody()
        notifier.send = sent.append  # type: ignore[method-assign]
        world.sql("DROP TABLE public.orders")
        run_cycle(replace(ctx, notifier=notifier), WorkRequest(workers=1), 3)
        tell(replace(ctx, notifier=notifier), "nothing failed", ())
    (failure,) = sent
    assert (failure.title, failure.lines[0]) == ("ERROR: 1 failure in cycle 3", "table public.orders does not exist")


def test_a_step_that_fails_is_told_and_the_next_has_its_turn(world: World) -> None:
    cycles(replace(world, policies=(replace(MONTHLY, batch_periods=1),)), Bell(world, 0))
    (cycle,) = cycles(replace(world, policies=()), Bell(world, 0))
    plan, work, *_ = cycle.steps
    assert [(f.name, f.code, f.message) for f in plan.failures] == [
        ("plan", "config", f"{world.folder / 'tidegate.toml'} has no [[archive]] policy")
    ]
    assert dict(work.counts) == {"done": 0, "failed": 0, "waiting": 0}


def test_a_table_that_fails_does_not_keep_the_others(world: World) -> None:
    gone = replace(MONTHLY, table=TableName("public", "gone"))
    (cycle,) = cycles(replace(world, policies=(gone, MONTHLY)), Bell(world, 0))
    plan, work, *_ = cycle.steps
    assert [(f.name, f.message) for f in plan.failures] == [("public.gone", "table public.gone does not exist")]
    assert work.counts["done"] == 1


def test_no_cycle_begins_when_its_window_has_ended(world: World) -> None:
    assert cycles(world, Bell(world, 5), world.clock.now - timedelta(seconds=1)) == []
    assert len(cycles(world, Bell(world, 5), world.clock.now + timedelta(seconds=61))) == 2


def test_a_bell_that_rings_at_once_ends_it_before_the_first_cycle(world: World) -> None:
    bell = Bell(world, 0)
    bell.set()
    assert cycles(world, bell) == []


def test_a_cycle_lets_archives_grow_old(world: World) -> None:
    """Archived, in a colder tier a month later, expired after that, and gone a day after that."""
    aging = replace(MONTHLY, tiers=(TierRule(Tier.GLACIER_IR, 30),), expire=60, max_delete_fraction=1.0)
    world = replace(world, policies=(aging,))
    done: list[dict[str, int]] = []
    for days in (0, 31, 30, 2):
        world.clock.now += timedelta(days=days)
        (cycle,) = cycles(world, Bell(world, 0))
        assert [failure for step in cycle.steps for failure in step.failures] == []
        done.append({f"{step.name} {name}": n for step in cycle.steps for name, n in step.counts.items() if n})
    archived, moved, expired, removed = done
    assert archived == {"plan new": 1, "work done": 1}
    assert moved == {"plan new": 1, "work done": 1, "tier moved": 2}
    assert (expired["expire expired"], removed["gc removed"] > 0) == (2, True)
