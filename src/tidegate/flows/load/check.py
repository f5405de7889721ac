"""Checks of staged rows before they come into the table."""

from datetime import timedelta

from tidegate.errors import Refused
from tidegate.flows.context import Context
from tidegate.flows.load.stage import Staging
from tidegate.model.loading import QuarantinedFile
from tidegate.model.names import fold
from tidegate.model.route import CheckKind, CheckRule, Route, Severity
from tidegate.redshift.load_checks import broken_by, count_broken, delete_broken, is_stale, mean_rows
from tidegate.redshift.loaded import LoadedFiles, landed_text

CHECKED = "load.check"
_HINT = "Correct the rows and load them as a file of their own, or change the check."


def check(ctx: Context, route: Route, staging: Staging) -> tuple[list[QuarantinedFile], list[QuarantinedFile]]:
    """Rows that were put aside, by file; and files that must be taken out whole.

    Raises:
        Refused: a check of severity `fail` did not hold. Nothing of the batch is loaded.
    """
    aside, bad = list[QuarantinedFile](), list[QuarantinedFile]()
    for rule in route.checks:
        known = {column.name for column in staging.stage.columns}
        missing = [column for column in rule.columns if fold(column) not in known]
        if missing:
            bad += _whole(staging, f"the file has no column {missing[0]}, which is checked")
            continue
        condition = broken_by(rule, staging.stage)
        if condition is None:
            bad += _batch(ctx, route, rule, staging)
            continue
        rows = staging.number(count_broken(staging.stage, condition))
        if rows and _goes_aside(ctx, rule, staging, f"{rows} rows {_said(rule)}"):
            staging.number_files()
            condition = broken_by(rule, staging.stage) or condition
            aside += staging.put_aside(condition, CHECKED, _said(rule), _HINT)
            staging.execute(delete_broken(staging.stage, condition))
            staging.refresh()
    return aside, bad


def _goes_aside(ctx: Context, rule: CheckRule, staging: Staging, what: str) -> bool:
    """Whether something is put aside; a warning is told, and a failure raised."""
    if rule.severity is Severity.FAIL:
        raise Refused(
            f"{staging.stage.target}: {what}, of {len(staging.files)} files from {staging.files[0].file.uri} on",
            hint="Nothing of these files was loaded. Correct them, or set the severity to quarantine or warn.",
        )
    if rule.severity is Severity.WARN:
        ctx.reporter.notice(f"{staging.stage.target}: {what}")
    return rule.severity is Severity.QUARANTINE


def _batch(ctx: Context, route: Route, rule: CheckRule, staging: Staging) -> list[QuarantinedFile]:
    """A rule about the batch as a whole: all of its files go aside."""
    reason = _stale(ctx, rule, staging) if rule.kind is CheckKind.FRESH else _amount(ctx, rule, staging)
    if reason is None or not _goes_aside(ctx, rule, staging, reason):
        return []
    return _whole(staging, reason)


def _whole(staging: Staging, reason: str) -> list[QuarantinedFile]:
    return [QuarantinedFile(landed.file, CHECKED, reason, _HINT) for landed in staging.files]


def _stale(ctx: Context, rule: CheckRule, staging: Staging) -> str | None:
    since = landed_text(ctx.clock() - timedelta(hours=rule.hours or 0))
    for column in rule.columns:
        if staging.number(is_stale(staging.stage, column, since)):
            return f"no value of {column} is later than {since[:19]}"
    return None


def _amount(ctx: Context, rule: CheckRule, staging: Staging) -> str | None:
    rows = staging.rows
    if rule.least is not None and rows < int(rule.least):
        return f"{rows} rows are fewer than {rule.least}"
    if rule.most is not None and rows > int(rule.most):
        return f"{rows} rows are more than {rule.most}"
    if rule.fraction is None:
        return None
    loaded = LoadedFiles(ctx.settings.control_schema).loaded_files
    mean = staging.execute(mean_rows(loaded, staging.stage.target))[0][0]
    if mean is None or abs(rows - float(str(mean))) <= rule.fraction * float(str(mean)):
        return None
    return f"{rows} rows are not within {rule.fraction:g} of the mean of {float(str(mean)):g}"


def _said(rule: CheckRule) -> str:
    """What rows do that break the rule."""
    columns = ", ".join(rule.columns)
    bounds = " and ".join(
        b for b in (rule.least and f"at least {rule.least}", rule.most and f"at most {rule.most}") if b
    )
    return {
        CheckKind.NOT_NULL: f"have no {columns}",
        CheckKind.UNIQUE: f"share their {columns} with others",
        CheckKind.RANGE: f"have a {columns} that is not {bounds}",
        CheckKind.VALUES: f"have a {columns} that is none of {', '.join(rule.values)}",
        CheckKind.SQL: f"do not fulfil {rule.expression}",
    }.get(rule.kind, "break a check")
