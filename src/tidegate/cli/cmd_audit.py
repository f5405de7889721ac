"""`tidegate audit`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.frame import Run, add
from tidegate.cli.options import moment
from tidegate.cli.output import table
from tidegate.model.records import BatchPeriods, RecordKind
from tidegate.warehouse.base import ResultColumn

if TYPE_CHECKING:
    from tidegate.flows.audit import AuditEntry

_HEADS = ("time", "who", "table", "number", "kind", "what")


def register(app: typer.Typer) -> None:
    add(app, "audit", audit, exits=(3, 4, 6, 7))


def audit(
    run: Run,
    tables: Annotated[list[str] | None, typer.Argument(metavar="[TABLE]...", help="Tables; all if none.")] = None,
    kinds: Annotated[
        list[RecordKind] | None, typer.Option("--kind", metavar="K", help="Only this kind of change; repeatable.")
    ] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="TIME", help="Not before TIME.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Before TIME.")] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="WHO", help="Only by whom WHO is a part of.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, metavar="N", help="The newest N.")] = 100,
) -> None:
    """Show who changed what counts, and when. The newest change is the last line."""
    with run.app() as app:
        zone = app.settings.timezone
        found = app.audit(
            *(tables or ()),
            kinds=kinds or (),
            since=moment(since, "--since", zone),
            until=moment(until, "--until", zone),
            by=by,
            limit=limit,
        )
    columns = [ResultColumn(name, "bigint" if name == "number" else "varchar") for name in _HEADS]
    lines = list(table(columns, map(_row, found))) if found else ["no change was found"]
    run.output.result({"message_type": "result", "changes": [_document(entry) for entry in found]}, lines)


def _row(entry: "AuditEntry") -> tuple[object, ...]:
    record = entry.record
    return (record.at[:19], record.by, str(record.table), record.number, record.kind.value, entry.what)


def _document(entry: "AuditEntry") -> dict[str, object]:
    record = entry.record
    return {
        "at": record.at,
        "by": record.by,
        "table": str(record.table),
        "number": record.number,
        "kind": record.kind.value,
        "what": entry.what,
        "batches": [
            *(_part(part, "counts") for part in record.published),
            *(_part(part, "retired") for part in record.retired),
            *(_part(part, "concerned") for part in record.inputs),
        ],
        "tier": record.tier.value if record.tier else None,
        "until": record.until,
        "hold": record.hold.id if record.hold else record.released,
    }


def _part(part: BatchPeriods, role: str) -> dict[str, object]:
    return {"batch": part.batch, "role": role, "periods": [period.isoformat() for period in part.periods]}
