"""Entries of the list of files that were put aside, as the warehouse has them."""

from tidegate.flows.context import Context
from tidegate.flows.published import as_moment
from tidegate.model.landing import FileVersion
from tidegate.model.loading import QuarantinedFile
from tidegate.model.names import TableName
from tidegate.model.quarantine import Quarantined, QuarantineFilter
from tidegate.redshift.quarantine import Quarantine
from tidegate.warehouse.base import Row


def put_aside_by(ctx: Context, table: TableName, batch: str) -> tuple[QuarantinedFile, ...]:
    """What a batch put aside in the transaction that loaded its other rows."""
    entries = Quarantine(ctx.settings.control_schema).select_entries(QuarantineFilter(batch, table))
    return tuple(entry_of(row).aside for row in ctx.warehouse.execute(entries).rows)


def entry_of(row: Row) -> Quarantined:
    """An entry of the list; the columns are those of Quarantine.select_entries."""
    name, batch, at, uri, identity, version, sequencer, rows, code, reason, hint, place = row
    etag, _, size = str(identity).rpartition(":")
    file = FileVersion(str(uri), int(size), etag or None, _text(version), _text(sequencer))
    aside = QuarantinedFile(
        file, str(code), str(reason), _text(hint) or "", None if rows is None else int(str(rows)), _text(place)
    )
    return Quarantined(TableName.parse(str(name)), str(batch), as_moment(at), aside)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
