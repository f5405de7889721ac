"""Try again what was put aside: the same versions of the same files, by the routes of the configuration."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tidegate.errors import ConfigError, DifferenceFound, Refused, UsageError
from tidegate.flows.context import Context
from tidegate.flows.identity import attach
from tidegate.flows.landing.aside import Aside, find_aside, load_aside
from tidegate.flows.landing.files import load_files
from tidegate.flows.landing.quarantine import forget_loaded, read_entries
from tidegate.flows.landing.routing import Router
from tidegate.flows.load.known import read_known
from tidegate.flows.load.landing import Landing
from tidegate.model.landing import FileVersion
from tidegate.model.loading import LoadOutcome
from tidegate.model.names import TableName
from tidegate.model.outcome import Failure
from tidegate.model.quarantine import Quarantined, QuarantineFilter, RedriveOutcome
from tidegate.model.route import LoadMode, Route

NO_ROUTE, GONE, CHANGED = "load.route", "load.gone", "load.changed"
_STAYS = 5
"""The exit code of an entry that stays on the list."""
_STOPPING = (ConfigError, Refused, UsageError)
"""What ends the load of one table alone."""


@dataclass(frozen=True)
class Retry:
    """Files of one route, as they are now."""

    route: Route
    table: TableName
    files: tuple[FileVersion, ...]


@dataclass(frozen=True)
class RedrivePlan:
    """`asides`: rows that lie aside. `loaded`: files by table that are on the list, and loaded. `failures`: what cannot
    be tried.
    """

    retries: tuple[Retry, ...] = ()
    asides: tuple[Aside, ...] = ()
    loaded: tuple[tuple[TableName, tuple[FileVersion, ...]], ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def files(self) -> int:
        return sum(len(retry.files) for retry in self.retries)


def plan_redrive(ctx: Context, wanted: QuarantineFilter) -> RedrivePlan:
    """Which files would be tried again, by which routes. Changes nothing.

    Raises:
        ObjectMissing: a batch is wanted of which nothing is in quarantine.
        ConfigError: the warehouse was never initialised.
    """
    attach(ctx)
    entries = read_entries(ctx, wanted)
    failures = list[Failure]()
    present = list(_present(ctx, [entry for entry in entries if entry.aside.place is None], failures))
    groups: dict[tuple[object, ...], tuple[Route, TableName, dict[str, FileVersion]]] = {}
    strays: dict[TableName, list[Quarantined]] = {}
    router = Router(ctx.settings)
    for entry in present:
        route = router.route(entry.aside.file.uri)
        if route is None or route.table != entry.table:
            strays.setdefault(entry.table, []).append(entry)
            continue
        name = (route.match, route.name_pattern, entry.table)
        files = groups.setdefault(name, (route, entry.table, {}))[2]
        files[entry.aside.file.uri] = entry.aside.file
    failures += [_stray(table, found) for table, found in strays.items()]
    retries, loaded = list[Retry](), list[tuple[TableName, tuple[FileVersion, ...]]]()
    for route, table, files in groups.values():
        known = read_known(ctx, route, table, list(files.values())).sort(files.values())
        loaded += [(table, known.already)] if known.already else []
        left = tuple(file for file in files.values() if file not in known.already)
        retries += [Retry(route, table, left)] if left else []
    asides = tuple(_asides(ctx, router, entries, failures))
    return RedrivePlan(tuple(retries), asides, tuple(loaded), tuple(failures))


def run_redrive(ctx: Context, plan: RedrivePlan) -> RedriveOutcome:
    """Load what was planned; what is loaded leaves the list with its rows' own transaction, the rest stays on it.

    A table whose load is refused as a whole stands among the failures, and the others are tried.
    """
    loads, failures = list[LoadOutcome](), list(plan.failures)
    forgotten = 0
    for table, files in plan.loaded:
        forget_loaded(ctx, table, files)
        forgotten += len(files)
    for retry in plan.retries:
        ctx.check()
        _warn(ctx, retry)
        try:
            outcome = load_files(ctx, retry.route, retry.files)
        except _STOPPING as error:
            failures.append(Failure.of(retry.table, error))
            continue
        forget_loaded(ctx, retry.table, outcome.already)
        forgotten += len(outcome.already)
        failures += _left(outcome)
        loads.append(outcome)
    for aside in plan.asides:
        ctx.check()
        try:
            came = load_aside(ctx, aside)
        except (*_STOPPING, DifferenceFound) as error:
            failures.append(Failure.of(aside.table, error))
            continue
        loads += [came] if came is not None else []
        forgotten += came is None
    return RedriveOutcome(tuple(loads), forgotten, tuple(failures))


def _asides(ctx: Context, router: Router, entries: Sequence[Quarantined], failures: list[Failure]) -> Iterator[Aside]:
    """Rows that lie aside, by place; what cannot be tried is a failure."""
    places: dict[tuple[TableName, str], list[Quarantined]] = {}
    for entry in entries:
        if entry.aside.place is not None:
            places.setdefault((entry.table, entry.aside.place), []).append(entry)
    for (table, place), found in places.items():
        try:
            yield find_aside(ctx, router, table, place, found)
        except (ConfigError, Refused) as error:
            failures.append(Failure.of(table, error))


def _present(ctx: Context, entries: Sequence[Quarantined], failures: list[Failure]) -> Iterator[Quarantined]:
    """Entries whose version is there, as it was told of and as it lies there; the others are failures."""
    for entry, now in zip(entries, Landing(ctx).heads([entry.aside.file.uri for entry in entries]), strict=True):
        file = entry.aside.file
        hint = f"`tidegate jobs cancel {entry.batch}` takes it off the list."
        if now is None:
            failures.append(Failure(file.uri, GONE, _STAYS, f"{file.uri} is gone", hint))
        elif now.identity != file.identity:
            reason = f"{file.uri} is another version than the one in quarantine"
            failures.append(Failure(file.uri, CHANGED, _STAYS, reason, f"Load the new one as any other file; {hint}"))
        else:
            known = replace(now, version=file.version or now.version, sequencer=file.sequencer)
            yield replace(entry, aside=replace(entry.aside, file=known))


def _stray(table: TableName, entries: Sequence[Quarantined]) -> Failure:
    """One error for all files of a table that no route brings there."""
    first = entries[0].aside.file.uri
    more = f", nor {len(entries) - 1} more files" if len(entries) > 1 else ""
    return Failure(
        first,
        NO_ROUTE,
        ConfigError.exit_code,
        f"no route takes {first} into {table}{more}",
        f"Load it by `tidegate load {first} --table {table}`, or add a [[load]] that takes it.",
    )


def _left(outcome: LoadOutcome) -> Iterator[Failure]:
    """Files that were there, and neither came in nor got a new reason."""
    for files, code, what in ((outcome.stale, "load.stale", "older than what is loaded"), (outcome.gone, GONE, "gone")):
        for file in files:
            hint = "`tidegate jobs cancel` takes its batch off the list."
            yield Failure(file.uri, code, _STAYS, f"{file.uri} is {what}", hint)


def _warn(ctx: Context, retry: Retry) -> None:
    """A file that comes late may hold older rows than those of its keys that came meanwhile."""
    if retry.route.mode is LoadMode.UPSERT and retry.route.version is None:
        ctx.reporter.notice(
            f"{retry.table}: rows replace those of the same key, though they may be older: the route names no version"
        )
