"""Between jobs of the queue and the columns of its table."""

import hashlib
import json
from datetime import date, datetime

from sqlalchemy import RowMapping

from tidegate.errors import LedgerUnreachable
from tidegate.ledger.sql.rows import Values, table_of, table_values, time_text
from tidegate.model.periods import Granularity
from tidegate.model.queue import QueuedJob, QueueState, Work


def digest(work: Work) -> str:
    """Equal for the same periods; of one length, however many they are."""
    return hashlib.sha256(",".join(sorted(day.isoformat() for day in work.periods)).encode()).hexdigest()


def job_values(job: QueuedJob) -> Values:
    """A new row: the database gives the id."""
    return {
        "kind": job.work.kind,
        **table_values(job.work.table),
        "digest": digest(job.work),
        "payload": _payload(job.work),
        "priority": job.work.priority,
        "queued_at": time_text(job.queued_at),
        **ending_values(job),
    }


def ending_values(job: QueuedJob) -> Values:
    """What changes in the life of a job."""
    return {
        "state": job.state.value,
        "attempts": job.attempts,
        "claims": job.claims,
        "available_at": time_text(job.available_at),
        "owner": job.owner,
        "lease_until": job.lease_until and time_text(job.lease_until),
        "started_at": job.started_at and time_text(job.started_at),
        "finished_at": job.finished_at and time_text(job.finished_at),
        "outcome": job.outcome,
    }


def job_of(row: RowMapping) -> QueuedJob:
    """Raises LedgerUnreachable when a newer Tidegate wrote it."""
    try:
        return _job_of(row)
    except ValueError as error:
        raise LedgerUnreachable(
            f"job {row['id']} of the ledger cannot be read: {error}",
            hint="Upgrade Tidegate: a newer one wrote it.",
        ) from error


def _job_of(row: RowMapping) -> QueuedJob:
    return QueuedJob(
        id=row["id"],
        work=_work(row),
        state=QueueState(row["state"]),
        attempts=row["attempts"],
        claims=row["claims"],
        queued_at=datetime.fromisoformat(row["queued_at"]),
        available_at=datetime.fromisoformat(row["available_at"]),
        owner=row["owner"],
        lease_until=_time(row["lease_until"]),
        started_at=_time(row["started_at"]),
        finished_at=_time(row["finished_at"]),
        outcome=row["outcome"],
    )


def _payload(work: Work) -> str:
    values = {
        "periods": [day.isoformat() for day in work.periods],
        "granularity": work.granularity,
        "as_of": work.as_of and work.as_of.isoformat(),
        "max_delete_fraction": work.max_delete_fraction,
    }
    return json.dumps({key: value for key, value in values.items() if value is not None})


def _work(row: RowMapping) -> Work:
    payload = json.loads(row["payload"])
    if unknown := payload.keys() - {"periods", "granularity", "as_of", "max_delete_fraction"}:
        raise ValueError(f"it says {min(unknown)!r}")
    granularity, as_of = payload.get("granularity"), payload.get("as_of")
    return Work(
        kind=row["kind"],
        table=table_of(row),
        periods=tuple(date.fromisoformat(day) for day in payload.get("periods", ())),
        granularity=Granularity(granularity) if granularity else None,
        as_of=date.fromisoformat(as_of) if as_of else None,
        priority=row["priority"],
        max_delete_fraction=payload.get("max_delete_fraction"),
    )


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
