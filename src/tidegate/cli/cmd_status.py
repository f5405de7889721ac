"""`tidegate status`."""

from typing import TYPE_CHECKING

import typer

from tidegate.cli.frame import Run, add
from tidegate.cli.money import bill_document, bill_lines
from tidegate.cli.output import counted, table
from tidegate.cli.progress import size
from tidegate.model.records import Hold
from tidegate.warehouse.base import ResultColumn

if TYPE_CHECKING:
    from tidegate.flows.status import TableStatus

_HEADS = ("table", "hot rows", "cold rows", "periods", "batches", "files", "size", "oldest", "newest", "last job")


def register(app: typer.Typer) -> None:
    add(app, "status", status, exits=(3, 4, 6, 7))


def status(run: Run) -> None:
    """Show where every table stands: hot, cold, unfinished, under hold."""
    with run.app() as app:
        found = app.status()
        estimate = app.estimate(found)
    numbers = ("hot rows", "cold rows", "periods", "batches", "files")
    columns = [ResultColumn(name, "bigint" if name in numbers else "varchar") for name in _HEADS]
    lines = list(table(columns, [_row(t) for t in found.tables]))
    for t in found.tables:
        if t.unfinished:
            lines.append(f"{t.table}: {counted(len(t.unfinished), 'unfinished batch', 'unfinished batches')}")
        if t.parked_rows:
            tiers = ", ".join(s.tier.value for s in t.tiers if s.tier.parks)
            lines.append(
                f"{t.table}: {counted(t.parked_rows, 'row')} parked in {tiers}, to be thawed before they are read"
            )
        if t.thawed_until is not None:
            lines.append(f"{t.table}: thawed until {t.thawed_until}")
        if t.quarantined:
            lines.append(f"{t.table}: {counted(t.quarantined, 'file')} in quarantine")
        lines += [f"{t.table}: hold {h.id} {_span(h)}: {h.reason}" for h in t.holds]
    lines += bill_lines(estimate)
    run.output.result(
        {
            "message_type": "result",
            "warehouse": found.identity.warehouse,
            "place": found.identity.place,
            "tables": [_document(t) for t in found.tables],
            "estimate": bill_document(estimate),
        },
        lines if found.tables else ["no policy, and nothing archived"],
    )


def _span(hold: Hold) -> str:
    ends = [f"from {hold.first}" if hold.first else "", f"to {hold.last}" if hold.last else ""]
    return " ".join(end for end in ends if end) or "on all of it"


def _row(t: "TableStatus") -> tuple[object, ...]:
    job = f"{t.last_job.kind} {t.last_job.state}" if t.last_job else ""
    return (
        str(t.table),
        t.hot_rows if t.hot_rows is not None else "",
        t.cold_rows,
        t.periods,
        t.batches,
        t.files,
        size(t.bytes),
        t.oldest or "",
        t.newest or "",
        job,
    )


def _document(t: "TableStatus") -> dict[str, object]:
    return {
        "table": str(t.table),
        "hot_rows": t.hot_rows,
        "hot_bytes": t.hot_bytes,
        "cold_rows": t.cold_rows,
        "parked_rows": t.parked_rows,
        "copied_rows": t.copied_rows,
        "batches": t.batches,
        "periods": t.periods,
        "files": t.files,
        "bytes": t.bytes,
        "oldest": t.oldest.isoformat() if t.oldest else None,
        "newest": t.newest.isoformat() if t.newest else None,
        "tiers": [
            {"tier": s.tier.value, "rows": s.rows, "periods": s.periods, "files": s.files, "bytes": s.bytes}
            for s in t.tiers
        ],
        "thawed_until": t.thawed_until.isoformat() if t.thawed_until else None,
        "quarantined_files": t.quarantined,
        "holds": [h.id for h in t.holds],
        "unfinished": [{"batch": b.id, "state": b.state.value, "rows": b.rows} for b in t.unfinished],
        "last_job": {"id": t.last_job.id, "state": t.last_job.state.value, "outcome": t.last_job.outcome}
        if t.last_job
        else None,
    }
