"""Rebuild the ledger from lake and warehouse; and, where the warehouse is gone, what counted in it from the lake."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tidegate.errors import ConfigError, CorruptRecord
from tidegate.flows.context import Context
from tidegate.flows.files import table_of
from tidegate.flows.identity import (
    Identity,
    attach,
    claims,
    place_of,
    read_claim,
    stored_identity,
)
from tidegate.flows.pinned import pinned
from tidegate.flows.published import Counted, by_table, merged, read_counted, read_descriptor, read_retired
from tidegate.flows.rebuild_warehouse import rebuild_warehouse
from tidegate.flows.records import RECORD_HINT, STRANGER_HINT, RecordLog, stranger
from tidegate.flows.replay import Replayed, replay
from tidegate.ledger.base import BatchRow
from tidegate.model.batch import DESCRIPTOR_PATH, BatchState, Descriptor
from tidegate.model.layout import batch_of, data_root
from tidegate.model.names import TableName
from tidegate.model.outcome import Difference

JOB = "rebuild"


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
            rebuild_warehouse(ctx, log, identity, states)
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


def _rebuild_ledger(
    ctx: Context,
    identity: Identity,
    states: dict[TableName, Replayed],
    differences: list[Difference],
    warehouse: bool,
) -> RebuildOutcome:
    ctx.ledger.clear()
    published = read_counted(ctx, ctx.control.published)
    parked = read_counted(ctx, ctx.control.parked)
    cold = list(merged([*published, *parked]))
    copies = read_counted(ctx, ctx.control.copies)
    prefixes = {batch: prefix for state in states.values() for batch, prefix in state.prefixes.items()}
    for counted, kind in ((cold, BatchState.RECLAIMED), (copies, BatchState.COPIED)):
        for item in counted:
            try:
                _save(ctx, item, kind, read_descriptor(ctx, prefixes.get(item.batch, "")))
            except CorruptRecord as error:
                differences.append(Difference(item.table, "descriptor.unreadable", item.batch, error.message))
    for table, items in by_table(cold).items():
        ctx.ledger.set_checkpoint(table, max(p.period for item in items for p in item.proofs), ctx.clock())
    holds = [hold for state in states.values() for hold in state.holds.values()]
    ctx.ledger.replace_holds(holds)
    batches = {item.batch for item in (*cold, *copies)}
    known = batches | {item.batch for item in read_retired(ctx)} | set(prefixes)
    return RebuildOutcome(
        identity,
        warehouse,
        len({item.table for item in (*cold, *copies)}),
        len(batches),
        sum(p.rows for item in cold for p in item.proofs),
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
