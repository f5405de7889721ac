"""`tidegate init` and `tidegate adopt`: who this warehouse is."""

from pathlib import Path
from typing import Annotated

import typer

from tidegate.cli.frame import Run, add
from tidegate.cli.output import counted
from tidegate.errors import UsageError

FILE = "tidegate.toml"


def register(app: typer.Typer) -> None:
    add(app, "init", init, exits=(3, 4, 6, 7))
    add(app, "adopt", adopt, exits=(3, 4, 6, 7))


def init(run: Run) -> None:
    """Make this warehouse ready: control tables, and a folder of its own in the lake.

    Writes a commented tidegate.toml first where there is none. Running it again is harmless.
    """
    import os

    if run.config is None and "TIDEGATE_CONFIG" not in os.environ and not Path(FILE).exists():
        from tidegate.config.writer import starter

        text = starter(warehouse="duckdb:///warehouse.duckdb", lake="lake", ledger="sqlite:///tidegate.sqlite")
        Path(FILE).write_text(text, encoding="utf-8")
        run.output.notice(f"wrote {FILE}")
    with run.app() as app:
        identity, new = app.init()
        done = "is ready" if new else "was ready already"
        run.output.result(
            {"message_type": "result", "warehouse": identity.warehouse, "place": identity.place, "new": new},
            [f"warehouse {identity.warehouse} at {identity.place} {done}"],
        )


def adopt(
    run: Run,
    take_over: Annotated[bool, typer.Option("--take-over", help="This warehouse goes on as the one.")] = False,
    as_copy: Annotated[bool, typer.Option("--as-copy", help="This is a copy: give it a folder of its own.")] = False,
) -> None:
    """Say what a copied or set-back warehouse is. No file is deleted either way.

    With --take-over it goes on where the other stood; what only the lake's record knows is listed and kept.
    With --as-copy it gets a new id, reads the original's batches and never touches them.
    """
    if take_over == as_copy:
        raise UsageError("adopt takes one of --take-over and --as-copy", hint="Say which of the two it is.")
    with run.app() as app:
        outcome = app.adopt(as_copy=as_copy)
        identity = outcome.identity
        lines = [f"warehouse {identity.warehouse} at {identity.place} " + ("is a copy" if as_copy else "goes on")]
        lines += [f"  {d.table} {d.object}: {d.detail}" for d in outcome.differences]
        if outcome.differences:
            lines.append(counted(len(outcome.differences), "difference"))
        run.output.result(
            {
                "message_type": "result",
                "warehouse": identity.warehouse,
                "place": identity.place,
                "copy_of": outcome.copy_of,
                "differences": [
                    {"table": str(d.table), "kind": d.kind, "object": d.object, "detail": d.detail}
                    for d in outcome.differences
                ],
            },
            lines,
        )
