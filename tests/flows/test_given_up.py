"""Batches that another worker finished, gave up or left: what becomes of them, in the ledger too."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.flows.failing import watched, without_ledger_at
from tests.world import ORDERS, World

from tidegate.flows.abandon import abandon
from tidegate.flows.identity import attach
from tidegate.flows.leases import lease
from tidegate.flows.records import RecordLog
from tidegate.ledger.base import BatchRow, JobState
from tidegate.model.policy import Action
from tidegate.model.records import BatchPeriods


def whole(world: World) -> tuple[Any, ...]:
    return world.sql("SELECT COUNT(*), SUM(order_id) FROM public.orders_all")[0]


def states(world: World) -> list[str]:
    with world.context() as ctx:
        return [row.state.value for row in ctx.ledger.batches()]


def kinds(world: World) -> list[str]:
    return [kind for (kind,) in world.sql("SELECT kind FROM tidegate.log ORDER BY number")]


def give_up(world: World) -> BatchRow:
    """Another worker, with a ledger of its own, retires the only batch of this one, and its files are collected."""
    with world.context() as ctx:
        (row,) = ctx.ledger.batches()
        part = BatchPeriods(row.id, row.prefix, tuple(p.period for p in ctx.ledger.periods(row.id)))
        assert abandon(ctx, RecordLog(ctx, attach(ctx).warehouse), ORDERS, part, "no run came back to it")
        ctx.lake.delete([info.key for info in ctx.lake.list(row.prefix) if info.key.endswith(".parquet")])
    return row


def test_a_batch_that_was_given_up_by_another_ends_as_abandoned(world: World) -> None:
    """The worker finds its files gone, and cannot retire what is retired."""

    def see(statements: Sequence[str]) -> None:
        if statements[0].startswith("CREATE OR REPLACE VIEW"):
            give_up(replace(world, suffix="b"))

    (failure,) = watched(world, see).archive().failures
    assert (failure.code, failure.message.endswith(".parquet is missing")) == ("difference", True)
    assert states(world) == ["abandoned"]


def test_a_batch_that_was_retired_is_not_taken_up_again(world: World) -> None:
    assert len(without_ledger_at(world, "begin_step", "published").archive().failures) == 1
    row = give_up(world)
    assert states(world) == ["verified"]
    outcome = world.archive()
    assert outcome.failures == ()
    (batch,) = outcome.batches
    assert (batch.rows, batch.batch != row.id) == (20, True)
    assert states(world) == ["abandoned", "reclaimed"]
    assert world.verify().differences == ()


def test_rows_that_keep_changing_are_refused_in_the_end(world: World) -> None:
    published: list[str] = []

    def see(statements: Sequence[str]) -> None:
        if any(" publish */" in statement for statement in statements):
            replace(world, suffix="b").sql("UPDATE public.orders SET amount = amount + 1 WHERE order_id IN (1, 2)")
            published.append(statements[0])

    (failure,) = watched(world, see).archive().failures
    assert (failure.code, failure.exit_code) == ("refused", 4)
    assert failure.message == "public.orders: the rows of 2 due periods keep changing"
    assert failure.hint == "Nothing of them was deleted. Run the archive again when fewer rows arrive."
    assert len(published) == 4
    assert states(world) == ["abandoned"] * 4
    assert world.value("SELECT COUNT(*) FROM public.orders") == 60
    assert [batch.rows for batch in world.archive().batches] == [20]


@pytest.mark.parametrize(
    ("begun", "later", "step"), [(Action.COPY, Action.ARCHIVE, "copied"), (Action.ARCHIVE, Action.COPY, "published")]
)
def test_a_batch_that_was_committed_unseen_is_looked_up_by_its_own_action(
    world: World, begun: Action, later: Action, step: str
) -> None:
    broken = without_ledger_at(world.with_policy(action=begun), "end_step", step)
    assert len(broken.archive().failures) == 1
    assert states(world) == ["verified"]
    changed = world.with_policy(action=later)
    changed.clock.advance(hours=1)
    assert changed.archive().failures == ()
    assert "abandoned" not in states(world)
    assert world.verify().differences == ()


def test_a_purge_that_was_cut_short_retires_nothing(world: World) -> None:
    broken = without_ledger_at(world.with_policy(action=Action.PURGE), "end_step", "purge")
    assert len(broken.archive().failures) == 1
    world.clock.advance(hours=1)
    assert world.archive().batches == ()
    assert states(world) == ["abandoned"]
    assert kinds(world) == ["policy", "purge"]
    assert world.value("SELECT COUNT(*) FROM tidegate.retired") == 0


def test_a_lease_ends_with_whatever_ended_its_work(world: World) -> None:
    with world.context() as ctx:
        with pytest.raises(KeyboardInterrupt), lease(ctx, "archive", ORDERS):
            raise KeyboardInterrupt
        (job,) = ctx.ledger.jobs(ORDERS)
        assert (job.state, job.outcome) == (JobState.FAILED, "KeyboardInterrupt")
        with lease(replace(ctx, worker="elsewhere/1/"), "archive", ORDERS) as held:
            assert held.job.owner == "elsewhere/1/"
