"""The queue: put in once, taken by one worker at a time, kept, settled, taken back."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.contract.ledger.drivers import DRIVERS, NOW, ORDERS, run_together

from tidegate.errors import LeaseHeld, ObjectMissing, Refused
from tidegate.ledger.base import Ledger
from tidegate.model.names import TableName
from tidegate.model.periods import Granularity
from tidegate.model.queue import Claimant, Ending, QueuedJob, QueueFilter, QueueState, Work

JANUARY, FEBRUARY, MARCH = date(2020, 1, 1), date(2020, 2, 1), date(2020, 3, 1)
LATER = NOW + timedelta(seconds=60)
SEE = "`tidegate jobs list` shows what is in the queue."
FULL = Work(
    "archive", TableName("Ünï", 'odd "name".x'), (JANUARY, FEBRUARY), Granularity.MONTHLY, date(2020, 6, 20), -5, 0.5
)


def claimant(owner: str = "host/1", dead: Callable[[str], bool] = lambda _: False, **options: object) -> Claimant:
    return replace(Claimant(owner, 60, dead, 3), **options)  # type: ignore[arg-type]


def work(table: str = "orders", *periods: date, schema: str = "public", priority: int = 100) -> Work:
    return Work("archive", TableName(schema, table), periods, priority=priority)


def taken(ledger: Ledger, by: Claimant | None = None) -> QueuedJob:
    job = ledger.take(by or claimant(), NOW)
    assert job is not None
    return job


def states(ledger: Ledger) -> list[str]:
    return [job.state.value for job in reversed(ledger.queue(QueueFilter(), 100))]


def test_work_comes_back_as_it_was_put_in(ledger: Ledger) -> None:
    (job,) = ledger.enqueue([FULL], NOW)
    assert job == QueuedJob(job.id, FULL, QueueState.QUEUED, 0, 0, NOW, NOW)
    assert ledger.queued_job(job.id) == job
    assert ledger.queue(QueueFilter(), 10) == (job,)
    assert ledger.queued_job(job.id + 1) is None
    assert ledger.enqueue([], NOW) == ()


def test_the_same_open_work_is_put_in_once(ledger: Ledger) -> None:
    first = ledger.enqueue([work("a", JANUARY, FEBRUARY), work("a", MARCH), work("a", MARCH)], NOW)
    assert [job.work.periods for job in first] == [(JANUARY, FEBRUARY), (MARCH,)]
    assert ledger.enqueue([work("a", FEBRUARY, JANUARY, priority=1)], LATER) == ()
    running = taken(ledger)
    assert ledger.enqueue([work("a", JANUARY, FEBRUARY)], LATER) == ()
    ledger.settle(running, Ending(QueueState.DONE, ""), NOW)
    (again,) = ledger.enqueue([work("a", JANUARY, FEBRUARY), work("a", MARCH)], LATER)
    assert again.id > first[1].id
    others = [work("b", MARCH), work("a", MARCH, schema="other"), replace(work("a", MARCH), kind="expire")]
    assert len(ledger.enqueue(others, NOW)) == 3


def test_a_long_list_of_periods_is_one_key(ledger: Ledger) -> None:
    days = tuple(JANUARY + timedelta(days=n) for n in range(4000))
    (job,) = ledger.enqueue([work("a", *days)], NOW)
    assert ledger.queued_job(job.id) == job
    assert ledger.enqueue([work("a", *days)], NOW) == ()


def test_the_first_is_taken_by_priority_then_age(ledger: Ledger) -> None:
    ledger.enqueue([work("c", priority=5), work("a"), work("b"), work("d", priority=-1)], NOW)
    ledger.enqueue([work("e", priority=5)], NOW)
    assert [taken(ledger).work.table.name for _ in range(5)] == ["d", "c", "e", "a", "b"]
    assert ledger.take(claimant(), NOW) is None


def test_a_taken_job_is_leased_and_counted(ledger: Ledger) -> None:
    (queued,) = ledger.enqueue([FULL], NOW)
    job = taken(ledger)
    assert job == replace(
        queued,
        state=QueueState.RUNNING,
        attempts=1,
        claims=1,
        owner="host/1",
        lease_until=LATER,
        started_at=NOW,
    )
    assert ledger.queued_job(job.id) == job


def test_of_one_table_and_kind_one_job_runs(ledger: Ledger) -> None:
    ledger.enqueue([work("a", JANUARY), work("a", FEBRUARY), replace(work("a"), kind="expire")], NOW)
    first, other = taken(ledger), taken(ledger, claimant("host/2"))
    assert (first.work.periods, other.work.kind) == ((JANUARY,), "expire")
    assert ledger.take(claimant("host/3"), NOW) is None
    ledger.settle(first, Ending(QueueState.DONE, ""), NOW)
    assert taken(ledger).work.periods == (FEBRUARY,)


def test_a_schema_runs_no_more_jobs_than_its_limit(ledger: Ledger) -> None:
    ledger.enqueue([work(f"t{n}", schema="sales") for n in range(3)] + [work("h", schema="hr", priority=200)], NOW)
    limited = claimant(limits={"sales": 2, "else": 1})
    first, second, third = (taken(ledger, limited) for _ in range(3))
    assert [job.work.table.name for job in (first, second, third)] == ["t0", "t1", "h"]
    assert ledger.take(limited, NOW) is None
    ledger.settle(second, Ending(QueueState.FAILED, ""), NOW)
    assert taken(ledger, limited).work.table.name == "t2"


def test_a_worker_of_one_schema_takes_nothing_else(ledger: Ledger) -> None:
    ledger.enqueue([work("a", schema="hr"), work("b", schema="sales", priority=200)], NOW)
    assert taken(ledger, claimant(schema="sales")).work.table.name == "b"
    assert ledger.take(claimant(schema="sales"), NOW) is None


def test_a_job_waits_for_its_time(ledger: Ledger) -> None:
    ledger.enqueue([work()], NOW)
    again = ledger.settle(taken(ledger), Ending(QueueState.QUEUED, "unreachable", LATER), NOW)
    assert again is not None
    assert (again.state, again.attempts, again.available_at, again.finished_at) == ("queued", 1, LATER, None)
    assert ledger.queued_job(again.id) == again
    assert ledger.take(claimant(), LATER - timedelta(microseconds=1)) is None
    second = ledger.take(claimant(), LATER)
    assert second is not None
    assert (second.attempts, second.claims) == (2, 2)


def test_a_try_that_does_not_count(ledger: Ledger) -> None:
    ledger.enqueue([work()], NOW)
    ledger.settle(taken(ledger), Ending(QueueState.QUEUED, "interrupted", counts=False), NOW)
    job = taken(ledger)
    assert (job.attempts, job.claims) == (1, 2)


@pytest.mark.parametrize("state", [QueueState.DONE, QueueState.FAILED, QueueState.DEAD])
def test_the_end_of_a_job(ledger: Ledger, state: QueueState) -> None:
    ledger.enqueue([work()], NOW)
    job = taken(ledger)
    ended = ledger.settle(job, Ending(state, "4 rows"), LATER)
    assert ended == replace(job, state=state, outcome="4 rows", finished_at=LATER, lease_until=None)
    assert ledger.queued_job(job.id) == ended
    assert ledger.take(claimant(), LATER) is None


def test_keep_moves_the_end_of_the_lease(ledger: Ledger) -> None:
    ledger.enqueue([work()], NOW)
    kept = ledger.keep(taken(ledger), NOW + timedelta(seconds=50), 60)
    assert kept.lease_until == NOW + timedelta(seconds=110)
    assert ledger.take(claimant("host/2"), LATER) is None
    assert ledger.queued_job(kept.id) == kept


def test_a_job_whose_lease_has_passed_goes_to_the_next_worker(ledger: Ledger) -> None:
    ledger.enqueue([work()], NOW)
    loser = taken(ledger)
    winner = ledger.take(claimant("host/2"), LATER)
    assert winner is not None
    assert (winner.id, winner.owner, winner.attempts, winner.claims) == (loser.id, "host/2", 2, 2)
    assert winner.outcome == "the lease expired at attempt 1"
    with pytest.raises(LeaseHeld) as caught:
        ledger.keep(loser, LATER, 60)
    assert (caught.value.message, caught.value.hint) == (
        f"job {loser.id} was taken from host/1: it is running now",
        SEE,
    )
    assert ledger.settle(loser, Ending(QueueState.DONE, "too late"), LATER) is None
    assert ledger.queued_job(loser.id) == winner


def test_the_same_worker_cannot_settle_an_earlier_claim_of_its_own(ledger: Ledger) -> None:
    ledger.enqueue([work()], NOW)
    early = taken(ledger)
    ledger.settle(early, Ending(QueueState.QUEUED, "", counts=False), NOW)
    late = taken(ledger)
    assert (early.owner, early.attempts) == (late.owner, late.attempts)
    assert ledger.settle(early, Ending(QueueState.DONE, ""), NOW) is None
    assert ledger.keep(late, NOW, 60).state is QueueState.RUNNING


def test_a_dead_workers_job_is_taken_at_once(ledger: Ledger) -> None:
    ledger.enqueue([work()], NOW)
    taken(ledger)
    assert ledger.take(claimant("host/2", dead=lambda owner: owner == "host/9"), NOW) is None
    again = taken(ledger, claimant("host/2", dead=lambda owner: owner == "host/1"))
    assert (again.attempts, again.outcome) == (2, "the worker died at attempt 1")


def test_what_kills_its_workers_is_dead_in_the_end(ledger: Ledger) -> None:
    ledger.enqueue([work()], NOW)
    mortal = claimant(dead=lambda _: True)
    assert [taken(ledger, mortal).attempts for _ in range(3)] == [1, 2, 3]
    soon = NOW + timedelta(seconds=1)
    assert ledger.take(mortal, soon) is None
    (job,) = ledger.queue(QueueFilter((QueueState.DEAD,)), 10)
    assert (job.attempts, job.outcome, job.finished_at) == (3, "the worker died at attempt 3", soon)


def test_a_job_is_queued_anew(ledger: Ledger) -> None:
    (job,) = ledger.enqueue([work()], NOW)
    ledger.settle(taken(ledger), Ending(QueueState.DEAD, "unreachable: no"), NOW)
    revived = ledger.revive(job.id, LATER)
    assert (revived.state, revived.attempts, revived.available_at) == ("queued", 0, LATER)
    assert revived == ledger.queued_job(job.id)
    assert revived.outcome == "unreachable: no"
    late = Ending(QueueState.QUEUED, "", LATER + timedelta(days=1))
    second = ledger.take(claimant(), LATER)
    assert second is not None
    ledger.settle(second, late, LATER)
    assert ledger.revive(job.id, LATER).available_at == LATER


def test_what_cannot_be_queued_anew(ledger: Ledger) -> None:
    (job,) = ledger.enqueue([work()], NOW)
    running = taken(ledger)
    with pytest.raises(Refused, match=rf"^job {job.id} is running$") as caught:
        ledger.revive(job.id, NOW)
    assert caught.value.hint == "Only a job that waits or has failed is tried again."
    ledger.settle(running, Ending(QueueState.FAILED, ""), NOW)
    ledger.enqueue([work()], NOW)
    with pytest.raises(Refused, match=rf"^the work of job {job.id} is in the queue as another job$"):
        ledger.revive(job.id, NOW)
    for call in (ledger.revive, ledger.cancel):
        with pytest.raises(ObjectMissing, match=r"^there is no job 4711$") as missing:
            call(4711, NOW)
        assert missing.value.hint == SEE
    assert states(ledger) == ["failed", "queued"]


def test_a_cancelled_job_is_lost_to_its_worker(ledger: Ledger) -> None:
    waiting, other = ledger.enqueue([work("a"), work("b")], NOW)
    assert ledger.cancel(other.id, LATER).outcome == "cancelled"
    running = taken(ledger)
    ended = ledger.cancel(waiting.id, LATER)
    assert (ended.state, ended.outcome, ended.finished_at) == ("cancelled", "cancelled while it ran", LATER)
    with pytest.raises(LeaseHeld, match=rf"^job {waiting.id} was taken from host/1: it is cancelled$"):
        ledger.keep(running, NOW, 60)
    assert ledger.settle(running, Ending(QueueState.DONE, ""), NOW) is None
    with pytest.raises(Refused, match=rf"^job {waiting.id} is cancelled$") as caught:
        ledger.cancel(waiting.id, NOW)
    assert caught.value.hint == "Only a job that waits or runs can be cancelled."
    assert states(ledger) == ["cancelled", "cancelled"]


def test_jobs_are_listed_newest_first_as_asked(ledger: Ledger) -> None:
    jobs = ledger.enqueue([work("a"), work("b"), work("a", schema="s"), work("c")], NOW)
    ledger.cancel(jobs[3].id, NOW)
    ids = [job.id for job in jobs]
    assert [job.id for job in ledger.queue(QueueFilter(), 3)] == ids[:0:-1]
    assert [job.id for job in ledger.queue(QueueFilter(table=TableName("public", "a")), 9)] == [ids[0]]
    assert [job.id for job in ledger.queue(QueueFilter(schema="public"), 9)] == [ids[3], ids[1], ids[0]]
    both = QueueFilter((QueueState.QUEUED, QueueState.DEAD), schema="public")
    assert [job.id for job in ledger.queue(both, 9)] == [ids[1], ids[0]]


def test_clear_leaves_the_queue(ledger: Ledger) -> None:
    (job,) = ledger.enqueue([work()], NOW)
    ledger.clear()
    assert ledger.queue(QueueFilter(), 9) == (job,)


def take_all(number: int, barrier: object, driver: str, place: Path) -> list[int]:
    """Take and settle jobs until none is left; the ids."""
    ledger = DRIVERS[driver](place)
    barrier.wait()  # type: ignore[attr-defined]
    mine: list[int] = []
    while job := ledger.take(claimant(f"host/{number}", limits={"s1": 1}), NOW):
        running = ledger.queue(QueueFilter((QueueState.RUNNING,), schema="s1"), 9)
        assert len(running) <= 1
        ledger.settle(job, Ending(QueueState.DONE, str(number)), NOW)
        mine.append(job.id)
    ledger.close()
    return mine


def test_of_four_workers_in_two_processes_each_job_is_taken_once(driver: str, tmp_path: Path) -> None:
    ledger = DRIVERS[driver](tmp_path)
    jobs = ledger.enqueue([work(f"t{n}", schema=f"s{n % 3}") for n in range(24)], NOW)
    shares = run_together(4, take_all, driver, tmp_path)
    done = ledger.queue(QueueFilter((QueueState.DONE,)), 100)
    assert {(job.attempts, job.claims) for job in done} == {(1, 1)}
    ledger.close()
    assert sorted(job for share in shares for job in share) == [job.id for job in jobs]


KILLED = """
import sys
from pathlib import Path
from tests.contract.ledger.drivers import DRIVERS, NOW
from tidegate.flows.context import this_worker
from tidegate.model.queue import Claimant
job = DRIVERS[sys.argv[1]](Path(sys.argv[2])).take(Claimant(this_worker(), 3600, lambda _: False, 3), NOW)
print(job.id, flush=True)
sys.stdin.read()
"""


def test_a_worker_that_is_killed_loses_its_job_to_the_next(driver: str, tmp_path: Path) -> None:
    from tidegate.flows.leases import is_dead

    ledger = DRIVERS[driver](tmp_path)
    (job,) = ledger.enqueue([Work("archive", ORDERS)], NOW)
    command = [sys.executable, "-c", KILLED, driver, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == f"{job.id}\n"
        assert ledger.take(claimant(dead=is_dead), NOW) is None
        os.kill(child.pid, signal.SIGKILL)
    again = taken(ledger, claimant(dead=is_dead))
    assert (again.id, again.attempts, again.outcome) == (job.id, 2, "the worker died at attempt 1")
    ledger.close()
