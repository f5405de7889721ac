"""Who changed what of a table, and when, in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from tidegate.flows.context import Context
from tidegate.flows.identity import attach
from tidegate.flows.pinned import pinned
from tidegate.formats.stored import load
from tidegate.model.names import TableName
from tidegate.model.records import BatchPeriods, LogRecord, RecordKind
from tidegate.redshift.audit import AuditSearch, select_audit


@dataclass(frozen=True)
class AuditRequest:
    """What is looked for; an empty part asks for nothing. Times are aware, `until` is excluded; `by` a part of who."""

    tables: tuple[TableName, ...] = ()
    kinds: tuple[RecordKind, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    by: str | None = None
    limit: int = 100


@dataclass(frozen=True)
class AuditEntry:
    """One change of what counts. `what` says it in words."""

    record: LogRecord
    what: str


def audit(ctx: Context, request: AuditRequest) -> list[AuditEntry]:
    """The newest changes that fit, the newest last.

    Raises:
        CorruptRecord: a record cannot be read.
    """
    search = AuditSearch(
        request.tables,
        tuple(kind.value for kind in request.kinds),
        _utc(request.since),
        _utc(request.until),
        request.by,
        request.limit,
    )
    with pinned(ctx) as one:
        attach(one)
        rows = one.warehouse.execute(select_audit(one.control.log, search)).rows
    records = [load(LogRecord, str(text).encode(), "a record of the log") for (text,) in rows]
    return [AuditEntry(record, _what(record)) for record in reversed(records)]


def _utc(moment: datetime | None) -> str | None:
    """As records have it."""
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _what(record: LogRecord) -> str:
    return "; ".join(_sentences(record)) or record.kind.value


def _sentences(record: LogRecord) -> Iterator[str]:
    if record.hold is not None:
        hold = record.hold
        yield f"hold {hold.id} on {_days(hold.first, hold.last)}: {hold.reason}"
    if record.released is not None:
        yield f"hold {record.released} ended"
    if record.kind is RecordKind.POLICY:
        yield f"policy: {', '.join(f'{key} = {value}' for key, value in record.policy.items() if key != 'table')}"
    if record.published:
        yield f"{_COUNTED.get(record.kind, 'counts')}: {_parts(record.published)}"
    if record.inputs:
        tier = f" to {record.tier}" if record.tier is not None else ""
        yield f"{_ABOUT.get(record.kind, record.kind.value)}{tier}: {_parts(record.inputs)}"
    if record.retired:
        yield f"{_RETIRED.get(record.kind, 'counts no more')}: {_parts(record.retired)}"
    if record.until is not None:
        yield f"until {record.until}"
    if record.detail:
        yield record.detail


_COUNTED = {
    RecordKind.PUBLISH: "archived",
    RecordKind.COPY: "copied",
    RecordKind.THAW: "thawed",
    RecordKind.COMPACT: "written anew",
    RecordKind.ERASED: "written anew",
}
_ABOUT = {RecordKind.MOVE: "moved", RecordKind.PARK: "parked", RecordKind.ERASE: "rows are to be erased"}
_RETIRED = {
    RecordKind.PUBLISH: "changed meanwhile",
    RecordKind.ABANDON: "given up",
    RecordKind.RESTORE: "restored",
    RecordKind.COPY: "superseded",
    RecordKind.PURGE: "deleted without an archive",
    RecordKind.EXPIRE: "expired",
    RecordKind.COMPACT: "replaced",
    RecordKind.ERASED: "replaced",
}


def _parts(parts: Sequence[BatchPeriods]) -> str:
    return ", ".join(_part(part) for part in parts)


def _part(part: BatchPeriods) -> str:
    days = sorted(part.periods)
    if not days or days == [date.min]:
        return f"batch {part.batch}"
    span = str(days[0]) if len(days) == 1 else f"{len(days)} periods {days[0]} to {days[-1]}"
    return f"{span} of batch {part.batch}"


def _days(first: date | None, last: date | None) -> str:
    if first is None and last is None:
        return "all days"
    return f"{first or 'the first day'} to {last or 'the last day'}"
