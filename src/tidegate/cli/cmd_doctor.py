"""`tidegate doctor`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.frame import Run, add
from tidegate.cli.output import counted

if TYPE_CHECKING:
    from tidegate.flows.doctor.lifecycle import ExaminedRule, RuleReport
    from tidegate.flows.doctor.run import Report


def register(app: typer.Typer) -> None:
    add(app, "doctor", doctor, exits=(3, 4, 6, 7))


def doctor(
    run: Run,
    policies: Annotated[
        Path | None,
        typer.Option("--policies", metavar="FILE", help="Look at the rules of AWS's data-lifecycle sample instead."),
    ] = None,
) -> None:
    """Check that warehouse, lake and ledger are reached, and that rows can go both ways between them.

    With --policies: row by row, how the sample loses rows under these rules, and what Tidegate does instead. Nothing is
    opened for it, not even the configuration.
    """
    if policies is not None:
        _look_at_rules(run, policies)
        return
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


def _look_at_rules(run: Run, file: Path) -> None:
    from tidegate.app.rules import lint_policies

    report = lint_policies(file)
    run.output.result(_rules_document(report), _rules_lines(report))
    if report.exit_code:
        raise typer.Exit(report.exit_code)


def _rules_document(report: "RuleReport") -> dict[str, object]:
    return {
        "message_type": "result",
        "rules": [
            {
                "where": rule.where,
                "table": rule.table,
                "action": rule.action,
                "problem": rule.problem,
                "exposures": [{"path": e.path, "why": e.why, "instead": e.instead} for e in rule.exposures],
                "notes": list(rule.notes),
            }
            for rule in report.rules
        ],
        "problems": list(report.strays),
    }


def _rules_lines(report: "RuleReport") -> list[str]:
    lines = []
    for rule in report.rules:
        lines += [f"{rule.where}  {rule.table}  {rule.action or 'cannot be read'}", *_rule_lines(rule), ""]
    lines += [*report.strays, *([""] if report.strays else [])]
    exposed = sum(bool(rule.exposures) for rule in report.rules)
    unread = sum(rule.problem is not None for rule in report.rules) + len(report.strays)
    return [*lines, f"{counted(exposed, 'rule')} can lose rows with the sample, {unread} cannot be read"]


def _rule_lines(rule: "ExaminedRule") -> list[str]:
    if rule.problem is not None:
        return [f"  {rule.problem}"]
    lines = []
    for exposure in rule.exposures:
        lines += [f"  {exposure.path}  {exposure.why}", f"      {exposure.instead}"]
    return lines
