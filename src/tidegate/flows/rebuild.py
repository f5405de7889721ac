"""Rebuild the ledger from lake and warehouse; and, where the warehouse is gone, what counted in it from the lake."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from tidegate.errors import ConfigError, CorruptRecord
from tidegate.flows.context import Context
from tidegate.flows.files import table_of
from tidegate.flows.identity import (
    Identity,
    attach,
    claims,
    create_control_tables,
    place_of,
    read_claim,
    stored_identity,
    write_identity,
)
from tidegate.flows.pinned import pinned
from tidegate.flows.published import Counted, by_table, read_counted, read_descriptor, read_retired
from tidegate.flows.records import RECORD_HINT, STRANGER_HINT, RecordLog, stranger
from tidegate.flows.replay import BatchPeriod, Replayed, replay
from tidegate.flows.versions import Versions
from tidegate.ledger.base import BatchRow
from tidegate.model.batch import BATCH_COLUMN, DESCRIPTOR_PATH, PERIOD_COLUMN, BatchState, Descriptor, written_at
from tidegate.model.layout import batch_of, data_root, thaw_prefix
from tidegate.model.names import TableName
from tidegate.model.outcome import Difference
from tidegate.model.records import BatchPeriods
from tidegate.redshift.control import CountedProof
from tidegate.redshift.external import add_partitions
from tidegate.redshift.lock import lock

JOB = "rebuild"
Partition = tuple[tuple[tuple[str, str], ...], str]
"""The values of a partition by column, and its folder."""


@dataclass(frozen=True)
class RebuildOutcome:
    """`warehouse`: its control tables were brought back too. `unrecorded`: batches for a person to decide on.

    `differences`: what could not be read, and is missing in the ledger therefore.
    """

    identity: Identity
    warehouse: bool
    tables: int
    batches: int
    rows: int
    holds: int
    unrecorded: tuple[Difference, ...]
    differences: tuple[Difference, ...] = ()


def rebuild(ctx: Context, warehouse: str | None = None) -> RebuildOutcome:
    """`warehouse` names the lake folder when the warehouse is new and several could be its own.

    Where the warehouse still lives, its `published` decides; a batch that no record knows is reported, not counted.

    Raises:
        ForeignWarehouse: the warehouse is a copy or was set back.
        ConfigError: the lake has no folder for a new warehouse.
        CorruptRecord: a record cannot be read, or is missing; or a descriptor that a new warehouse needs.
    """
    with pinned(ctx) as ctx:
        known = stored_identity(ctx)
        identity = attach(ctx) if known else _claimed(ctx, warehouse)
        log = RecordLog(ctx, identity.warehouse)
        if known is not None:
            for table in {*log.recorded(), *log.tables()}:
                log.heal(table)
        states = {table: _replayed(log, table) for table in log.tables()}
        strangers = [(table, key) for table in states for key in log.strangers(table)]
        if known is None:
            if strangers:
                raise CorruptRecord(stranger(strangers[0][1]), hint=STRANGER_HINT)
            _rebuild_warehouse(ctx, log, identity, states)
        differences = [Difference(table, "record.unreadable", key, stranger(key)) for table, key in strangers]
        return _rebuild_ledger(ctx, identity, states, differences, known is None)


def _replayed(log: RecordLog, table: TableName) -> Replayed:
    """Raises CorruptRecord: a record cannot be read, or is missing, which might say that rows count no more."""
    state = replay(log.read(table))
    if state.gaps:
        raise CorruptRecord(f"record {state.gaps[0]} of {table} is missing in the lake", hint=RECORD_HINT)
    return state


def _claimed(ctx: Context, warehouse: str | None) -> Identity:
    place = place_of(ctx)
    if warehouse is not None:
        return Identity(read_claim(ctx, warehouse).warehouse, place)
    here = [claim for claim in claims(ctx) if claim.place == place]
    if len(here) != 1:
        known = ", ".join(f"{c.warehouse} at {c.place}" for c in claims(ctx)) or "none"
        raise ConfigError(
            f"the lake has {len(here)} folders of a warehouse at {place}",
            hint=f"Name one with --warehouse. The lake knows: {known}.",
        )
    return Identity(here[0].warehouse, place)


def _rebuild_warehouse(ctx: Context, log: RecordLog, identity: Identity, states: dict[TableName, Replayed]) -> None:
    """Control tables, external tables, partitions and what counts. The id comes last: until then it can be repeated."""
    create_control_tables(ctx)
    for table, state in states.items():
        if log.head(table) == 0:
            _rebuild_table(ctx, log, table, state)
    write_identity(ctx, identity)


def _rebuild_table(ctx: Context, log: RecordLog, table: TableName, state: Replayed) -> None:
    versions = Versions(ctx, log.warehouse, table)
    for version in versions.load():
        versions.ensure(version)
    counted = sorted(state.published | state.copies)
    batches = dict.fromkeys(batch for batch, _ in sorted({*counted, *state.parked}))
    descriptors = {batch: read_descriptor(ctx, state.prefixes[batch]) for batch in batches}
    partitions: dict[TableName, list[Partition]] = {}
    for batch, period in counted:
        values = ((BATCH_COLUMN, batch), (PERIOD_COLUMN, period.isoformat()))
        thawed = state.thawed.get((batch, period))
        prefix = descriptors[batch].prefix if thawed is None else thaw_prefix(descriptors[batch].prefix, thawed)
        folder = ctx.lake.uri(f"{prefix}{PERIOD_COLUMN}={period.isoformat()}/")
        partitions.setdefault(descriptors[batch].external, []).append((values, folder))
    for external, found in partitions.items():
        for statement in add_partitions(external, found):
            ctx.warehouse.execute(statement)
    ctx.warehouse.transaction(_state_statements(ctx, log, table, state, descriptors))


def _state_statements(
    ctx: Context, log: RecordLog, table: TableName, state: Replayed, descriptors: dict[str, Descriptor]
) -> list[str]:
    control, stamp = ctx.control, ctx.stamp()
    statements = [
        lock(ctx.settings.control_schema, [table], serializable=ctx.warehouse.capabilities.serializable),
        control.guard_log_number(table, 0),
    ]
    statements += control.insert_published(table, _tiered(state, _proofs(descriptors, state.published)))
    statements += control.insert_copies(table, _proofs(descriptors, state.copies))
    for tier in sorted(set(state.parked.values())):
        parked = {item for item, colder in state.parked.items() if colder is tier}
        statements += control.insert_parked(table, _proofs(descriptors, parked), tier, stamp)
    for reason in sorted(set(state.retired.values())):
        parts = [
            BatchPeriods(batch, "", (period,))
            for (batch, period), why in sorted(state.retired.items())
            if why == reason
        ]
        statements += control.insert_retired(table, parts, reason, stamp)
    statements += control.insert_holds(state.holds.values())
    return [*statements, *log.inserts(log.read(table))]


def _proofs(descriptors: dict[str, Descriptor], counted: set[BatchPeriod]) -> Iterator[CountedProof]:
    for batch, descriptor in descriptors.items():
        hash_id = f"{descriptor.hash.engine}/{descriptor.hash.version}/{descriptor.hash.expression}"
        at = descriptor.archived_at or written_at(batch)
        yield from (CountedProof(batch, hash_id, at, p) for p in descriptor.periods if (batch, p.period) in counted)


def _tiered(state: Replayed, proofs: Iterator[CountedProof]) -> Iterator[CountedProof]:
    for row in proofs:
        item = (row.batch, row.proof.period)
        yield replace(row, tier=state.tiers.get(item), thawed_until=state.thawed.get(item))


def _rebuild_ledger(
    ctx: Context,
    identity: Identity,
    states: dict[TableName, Replayed],
    differences: list[Difference],
    warehouse: bool,
) -> RebuildOutcome:
    ctx.ledger.clear()
    published = read_counted(ctx, ctx.control.published)
    copies = read_counted(ctx, ctx.control.copies)
    prefixes = {batch: prefix for state in states.values() for batch, prefix in state.prefixes.items()}
    for counted, kind in ((published, BatchState.RECLAIMED), (copies, BatchState.COPIED)):
        for item in counted:
            try:
                _save(ctx, item, kind, read_descriptor(ctx, prefixes.get(item.batch, "")))
            except CorruptRecord as error:
                differences.append(Difference(item.table, "descriptor.unreadable", item.batch, error.message))
    for table, items in by_table(published).items():
        ctx.ledger.set_checkpoint(table, max(p.period for item in items for p in item.proofs), ctx.clock())
    holds = [hold for state in states.values() for hold in state.holds.values()]
    ctx.ledger.replace_holds(holds)
    batches = {item.batch for item in (*published, *copies)}
    known = batches | {item.batch for item in read_retired(ctx)} | set(prefixes)
    return RebuildOutcome(
        identity,
        warehouse,
        len({item.table for item in (*published, *copies)}),
        len(batches),
        sum(p.rows for item in published for p in item.proofs),
        len(holds),
        tuple(_unrecorded(ctx, identity, known, differences)),
        tuple(differences),
    )


def _save(ctx: Context, item: Counted, state: BatchState, descriptor: Descriptor) -> None:
    days = {p.period for p in item.proofs}
    files = [f for f in descriptor.files if f.period in days]
    ctx.ledger.save_batch(
        BatchRow(
            id=item.batch,
            table=item.table,
            job=JOB,
            state=state,
            action="copy" if state is BatchState.COPIED else "archive",
            prefix=descriptor.prefix,
            rows=sum(p.rows for p in item.proofs),
            bytes=sum(f.size for f in files),
            planned_at=datetime.fromisoformat(descriptor.created_at),
            updated_at=ctx.clock(),
            external=descriptor.external,
        )
    )
    ctx.ledger.save_periods(item.batch, item.proofs)
    ctx.ledger.save_files(item.batch, files)


def _unrecorded(
    ctx: Context, identity: Identity, known: set[str], differences: list[Difference]
) -> Iterator[Difference]:
    """Batches with a descriptor that neither a record nor the warehouse knows."""
    for info in ctx.lake.list(data_root(identity.warehouse)):
        owner = batch_of(info.key)
        if owner is None or owner[1] in known or not info.key.endswith(DESCRIPTOR_PATH):
            continue
        try:
            descriptor = read_descriptor(ctx, owner[0])
        except CorruptRecord as error:
            table = table_of(owner[0])
            if table is None:
                raise
            differences.append(Difference(table, "descriptor.unreadable", owner[1], error.message))
            continue
        rows = sum(p.rows for p in descriptor.periods)
        detail = f"{rows} rows were unloaded, but no record says that they count; they are not counted"
        yield Difference(descriptor.table.name, "batch.unrecorded", owner[1], detail)
