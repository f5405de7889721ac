"""Changes of the table that files go into, before their rows come in."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from tidegate.errors import FileRefused, GuardFailed, Refused, SerializationConflict, StatementError
from tidegate.flows.ages import read_ages
from tidegate.flows.context import Context
from tidegate.flows.load.apply import lock_of
from tidegate.flows.load.contents import joint
from tidegate.flows.load.failures import concerns_files
from tidegate.flows.load.fit import Fit, Known, fit
from tidegate.flows.load.stage import Staging
from tidegate.flows.records import ATTEMPTS
from tidegate.model.names import TableName, fold
from tidegate.model.route import Route
from tidegate.model.tables import SqlType
from tidegate.redshift.grants import select_column_grants
from tidegate.redshift.identifiers import comment
from tidegate.redshift.load_widen import RETYPED, select_bounds

DDL_ROUNDS = 3


def change_table(ctx: Context, batch: str, name: TableName, step: Sequence[str]) -> None:
    """Make one change, all of it or nothing. One that another session made meanwhile is left to the caller to see.

    Raises:
        FileRefused: the column cannot be made anew, since something depends on it.
        SerializationConflict: other sessions kept changing the table.
    """
    if len(step) == 1:
        ctx.warehouse.execute(_tagged(batch, step[0]))
        return
    statements = [_tagged(batch, statement) for statement in in_one(ctx, name, step)]
    for attempt in range(1, ATTEMPTS + 1):
        try:
            ctx.warehouse.transaction(statements)
            return
        except SerializationConflict:
            if attempt == ATTEMPTS:
                raise
        except GuardFailed as error:
            if error.message.startswith(RETYPED):
                return
            raise
        except StatementError as error:
            if not concerns_files(error):
                raise
            raise FileRefused(
                f"a column of {name} cannot get a wider type: {error.message}", hint=error.hint
            ) from error


def change_until_fit(
    ctx: Context, batch: str, route: Route, staging: Staging, types: Mapping[str, SqlType] | None = None
) -> tuple[Fit, list[str]]:
    """Create and widen by what was measured; each step commits by itself. Others may do so at the same time.

    `types`: see Known. Returns how the rows fit then, and the statements that were run.

    Raises:
        FileRefused: the files do not fit any more.
        Refused: the table keeps changing.
    """
    name, content = staging.stage.target, joint(staging.files)
    done: list[str] = []
    for _ in range(DDL_ROUNDS):
        table = ctx.warehouse.tables([name]).get(name)
        known = Known(lengths=staging.lengths, types=types or {})
        fitted = fit(route, table, content, known)
        if fitted.open or fitted.retypes:
            known = with_limits(ctx, name, replace(known, bounds=bounds_of(staging, fitted.open)))
            fitted = fit(route, table, content, known)
        if not fitted.steps:
            return fitted, done
        for step in fitted.steps:
            change_table(ctx, batch, name, step)
            done += step
    raise Refused(
        f"{name} keeps changing while files are loaded into it",
        hint="Run the same command again when nothing else changes its columns.",
    )


def in_one(ctx: Context, name: TableName, step: Sequence[str]) -> list[str]:
    """The statements of a step; several take turns with other loads of the table."""
    return [*([lock_of(ctx, name)] if len(step) > 1 else []), *step]


def bounds_of(staging: Staging, columns: Sequence[str]) -> Mapping[str, tuple[int, int]]:
    """The least and the greatest whole part of staged numbers."""
    if not columns:
        return {}
    row = [int(Decimal(str(value))) for value in staging.execute(select_bounds(staging.stage.name, tuple(columns)))[0]]
    return dict(zip(columns, zip(row[::2], row[1::2], strict=True), strict=True))


def with_limits(ctx: Context, name: TableName, known: Known) -> Known:
    """`known`, with what an archive of the table, or a privilege on a column, does not allow."""
    grants = ctx.warehouse.execute(select_column_grants([name.schema])).rows
    granted = frozenset(str(column) for _, table, column, *_ in grants if table == name.name)
    periods = {fold(policy.column) for policy in ctx.settings.policies if policy.table == name and policy.column}
    return replace(known, periods=frozenset(periods), archived=bool(read_ages(ctx, name)), granted=granted)


def _tagged(batch: str, statement: str) -> str:
    return f"{comment(batch, 'change')} {statement}"
