"""The queue of a ledger: work put in, taken by one worker at a time, kept, settled, and what people change."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, not_, select, update
from sqlalchemy.exc import IntegrityError

from tidegate.errors import LeaseHeld, ObjectMissing, Refused
from tidegate.ledger.sql.engine import Database
from tidegate.ledger.sql.queue_rows import ending_values, job_of, job_values
from tidegate.ledger.sql.rows import Values, time_text, utc
from tidegate.ledger.sql.statements import of_table, read_rows, upserting
from tidegate.ledger.sql.tables import OPEN_IN_QUEUE, queue
from tidegate.model.queue import OPEN, Claimant, Ending, QueuedJob, QueueFilter, QueueState, Work

_TAKING = 0x7469646571756575
"""The advisory lock of a worker that takes a job: `tidequeu` in ASCII."""

_SEE = "`tidegate jobs list` shows what is in the queue."
_QUEUED, _RUNNING = QueueState.QUEUED, QueueState.RUNNING


class SqlQueue:
    """The queue's part of the Ledger port. Every method is one transaction."""

    _database: Database

    def enqueue(self, works: Sequence[Work], now: datetime) -> Sequence[QueuedJob]:
        new = [job_values(QueuedJob(0, work, _QUEUED, 0, 0, utc(now), utc(now))) for work in works]
        return self._database.write(lambda connection: _insert(connection, new)) if new else ()

    def take(self, claimant: Claimant, now: datetime) -> QueuedJob | None:
        return self._database.write(lambda connection: _take(connection, claimant, utc(now)))

    def keep(self, job: QueuedJob, now: datetime, seconds: int) -> QueuedJob:
        until = utc(now) + timedelta(seconds=seconds)
        kept = update(queue).where(_is_claim(job)).values(lease_until=time_text(until))
        if self._database.write(lambda connection: connection.execute(kept).rowcount) == 0:
            found = self.queued_job(job.id)
            state = (
                "is gone" if found is None else f"is {found.state} now" if found.state in OPEN else f"is {found.state}"
            )
            raise LeaseHeld(f"job {job.id} was taken from {job.owner}: it {state}", hint=_SEE)
        return replace(job, lease_until=until)

    def settle(self, job: QueuedJob, ending: Ending, now: datetime) -> QueuedJob | None:
        ended = _ended(job, ending, utc(now))
        settled = update(queue).where(_is_claim(job)).values(**ending_values(ended))
        return ended if self._database.write(lambda connection: connection.execute(settled).rowcount) else None

    def revive(self, job: int, now: datetime) -> QueuedJob:
        def revive(connection: Connection) -> QueuedJob:
            found = _locked(connection, job)
            if found.state in (_RUNNING, QueueState.DONE):
                raise Refused(f"job {job} is {found.state}", hint="Only a job that waits or has failed is tried again.")
            revived = replace(found, state=_QUEUED, attempts=0, available_at=utc(now), finished_at=None)
            try:
                connection.execute(update(queue).where(queue.c.id == job).values(**ending_values(revived)))
            except IntegrityError as error:
                raise Refused(f"the work of job {job} is in the queue as another job", hint=_SEE) from error
            return revived

        return self._database.write(revive)

    def cancel(self, job: int, now: datetime) -> QueuedJob:
        def cancel(connection: Connection) -> QueuedJob:
            found = _locked(connection, job)
            if found.state not in OPEN:
                raise Refused(f"job {job} is {found.state}", hint="Only a job that waits or runs can be cancelled.")
            outcome = "cancelled while it ran" if found.state is _RUNNING else "cancelled"
            ended = replace(found, state=QueueState.CANCELLED, finished_at=utc(now), outcome=outcome)
            connection.execute(update(queue).where(queue.c.id == job).values(**ending_values(ended)))
            return ended

        return self._database.write(cancel)

    def queued_job(self, job: int) -> QueuedJob | None:
        found = read_rows(self._database, select(queue).where(queue.c.id == job), job_of)
        return found[0] if found else None

    def queue(self, wanted: QueueFilter, limit: int) -> Sequence[QueuedJob]:
        found = select(queue).order_by(queue.c.id.desc()).limit(limit)
        if wanted.states:
            found = found.where(queue.c.state.in_([state.value for state in wanted.states]))
        if wanted.table is not None:
            found = found.where(of_table(queue, wanted.table))
        if wanted.schema is not None:
            found = found.where(queue.c.table_schema == wanted.schema)
        return read_rows(self._database, found, job_of)


def _insert(connection: Connection, new: Sequence[Values]) -> Sequence[QueuedJob]:
    one_open = ("kind", "table_schema", "table_name", "digest")
    adding = upserting(connection, queue).on_conflict_do_nothing(index_elements=one_open, index_where=OPEN_IN_QUEUE)
    added = connection.execute(adding.returning(*queue.c), new).mappings().all()
    return tuple(sorted(map(job_of, added), key=lambda job: job.id))


def _take(connection: Connection, claimant: Claimant, now: datetime) -> QueuedJob | None:
    """Workers that take at once do it one after the other, or each would miss what the other has begun."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_TAKING)))
    _take_back(connection, claimant, now)
    row = connection.execute(_next(connection, claimant, now)).mappings().one_or_none()
    if row is None:
        return None
    waiting = job_of(row)
    job = replace(
        waiting,
        state=_RUNNING,
        attempts=waiting.attempts + 1,
        claims=waiting.claims + 1,
        owner=claimant.owner,
        lease_until=now + timedelta(seconds=claimant.seconds),
        started_at=now,
    )
    connection.execute(update(queue).where(queue.c.id == job.id).values(**ending_values(job)))
    return job


def _next(connection: Connection, claimant: Claimant, now: datetime) -> Select[Any]:
    other = queue.alias()
    beside = and_(
        other.c.kind == queue.c.kind,
        other.c.table_schema == queue.c.table_schema,
        other.c.table_name == queue.c.table_name,
        other.c.state == _RUNNING.value,
    )
    found = (
        select(queue)
        .where(queue.c.state == _QUEUED.value, queue.c.available_at <= time_text(now))
        .where(not_(select(other.c.id).where(beside).exists()))
        .order_by(queue.c.priority, queue.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=queue)
    )
    if full := _full_schemas(connection, claimant):
        found = found.where(queue.c.table_schema.not_in(full))
    return found if claimant.schema is None else found.where(queue.c.table_schema == claimant.schema)


def _full_schemas(connection: Connection, claimant: Claimant) -> list[str]:
    """The schemas of which as many jobs run as may."""
    if not claimant.limits:
        return []
    running = select(queue.c.table_schema, func.count().label("jobs")).where(queue.c.state == _RUNNING.value)
    counted = connection.execute(running.group_by(queue.c.table_schema)).all()
    return [schema for schema, jobs in counted if schema in claimant.limits and jobs >= claimant.limits[schema]]


def _take_back(connection: Connection, claimant: Claimant, now: datetime) -> None:
    """Queue what a worker lost by dying, or by not renewing its lease; what was lost too often is dead."""
    running = select(queue).where(queue.c.state == _RUNNING.value).with_for_update(skip_locked=True)
    for job in map(job_of, connection.execute(running).mappings().all()):
        passed = job.lease_until is None or job.lease_until <= now
        if not passed and not claimant.is_dead(job.owner):
            continue
        reason = f"{'the lease expired' if passed else 'the worker died'} at attempt {job.attempts}"
        state = QueueState.DEAD if job.attempts >= claimant.max_attempts else _QUEUED
        ended = _ended(job, Ending(state, reason), now)
        connection.execute(update(queue).where(queue.c.id == job.id).values(**ending_values(ended)))


def _ended(job: QueuedJob, ending: Ending, now: datetime) -> QueuedJob:
    queued = ending.state is _QUEUED
    return replace(
        job,
        state=ending.state,
        attempts=job.attempts if ending.counts else job.attempts - 1,
        available_at=utc(ending.available_at) if ending.available_at else now if queued else job.available_at,
        lease_until=None,
        finished_at=None if queued else now,
        outcome=ending.outcome,
    )


def _locked(connection: Connection, job: int) -> QueuedJob:
    row = connection.execute(select(queue).where(queue.c.id == job).with_for_update()).mappings().one_or_none()
    if row is None:
        raise ObjectMissing(f"there is no job {job}", hint=_SEE)
    return job_of(row)


def _is_claim(job: QueuedJob) -> ColumnElement[bool]:
    return and_(queue.c.id == job.id, queue.c.state == _RUNNING.value, queue.c.claims == job.claims)
