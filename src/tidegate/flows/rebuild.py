"""Rebuild the ledger from lake and warehouse; and, where the warehouse is gone, what counted in it from the lake."""

from dataclasses import dataclass
from datetime import date, datetime

from tidegate.errors import ConfigError, CorruptRecord
from tidegate.flows.context import Context
from tidegate.flows.identity import Identity, attach, claims, read_claim, stored_identity, write_identity
from tidegate.flows.pinned import pinned
from tidegate.flows.published import Counted, read_counted, read_descriptor, read_retired
from tidegate.flows.records import RECORD_HINT, RecordLog
from tidegate.flows.replay import Replayed, replay
from tidegate.flows.versions import Versions
from tidegate.ledger.base import BatchRow
from tidegate.model.batch import BATCH_COLUMN, DESCRIPTOR_PATH, PERIOD_COLUMN, BatchState, Descriptor, PeriodProof
from tidegate.model.layout import batch_of, data_root
from tidegate.model.names import TableName
from tidegate.model.outcome import Difference
from tidegate.redshift.external import add_partitions
from tidegate.redshift.lock import lock

JOB = "rebuild"


@dataclass(frozen=True)
class RebuildOutcome:
    """`warehouse`: its control tables were brought back too. `unrecorded`: batches for a person to decide on."""

    identity: Identity
    warehouse: bool
    tables: int
    batches: int
    rows: int
    holds: int
    unrecorded: tuple[Difference, ...]


def rebuild(ctx: Context, warehouse: str | None = None) -> RebuildOutcome:
    """`warehouse` names the lake folder when the warehouse is new and several could be its own.

    Where the warehouse still lives, its `published` decides; a batch that no record knows is reported, not counted.

    Raises:
        ForeignWarehouse: the warehouse is a copy or was set back.
        ConfigError: the lake has no folder for a new warehouse.
        CorruptRecord: a record cannot be read, or is missing.
    """
    with pinned(ctx) as ctx:
        known = stored_identity(ctx)
        identity = attach(ctx) if known else _claimed(ctx, warehouse)
        log = RecordLog(ctx, identity.warehouse)
        if known is not None:
            for table in {*log.recorded(), *log.tables()}:
                log.heal(table)
        states = {table: _replayed(log, table) for table in log.tables()}
        if known is None:
            _rebuild_warehouse(ctx, log, identity, states)
        return _rebuild_ledger(ctx, log, identity, states, known is None)


def _replayed(log: RecordLog, table: TableName) -> Replayed:
    """Raises CorruptRecord: a record cannot be read, or is missing, which might say that rows count no more."""
    state = replay(log.read(table))
    if state.gaps:
        raise CorruptRecord(f"record {state.gaps[0]} of {table} is missing in the lake", hint=RECORD_HINT)
    return state


def _claimed(ctx: Context, warehouse: str | None) -> Identity:
    place = ctx.warehouse.place()
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
    for statement in ctx.control.create():
        ctx.warehouse.execute(statement)
    for table, state in states.items():
        if log.head(table) == 0:
            _rebuild_table(ctx, log, table, state)
    write_identity(ctx, identity)


def _rebuild_table(ctx: Context, log: RecordLog, table: TableName, state: Replayed) -> None:
    versions = Versions(ctx, log.warehouse, table)
    for version in versions.load():
        versions.ensure(version)
    counted = {batch for batch, _ in state.published | state.copies}
    descriptors = {batch: read_descriptor(ctx, state.prefixes[batch]) for batch in sorted(counted)}
    for batch, descriptor in descriptors.items():
        periods = sorted(p for b, p in state.published | state.copies if b == batch)
        partitions = [
            (
                ((BATCH_COLUMN, batch), (PERIOD_COLUMN, p.isoformat())),
                ctx.lake.uri(f"{descriptor.prefix}{PERIOD_COLUMN}={p.isoformat()}/"),
            )
            for p in periods
        ]
        for statement in add_partitions(descriptor.external, partitions):
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
    for batch, descriptor in descriptors.items():
        hash_id = f"{descriptor.hash.engine}/{descriptor.hash.version}/{descriptor.hash.expression}"
        published = _proofs(descriptor, {p for b, p in state.published if b == batch})
        copied = _proofs(descriptor, {p for b, p in state.copies if b == batch})
        statements += control.insert_published(table, batch, published, hash_id)
        statements += control.insert_copies(table, batch, copied, hash_id)
    for batch in sorted({b for b, _ in state.retired}):
        for reason in sorted({r for (b, _), r in state.retired.items() if b == batch}):
            periods = sorted(p for (b, p), r in state.retired.items() if b == batch and r == reason)
            statements += control.insert_retired(table, batch, periods, reason, stamp)
    statements += [control.insert_hold(hold) for hold in state.holds.values()]
    records = list(log.read(table))
    statements += [log.insert(records[at : at + 100]) for at in range(0, len(records), 100)]
    return statements


def _proofs(descriptor: Descriptor, periods: set[date]) -> list[PeriodProof]:
    return [p for p in descriptor.periods if p.period in periods]


def _rebuild_ledger(
    ctx: Context, log: RecordLog, identity: Identity, states: dict[TableName, Replayed], warehouse: bool
) -> RebuildOutcome:
    ctx.ledger.clear()
    published = read_counted(ctx, ctx.control.published)
    copies = read_counted(ctx, ctx.control.copies)
    retired = read_retired(ctx)
    prefixes = {batch: prefix for state in states.values() for batch, prefix in state.prefixes.items()}
    for counted, kind in ((published, BatchState.RECLAIMED), (copies, BatchState.COPIED)):
        for item in counted:
            _save(ctx, item, kind, prefixes)
    newest: dict[TableName, date] = {}
    for item in published:
        newest[item.table] = max(newest.get(item.table, date.min), *(p.period for p in item.proofs))
    for table, period in newest.items():
        ctx.ledger.set_checkpoint(table, period, ctx.clock())
    holds = [hold for state in states.values() for hold in state.holds.values()]
    ctx.ledger.replace_holds(holds)
    known = {item.batch for item in (*published, *copies)} | {item.batch for item in retired} | set(prefixes)
    return RebuildOutcome(
        identity,
        warehouse,
        len({item.table for item in (*published, *copies)}),
        len({item.batch for item in (*published, *copies)}),
        sum(p.rows for item in published for p in item.proofs),
        len(holds),
        tuple(_unrecorded(ctx, identity, known)),
    )


def _save(ctx: Context, item: Counted, state: BatchState, prefixes: dict[str, str]) -> None:
    try:
        descriptor = read_descriptor(ctx, prefixes.get(item.batch, ""))
    except CorruptRecord as error:
        ctx.reporter.notice(error.message)
        return
    days = {p.period for p in item.proofs}
    files = [f for f in descriptor.files if f.period in days]
    created = datetime.fromisoformat(descriptor.created_at)
    action = "copy" if state is BatchState.COPIED else "archive"
    ctx.ledger.save_batch(
        BatchRow(
            id=item.batch,
            table=item.table,
            job=JOB,
            state=state,
            action=action,
            prefix=descriptor.prefix,
            rows=sum(p.rows for p in item.proofs),
            bytes=sum(f.size for f in files),
            planned_at=created,
            updated_at=ctx.clock(),
            external=descriptor.external,
        )
    )
    ctx.ledger.save_periods(item.batch, item.proofs)
    ctx.ledger.save_files(item.batch, files)


def _unrecorded(ctx: Context, identity: Identity, known: set[str]) -> list[Difference]:
    """Batches with a descriptor that neither a record nor the warehouse knows."""
    found = []
    for info in ctx.lake.list(data_root(identity.warehouse)):
        owner = batch_of(info.key)
        if owner is None or owner[1] in known or not info.key.endswith(DESCRIPTOR_PATH):
            continue
        descriptor = read_descriptor(ctx, owner[0])
        rows = sum(p.rows for p in descriptor.periods)
        detail = f"{rows} rows were unloaded, but no record says that they count; they are not counted"
        found.append(Difference(descriptor.table.name, "batch.unrecorded", owner[1], detail))
    return found
