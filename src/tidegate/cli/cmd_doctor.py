"""`tidegate doctor`."""

import json
from typing import TYPE_CHECKING

import typer

from tidegate.cli.frame import Run, add
from tidegate.cli.output import counted

if TYPE_CHECKING:
    from tidegate.flows.doctor.run import Report


def register(app: typer.Typer) -> None:
    add(app, "doctor", doctor, exits=(3, 4, 6, 7))


def doctor(run: Run) -> None:
    """Check that warehouse, lake and ledger are reached, and that rows can go both ways between them."""
    with run.app() as app:
        report = app.doctor()
    run.output.result(_document(report), _lines(report))
    if report.exit_code:
        raise typer.Exit(report.exit_code)


def _document(report: "Report") -> dict[str, object]:
    return {
        "message_type": "result",
        "checks": [
            {"name": c.name, "verdict": c.verdict.value, "detail": c.detail, "hint": c.hint} for c in report.checks
        ],
        "role_policy": report.role_policy,
        "caller_policy": report.caller_policy,
    }


def _lines(report: "Report") -> list[str]:
    width = max(len(c.name) for c in report.checks)
    lines = []
    for c in report.checks:
        lines.append(f"{c.verdict:<8} {c.name:<{width}}  {c.detail}")
        if c.hint:
            lines.append(f"{'':<8} {'':<{width}}  {c.hint}")
    for title, policy in (
        ("the role of the warehouse needs at least", report.role_policy),
        ("whoever runs Tidegate needs at least", report.caller_policy),
    ):
        if policy is not None:
            lines += ["", f"{title}:", *json.dumps(policy, indent=2).splitlines()]
    failed = sum(c.verdict == "failed" for c in report.checks)
    return [*lines, "", f"{counted(failed, 'check', 'checks')} failed" if failed else "no check failed"]
