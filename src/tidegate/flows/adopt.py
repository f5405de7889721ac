"""A warehouse that is a copy of another, or was set back: go on with it, or give it a folder of its own."""

from dataclasses import dataclass, replace

from tidegate.errors import ConfigError, ForeignWarehouse, ObjectNotFound, Refused
from tidegate.flows.context import Context
from tidegate.flows.identity import Identity, place_of, read_claim, stored_identity, write_claim
from tidegate.flows.pinned import pinned
from tidegate.flows.published import read_counted, read_retired
from tidegate.flows.records import RecordLog, fitting
from tidegate.flows.replay import BatchPeriod, Replayed, replay
from tidegate.flows.versions import Versions
from tidegate.formats.stored import dump
from tidegate.model.batch import PERIOD_COLUMN
from tidegate.model.layout import version_key
from tidegate.model.names import TableName
from tidegate.model.outcome import Difference
from tidegate.model.records import BatchPeriods, Claim, LogRecord, RecordKind
from tidegate.redshift.lock import lock

ADOPTED = "adopted"


@dataclass(frozen=True)
class AdoptOutcome:
    """`differences`: where the lake's record and this warehouse say different things; no file was deleted."""

    identity: Identity
    copy_of: str | None
    differences: tuple[Difference, ...]


def take_over(ctx: Context) -> AdoptOutcome:
    """This warehouse goes on: what it has published counts, what only the record has is kept but not counted.

    Raises:
        ConfigError: the warehouse was never initialised.
    """
    with pinned(ctx) as ctx:
        identity = _stored(ctx)
        log = RecordLog(ctx, identity.warehouse)
        differences: list[Difference] = []
        for table in log.tables():
            differences += _take_over_table(ctx, log, table)
        place = place_of(ctx)
        write_claim(ctx, replace(_claim(ctx, identity), place=place))
        ctx.warehouse.execute(ctx.control.update_identity(identity.warehouse, place))
        return AdoptOutcome(Identity(identity.warehouse, place), None, tuple(differences))


def as_copy(ctx: Context) -> AdoptOutcome:
    """A new id and folder. It reads the original's batches and never touches them.

    Raises:
        ConfigError: the warehouse was never initialised.
    """
    with pinned(ctx) as ctx:
        original = _stored(ctx)
        place = place_of(ctx)
        _refuse_original(ctx, original, place)
        identity = Identity(f"w{ctx.suffix()}", place)
        tables = {item.table for item in read_counted(ctx, ctx.control.published)}
        log = RecordLog(ctx, original.warehouse)
        for table in tables | set(log.tables()):
            for version in Versions(ctx, original.warehouse, table).load():
                ctx.lake.put(version_key(identity.warehouse, table, version.version), dump(version))
        claim = Claim(identity.warehouse, place, ctx.clock().isoformat(), copy_of=original.warehouse)
        write_claim(ctx, claim, if_absent=True)
        ctx.warehouse.execute(ctx.control.update_identity(identity.warehouse, place))
        RecordLog(ctx, identity.warehouse).sync_all()
        return AdoptOutcome(identity, original.warehouse, ())


def _refuse_original(ctx: Context, original: Identity, place: str) -> None:
    """Raises Refused for the warehouse that the lake knows, where it knows it, and not behind its records."""
    log = RecordLog(ctx, original.warehouse)
    try:
        if place != original.place or read_claim(ctx, original.warehouse).place != place:
            return
        for table in log.tables():
            log.sync(table)
    except (ObjectNotFound, ForeignWarehouse):
        return
    raise Refused(
        f"the warehouse at {place} is the original, not a copy", hint="Run this where the copy is; nothing was changed."
    )


def _stored(ctx: Context) -> Identity:
    identity = stored_identity(ctx)
    if identity is None:
        raise ConfigError("the warehouse has no Tidegate control tables", hint="Run `tidegate init` first.")
    return identity


def _claim(ctx: Context, identity: Identity) -> Claim:
    try:
        return read_claim(ctx, identity.warehouse)
    except ObjectNotFound:
        return Claim(identity.warehouse, identity.place, ctx.clock().isoformat())


def _take_over_table(ctx: Context, log: RecordLog, table: TableName) -> list[Difference]:
    state = replay(log.read(table))
    head = log.head(table)
    here = _counted(ctx, ctx.control.published, table) | _counted(ctx, ctx.control.parked, table)
    counted = state.published | set(state.parked)
    copies = _counted(ctx, ctx.control.copies, table)
    only_here, only_there = here - counted, (counted | state.copies) - here - copies
    stale = copies - state.copies
    if state.number <= head and not (only_here or only_there or stale):
        log.sync(table)
        return []
    record = LogRecord(
        number=max(state.number, head) + 1,
        kind=RecordKind.ADOPT,
        warehouse=log.warehouse,
        table=table,
        at=ctx.clock().isoformat(),
        published=_parts(only_here, state),
        retired=_parts(only_there, state),
        detail=f"taken over at record {head} of {state.number}",
    )
    lost = {item for item in only_here if _files_are_gone(ctx, state, item)}
    _commit(ctx, log, record, head, state, stale)
    return [
        *(
            Difference(table, "adopt.kept", batch, f"{period} counts in the record, but not here; its files are kept")
            for batch, period in sorted(only_there)
        ),
        *(
            Difference(table, "adopt.counted", batch, f"{period} counts here, but no longer in the record")
            for batch, period in sorted(only_here - lost)
        ),
        *(
            Difference(table, "adopt.lost", batch, f"{period} counts here, but its files were deleted since")
            for batch, period in sorted(lost)
        ),
        *(
            Difference(table, "adopt.superseded", batch, f"{period} was a copy here, but a newer one took its place")
            for batch, period in sorted(stale)
        ),
    ]


def _counted(ctx: Context, source: TableName, table: TableName) -> set[BatchPeriod]:
    return {(item.batch, proof.period) for item in read_counted(ctx, source, table) for proof in item.proofs}


def _files_are_gone(ctx: Context, state: Replayed, item: BatchPeriod) -> bool:
    batch, period = item
    prefix = state.prefixes.get(batch)
    return prefix is not None and not any(ctx.lake.list(f"{prefix}{PERIOD_COLUMN}={period.isoformat()}/"))


def _commit(
    ctx: Context, log: RecordLog, record: LogRecord, head: int, state: Replayed, stale: set[BatchPeriod]
) -> None:
    control = ctx.control
    held = {str(row[0]) for row in ctx.warehouse.execute(control.select_holds()).rows}
    statements = [
        lock(ctx.settings.control_schema, [record.table], serializable=ctx.warehouse.capabilities.serializable),
        control.guard_log_number(record.table, head),
        *log.inserts(fitting(record)),
        *control.insert_holds(hold for hold in state.holds.values() if hold.id not in held),
        *control.delete_proofs(control.copies, _parts(stale, state)),
    ]
    retired = {(item.batch, item.period) for item in read_retired(ctx, record.table)}
    here = {(part.batch, period) for part in record.published for period in part.periods}
    fenced = {(part.batch, period) for part in record.retired for period in part.periods} | set(state.retired) | stale
    statements += control.insert_retired(record.table, _parts(fenced - retired - here, state), ADOPTED, ctx.stamp())
    ctx.warehouse.transaction(statements)
    log.sync(record.table)


def _parts(items: set[BatchPeriod], state: Replayed) -> tuple[BatchPeriods, ...]:
    batches = sorted({batch for batch, _ in items})
    return tuple(
        BatchPeriods(batch, state.prefixes.get(batch, ""), tuple(sorted(p for b, p in items if b == batch)))
        for batch in batches
    )
