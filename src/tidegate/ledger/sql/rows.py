"""Between the port's values and the columns of `tables`."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import RowMapping

from tidegate.errors import UsageError
from tidegate.ledger.base import BatchRow, Job, JobState, StepRow
from tidegate.model.batch import BatchState, FileEntry, PeriodProof
from tidegate.model.names import TableName
from tidegate.model.records import Hold

Values = dict[str, Any]


def utc(value: datetime) -> datetime:
    """The same time in UTC.

    Raises:
        UsageError: the time has no time zone.
    """
    if value.tzinfo is None:
        raise UsageError(f"the time {value.isoformat()} has no time zone", hint="Pass a time with a zone, such as UTC.")
    return value.astimezone(UTC)


def time_text(value: datetime) -> str:
    """`2026-01-02T03:04:05.000006+00:00`: of one length, so it sorts as the times do. Raises as `utc`."""
    return utc(value).isoformat(timespec="microseconds")


def job_values(job: Job) -> Values:
    return {
        "id": job.id,
        "kind": job.kind,
        **table_values(job.table),
        "state": job.state.value,
        "owner": job.owner,
        "lease_until": time_text(job.lease_until),
        "attempts": job.attempts,
        "started_at": time_text(job.started_at),
        "finished_at": job.finished_at and time_text(job.finished_at),
        "outcome": job.outcome,
    }


def job_of(row: RowMapping) -> Job:
    return Job(
        id=row["id"],
        kind=row["kind"],
        table=table_of(row),
        state=JobState(row["state"]),
        owner=row["owner"],
        lease_until=datetime.fromisoformat(row["lease_until"]),
        attempts=row["attempts"],
        started_at=datetime.fromisoformat(row["started_at"]),
        finished_at=_time(row["finished_at"]),
        outcome=row["outcome"],
    )


def batch_values(batch: BatchRow) -> Values:
    return {
        "id": batch.id,
        **table_values(batch.table),
        "job": batch.job,
        "state": batch.state.value,
        "action": batch.action,
        "prefix": batch.prefix,
        "rows": batch.rows,
        "bytes": batch.bytes,
        "planned_at": time_text(batch.planned_at),
        "updated_at": time_text(batch.updated_at),
        "external_schema": batch.external and batch.external.schema,
        "external_name": batch.external and batch.external.name,
        "detail": batch.detail,
    }


def batch_of(row: RowMapping) -> BatchRow:
    external = row["external_schema"], row["external_name"]
    return BatchRow(
        id=row["id"],
        table=table_of(row),
        job=row["job"],
        state=BatchState(row["state"]),
        action=row["action"],
        prefix=row["prefix"],
        rows=row["rows"],
        bytes=row["bytes"],
        planned_at=datetime.fromisoformat(row["planned_at"]),
        updated_at=datetime.fromisoformat(row["updated_at"]),
        external=TableName(*external) if all(external) else None,
        detail=row["detail"],
    )


def step_of(row: RowMapping) -> StepRow:
    return StepRow(
        batch=row["batch"],
        step=row["step"],
        attempt=row["attempt"],
        started_at=datetime.fromisoformat(row["started_at"]),
        finished_at=_time(row["finished_at"]),
        detail=row["detail"],
    )


def period_values(batch: str, proof: PeriodProof) -> Values:
    return {
        "batch": batch,
        "period": proof.period.isoformat(),
        "rows": proof.rows,
        "fingerprint": proof.fingerprint,
    }


def period_of(row: RowMapping) -> PeriodProof:
    return PeriodProof(date.fromisoformat(row["period"]), row["rows"], row["fingerprint"])


def file_values(batch: str, file: FileEntry) -> Values:
    return {
        "batch": batch,
        "key": file.key,
        "period": file.period.isoformat(),
        "rows": file.rows,
        "size": file.size,
        "etag": file.etag,
        "version": file.version,
        "sha256": file.sha256,
    }


def file_of(row: RowMapping) -> FileEntry:
    return FileEntry(
        key=row["key"],
        period=date.fromisoformat(row["period"]),
        rows=row["rows"],
        size=row["size"],
        etag=row["etag"],
        version=row["version"],
        sha256=row["sha256"],
    )


def sizes_of(row: RowMapping) -> tuple[tuple[str, date], tuple[int, int]]:
    """Number and bytes of the files of a (batch, period)."""
    return (row["batch"], date.fromisoformat(row["period"])), (int(row["files"]), int(row["bytes"]))


def hold_values(hold: Hold) -> Values:
    return {
        "id": hold.id,
        **table_values(hold.table),
        "first": hold.first and hold.first.isoformat(),
        "last": hold.last and hold.last.isoformat(),
        "reason": hold.reason,
        "placed_at": hold.placed_at,
    }


def hold_of(row: RowMapping) -> Hold:
    return Hold(
        id=row["id"],
        table=table_of(row),
        first=_date(row["first"]),
        last=_date(row["last"]),
        reason=row["reason"],
        placed_at=row["placed_at"],
    )


def table_values(table: TableName) -> Values:
    return {"table_schema": table.schema, "table_name": table.name}


def table_of(row: RowMapping) -> TableName:
    return TableName(row["table_schema"], row["table_name"])


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
