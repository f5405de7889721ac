"""A warehouse that is a copy of another, or was set back: go on with it, or give it a folder of its own."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tidegate.errors import ConfigError, ForeignWarehouse, ObjectNotFound, Refused
from tidegate.flows.context import Context
from tidegate.flows.identity import Identity, place_of, read_claim, stored_identity, write_claim
from tidegate.flows.pinned import pinned
from tidegate.flows.published import read_counted, read_retired
from tidegate.flows.records import RecordLog, fitting
from tidegate.flows.replay import REASONS, BatchPeriod, apply
from tidegate.flows.set_back import Followed, counted_of, files_are_gone, follow
from tidegate.flows.set_back_statements import Change, followed_details, parts_of, place_records
from tidegate.flows.versions import Versions
from tidegate.formats.stored import dump
from tidegate.model.batch import BatchState
from tidegate.model.layout import version_key
from tidegate.model.names import TableName
from tidegate.model.outcome import Difference
from tidegate.model.records import Claim, LogRecord, RecordKind
from tidegate.redshift.lock import lock

ADOPTED = "adopted"
_FOLLOWED = frozenset(REASONS[kind] for kind in (RecordKind.COMPACT, RecordKind.ERASED, RecordKind.EXPIRE))
"""Why what counted here counts no more when the record was followed: `gc` may delete its files."""


@dataclass(frozen=True)
class AdoptOutcome:
    """`differences`: where the lake's record and this warehouse say different things; no file was deleted."""

    identity: Identity
    copy_of: str | None
    differences: tuple[Difference, ...]


def take_over(ctx: Context) -> AdoptOutcome:
    """This warehouse goes on: what it has published counts, what only the record has is kept but not counted.

    What the record says became of rows that are cold here too (written anew, parked, expired) is followed.

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
    head = log.head(table)
    followed = follow(ctx, table, head, lambda: log.read(table))
    state, here = followed.record, counted_of(followed.after)
    counted = counted_of(state)
    copies = _counted(ctx, ctx.control.copies, table)
    only_here, only_there = here - counted, (counted | state.copies) - here - copies
    stale = copies - state.copies
    if state.number <= head and not (only_here or only_there or stale):
        log.sync(table)
        return []
    differences = list(_differences(ctx, table, followed, only_here, only_there, stale))
    record = LogRecord(
        number=max(state.number, head) + 1,
        kind=RecordKind.ADOPT,
        warehouse=log.warehouse,
        table=table,
        at=ctx.clock().isoformat(),
        published=parts_of(only_here | followed.fresh, state),
        retired=parts_of(only_there, state),
        detail=f"taken over at record {head} of {state.number}",
    )
    _commit(ctx, log, record, head, followed, stale)
    _note(ctx, {batch for batch, _ in only_here})
    return differences


def _differences(
    ctx: Context,
    table: TableName,
    followed: Followed,
    only_here: set[BatchPeriod],
    only_there: set[BatchPeriod],
    stale: set[BatchPeriod],
) -> Iterator[Difference]:
    lost = {item for item in only_here if files_are_gone(ctx, followed.record, item)}
    told: list[tuple[str, BatchPeriod, str]] = [
        *(("adopt.kept", item, "counts in the record, but not here; its files are kept") for item in only_there),
        *(("adopt.counted", item, "counts here, but no longer in the record") for item in only_here - lost),
        *(
            ("adopt.lost", item, "counts here, but its files were deleted since" + _hint(ctx, followed, item))
            for item in lost
        ),
        *(("adopt.superseded", item, "was a copy here, but a newer one took its place") for item in stale),
        *(("adopt.followed", item, detail) for item, detail in followed_details(followed)),
    ]
    order = ("adopt.kept", "adopt.counted", "adopt.lost", "adopt.superseded", "adopt.followed")
    for kind, (batch, period), detail in sorted(told, key=lambda one: (order.index(one[0]), one[1])):
        yield Difference(table, kind, batch, f"{period} {detail}")
    for erasure in followed.erasures:
        yield Difference(table, "adopt.erased", erasure, "rows that it erased may be hot here again: erase them again")


def _hint(ctx: Context, followed: Followed, item: BatchPeriod) -> str:
    batch = followed.mixed.get(item)
    if batch is None or files_are_gone(ctx, followed.record, (batch, item[1])):
        return ""
    return f"; its rows are in batch {batch}, together with rows that are hot here"


def _counted(ctx: Context, source: TableName, table: TableName) -> set[BatchPeriod]:
    return {(item.batch, proof.period) for item in read_counted(ctx, source, table) for proof in item.proofs}


def _commit(
    ctx: Context, log: RecordLog, record: LogRecord, head: int, followed: Followed, stale: set[BatchPeriod]
) -> None:
    control, state, change = ctx.control, followed.record, Change(ctx, log.warehouse, record.table, followed)
    held = {str(row[0]) for row in ctx.warehouse.execute(control.select_holds()).rows}
    records = fitting(record)
    for one in records:
        apply(state, one)
    records += place_records(records[-1], state, followed.after)
    statements = [
        lock(ctx.settings.control_schema, [record.table], serializable=ctx.warehouse.capabilities.serializable),
        control.guard_log_number(record.table, head),
        *change.rows(),
        *log.inserts(records),
        *control.insert_holds(hold for hold in state.holds.values() if hold.id not in held),
        *control.delete_proofs(control.copies, parts_of(stale, state)),
    ]
    known = {(item.batch, item.period) for item in read_retired(ctx, record.table)}
    fenced = (set(state.retired) | stale) - known - counted_of(followed.after)
    reasons: dict[str, set[BatchPeriod]] = {}
    for item in fenced:
        reason = state.retired.get(item) if item in stale else followed.after.retired.get(item)
        reasons.setdefault(reason if reason in _FOLLOWED else ADOPTED, set()).add(item)
    for reason, items in sorted(reasons.items()):
        statements += control.insert_retired(record.table, parts_of(items, state), reason, ctx.stamp())
    for statement in (*change.partitions(), *change.deleted()):
        ctx.warehouse.execute(statement)
    ctx.warehouse.transaction(statements)
    for statement in change.parked():
        ctx.warehouse.execute(statement)
    log.sync(record.table)


def _note(ctx: Context, batches: set[str]) -> None:
    """The ledger may be of a later time, and say of batches that they count no more."""
    for batch in sorted(batches):
        row = ctx.ledger.batch(batch)
        if row is not None and row.state is BatchState.RETIRED:
            ctx.ledger.save_batch(replace(row, state=BatchState.PUBLISHED, updated_at=ctx.clock(), detail=ADOPTED))
