"""Where every table stands: hot, cold, unfinished, held."""

from dataclasses import dataclass
from datetime import date

from tidegate.flows.context import Context
from tidegate.flows.holds import read_holds
from tidegate.flows.identity import Identity, attach
from tidegate.flows.pinned import pinned
from tidegate.flows.plan import UNFINISHED
from tidegate.flows.published import Counted, read_counted
from tidegate.ledger.base import BatchRow, Job
from tidegate.model.names import TableName
from tidegate.model.records import Hold


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


def status(ctx: Context) -> Status:
    """Read only: the warehouse's control tables, its statistics, and the ledger."""
    with pinned(ctx) as ctx:
        identity = attach(ctx)
        published = read_counted(ctx, ctx.control.published)
        copies = read_counted(ctx, ctx.control.copies)
        holds = read_holds(ctx)
        names = sorted({item.table for item in (*published, *copies)} | {p.table for p in ctx.settings.policies})
        hot = {name: stats.rows for name, stats in ctx.warehouse.table_stats(names).items()}
    return Status(
        identity,
        tuple(
            _table(
                ctx,
                name,
                hot.get(name),
                [item for item in published if item.table == name],
                [item for item in copies if item.table == name],
                tuple(hold for hold in holds if hold.table == name),
            )
            for name in names
        ),
    )


def _table(
    ctx: Context,
    name: TableName,
    hot_rows: int | None,
    published: list[Counted],
    copies: list[Counted],
    holds: tuple[Hold, ...],
) -> TableStatus:
    periods = sorted({p.period for item in published for p in item.proofs})
    counted = {(item.batch, p.period) for item in published for p in item.proofs}
    files = [f for item in published for f in ctx.ledger.files(item.batch) if (item.batch, f.period) in counted]
    jobs = ctx.ledger.jobs(name, limit=1)
    return TableStatus(
        table=name,
        hot_rows=hot_rows,
        cold_rows=sum(p.rows for item in published for p in item.proofs),
        copied_rows=sum(p.rows for item in copies for p in item.proofs),
        batches=len(published),
        periods=len(periods),
        files=len(files),
        bytes=sum(f.size for f in files),
        oldest=periods[0] if periods else None,
        newest=periods[-1] if periods else None,
        holds=holds,
        unfinished=tuple(ctx.ledger.batches(name, UNFINISHED)),
        last_job=jobs[0] if jobs else None,
    )
