"""Where every table stands: hot, cold, unfinished, held."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tidegate.flows.ages import Age, read_ages
from tidegate.flows.context import Context
from tidegate.flows.holds import read_holds
from tidegate.flows.identity import Identity, attach
from tidegate.flows.landing.quarantine import count_files
from tidegate.flows.pinned import pinned
from tidegate.flows.plan import UNFINISHED
from tidegate.flows.published import Counted, by_table, read_counted
from tidegate.ledger.base import BatchRow, Job
from tidegate.model.names import TableName
from tidegate.model.records import Hold
from tidegate.model.tables import TableStats
from tidegate.model.tiers import Tier


@dataclass(frozen=True)
class TierShare:
    """What of a table is in one tier. A period that was thawed until a day is still in its tier, and can be read."""

    tier: Tier
    rows: int
    periods: int
    files: int
    bytes: int


@dataclass(frozen=True)
class TableStatus:
    """`hot_rows` and `hot_bytes` as the statistics estimate; None when the table does not exist. `bytes` of the cold
    files. `cold_rows` count, `parked_rows` of them cannot be read; `thawed_until` is when the first thaw ends.
    `quarantined`: files that loads put aside, whole or with some of their rows.
    """

    table: TableName
    hot_rows: int | None
    hot_bytes: int | None
    cold_rows: int
    parked_rows: int
    copied_rows: int
    batches: int
    periods: int
    files: int
    bytes: int
    oldest: date | None
    newest: date | None
    tiers: tuple[TierShare, ...]
    thawed_until: date | None
    holds: tuple[Hold, ...]
    unfinished: tuple[BatchRow, ...]
    last_job: Job | None
    quarantined: int = 0


@dataclass(frozen=True)
class Status:
    identity: Identity
    tables: tuple[TableStatus, ...]


@dataclass(frozen=True)
class _Known:
    """What was read once for all tables. `sizes`: number and bytes of the files of each (batch, period)."""

    ages: Mapping[TableName, list[Age]]
    copies: Mapping[TableName, list[Counted]]
    holds: Mapping[TableName, list[Hold]]
    unfinished: Mapping[TableName, list[BatchRow]]
    sizes: Mapping[tuple[str, date], tuple[int, int]]
    quarantined: Mapping[TableName, int]


def status(ctx: Context) -> Status:
    """Read only: the warehouse's control tables, its statistics, and the ledger."""
    with pinned(ctx) as one:
        identity = attach(one)
        known = _Known(
            by_table(read_ages(one)),
            by_table(read_counted(one, one.control.copies)),
            by_table(read_holds(one)),
            by_table(one.ledger.batches(states=UNFINISHED)),
            one.ledger.file_sizes(),
            count_files(one),
        )
        names = sorted({*known.ages, *known.copies, *known.quarantined, *(p.table for p in ctx.settings.policies)})
        stats = one.warehouse.table_stats(names)
    return Status(identity, tuple(_table(ctx, name, stats.get(name), known) for name in names))


def _table(ctx: Context, name: TableName, stats: TableStats | None, known: _Known) -> TableStatus:
    counted = known.ages.get(name, [])
    periods = sorted({age.period for age in counted})
    sizes = [known.sizes.get((age.batch, age.period), (0, 0)) for age in counted]
    jobs = ctx.ledger.jobs(name, limit=1)
    return TableStatus(
        table=name,
        hot_rows=stats.rows if stats else None,
        hot_bytes=stats.bytes if stats else None,
        cold_rows=sum(age.rows for age in counted),
        parked_rows=sum(age.rows for age in counted if age.parked_at is not None),
        copied_rows=sum(p.rows for item in known.copies.get(name, []) for p in item.proofs),
        batches=len({age.batch for age in counted}),
        periods=len(periods),
        files=sum(files for files, _ in sizes),
        bytes=sum(size for _, size in sizes),
        oldest=periods[0] if periods else None,
        newest=periods[-1] if periods else None,
        tiers=tuple(_shares(counted, known.sizes)),
        thawed_until=min((age.thawed_until for age in counted if age.thawed_until is not None), default=None),
        holds=tuple(known.holds.get(name, ())),
        unfinished=tuple(known.unfinished.get(name, ())),
        last_job=jobs[0] if jobs else None,
        quarantined=known.quarantined.get(name, 0),
    )


def _shares(counted: Sequence[Age], sizes: Mapping[tuple[str, date], tuple[int, int]]) -> Iterator[TierShare]:
    """The warmest first."""
    for tier in Tier:
        here = [age for age in counted if age.tier is tier]
        if here:
            files = [sizes.get((age.batch, age.period), (0, 0)) for age in here]
            yield TierShare(
                tier,
                sum(age.rows for age in here),
                len({age.period for age in here}),
                sum(number for number, _ in files),
                sum(size for _, size in files),
            )
