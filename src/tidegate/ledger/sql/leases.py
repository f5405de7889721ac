"""The life of a job in the jobs table: claimed, renewed, finished, taken over."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, select, text, update

from tidegate.errors import LeaseHeld
from tidegate.ledger.base import Job, JobState
from tidegate.ledger.sql.rows import job_of, job_values, time_text, utc
from tidegate.ledger.sql.statements import of_table, upserting
from tidegate.ledger.sql.tables import RUNNING, jobs
from tidegate.model.names import TableName

_WAIT = "Wait until the other run ends or its lease has passed; `tidegate status` shows it."


def claim(connection: Connection, wanted: Job, now: datetime, is_dead: Callable[[str], bool]) -> Job:
    """Insert `wanted` as running, after closing the job in its way when its lease has passed or its worker died.

    Where several transactions write at once, one that loses the insert waits for the winner and meets its job.

    Raises:
        LeaseHeld: the job in its way is alive.
    """
    while True:
        job = wanted
        if holder := _running(connection, wanted.kind, wanted.table):
            job = replace(wanted, attempts=holder.attempts + 1)
            finish(connection, holder, JobState.FAILED, now, _end_of(holder, now, is_dead))
        if _inserted(connection, job):
            return job


def _end_of(holder: Job, now: datetime, is_dead: Callable[[str], bool]) -> str:
    """Why the job is over. Raises LeaseHeld."""
    if holder.lease_until <= now:
        return "lease expired"
    if is_dead(holder.owner):
        return "worker died"
    raise LeaseHeld(f"{holder.kind} of {holder.table} is held by {_described(holder)}", hint=_WAIT)


def _inserted(connection: Connection, job: Job) -> bool:
    """False when another job runs that was not there, or not committed, a moment ago."""
    one_running = tuple(jobs.c[name] for name in ("kind", "table_schema", "table_name"))
    inserting = upserting(connection, jobs).values(**job_values(job))
    kept = inserting.on_conflict_do_nothing(index_elements=one_running, index_where=text("state = 'running'"))
    return connection.scalar(kept.returning(jobs.c.id)) is not None


def renew(connection: Connection, job: Job, until: datetime) -> Job:
    """Raises LeaseHeld: the job is not running any more."""
    renewed = replace(job, lease_until=until)
    found = connection.execute(update(jobs).where(_is_running(job)).values(lease_until=time_text(until)))
    if found.rowcount == 0:
        holder = _running(connection, job.kind, job.table)
        state = f"was taken over by {_described(holder)}" if holder else "is closed"
        raise LeaseHeld(f"{job.kind} of {job.table}: job {job.id} of {job.owner} {state}", hint=_WAIT)
    return renewed


def finish(connection: Connection, job: Job, state: JobState, now: datetime, outcome: str) -> None:
    connection.execute(
        update(jobs).where(_is_running(job)).values(state=state.value, finished_at=time_text(now), outcome=outcome)
    )


def new_job(kind: str, table: TableName, owner: str, now: datetime, seconds: int) -> Job:
    """A first attempt. The id sorts by kind, then by time; the rest of it is chance."""
    started = utc(now)
    return Job(
        id=f"{kind}-{started:%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(3)}",
        kind=kind,
        table=table,
        state=JobState.RUNNING,
        owner=owner,
        lease_until=started + timedelta(seconds=seconds),
        attempts=1,
        started_at=started,
    )


def _running(connection: Connection, kind: str, table: TableName) -> Job | None:
    query = select(jobs).where(jobs.c.kind == kind, of_table(jobs, table), RUNNING).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else job_of(row)


def _is_running(job: Job) -> ColumnElement[bool]:
    return and_(jobs.c.id == job.id, RUNNING)


def _described(job: Job) -> str:
    return f"job {job.id} of {job.owner} until {utc(job.lease_until).isoformat(timespec='seconds')}"
