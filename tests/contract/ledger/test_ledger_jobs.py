"""Jobs and their leases."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from tests.contract.ledger.drivers import DRIVERS, NOW, ORDERS, claim_job, nobody_is_dead, open_fresh, run_together

from tidegate.errors import LeaseHeld, UsageError
from tidegate.ledger.base import Job, JobState, Ledger
from tidegate.model.names import TableName

WAIT = "Wait until the other run ends or its lease has passed; `tidegate status` shows it."
LATER = NOW + timedelta(seconds=60)


def claim(ledger: Ledger, owner: str = "host/1", now: datetime = NOW, kind: str = "archive") -> Job:
    return ledger.claim(kind, ORDERS, owner, now, 60, nobody_is_dead)


def test_claim_opens_a_running_job(ledger: Ledger) -> None:
    job = claim(ledger)
    assert re.fullmatch(r"archive-20260102T030405\.000006Z-[0-9a-f]{6}", job.id)
    assert job == Job(job.id, "archive", ORDERS, JobState.RUNNING, "host/1", LATER, 1, NOW, None, "")
    assert ledger.jobs() == (job,)


def test_ids_are_unique_and_sort_by_time(ledger: Ledger) -> None:
    ids = []
    for n in range(20):
        for table in ("a", "b"):
            start = NOW + timedelta(microseconds=n * 250_001)
            ids.append(ledger.claim("load", TableName("s", f"{table}{n}"), "o", start, 1, nobody_is_dead).id)
    assert len(set(ids)) == 40
    assert [i.rpartition("-")[0] for i in ids] == sorted(i.rpartition("-")[0] for i in ids)


def test_a_lease_in_force_is_respected(ledger: Ledger) -> None:
    job = claim(ledger)
    for owner, now in (("host/2", NOW), ("host/2", LATER - timedelta(microseconds=1)), ("host/1", NOW)):
        with pytest.raises(LeaseHeld) as caught:
            claim(ledger, owner, now)
        assert caught.value.message == (
            f"archive of public.orders is held by job {job.id} of host/1 until 2026-01-02T03:05:05+00:00"
        )
        assert caught.value.hint == WAIT
    assert ledger.jobs() == (job,)


def test_other_kinds_and_tables_have_leases_of_their_own(ledger: Ledger) -> None:
    jobs = [
        claim(ledger),
        claim(ledger, kind="restore"),
        ledger.claim("archive", TableName("public", "orders2"), "host/2", NOW, 60, nobody_is_dead),
        ledger.claim("archive", TableName("other", "orders"), "host/2", NOW, 60, nobody_is_dead),
    ]
    assert {job.id for job in ledger.jobs()} == {job.id for job in jobs}


def test_an_expired_lease_is_taken_over(ledger: Ledger) -> None:
    first = claim(ledger)
    second = claim(ledger, "host/2", LATER)
    assert second.id != first.id
    assert (second.owner, second.attempts, second.state) == ("host/2", 2, JobState.RUNNING)
    closed = replace(first, state=JobState.FAILED, finished_at=LATER, outcome="lease expired")
    assert ledger.jobs() == (second, closed)
    assert claim(ledger, "host/3", LATER + timedelta(seconds=60)).attempts == 3


def test_a_dead_workers_lease_is_taken_over_at_once(ledger: Ledger) -> None:
    first = claim(ledger, "host/dead")
    asked: list[str] = []

    def is_dead(owner: str) -> bool:
        asked.append(owner)
        return owner == "host/dead"

    second = ledger.claim("archive", ORDERS, "host/2", NOW, 60, is_dead)
    assert asked == ["host/dead"]
    assert second.attempts == 2
    closed = replace(first, state=JobState.FAILED, finished_at=NOW, outcome="worker died")
    assert {job.id: job for job in ledger.jobs()} == {second.id: second, first.id: closed}
    with pytest.raises(LeaseHeld, match="of host/2 until"):
        ledger.claim("archive", ORDERS, "host/3", NOW, 60, is_dead)


@pytest.mark.parametrize("state", [JobState.DONE, JobState.FAILED])
def test_a_finished_job_frees_the_lease(ledger: Ledger, state: JobState) -> None:
    first = claim(ledger)
    ledger.finish(first, state, NOW + timedelta(seconds=5), "3 batches")
    second = claim(ledger, "host/2", NOW + timedelta(seconds=6))
    assert second.attempts == 1
    closed = replace(first, state=state, finished_at=NOW + timedelta(seconds=5), outcome="3 batches")
    assert ledger.jobs() == (second, closed)


def test_renew_moves_the_end_of_the_lease(ledger: Ledger) -> None:
    job = claim(ledger)
    renewed = ledger.renew(job, NOW + timedelta(seconds=50), 60)
    assert renewed == replace(job, lease_until=NOW + timedelta(seconds=110))
    assert ledger.jobs() == (renewed,)
    with pytest.raises(LeaseHeld, match=r"until 2026-01-02T03:05:55\+00:00"):
        claim(ledger, "host/2", LATER)


def test_renew_after_the_end_works_while_nobody_else_came(ledger: Ledger) -> None:
    renewed = ledger.renew(claim(ledger), LATER + timedelta(seconds=1), 60)
    assert renewed.lease_until == LATER + timedelta(seconds=61)


def test_renew_by_a_loser_names_the_winner(ledger: Ledger) -> None:
    loser = claim(ledger)
    winner = claim(ledger, "host/2", LATER)
    with pytest.raises(LeaseHeld) as caught:
        ledger.renew(loser, LATER, 60)
    assert caught.value.message == (
        f"archive of public.orders: job {loser.id} of host/1 was taken over by job {winner.id} of host/2 "
        "until 2026-01-02T03:06:05+00:00"
    )
    assert caught.value.hint == WAIT
    ledger.finish(winner, JobState.DONE, LATER, "")
    with pytest.raises(LeaseHeld, match=f"job {loser.id} of host/1 is closed$"):
        ledger.renew(loser, LATER, 60)


def test_finish_by_a_loser_changes_nothing(ledger: Ledger) -> None:
    loser = claim(ledger)
    winner = claim(ledger, "host/2", LATER)
    before = ledger.jobs()
    ledger.finish(loser, JobState.DONE, LATER, "too late")
    assert ledger.jobs() == before
    assert ledger.renew(winner, LATER, 60) == winner


def test_jobs_are_the_newest_first_of_one_table_or_all(ledger: Ledger) -> None:
    tables = [TableName("s", f"t{n % 2}") for n in range(6)]
    jobs = []
    for n, table in enumerate(tables):
        job = ledger.claim("load", table, "o", NOW + timedelta(seconds=n), 60, nobody_is_dead)
        ledger.finish(job, JobState.DONE, NOW + timedelta(seconds=n), "")
        jobs.insert(0, job.id)
    assert [job.id for job in ledger.jobs()] == jobs
    assert [job.id for job in ledger.jobs(limit=2)] == jobs[:2]
    assert [job.id for job in ledger.jobs(tables[1])] == jobs[0::2]
    assert [job.id for job in ledger.jobs(tables[0], limit=1)] == [jobs[1]]
    assert ledger.jobs(ORDERS) == ()


def test_times_come_back_in_utc_and_need_a_zone(ledger: Ledger) -> None:
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    claim(ledger, now=tokyo)
    (job,) = ledger.jobs()
    assert job.started_at == NOW
    assert job.started_at.tzinfo is UTC
    assert job.id.startswith("archive-20260102T030405.000006Z-")
    with pytest.raises(UsageError, match=r"the time 2026-01-02T03:04:05\.000006 has no time zone") as caught:
        claim(ledger, now=NOW.replace(tzinfo=None), kind="other")
    assert caught.value.hint == "Pass a time with a zone, such as UTC."


def test_of_eight_threads_in_two_processes_one_claims_the_job(driver: str, tmp_path: Path) -> None:
    results = run_together(8, claim_job, driver, tmp_path)
    assert sorted(outcome for outcome, _ in results) == ["held"] * 7 + ["won"]
    (winner,) = (text for outcome, text in results if outcome == "won")
    assert all(f"held by job {winner} of host/" in text for outcome, text in results if outcome == "held")
    ledger = DRIVERS[driver](tmp_path)
    assert [(job.id, job.attempts) for job in ledger.jobs()] == [(winner, 1)]
    ledger.close()


def test_two_processes_open_a_fresh_ledger_at_once(driver: str, tmp_path: Path) -> None:
    assert run_together(4, open_fresh, driver, tmp_path) == ["ok"] * 4
    ledger = DRIVERS[driver](tmp_path)
    assert list(ledger.checkpoints()) == [TableName("public", f"t{n}") for n in range(4)]
    ledger.close()
