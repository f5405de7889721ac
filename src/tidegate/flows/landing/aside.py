"""Rows that lie aside in the lake, brought into their table: all rows of one place in one transaction, or none.

The files of a place are loaded as files: their versions become rows of `loaded_files` with the rows themselves, and
the entries of the place leave the list in that transaction. So the rows come in once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tidegate.config.routes import COPY_FORMATS
from tidegate.errors import ConfigError, DifferenceFound, FileRefused, Refused, StatementError
from tidegate.flows.context import Context
from tidegate.flows.landing.quarantine import forget_place, say_why
from tidegate.flows.landing.routing import Router
from tidegate.flows.load.attempt import Attempt
from tidegate.flows.load.failures import concerns_files
from tidegate.flows.load.landing import version_of
from tidegate.flows.load.plan import LoadPlan, LoadRequest, plan_load
from tidegate.flows.load.told import notifications
from tidegate.model.landing import FileVersion
from tidegate.model.loading import LoadOutcome, QuarantinedFile
from tidegate.model.names import TableName
from tidegate.model.quarantine import Quarantined
from tidegate.model.route import CheckKind, FileFormat, FormatOptions, LoadMode, Route
from tidegate.redshift.quarantine import Quarantine

ATTEMPTS = 3
_WHOLE_BATCH = (CheckKind.FRESH, CheckKind.ROWS)
_NO_LIMIT = 2**62


@dataclass(frozen=True)
class Aside:
    """The rows of `files` in the lake, put aside together: `rows` of them, at `place`, on the list as `entries`."""

    route: Route
    table: TableName
    place: str
    files: tuple[FileVersion, ...]
    rows: int


def find_aside(ctx: Context, router: Router, table: TableName, place: str, entries: Sequence[Quarantined]) -> Aside:
    """What lies at a place, and the route of the files that the rows are of.

    Raises:
        ConfigError: no route, or several, bring these files into the table.
        Refused: there is nothing, or what lies there is not all that a row of the route brings.
    """
    routes = [router.route(entry.aside.file.uri) for entry in entries]
    route = routes[0]
    first = entries[0].aside.file.uri
    if route is None or route.table != table or any(other != route for other in routes):
        raise ConfigError(
            f"no route takes {first} into {table}, so that nothing says how its rows at {place} go there",
            hint=f"Load them by `tidegate load FILE --table {table}`, or add a [[load]] that takes {first}.",
        )
    if route.mode is LoadMode.REPLACE:
        raise Refused(
            f"{table}: rows at {place} are of a file that was the whole table", hint="Correct the file and load it."
        )
    if route.options.flatten:
        raise Refused(
            f"{table}: rows at {place} are of flattened JSON, whose lists do not lie there",
            hint="Correct the file and load it.",
        )
    prefix = ctx.lake.key(place)
    files = tuple(version_of(ctx.lake.uri(info.key), info) for info in ctx.lake.list(prefix))
    if not files:
        raise Refused(
            f"{table}: there are no rows at {place} any more",
            hint=f"`tidegate jobs cancel {entries[0].batch}` takes them off the list.",
        )
    return Aside(_by_parquet(route), table, place, files, sum(entry.aside.rows or 0 for entry in entries))


def load_aside(ctx: Context, aside: Aside) -> LoadOutcome | None:
    """Bring the rows in; None when they came in before. What keeps them out is noted, and raised.

    Raises:
        Refused: a row would go aside again, or a check of severity `fail` does not hold.
        FileRefused: the rows do not fit into the table.
        DifferenceFound: there are other rows than were put aside.
        StatementError: a value is not taken, or the warehouse refuses.
    """
    try:
        return _load(ctx, aside)
    except (FileRefused, Refused, StatementError) as error:
        if isinstance(error, StatementError) and not concerns_files(error):
            raise
        say_why(ctx, aside.table, aside.place, error.message, error.hint)
        raise


def _load(ctx: Context, aside: Aside) -> LoadOutcome | None:
    taken = Quarantine(ctx.settings.control_schema).delete_place(aside.table, aside.place)
    route = replace(aside.route, post_sql=(*aside.route.post_sql, taken))
    for _ in range(ATTEMPTS):
        plan = plan_load(ctx, LoadRequest(route, aside.files))
        if len(plan.already) == len(aside.files):
            forget_place(ctx, aside.table, aside.place)
            return None
        _check(plan, aside)
        batch = plan.batches[0]
        result = Attempt(ctx, plan, batch.files, ctx.new_id(), plan.types, whole=True).run()
        if result.loaded is not None:
            outcome = LoadOutcome(aside.table, (result.loaded,))
            for notification in notifications(route, outcome):
                ctx.notifier.send(notification)
            return outcome
        if result.bad:
            _drop(ctx, aside, result.bad)
            raise Refused(
                f"{aside.table}: rows at {aside.place} stay there: {'; '.join(_reasons(result.bad))}",
                hint=result.bad[0].hint,
            )
    raise Refused(
        f"{aside.table} keeps changing while rows at {aside.place} are loaded", hint="Run the same command again."
    )


def _check(plan: LoadPlan, aside: Aside) -> None:
    for refused in plan.refused:
        raise FileRefused(refused.reason, hint=refused.hint)
    rows = sum(batch.rows for batch in plan.batches)
    if len(plan.batches) != 1 or plan.gone or plan.stale or rows != aside.rows:
        raise DifferenceFound(
            f"{aside.table}: {rows} rows lie at {aside.place}, {aside.rows} were put aside",
            hint="Nothing was loaded. See what was changed there.",
        )


def _drop(ctx: Context, aside: Aside, bad: Sequence[QuarantinedFile]) -> None:
    """Delete what this try wrote of rows that stay where they were."""
    for place in {one.place for one in bad if one.place is not None and one.place != aside.place}:
        ctx.lake.delete([info.key for info in ctx.lake.list(ctx.lake.key(place))])


def _reasons(bad: Sequence[QuarantinedFile]) -> Iterator[str]:
    yield from dict.fromkeys(one.reason for one in bad)


def _by_parquet(route: Route) -> Route:
    """As the route says, for rows that lie in Parquet, all of them in one batch.

    Checks of a batch as a whole are left out: these rows are what was left of one.
    """
    copy: Mapping[str, object] = {k: v for k, v in route.copy.items() if FileFormat.PARQUET in COPY_FORMATS[k]}
    checks = tuple(rule for rule in route.checks if rule.kind not in _WHOLE_BATCH)
    return replace(
        route,
        format=FileFormat.PARQUET,
        options=FormatOptions(),
        copy=copy,
        checks=checks,
        batch_files=_NO_LIMIT,
        batch_bytes=_NO_LIMIT,
    )
