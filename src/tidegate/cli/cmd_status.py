"""`tidegate status`."""

from typing import TYPE_CHECKING

import typer

from tidegate.cli.frame import Run, add
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
    numbers = ("hot rows", "cold rows", "periods", "batches", "files")
    columns = [ResultColumn(name, "bigint" if name in numbers else "varchar") for name in _HEADS]
    lines = list(table(columns, [_row(t) for t in found.tables]))
    for t in found.tables:
        if t.unfinished:
            lines.append(f"{t.table}: {counted(len(t.unfinished), 'unfinished batch', 'unfinished batches')}")
        lines += [f"{t.table}: hold {h.id} {_span(h)}: {h.reason}" for h in t.holds]
    run.output.result(
        {
            "message_type": "result",
            "warehouse": found.identity.warehouse,
            "place": found.identity.place,
            "tables": [_document(t) for t in found.tables],
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
        "cold_rows": t.cold_rows,
        "copied_rows": t.copied_rows,
        "batches": t.batches,
        "periods": t.periods,
        "files": t.files,
        "bytes": t.bytes,
        "oldest": t.oldest.isoformat() if t.oldest else None,
        "newest": t.newest.isoformat() if t.newest else None,
        "holds": [h.id for h in t.holds],
        "unfinished": [{"batch": b.id, "state": b.state.value, "rows": b.rows} for b in t.unfinished],
        "last_job": {"id": t.last_job.id, "state": t.last_job.state.value, "outcome": t.last_job.outcome}
        if t.last_job
        else None,
    }
