"""Where every table stands: hot, cold, unfinished, held."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tidegate.flows.context import Context
from tidegate.flows.holds import read_holds
from tidegate.flows.identity import Identity, attach
from tidegate.flows.pinned import pinned
from tidegate.flows.plan import UNFINISHED
from tidegate.flows.published import Counted, by_table, read_counted
from tidegate.ledger.base import BatchRow, Job
from tidegate.model.names import TableName
from tidegate.model.records import Hold
from tidegate.model.tables import TableStats


@dataclass(frozen=True)
class TableStatus:
    """`hot_rows` as the statistics estimate; None when the table does not exist. `bytes` of the cold files."""

    table: TableName
    hot_rows: int | None
    cold_rows: int
    copied_rows: int
    batches: int
    periods: int
    files: int
    bytes: int
    oldest: date | None
    newest: date | None
    holds: tuple[Hold, ...]
    unfinished: tuple[BatchRow, ...]
    last_job: Job | None


@dataclass(frozen=True)
class Status:
    identity: Identity
    tables: tuple[TableStatus, ...]


@dataclass(frozen=True)
class _Known:
    """What was read once for all tables. `sizes`: number and bytes of the files of each (batch, period)."""

    published: Mapping[TableName, list[Counted]]
    copies: Mapping[TableName, list[Counted]]
    holds: Mapping[TableName, list[Hold]]
    unfinished: Mapping[TableName, list[BatchRow]]
    sizes: Mapping[tuple[str, date], tuple[int, int]]


def status(ctx: Context) -> Status:
    """Read only: the warehouse's control tables, its statistics, and the ledger."""
    with pinned(ctx) as one:
        identity = attach(one)
        known = _Known(
            by_table(read_counted(one, one.control.published)),
            by_table(read_counted(one, one.control.copies)),
            by_table(read_holds(one)),
            by_table(one.ledger.batches(states=UNFINISHED)),
            one.ledger.file_sizes(),
        )
        names = sorted({*known.published, *known.copies, *(p.table for p in ctx.settings.policies)})
        stats = one.warehouse.table_stats(names)
    return Status(identity, tuple(_table(ctx, name, stats.get(name), known) for name in names))


def _table(ctx: Context, name: TableName, stats: TableStats | None, known: _Known) -> TableStatus:
    published = known.published.get(name, [])
    counted = [(item.batch, proof) for item in published for proof in item.proofs]
    periods = sorted({proof.period for _, proof in counted})
    sizes = [known.sizes.get((batch, proof.period), (0, 0)) for batch, proof in counted]
    jobs = ctx.ledger.jobs(name, limit=1)
    return TableStatus(
        table=name,
        hot_rows=stats.rows if stats else None,
        cold_rows=sum(proof.rows for _, proof in counted),
        copied_rows=sum(p.rows for item in known.copies.get(name, []) for p in item.proofs),
        batches=len(published),
        periods=len(periods),
        files=sum(files for files, _ in sizes),
        bytes=sum(size for _, size in sizes),
        oldest=periods[0] if periods else None,
        newest=periods[-1] if periods else None,
        holds=tuple(known.holds.get(name, ())),
        unfinished=tuple(known.unfinished.get(name, ())),
        last_job=jobs[0] if jobs else None,
    )
