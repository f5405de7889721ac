"""`tidegate gc`."""

from collections.abc import Sequence
from typing import Annotated

import typer

from tidegate.cli.frame import Run, add
from tidegate.cli.options import duration
from tidegate.cli.output import counted, table
from tidegate.cli.progress import size
from tidegate.model.outcome import Garbage
from tidegate.warehouse.base import ResultColumn


def register(app: typer.Typer) -> None:
    add(app, "gc", gc, exits=(3, 4, 6, 7))


def gc(
    run: Run,
    older_than: Annotated[
        str | None, typer.Option("--older-than", metavar="AGE", help="1d, 36h, …  [default: delete_grace]")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would go, change nothing.")] = False,
) -> None:
    """Delete the files of retired batches, and of prefixes that no run came back to.

    Nothing that counts is ever touched; queries that began before keep their files for the age given.
    """
    with run.app() as app:
        plan = app.plan_gc(duration(older_than, "--older-than"))
        if dry_run:
            ready, waiting = [c.garbage for c in plan.ready], [c.garbage for c in plan.waiting]
            _print(run, "plan", ready, waiting, "would go")
            return
        outcome = app.run_gc(plan)
    _print(run, "result", outcome.removed, outcome.waiting, "went")


def _print(run: Run, kind: str, gone: Sequence[Garbage], waiting: Sequence[Garbage], word: str) -> None:
    heads = [
        ResultColumn(name, "bigint" if name in ("objects", "periods") else "varchar")
        for name in ("table", "batch", "reason", "periods", "objects", "size")
    ]
    rows = [(str(g.table), g.batch, g.reason, len(g.periods), g.objects, size(g.bytes)) for g in gone]
    objects, total = sum(g.objects for g in gone), sum(g.bytes for g in gone)
    lines = [*(table(heads, rows) if rows else ()), f"{counted(objects, 'object')} {word}, {size(total)}"]
    if waiting:
        lines.append(f"{counted(len(waiting), 'item')} too young yet")
    run.output.result(
        {"message_type": kind, "removed": [_document(g) for g in gone], "waiting": [_document(g) for g in waiting]},
        lines,
    )


def _document(garbage: Garbage) -> dict[str, object]:
    return {
        "table": str(garbage.table),
        "batch": garbage.batch,
        "prefix": garbage.prefix,
        "reason": garbage.reason,
        "periods": [p.isoformat() for p in garbage.periods],
        "objects": garbage.objects,
        "bytes": garbage.bytes,
        "age_seconds": garbage.age_seconds,
    }
