"""Check tables that stand by their rules, hot rows alone or hot and cold: for schedules and alarms. Reads only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tidegate.config.settings import Settings
from tidegate.errors import ConfigError, ObjectMissing, ObjectParked, Refused, StatementError, UsageError
from tidegate.flows.ages import read_ages
from tidegate.flows.context import Context
from tidegate.flows.identity import attach
from tidegate.flows.load.check import amount, said, too_old
from tidegate.flows.pinned import pinned
from tidegate.flows.planned import PlannedStatement
from tidegate.model.checking import CheckOutcome, CheckResult
from tidegate.model.names import TableName, fold
from tidegate.model.notification import MOST, Notification, NotificationKind, Problem, counted
from tidegate.model.outcome import Failure
from tidegate.model.policy import Policy
from tidegate.model.route import CheckKind, CheckRule, LoadMode, Severity
from tidegate.model.tables import SqlType
from tidegate.redshift.catalog import select_relations
from tidegate.redshift.load_checks import since_of
from tidegate.redshift.loaded import LoadedFiles
from tidegate.redshift.table_checks import count_all, count_repeated, last_loads
from tidegate.signals.base import Progress

_STRICTEST = (Severity.FAIL, Severity.QUARANTINE, Severity.WARN)


@dataclass(frozen=True)
class TableChecks:
    """What holds of a table: `rules` of its rows in `relation`, `loads` of the number of rows of its last load.

    `types`: those of its columns.
    """

    table: TableName
    relation: TableName
    rules: tuple[CheckRule, ...]
    loads: tuple[CheckRule, ...] = ()
    types: Mapping[str, SqlType] = field(default_factory=dict)


@dataclass(frozen=True)
class CheckPlan:
    checks: tuple[TableChecks, ...]
    failures: tuple[Failure, ...] = ()


def rules_of(settings: Settings, table: TableName) -> TableChecks | None:
    """The rules of `[[check]]` and of the routes into the table, each once, the strictest severity; None without any.

    What a route says of the number of rows is said of a load: the table has at least as many as one load; the rest
    is held against the last load, but where each load is the whole table.
    """
    own = [rule for rules in settings.rules if rules.table == table for rule in rules.checks]
    standing, loads = _apart(own, whole=True)
    for route in settings.routes:
        if route.table == table:
            more, more_loads = _apart(route.checks, whole=route.mode is LoadMode.REPLACE)
            standing, loads = standing + more, loads + more_loads
    if not standing and not loads:
        return None
    return TableChecks(table, table, _distinct(standing), _distinct(loads))


def plan_checks(ctx: Context, tables: Sequence[TableName] = (), *, cold: bool = False) -> CheckPlan:
    """What to check of these tables, or of all that have rules. `cold`: archived rows too, by the `_all` view.

    Raises:
        UsageError: a table has no rules, or none has any.
    """
    wanted = [_ruled(ctx.settings, table) for table in dict.fromkeys(tables or _all_ruled(ctx.settings))]
    if not wanted:
        raise UsageError(
            f"{ctx.settings.file} has no checks", hint="Write them in [[check]], or as checks of [[load]]."
        )
    with pinned(ctx) as one:
        attach(one)
        return _plan(one, wanted, cold=cold)


def run_checks(ctx: Context, plan: CheckPlan) -> CheckOutcome:
    """Check what was planned. A table that cannot be checked is told, and the others are."""
    results, failures = list[CheckResult](), list(plan.failures)
    with pinned(ctx) as one:
        for checks in plan.checks:
            ctx.check()
            ctx.reporter.progress(Progress(f"{checks.table} check"))
            try:
                results += _checked(one, checks)
            except StatementError as error:
                failures.append(Failure.of(checks.table, error))
    outcome = CheckOutcome(tuple(results), tuple(failures))
    if outcome.failed or outcome.failures:
        ctx.notifier.send(_message(outcome))
    return outcome


def _message(outcome: CheckOutcome) -> Notification:
    """What people are told of checks that do not hold, and of tables that could not be checked."""
    problems = [Problem(str(result.table), result.reason or "") for result in outcome.failed]
    problems += [Problem(failure.name, failure.message, failure.hint) for failure in outcome.failures]
    tables = counted(len({problem.name for problem in problems}), "table")
    text = f"{counted(len(problems), 'check')} of {tables} failed"
    return Notification(NotificationKind.ERROR, problems=tuple(problems[:MOST]), failed=len(problems), text=text)


def check_statements(ctx: Context, plan: CheckPlan) -> Iterator[PlannedStatement]:
    """What `run_checks` submits."""
    for checks in plan.checks:
        counted, unique = _split(checks)
        statements = [count_all(checks.relation, counted, checks.types, ctx.clock())] if counted else []
        statements += [count_repeated(checks.relation, rule.columns) for rule in unique]
        statements += [_last_loads(ctx, checks)] if checks.loads else []
        for sql in statements:
            yield PlannedStatement(checks.table, "", "check", sql)


def _apart(rules: Sequence[CheckRule], *, whole: bool) -> tuple[list[CheckRule], list[CheckRule]]:
    """Rules of the rows that stand, and of the last load. `whole`: a number of rows is that of the table."""
    standing, loads = list[CheckRule](), list[CheckRule]()
    for rule in rules:
        if rule.kind is CheckKind.FRESH:
            standing += [replace(rule, columns=(column,)) for column in rule.columns]
            continue
        if rule.kind is not CheckKind.ROWS:
            standing.append(rule)
            continue
        now = replace(rule, fraction=None, most=rule.most if whole else None)
        of_load = replace(rule, least=None, most=None if whole else rule.most)
        standing += [now] if now.least is not None or now.most is not None else []
        loads += [of_load] if of_load.most is not None or of_load.fraction is not None else []
    return standing, loads


def _distinct(rules: Sequence[CheckRule]) -> tuple[CheckRule, ...]:
    found: dict[CheckRule, CheckRule] = {}
    for rule in rules:
        same = replace(rule, severity=Severity.FAIL)
        known = found.setdefault(same, rule)
        if _STRICTEST.index(rule.severity) < _STRICTEST.index(known.severity):
            found[same] = rule
    return tuple(found.values())


def _all_ruled(settings: Settings) -> list[TableName]:
    named = [rules.table for rules in settings.rules]
    named += [route.table for route in settings.routes if route.table is not None and route.checks]
    return sorted(set(named))


def _ruled(settings: Settings, table: TableName) -> TableChecks:
    checks = rules_of(settings, table)
    if checks is None:
        hint = "Write them in [[check]], or as checks of a [[load]] that names the table."
        raise UsageError(f"{table} has no checks in {settings.file}", hint=hint)
    return checks


def _plan(ctx: Context, wanted: Sequence[TableChecks], *, cold: bool) -> CheckPlan:
    known = ctx.warehouse.tables([checks.table for checks in wanted])
    checked, failures = list[TableChecks](), list[Failure]()
    for checks in wanted:
        try:
            found = known.get(checks.table)
            if found is None:
                raise ObjectMissing(f"there is no table {checks.table}", hint="Correct its name in the configuration.")
            _check_columns(checks, [column.name for column in found.columns])
            relation = _whole(ctx, checks.table) if cold else checks.table
            types = {column.name: column.type for column in found.columns}
            checked.append(replace(checks, relation=relation, types=types))
        except (ConfigError, Refused) as error:
            failures.append(Failure.of(checks.table, error))
    return CheckPlan(tuple(checked), tuple(failures))


def _check_columns(checks: TableChecks, columns: Sequence[str]) -> None:
    for rule in checks.rules:
        missing = [column for column in rule.columns if fold(column) not in map(fold, columns)]
        if missing:
            raise ObjectMissing(
                f'{checks.table} has no column {", ".join(missing)}, which kind = "{rule.kind}" checks',
                hint=f"Its columns: {', '.join(columns)}.",
            )


def _whole(ctx: Context, table: TableName) -> TableName:
    """What gives the hot and the cold rows: the view, where rows are archived.

    Raises:
        ObjectParked: some of them cannot be read.
        ObjectMissing: there is no view.
    """
    ages = read_ages(ctx, table)
    if not ages:
        return table
    parked = sorted({age.period for age in ages if age.parked_at is not None})
    if parked:
        days = ", ".join(day.isoformat() for day in parked[:12])
        more = f" and {len(parked) - 12} more" if len(parked) > 12 else ""
        raise ObjectParked(
            f"{table}: {days}{more}: parked, so that their rows cannot be checked",
            hint=f"Thaw them first: `tidegate restore {table} --from {parked[0]} --to {parked[-1]} --days 7`.",
        )
    policies: dict[TableName, Policy] = {policy.table: policy for policy in ctx.settings.policies}
    view = policies[table].view_name if table in policies else TableName(table.schema, f"{table.name}_all")
    relations = {(str(row[0]), str(row[1])) for row in ctx.warehouse.execute(select_relations()).rows}
    if (view.schema, view.name) not in relations:
        raise ObjectMissing(f"{table} has no view {view}", hint="Run `tidegate archive`, which makes it again.")
    return view


def _split(checks: TableChecks) -> tuple[list[CheckRule], list[CheckRule]]:
    """Rules that one pass over the table tells, and those that need one each."""
    unique = [rule for rule in checks.rules if rule.kind is CheckKind.UNIQUE]
    return [rule for rule in checks.rules if rule.kind is not CheckKind.UNIQUE], unique


def _last_loads(ctx: Context, checks: TableChecks) -> str:
    return last_loads(LoadedFiles(ctx.settings.control_schema).loaded_files, checks.table)


def _checked(ctx: Context, checks: TableChecks) -> Iterator[CheckResult]:
    counted, unique = _split(checks)
    now = ctx.clock()
    if counted:
        row = ctx.warehouse.execute(count_all(checks.relation, counted, checks.types, now))
        found = {column.name: int(str(value)) for column, value in zip(row.columns, row.rows[0], strict=True)}
        for at, rule in enumerate(counted):
            yield _judged(checks, rule, found["tg_rows"], found.get(f"tg_rule_{at}"), now)
    for rule in unique:
        rows = int(str(ctx.warehouse.execute(count_repeated(checks.relation, rule.columns)).rows[0][0]))
        yield CheckResult(checks.table, rule, f"{rows} rows {said(rule)}" if rows else None, rows)
    if checks.loads:
        loads = [int(str(row[0])) for row in ctx.warehouse.execute(_last_loads(ctx, checks)).rows]
        for rule in checks.loads:
            yield CheckResult(checks.table, rule, _last_load(rule, loads))


def _judged(checks: TableChecks, rule: CheckRule, rows: int, broken: int | None, now: datetime) -> CheckResult:
    if broken is None:
        return CheckResult(checks.table, rule, amount(rule, rows, None))
    if rule.kind is CheckKind.FRESH:
        return CheckResult(checks.table, rule, too_old(rule.columns[0], since_of(rule, now)) if broken else None)
    return CheckResult(checks.table, rule, f"{broken} of {rows} rows {said(rule)}" if broken else None, broken)


def _last_load(rule: CheckRule, loads: Sequence[int]) -> str | None:
    """What is wrong with the newest of the last loads, next to those before; nothing before the first."""
    if not loads:
        return None
    newest, *before = loads
    reason = amount(rule, newest, sum(before) / len(before) if before else None)
    return None if reason is None else f"the last load: {reason}"
