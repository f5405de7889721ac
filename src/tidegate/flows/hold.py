"""Place, list and release holds: under LOCK, so that the guard of every publish sees one placed a moment ago."""

from collections.abc import Sequence
from datetime import date

from tidegate.errors import ObjectMissing, UsageError
from tidegate.flows.ages import read_ages
from tidegate.flows.context import Context
from tidegate.flows.holds import read_holds
from tidegate.flows.identity import attach
from tidegate.flows.pinned import pinned
from tidegate.flows.records import RecordLog
from tidegate.model.names import TableName
from tidegate.model.records import Hold, LogRecord, RecordKind
from tidegate.redshift.lock import lock

MAX_REASON_BYTES = 1000


def list_holds(ctx: Context) -> list[Hold]:
    """All holds in force; the ledger's mirror is brought up to date."""
    with pinned(ctx) as ctx:
        attach(ctx)
        holds = read_holds(ctx)
    ctx.ledger.replace_holds(holds)
    return holds


def add_hold(ctx: Context, table: TableName, first: date | None, last: date | None, reason: str) -> Hold:
    """From now on no row of [first, last] leaves the table, and nothing archived of it is deleted."""
    if not reason.strip() or len(reason.encode()) > MAX_REASON_BYTES:
        raise UsageError(
            f"the reason of a hold has {len(reason.encode())} bytes", hint=f"Give 1 to {MAX_REASON_BYTES} bytes."
        )
    attach(ctx)
    if table not in ctx.warehouse.tables([table]) and not read_ages(ctx, table):
        raise ObjectMissing(f"table {table} does not exist", hint="Check its schema and name; nothing is held.")
    hold = Hold(ctx.new_id(), table, first, last, reason, ctx.clock().isoformat())
    _commit(ctx, table, RecordKind.HOLD, ctx.control.insert_holds([hold]), hold=hold)
    return hold


def release_hold(ctx: Context, hold: str) -> Hold:
    """Raises ObjectMissing when there is no such hold."""
    known = {h.id: h for h in list_holds(ctx)}
    if hold not in known:
        names = ", ".join(known) or "none"
        raise ObjectMissing(f"there is no hold {hold}", hint=f"Holds in force: {names}.")
    _commit(ctx, known[hold].table, RecordKind.RELEASE, [ctx.control.delete_hold(hold)], released=hold)
    return known[hold]


def _commit(
    ctx: Context,
    table: TableName,
    kind: RecordKind,
    changes: Sequence[str],
    hold: Hold | None = None,
    released: str | None = None,
) -> None:
    with pinned(ctx) as ctx:
        log = RecordLog(ctx, attach(ctx).warehouse)
        serializable = ctx.warehouse.capabilities.serializable
        first = lock(ctx.settings.control_schema, [table], serializable=serializable)

        def build(number: int) -> list[str]:
            at = ctx.clock().isoformat()
            record = LogRecord(number, kind, log.warehouse, table, at, hold=hold, released=released)
            return [first, *log.append([record]), *changes]

        log.commit(table, build)
    list_holds(ctx)
