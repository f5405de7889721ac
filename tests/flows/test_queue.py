"""Work put into the queue from a plan, and worked off: outcomes in words, tries, backoff, windows, limits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.world import AS_OF, MONTHLY, ORDERS, World

from tidegate.config.settings import QueueSettings
from tidegate.errors import Interrupted, LakeUnreachable
from tidegate.flows.archive import planned_row, run_archive
from tidegate.flows.context import Context
from tidegate.flows.hold import add_hold
from tidegate.flows.leases import lease
from tidegate.flows.plan import Request, plan_archive
from tidegate.flows.queue import archive
from tidegate.flows.queue.draft import Draft, EnqueueOutcome, JobRequest, enqueue
from tidegate.flows.queue.tries import HELD_SECONDS, backoff
from tidegate.flows.queue.work import WorkOutcome, WorkRequest, work
from tidegate.model.batch import BatchState
from tidegate.model.names import TableName
from tidegate.model.periods import Granularity
from tidegate.model.policy import Action, Policy
from tidegate.model.queue import QueuedJob, QueueFilter, QueueState, Work

JANUARY, FEBRUARY, MARCH = date(2020, 1, 1), date(2020, 2, 1), date(2020, 3, 1)
ONE = replace(MONTHLY, batch_periods=1)


@pytest.fixture
def monthly(world: World) -> World:
    """Each month is a batch."""
    return replace(world, policies=(ONE,))


def draft(world: World, as_of: date = AS_OF, **options: Any) -> Draft:
    with world.context() as ctx:
        return archive.draft(ctx, plan_archive(ctx, Request(as_of=as_of, **options)))


def put_in(world: World, as_of: date = AS_OF, **options: Any) -> EnqueueOutcome:
    with world.context() as ctx:
        return enqueue(ctx, archive.draft(ctx, plan_archive(ctx, Request(as_of=as_of, **options))))


@contextmanager
def queued(world: World, settings: QueueSettings) -> Iterator[Context]:
    with world.context() as ctx:
        yield replace(ctx, settings=replace(ctx.settings, queue=settings))


def do(world: World, settings: QueueSettings | None = None, **options: Any) -> WorkOutcome:
    with queued(world, settings or QueueSettings(workers=1)) as ctx:
        return work(ctx, WorkRequest(**options))


def jobs(world: World) -> list[QueuedJob]:
    with world.context() as ctx:
        return list(reversed(ctx.ledger.queue(QueueFilter(), 100)))


def months(world: World) -> list[int]:
    """The months that are hot."""
    return [
        row[0].month
        for row in world.sql("SELECT DISTINCT DATE_TRUNC('month', order_date)::DATE FROM public.orders ORDER BY 1")
    ]


def test_a_plan_becomes_a_job_for_each_batch(monthly: World) -> None:
    made = put_in(monthly)
    assert [job.work for job in made.new] == [
        Work("archive", ORDERS, (month,), Granularity.MONTHLY, AS_OF) for month in (JANUARY, FEBRUARY)
    ]
    assert (made.known, made.failures) == (0, ())
    assert months(monthly) == [1, 2, 3, 4, 5, 6]


def test_what_is_in_the_queue_is_not_put_in_again(monthly: World) -> None:
    assert draft(monthly).rows == 20
    put_in(monthly)
    again = put_in(monthly)
    assert (again.new, again.known) == ((), 2)
    assert draft(monthly).rows == 0
    later = put_in(replace(monthly, policies=(MONTHLY,)), as_of=date(2020, 7, 20))
    assert [job.work.periods for job in later.new] == [(MARCH,)]


def test_the_queue_is_worked_off_and_says_what_came_of_it(monthly: World) -> None:
    put_in(monthly)
    did = do(monthly)
    assert [one.error for one in did.tries] == [None, None]
    assert (did.waiting, did.next_at, did.stopped) == (0, None, False)
    for job, batch in zip(
        jobs(monthly), monthly.sql("SELECT batch FROM tidegate.published ORDER BY period"), strict=True
    ):
        assert (job.state, job.attempts) == ("done", 1)
        assert job.outcome == f"archived 10 rows in batch {batch[0]}"
    assert months(monthly) == [3, 4, 5, 6]
    assert monthly.verify().differences == ()
    assert do(monthly) == WorkOutcome(())


def test_a_job_does_its_periods_only(monthly: World) -> None:
    put_in(monthly)
    with monthly.context() as ctx:
        ctx.ledger.cancel(1, ctx.clock())
    do(monthly)
    assert months(monthly) == [1, 3, 4, 5, 6]


def test_what_is_no_longer_due_is_done(monthly: World) -> None:
    put_in(monthly)
    do(monthly.with_policy(retention=6))
    assert [(job.state, job.outcome) for job in jobs(monthly)] == [("done", "nothing is due any more")] * 2
    assert months(monthly) == [1, 2, 3, 4, 5, 6]


def test_a_hold_is_told(world: World) -> None:
    put_in(world)
    with world.context() as ctx:
        add_hold(ctx, ORDERS, JANUARY, FEBRUARY, "audit")
    do(world)
    assert [(job.state, job.outcome) for job in jobs(world)] == [
        ("done", "under hold: 2 periods from 2020-01 to 2020-02")
    ]
    assert months(world) == [1, 2, 3, 4, 5, 6]


def test_a_refused_table_gets_no_job_and_a_lifted_guard_is_kept_for_the_job(world: World) -> None:
    strict = world.with_policy(max_delete_fraction=0.1)
    refused = put_in(strict)
    assert refused.new == ()
    assert [(f.name, f.code) for f in refused.failures] == [("public.orders", "refused.fraction")]
    lifted = put_in(strict, max_delete_fraction=0.5)
    assert [job.work.max_delete_fraction for job in lifted.new] == [0.5]
    do(strict)
    assert months(world) == [3, 4, 5, 6]


def test_a_job_of_another_granularity_fails_at_once(world: World) -> None:
    put_in(world)
    did = do(world.with_policy(granularity=Granularity.DAILY, retention=90))
    (job,) = jobs(world)
    assert (job.state, job.attempts) == ("failed", 1)
    assert job.outcome == "policy: public.orders: the job is for monthly periods, the policy is daily now"
    assert [one.error.hint for one in did.tries if one.error] == ["Plan anew with `tidegate plan --enqueue`."]


def test_a_copy_is_enqueued_as_its_policy_says_and_asks_for_nobodys_word(world: World) -> None:
    copy = world.with_policy(action=Action.COPY)
    assert draft(copy).rows == 0
    put_in(copy)
    do(copy)
    assert jobs(copy)[0].outcome.startswith("copied 20 rows in batch ")
    assert months(copy) == [1, 2, 3, 4, 5, 6]


def test_a_table_is_copied_as_a_whole(world: World) -> None:
    whole = replace(world, policies=(Policy(ORDERS, None, action=Action.COPY),))
    put_in(whole)
    do(whole)
    assert jobs(whole)[0].outcome.startswith("copied 60 rows in batch ")
    assert put_in(whole).new == ()


def test_a_batch_that_died_before_its_periods_were_known_is_cleared_away(world: World) -> None:
    with world.context() as ctx, lease(ctx, "archive", ORDERS) as held:
        (spec,) = plan_archive(ctx, Request(as_of=AS_OF)).tables[0].specs
        planned_row(ctx, held, spec)
        ctx.ledger.save_periods(spec.batch, ())
    kept = world.with_policy(retention=6)
    assert [job.work.periods for job in put_in(kept).new] == [()]
    assert (put_in(kept).new, put_in(kept).known) == ((), 1)
    do(kept)
    assert [(job.state, job.outcome) for job in jobs(world)] == [("done", "nothing is due any more")]
    with world.context() as ctx:
        assert [batch.state for batch in ctx.ledger.batches()] == ["abandoned"]


def test_a_batch_that_a_killed_run_left_becomes_a_job_of_its_own(world: World) -> None:
    world.archive()
    with world.context() as ctx:
        (done,) = ctx.ledger.batches()
        ctx.ledger.save_batch(replace(done, state=BatchState.PUBLISHED))
    made = put_in(world)
    assert [job.work.periods for job in made.new] == [(JANUARY, FEBRUARY)]
    do(world)
    with world.context() as ctx:
        assert [batch.state for batch in ctx.ledger.batches()] == ["reclaimed"]


def test_a_small_remainder_waits_for_the_plan_but_not_for_a_job(world: World) -> None:
    waiting = world.with_policy(min_batch_bytes=10**9, max_wait=100)
    assert draft(waiting).works == ()
    with waiting.context() as ctx:
        made = enqueue(ctx, archive.plan(ctx, JobRequest(ORDERS, FEBRUARY, None, 7)))
    assert [(job.work.periods, job.work.priority) for job in made.new] == [((FEBRUARY,), 7)]
    do(waiting)
    assert months(world) == [1, 3, 4, 5, 6]


@dataclass
class Broken:
    """A lake whose listing or writing fails as often as told."""

    port: Any
    times: list[int]
    error: Callable[[], Exception] = lambda: LakeUnreachable("the lake is down")

    def __getattr__(self, name: str) -> Any:
        if name in ("put", "put_if_absent", "get", "head", "list") and self.times[0]:
            self.times[0] -= 1
            raise self.error()
        return getattr(self.port, name)


def broken(world: World, times: list[int]) -> World:
    return replace(world, wrap=lambda port, name: Broken(port, times) if name == "lake" else port)


def test_a_retryable_error_is_tried_again_later_and_in_the_end_dead(world: World) -> None:
    put_in(world)
    down, settings = broken(world, [10**6]), QueueSettings(1, 3, 30, 3600)
    waits = []
    for attempt in (1, 2):
        before = world.clock.now
        did = do(down, settings, chance=lambda: 0.5)
        (job,) = jobs(world)
        assert (job.state, job.attempts, job.outcome) == ("queued", attempt, "unreachable.lake: the lake is down")
        assert (did.waiting, did.next_at) == (1, job.available_at)
        waits.append(round((job.available_at - before).total_seconds()))
        assert do(down, settings).tries == ()
        world.clock.now = job.available_at
    assert waits == [15, 30]
    did = do(down, settings)
    assert [(one.job.state, one.error.code if one.error else "") for one in did.tries] == [
        (QueueState.DEAD, "unreachable.lake")
    ]
    with world.context() as ctx:
        ctx.ledger.revive(1, ctx.clock())
    do(world)
    assert jobs(world)[0].outcome.startswith("archived 20 rows in batch")


def test_waits_are_exact_and_grow_to_the_limit() -> None:
    settings = QueueSettings(1, 5, 30, 100)
    assert [backoff(n, settings, 1.0).total_seconds() for n in (1, 2, 3, 4, 2000)] == [30, 60, 100, 100, 100]
    assert backoff(2, settings, 0.25) == timedelta(seconds=15)
    assert backoff(9, settings, 0.0) == timedelta(0)


def test_a_table_that_another_run_works_on_is_left_for_a_moment(world: World) -> None:
    put_in(world)
    with world.context() as ctx, lease(ctx, "archive", ORDERS):
        did = do(world)
    (job,) = jobs(world)
    assert (job.state, job.attempts, job.claims) == ("queued", 0, 1)
    assert job.outcome.startswith("unreachable.lease: archive of public.orders is held by job archive-")
    assert [one.error for one in did.tries] == [None]
    assert did.next_at == job.available_at
    assert round((job.available_at - world.clock.now).total_seconds()) == HELD_SECONDS
    world.clock.advance(seconds=HELD_SECONDS)
    do(world)
    assert jobs(world)[0].state is QueueState.DONE


def test_no_job_begins_after_the_window(monthly: World) -> None:
    put_in(monthly)
    assert do(monthly, until=monthly.clock.now).tries == ()
    assert [job.state for job in jobs(monthly)] == ["queued", "queued"]


def test_a_window_that_ends_before_the_batch_gives_the_job_back(world: World) -> None:
    """The clock runs a microsecond a reading: the job begins in the window, its batch would not."""
    put_in(world)
    did = do(world, until=world.clock.now + timedelta(microseconds=4))
    (job,) = jobs(world)
    assert (job.state, job.attempts, job.outcome) == ("queued", 0, "the window ended before it was done")
    assert [one.error for one in did.tries] == [None]
    assert months(world) == [1, 2, 3, 4, 5, 6]


@dataclass
class Bell:
    """Rings at its nth look."""

    looks: int
    seen: list[bool] = field(default_factory=list)

    def is_set(self) -> bool:
        self.seen.append(len(self.seen) >= self.looks)
        return self.seen[-1]


def test_a_wish_to_stop_ends_the_batch_at_its_next_step(monthly: World) -> None:
    put_in(monthly)
    did = do(monthly, stop=Bell(3))
    assert did.stopped
    first, second = jobs(monthly)
    assert (first.state, first.attempts, first.claims, first.outcome) == ("queued", 0, 1, "interrupted")
    assert (second.state, second.claims) == ("queued", 0)
    with monthly.context() as ctx:
        (batch,) = ctx.ledger.batches()
        assert batch.state.value == "cataloged"
        assert [job.outcome.partition(":")[0] for job in ctx.ledger.jobs()] == ["interrupted"]
    do(monthly)
    assert jobs(monthly)[0].outcome == f"archived 10 rows in batch {batch.id}"
    assert months(monthly) == [3, 4, 5, 6]
    assert monthly.verify().differences == ()


def test_a_job_that_is_cancelled_while_it_runs_ends_at_its_next_step(world: World) -> None:
    put_in(world)

    class Cancelling:
        def __init__(self, port: Any) -> None:
            self._port = port

        def __getattr__(self, name: str) -> Any:
            return getattr(self._port, name)

        def begin_step(self, batch: str, step: str, now: Any) -> int:
            if step == "cataloged":
                self._port.cancel(1, now)
            attempt: int = self._port.begin_step(batch, step, now)
            return attempt

    cancelling = replace(world, wrap=lambda port, name: Cancelling(port) if name == "ledger" else port)
    did = do(cancelling)
    (job,) = jobs(world)
    assert (job.state, job.outcome) == ("cancelled", "cancelled while it ran")
    assert [(one.job.state, one.error) for one in did.tries] == [(QueueState.CANCELLED, None)]
    assert months(world) == [1, 2, 3, 4, 5, 6]


def test_workers_of_a_schema_and_limits(world: World) -> None:
    others = tuple(replace(MONTHLY, table=TableName("public", f"t{n}")) for n in range(3))
    many = replace(world, policies=(MONTHLY, *others))
    for policy in others:
        world.sql(f"CREATE TABLE {policy.table} AS SELECT order_id, order_date FROM public.orders")
    running: list[int] = []
    most: list[int] = []

    class Watching:
        def __init__(self, port: Any) -> None:
            self._port = port

        def __getattr__(self, name: str) -> Any:
            return getattr(self._port, name)

        def begin_step(self, *arguments: Any) -> int:
            running[:] = [len(self._port.queue(QueueFilter((QueueState.RUNNING,)), 9))]
            most.append(running[0])
            attempt: int = self._port.begin_step(*arguments)
            return attempt

    put_in(many)
    watching = replace(many, wrap=lambda port, name: Watching(port) if name == "ledger" else port)
    assert do(watching, schema="other").tries == ()
    did = do(watching, QueueSettings(workers=4, schema_limits={"public": 2}))
    assert [one.job.state.value for one in did.tries] == ["done"] * 4
    assert max(most) == 2


def test_a_kind_that_nobody_knows_fails_by_name(world: World) -> None:
    with world.context() as ctx:
        ctx.ledger.enqueue([Work("dance", ORDERS)], ctx.clock())
    do(world)
    assert jobs(world)[0].outcome == "usage: 'dance' is not a kind of job"


def test_an_archive_that_is_interrupted_does_not_go_on_with_the_next_table(world: World) -> None:
    def check() -> None:
        raise Interrupted("stop")

    with world.context() as ctx, pytest.raises(Interrupted, match=r"^stop$"):
        run_archive(replace(ctx, check=check), plan_archive(ctx, Request(as_of=AS_OF)))
    with world.context() as ctx:
        assert [batch.state for batch in ctx.ledger.batches()] == ["planned"]
