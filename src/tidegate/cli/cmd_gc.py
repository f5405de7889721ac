"""`tidegate gc`."""

from typing import Annotated

import typer

from tidegate.cli.aging_output import move_document
from tidegate.cli.frame import Run, add
from tidegate.cli.options import duration
from tidegate.cli.output import counted, table
from tidegate.cli.progress import size
from tidegate.model.outcome import Garbage, GcOutcome
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

    Nothing that counts is ever deleted; queries that began before keep their files for the age given. Parked files go
    to their tier after that age.
    """
    with run.app() as app:
        plan = app.plan_gc(duration(older_than, "--older-than"))
        if dry_run:
            handed = [step.move for table in plan.parked for step in table.steps]
            gone = GcOutcome(
                tuple(c.garbage for c in plan.ready), tuple(c.garbage for c in plan.waiting), 0, 0, tuple(handed)
            )
            _print(run, "plan", gone, "would go")
            return
        outcome = app.run_gc(plan)
    _print(run, "result", outcome, "went")


def _print(run: Run, kind: str, outcome: GcOutcome, word: str) -> None:
    gone, waiting = outcome.removed, outcome.waiting
    heads = [
        ResultColumn(name, "bigint" if name in ("objects", "periods") else "varchar")
        for name in ("table", "batch", "reason", "periods", "objects", "size")
    ]
    rows = [(str(g.table), g.batch, g.reason, len(g.periods), g.objects, size(g.bytes)) for g in gone]
    objects, total = sum(g.objects for g in gone), sum(g.bytes for g in gone)
    lines = [*(table(heads, rows) if rows else ()), f"{counted(objects, 'object')} {word}, {size(total)}"]
    lines += [
        f"{move.table}: the files of {counted(len(move.periods), 'parked period')} of batch {move.batch} {word} to "
        f"{move.tier.value}"
        for move in outcome.handed
    ]
    if waiting:
        lines.append(f"{counted(len(waiting), 'item')} too young yet")
    run.output.result(
        {
            "message_type": kind,
            "removed": [_document(g) for g in gone],
            "waiting": [_document(g) for g in waiting],
            "handed": [move_document(move) for move in outcome.handed],
        },
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
