"""Checks of staged rows before they come into the table."""

from tidegate.errors import Refused
from tidegate.flows.context import Context
from tidegate.flows.load.stage import Staging
from tidegate.model.loading import QuarantinedFile
from tidegate.model.names import fold
from tidegate.model.route import CheckKind, CheckRule, Route, Severity
from tidegate.redshift.load_checks import broken_by, count_broken, delete_broken, is_stale, mean_rows, since_of
from tidegate.redshift.loaded import LoadedFiles

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
        if rows and _goes_aside(ctx, rule, staging, f"{rows} rows {said(rule)}"):
            staging.number_files()
            if staging.is_linked:
                bad += staging.blamed(broken_by(rule, staging.stage) or condition, CHECKED, said(rule), _HINT)
                continue
            condition = broken_by(rule, staging.stage) or condition
            aside += staging.put_aside(condition, CHECKED, said(rule), _HINT)
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
    since = since_of(rule, ctx.clock())
    for column in rule.columns:
        if staging.number(is_stale(staging.stage, column, since)):
            return too_old(column, since)
    return None


def too_old(column: str, since: str) -> str:
    """What is wrong with a column that is stale; `since` as `since_of` gives it."""
    return f"no value of {column} is later than {since[:19]}"


def _amount(ctx: Context, rule: CheckRule, staging: Staging) -> str | None:
    mean = None
    if rule.fraction is not None:
        loaded = LoadedFiles(ctx.settings.control_schema).loaded_files
        found = staging.execute(mean_rows(loaded, staging.stage.target))[0][0]
        mean = None if found is None else float(str(found))
    return amount(rule, staging.rows, mean)


def amount(rule: CheckRule, rows: int, mean: float | None) -> str | None:
    """What is wrong with a number of rows. `mean` is that of the loads before; None when there were none."""
    if rule.least is not None and rows < int(rule.least):
        return f"{rows} rows are fewer than {rule.least}"
    if rule.most is not None and rows > int(rule.most):
        return f"{rows} rows are more than {rule.most}"
    if rule.fraction is None or mean is None or abs(rows - mean) <= rule.fraction * mean:
        return None
    return f"{rows} rows are not within {rule.fraction:g} of the mean of {mean:g}"


def said(rule: CheckRule) -> str:
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
