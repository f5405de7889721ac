"""`tidegate load`."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.failures import exit_code, print_failures
from tidegate.cli.frame import Run, add
from tidegate.cli.load_event import load_event
from tidegate.cli.output import counted, table
from tidegate.cli.progress import size
from tidegate.cli.signals_output import delivered_document, metrics_document
from tidegate.model.landing import FileVersion
from tidegate.model.loading import LoadOutcome, QuarantinedFile
from tidegate.model.route import FileFormat, LoadMode
from tidegate.warehouse.base import ResultColumn

if TYPE_CHECKING:
    from tidegate.flows.load.contents import Landed
    from tidegate.flows.load.fit import Change, Fit
    from tidegate.flows.load.plan import LoadPlan
    from tidegate.flows.planned import PlannedStatement

_HEADS = (("table", "varchar"), ("batch", "varchar"), ("files", "bigint"), ("rows", "bigint"), ("size", "varchar"))
_MODES = {mode.value: mode for mode in LoadMode}
_LISTED = "append, upsert, replace or history"


def register(app: typer.Typer) -> None:
    add(app, "load", load, exits=(3, 4, 5, 6, 7))


def load(
    run: Run,
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="Files, folders, s3:// addresses, or patterns of them (*, **)."),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option("--table", metavar="TABLE", help="The table that the rows go into.  [default: by the routes]"),
    ] = None,
    key: Annotated[
        list[str] | None, typer.Option("--key", metavar="COLUMN", help="A column of the key; may be repeated.")
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option("--mode", metavar="MODE", help=f"{_LISTED}.  [default: upsert with --key, else append]"),
    ] = None,
    version: Annotated[
        str | None,
        typer.Option("--version-column", metavar="COLUMN", help="Which row of a key is the newest."),
    ] = None,
    event: Annotated[
        str | None,
        typer.Option("--event", metavar="FILE", help="Load what the event in a file, or on stdin (-), tells of."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print plan and SQL, change nothing.")] = False,
) -> None:
    """Load Parquet and CSV files into a table, each version of each file exactly once.

    The table is made or widened as the files need it. A file that cannot be loaded goes into quarantine with the
    reason, the others are loaded.
    """
    from tidegate.app.loading import check_given, direct_route

    if event is not None:
        if any((paths, table, key, mode, version, dry_run)):
            raise typer.BadParameter("an event goes by the routes: give nothing else", param_hint="--event")
        load_event(run, event)
        return
    if not paths:
        raise typer.BadParameter("name a file, a folder or an address", param_hint="PATH")
    wanted = _mode(mode)
    with run.app() as app:
        with nullcontext() if dry_run else app.failures_told():
            if table is None:
                plans = app.plan_routed_loads(*paths, key=key or (), mode=wanted, version=version, exact=dry_run)
            else:
                route = check_given(direct_route(table, key or (), wanted, version), key or (), version)
                plans = [app.plan_load(*paths, route=route, exact=dry_run)]
        if dry_run:
            for plan in plans:
                _print_plan(run, plan, app.load_sql(plan))
            return
        outcomes = [app.run_load(plan) for plan in plans]
    _print_outcomes(run, outcomes)


def _print_outcomes(run: Run, outcomes: Sequence[LoadOutcome]) -> None:
    """Raises typer.Exit: something is in quarantine."""
    quarantined = [each.failure for outcome in outcomes for each in outcome.quarantined]
    print_failures(run, quarantined)
    for outcome in outcomes:
        run.output.result(_document(outcome), _lines(outcome))
    if quarantined:
        raise typer.Exit(exit_code([failure.exit_code for failure in quarantined], done=True))


def _mode(text: str | None) -> LoadMode | None:
    if text is not None and text not in _MODES:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(_MODES)}", param_hint="--mode")
    return None if text is None else _MODES[text]


def _print_plan(run: Run, plan: "LoadPlan", statements: "Sequence[PlannedStatement]") -> None:
    document = {
        "message_type": "plan",
        "table": str(plan.name),
        "batches": [
            {
                "files": [
                    {**_file(landed.file, landed.content.rows), "rewrites": _rewrites(landed)} for landed in batch.files
                ],
                "rows": batch.rows,
                "bytes": batch.bytes,
                "changes": [_change(change) for change in batch.fit.changes if change.column],
                "elements": [
                    {
                        "table": str(elements.table.name),
                        "changes": [_change(change) for change in elements.changes if change.column],
                    }
                    for elements in batch.elements
                ],
            }
            for batch in plan.batches
        ],
        "notes": list(plan.notes),
        "skipped": _skipped(plan),
        "quarantined": [_quarantined(quarantined) for quarantined in plan.refused],
        "sql": [{"table": str(s.table), "batch": s.batch, "step": s.step, "statement": s.sql} for s in statements],
    }
    run.output.result(document, [*_plan_lines(plan), *(f"{s.sql};" for s in statements)])


def _plan_lines(plan: "LoadPlan") -> Iterator[str]:
    yield from plan.notes
    for batch in plan.batches:
        files = counted(len(batch.files), "file")
        yield f"{plan.name}: {files} with {counted(batch.rows, 'row')}, {size(batch.bytes)}"
        yield from _change_lines(batch.fit)
        for elements in batch.elements:
            yield f"  elements of a list: {elements.table.name}"
            yield from (f"  {line}" for line in _change_lines(elements))
        for landed in batch.files:
            yield from (f"  write anew {landed.file.uri}: {reason}" for reason in _rewrites(landed))
    yield from _remarks(plan)
    for quarantined in plan.refused:
        yield f"quarantine: {quarantined.file.uri}: {quarantined.reason}"
    if not plan.batches:
        yield "nothing to load"


def _change_lines(fit: "Fit") -> Iterator[str]:
    for change in fit.changes:
        if change.column:
            known = "" if change.measured else " at most: its values are measured when the files are staged"
            yield f"  {change.kind} column {change.column} {change.type}{known}"


def _rewrites(landed: "Landed") -> list[str]:
    """Why COPY reads another file than this one."""
    return [
        *landed.content.rewrites,
        *(["COPY reads it as Parquet"] if landed.content.format is FileFormat.JSON else []),
    ]


def _remarks(of: "LoadPlan | LoadOutcome") -> Iterator[str]:
    for files, what in ((of.already, "already loaded"), (of.stale, "older than what is loaded"), (of.gone, "gone")):
        if files:
            yield f"{counted(len(files), 'file')} {what}"


def _lines(outcome: LoadOutcome) -> Iterator[str]:
    if outcome.batches:
        rows = [
            (str(b.table), b.batch, len(b.files), b.rows, size(sum(f.size for f in b.files))) for b in outcome.batches
        ]
        yield from table([ResultColumn(*head) for head in _HEADS], rows)
    yield from _remarks(outcome)
    aside = outcome.kept_aside
    loaded = f"{counted(outcome.rows - aside, 'row')} of {counted(outcome.files, 'file')} loaded into {outcome.table}"
    yield f"{loaded}, {counted(aside, 'row')} kept aside" if aside else loaded


def _document(outcome: LoadOutcome) -> dict[str, object]:
    return {
        "message_type": "result",
        "table": str(outcome.table),
        "batches": [
            {
                "batch": batch.batch,
                "files": [_file(file) for file in batch.files],
                "rows": batch.rows,
                "inserted": batch.changed,
                "statements": list(batch.statements),
            }
            for batch in outcome.batches
        ],
        "skipped": _skipped(outcome),
        "quarantined": [_quarantined(quarantined) for quarantined in outcome.quarantined],
        "metrics": metrics_document(outcome),
        "notifications": delivered_document(outcome.notifications),
    }


def _skipped(of: "LoadPlan | LoadOutcome") -> list[dict[str, object]]:
    found = (("loaded", of.already), ("stale", of.stale), ("gone", of.gone))
    return [{**_file(file), "why": why} for why, files in found for file in files]


def _file(file: FileVersion, rows: int | None = None) -> dict[str, object]:
    known: dict[str, object] = {"uri": file.uri, "identity": file.identity, "bytes": file.size}
    return known if rows is None else {**known, "rows": rows}


def _change(change: "Change") -> dict[str, object]:
    return {"kind": change.kind.value, "column": change.column, "type": change.type, "measured": change.measured}


def _quarantined(quarantined: QuarantinedFile) -> dict[str, object]:
    return {
        **_file(quarantined.file),
        "code": quarantined.code,
        "reason": quarantined.reason,
        "hint": quarantined.hint,
        "rows": quarantined.rows,
        "place": quarantined.place,
    }
