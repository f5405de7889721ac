"""What counts as cold, read from the warehouse together with the descriptors beside the rows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Protocol, TypeVar

from tidegate.errors import CorruptRecord, ObjectNotFound
from tidegate.flows.context import Context
from tidegate.flows.records import RecordLog
from tidegate.formats.stored import load
from tidegate.model.batch import Descriptor, PeriodProof
from tidegate.model.layout import descriptor_key
from tidegate.model.names import TableName
from tidegate.model.records import LogRecord
from tidegate.warehouse.base import Result


@dataclass(frozen=True)
class Counted:
    """One batch and those of its periods that count. `hash` names engine, version and expression of the proofs."""

    table: TableName
    batch: str
    hash: str
    proofs: tuple[PeriodProof, ...]


@dataclass(frozen=True)
class Retired:
    """One (batch, period) that counts no more. `at` is the text of a UTC timestamp."""

    table: TableName
    batch: str
    period: date
    reason: str
    at: str


class OfTable(Protocol):
    @property
    def table(self) -> TableName: ...


Item = TypeVar("Item", bound=OfTable)


def by_table(items: Iterable[Item]) -> dict[TableName, list[Item]]:
    """In the order of the items."""
    tables: dict[TableName, list[Item]] = {}
    for item in items:
        tables.setdefault(item.table, []).append(item)
    return tables


def as_day(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def as_moment(value: object) -> datetime:
    """A TIMESTAMP of the control tables, which are in UTC, as an aware time, however the driver gives it."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=UTC)


def proofs_of(result: Result) -> list[PeriodProof]:
    """The rows of a statement that gives rows and fingerprint per period."""
    return [PeriodProof(as_day(period), int(str(rows)), str(int(str(total)))) for period, rows, total in result.rows]


def read_counted(ctx: Context, source: TableName, table: TableName | None = None) -> list[Counted]:
    """The batches of `published` or `copies`, oldest first, of one table or of all."""
    batches: dict[tuple[str, str], list[PeriodProof]] = {}
    hashes: dict[str, str] = {}
    for name, batch, period, rows, total, hash_id in ctx.warehouse.execute(
        ctx.control.select_proofs(source, table)
    ).rows:
        proof = PeriodProof(as_day(period), int(str(rows)), str(total))
        batches.setdefault((str(name), str(batch)), []).append(proof)
        hashes[str(batch)] = str(hash_id)
    return [
        Counted(TableName.parse(name), batch, hashes[batch], tuple(proofs)) for (name, batch), proofs in batches.items()
    ]


def merged(counted: Iterable[Counted]) -> Iterator[Counted]:
    """One item a batch, be it published in part and parked in part."""
    batches: dict[tuple[TableName, str], Counted] = {}
    for item in counted:
        other = batches.get((item.table, item.batch))
        proofs = item.proofs if other is None else (*other.proofs, *item.proofs)
        batches[item.table, item.batch] = replace(item, proofs=proofs)
    yield from batches.values()


def read_retired(ctx: Context, table: TableName | None = None) -> list[Retired]:
    return [
        Retired(TableName.parse(str(name)), str(batch), as_day(period), str(reason), str(at))
        for name, batch, period, reason, at in ctx.warehouse.execute(ctx.control.select_retired(table)).rows
    ]


def prefixes(records: Iterable[LogRecord]) -> dict[str, str]:
    """Where each batch lies, as the table's records say."""
    parts = (part for record in records for part in (*record.published, *record.retired))
    return {part.batch: part.prefix for part in parts if part.prefix}


def read_descriptor(ctx: Context, prefix: str) -> Descriptor:
    """Raises CorruptRecord when it is missing or unreadable."""
    key = descriptor_key(prefix)
    try:
        return load(Descriptor, ctx.lake.get(key), key)
    except ObjectNotFound as error:
        raise CorruptRecord(f"{key} is missing", hint="Restore the object from a backup of the lake.") from error


def used_externals(ctx: Context, log: RecordLog, table: TableName) -> frozenset[TableName]:
    """The external tables whose rows count as cold, as the descriptors say. Raises CorruptRecord."""
    where = prefixes(log.committed(table).values())
    counted = [c for s in (ctx.control.published, ctx.control.parked) for c in read_counted(ctx, s, table)]
    return frozenset(read_descriptor(ctx, where.get(item.batch, "")).external for item in counted)
