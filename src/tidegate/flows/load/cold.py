"""Keys that are archived already: aside, or their periods first, before rows of the same keys come in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from tidegate.errors import Refused
from tidegate.flows.ages import read_ages
from tidegate.flows.context import Context
from tidegate.flows.load.stage import Staging
from tidegate.flows.published import as_day
from tidegate.flows.restore import run_restore
from tidegate.flows.restore_plan import RestoreRequest, plan_restore
from tidegate.flows.versions import Versions, as_external
from tidegate.model.loading import QuarantinedFile
from tidegate.model.names import TableName
from tidegate.model.route import VALID_TO, OnArchived, Route
from tidegate.model.tables import Table
from tidegate.redshift.load import Stage
from tidegate.redshift.load_cold import ColdKeys
from tidegate.redshift.load_history import ColdHistory, HistoryStage

ARCHIVED = "load.archived"


@dataclass(frozen=True)
class Compared:
    """`guards` hold in the transaction as they did here. `restore`: the periods that have to come back first.

    `bad`: files that must be taken out whole.
    """

    aside: tuple[QuarantinedFile, ...] = ()
    guards: tuple[str, ...] = ()
    restore: tuple[date, ...] = ()
    bad: tuple[QuarantinedFile, ...] = ()


def compare(ctx: Context, route: Route, table: Table, staging: Staging) -> Compared:
    """Find staged keys that are archived; by the route their rows go aside, or the periods are named.

    Raises:
        Refused: periods are parked, so that their keys cannot be read.
    """
    if not staging.stage.keys or route.on_archived is OnArchived.ALLOW:
        return Compared()
    ages = read_ages(ctx, table.name)
    if any(age.parked_at is not None for age in ages):
        raise Refused(
            f"{table.name} has parked periods, whose keys cannot be compared with those of the files",
            hint='Restore the parked periods first, or set on_archived = "allow" if keys never come back.',
        )
    published = len(ages)
    is_history = isinstance(staging.stage, HistoryStage)
    keys = (ColdHistory if is_history else ColdKeys)(staging.stage, table, ctx.control.published)
    if not published:
        return Compared(guards=(keys.guard(0),))
    staging.execute(keys.create())
    for version in Versions(ctx, staging.warehouse, table.name).load():
        staging.execute(keys.collect(as_external(version)))
    periods = tuple(as_day(row[0]) for row in staging.execute(keys.periods()))
    if not periods:
        return Compared(guards=(keys.guard(published),))
    if route.on_archived is OnArchived.RESTORE:
        return Compared(restore=periods)
    return _set_aside(staging, keys, published)


def _set_aside(staging: Staging, keys: ColdKeys, published: int) -> Compared:
    staging.number_files()
    keys = replace(keys, stage=staging.stage)
    archived = f"{staging.stage.has_key} AND {keys.condition}"
    if staging.is_linked:
        hint = f"Run `tidegate restore {staging.stage.target}` and load the file again."
        return Compared(bad=tuple(staging.blamed(archived, ARCHIVED, _said(staging.stage), hint)))
    aside = staging.put_aside(archived, ARCHIVED, _said(staging.stage), "")
    staging.execute(keys.delete())
    table = staging.stage.target
    return Compared(tuple(replace(one, hint=_hint(table, one.place)) for one in aside), (keys.guard(published),))


def _hint(table: TableName, place: str | None) -> str:
    return (
        f"The rows lie at {place}: load that folder after `tidegate restore {table}`, or by a route whose "
        'on_archived is "restore" or "allow".'
    )


def _said(stage: Stage) -> str:
    if isinstance(stage, HistoryStage):
        return f"come before the end ({VALID_TO}) of an archived row of their key ({', '.join(stage.key)})"
    return f"have a key ({', '.join(stage.keys)}) that is archived"


def restore_periods(ctx: Context, table: Table, periods: Sequence[date]) -> None:
    """Bring periods back into the hot table; each restore proves itself."""
    for period in periods:
        run_restore(ctx, plan_restore(ctx, RestoreRequest(table.name, period, period)))
