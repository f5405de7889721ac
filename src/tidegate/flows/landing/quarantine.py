"""The list of files that were put aside: read, and shortened by hand."""

from collections.abc import Iterable

from tidegate.errors import ObjectMissing
from tidegate.flows.context import Context
from tidegate.flows.identity import attach
from tidegate.flows.load.apply import lock_of
from tidegate.flows.load.put_aside import entry_of
from tidegate.flows.pinned import pinned
from tidegate.flows.published import as_moment
from tidegate.model.landing import FileVersion
from tidegate.model.names import TableName
from tidegate.model.quarantine import Quarantined, QuarantinedBatch, QuarantineFilter
from tidegate.redshift.identifiers import comment
from tidegate.redshift.quarantine import Quarantine
from tidegate.warehouse.base import Row

_LIST = "`tidegate jobs list --quarantined` shows what is in quarantine."


def read_batches(ctx: Context, wanted: QuarantineFilter, limit: int) -> list[QuarantinedBatch]:
    """What is in quarantine, by table and batch, the newest first; nothing where nothing could ever be put aside."""
    control = Quarantine(ctx.settings.control_schema)
    with pinned(ctx) as one:
        if not one.warehouse.tables([control.quarantined_files]):
            return []
        return [_batch(row) for row in one.warehouse.execute(control.select_batches(wanted, limit)).rows]


def read_entries(ctx: Context, wanted: QuarantineFilter) -> list[Quarantined]:
    """Every entry, the oldest first.

    Raises:
        ObjectMissing: a batch is wanted that has none.
    """
    control = Quarantine(ctx.settings.control_schema)
    with pinned(ctx) as one:
        known = one.warehouse.tables([control.quarantined_files])
        rows = one.warehouse.execute(control.select_entries(wanted)).rows if known else []
    if not rows and wanted.batch is not None:
        raise ObjectMissing(f"there is no batch {wanted.batch} in quarantine", hint=_LIST)
    return [entry_of(row) for row in rows]


def count_files(ctx: Context) -> dict[TableName, int]:
    """How many files of each table are in quarantine, whole or with some of their rows."""
    control = Quarantine(ctx.settings.control_schema)
    if not ctx.warehouse.tables([control.quarantined_files]):
        return {}
    rows = ctx.warehouse.execute(control.count_files()).rows
    return {TableName.parse(str(name)): int(str(files)) for name, files in rows}


def forget_batch(ctx: Context, batch: str) -> list[Quarantined]:
    """Take the files of a batch off the list; neither files nor rows are touched. Returns what is forgotten.

    Raises:
        ObjectMissing: nothing of it is in quarantine.
    """
    attach(ctx)
    entries = read_entries(ctx, QuarantineFilter(batch))
    control = Quarantine(ctx.settings.control_schema)
    for table in sorted({entry.table for entry in entries}):
        _run(ctx, table, [control.delete_batch(table, batch)])
    return entries


def forget_loaded(ctx: Context, table: TableName, files: Iterable[FileVersion]) -> None:
    """Take files off the list that are loaded; rows of them that lie aside stay on it."""
    found = list(files)
    if found:
        _run(ctx, table, Quarantine(ctx.settings.control_schema).delete_whole(table, found))


def forget_place(ctx: Context, table: TableName, place: str) -> None:
    """Take the rows at a place off the list: they are in the table."""
    _run(ctx, table, [Quarantine(ctx.settings.control_schema).delete_place(table, place)])


def say_why(ctx: Context, table: TableName, place: str, reason: str, hint: str) -> None:
    """Note why the rows at a place are still there."""
    _run(ctx, table, [Quarantine(ctx.settings.control_schema).set_reason(table, place, reason, hint)])


def _run(ctx: Context, table: TableName, statements: Iterable[str]) -> None:
    tag = comment(ctx.new_id(), "quarantine")
    ctx.warehouse.transaction([f"{tag} {statement}" for statement in (lock_of(ctx, table), *statements)])


def _batch(row: Row) -> QuarantinedBatch:
    name, batch, files, rows, code, reason, at = row
    return QuarantinedBatch(
        TableName.parse(str(name)), str(batch), int(str(files)), int(str(rows)), str(code), str(reason), as_moment(at)
    )
