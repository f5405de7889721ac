"""The records of an erasure: an intent before anything is written, and what was done, in one transaction with it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tidegate.flows.records import RecordLog, fitting
from tidegate.flows.replay import replay
from tidegate.flows.rewrite.erase_plan import ErasePlan
from tidegate.flows.rewrite.protocol import Rewriting
from tidegate.model.names import TableName
from tidegate.model.records import Erasure, LogRecord, RecordKind
from tidegate.model.rewrites import ErasedPeriod

_PERIODS = 1000
"""Periods whose rows one record tells."""

HOT = "hot"
_HARMLESS = frozenset(
    {
        RecordKind.ERASE,
        RecordKind.ABANDON,
        RecordKind.HOLD,
        RecordKind.RELEASE,
        RecordKind.POLICY,
        RecordKind.MOVE,
        RecordKind.PURGE,
    }
)
"""Records that change nothing of which rows lie in which batch. A hold has a guard of its own."""


def open_intent(log: RecordLog, table: TableName, sha256: str) -> str | None:
    """The id of an erasure under this condition that did not end; the newest of several."""
    records = log.committed(table)
    unfinished = replay(records[number] for number in sorted(records)).intents
    found = (
        record.detail
        for record in records.values()
        if record.kind is RecordKind.ERASE and record.erasure is not None and record.erasure.sha256 == sha256
    )
    return max((id for id in found if id in unfinished), default=None)


def intent(log: RecordLog, plan: ErasePlan, erasure: str, number: int, at: str) -> list[LogRecord]:
    """That rows shall go: why and from where, without their values."""
    told = Erasure(plan.condition.sha256, plan.condition.columns, plan.request.reason)
    record = LogRecord(number, RecordKind.ERASE, log.warehouse, plan.request.table, at, detail=erasure, erasure=told)
    inputs = [part for spec in plan.specs for part in spec.inputs]
    rest = replace(
        record, number=number + 1, erasure=None, retired=(*inputs, *plan.exports, *plan.retired, *plan.unfinished)
    )
    if not rest.retired:
        return [record]
    return [record, *(replace(part, inputs=part.retired, retired=()) for part in fitting(rest))]


def done(
    log: RecordLog, plan: ErasePlan, rewritten: Sequence[Rewriting], erasure: str, first: int, at: str
) -> list[LogRecord]:
    """What counts now instead of what, and how many rows went, by period."""
    base = LogRecord(first, RecordKind.ERASED, log.warehouse, plan.request.table, at, detail=erasure)
    archived = tuple(r.record for r in rewritten if r.proofs and not r.spec.copied)
    copied = tuple(r.record for r in rewritten if r.proofs and r.spec.copied)
    retired = (*(part for r in rewritten for part in r.spec.inputs), *plan.exports, *plan.retired)
    records: list[LogRecord] = []
    if copied:
        records += fitting(replace(base, kind=RecordKind.COPY, detail="", published=copied))
    for rows in _told(plan):
        told = Erasure(plan.condition.sha256, plan.condition.columns, plan.request.reason, rows)
        records.append(replace(base, number=first + len(records), erasure=told))
    if archived or retired:
        records += fitting(replace(base, number=first + len(records), published=archived, retired=retired))
    return records


def changed(log: RecordLog, table: TableName, since: int) -> LogRecord | None:
    """The first record after `since` that changed which rows lie in which batch."""
    records = log.committed(table)
    return next((records[n] for n in sorted(records) if n > since and records[n].kind not in _HARMLESS), None)


def _told(plan: ErasePlan) -> Iterator[dict[str, int]]:
    """Rows by period, in dictionaries that fit into one record each; at least one."""
    rows: dict[str, int] = {}
    for item in plan.found:
        name = _name(item)
        if item.rows is not None and not (name == HOT and not plan.request.hot):
            rows[name] = rows.get(name, 0) + item.rows
    names = sorted(rows)
    for at in range(0, max(1, len(names)), _PERIODS):
        yield {name: rows[name] for name in names[at : at + _PERIODS]}


def _name(item: ErasedPeriod) -> str:
    return HOT if not item.batch else str(item.period)
