"""Reconcile: what lies in the places of the routes against what the warehouse has loaded. Both are read as streams."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import chain, groupby
from pathlib import Path

from tidegate.errors import ObjectMissing
from tidegate.flows.context import Context
from tidegate.flows.identity import attach
from tidegate.flows.landing.places import Place, distinct, place_of
from tidegate.flows.landing.routing import Router
from tidegate.flows.load.known import Known, read_known
from tidegate.flows.load.landing import why_odd
from tidegate.model.landing import FileVersion
from tidegate.model.names import TableName
from tidegate.model.route import LoadMode, Route
from tidegate.redshift.landed import LandedFiles
from tidegate.warehouse.base import Row


class Standing(StrEnum):
    """MISSING: no version was ever loaded. NEWER: another version was. QUARANTINED: it could not be loaded.

    GONE: it was loaded, and its file is not there any more.
    """

    MISSING = "missing"
    NEWER = "newer"
    QUARANTINED = "quarantined"
    GONE = "gone"


@dataclass(frozen=True)
class FileStanding:
    """A file that differs. `file` is None for one that is GONE. `detail`: why it is in quarantine; else empty."""

    standing: Standing
    uri: str
    route: Route
    file: FileVersion | None = None
    detail: str = ""

    @property
    def table(self) -> TableName:
        if self.route.table is None:
            raise TypeError("a file's route has its table")
        return self.route.table


@dataclass
class Counts:
    """`agreed`: files whose version is loaded; `stale`: those that landed before the one that is the whole table, so
    that none of them is ever loaded; `differing` by standing. Complete when the stream has ended.
    """

    agreed: int = 0
    stale: int = 0
    differing: dict[Standing, int] = field(default_factory=lambda: dict.fromkeys(Standing, 0))

    @property
    def to_load(self) -> int:
        return self.differing[Standing.MISSING] + self.differing[Standing.NEWER]


@dataclass(frozen=True)
class ReconcileRequest:
    """`route`: its match, or its table; None stands for all. `folder`: where relative routes start, instead of the
    lake. `since`: leave out files that landed before.
    """

    route: str | None = None
    folder: Path | None = None
    since: datetime | None = None


def chosen_routes(ctx: Context, name: str | None) -> Sequence[Route]:
    """Raises ObjectMissing: there is no such route."""
    routes = ctx.settings.routes
    if name is None:
        return routes
    wanted = [route for route in routes if name in (route.match, str(route.table), _short(route))]
    if not wanted:
        known = ", ".join(route.match for route in routes) or "none"
        raise ObjectMissing(
            f"there is no route {name}", hint=f"Name one by its match or its table; there are: {known}."
        )
    return wanted


def _short(route: Route) -> str | None:
    """The name of a table of `public` without its schema."""
    return route.table.name if route.table is not None and route.table.schema == "public" else None


def reconcile(ctx: Context, request: ReconcileRequest, counts: Counts | None = None) -> Iterator[FileStanding]:
    """Files that differ, place by place, in the order of their addresses. Changes nothing.

    Raises:
        ObjectMissing: there is no such route.
        ConfigError: the warehouse was never initialised.
    """
    attach(ctx)
    routes = chosen_routes(ctx, request.route)
    counted = counts if counts is not None else Counts()
    comparison = _Comparison(ctx, Router(ctx.settings, request.folder), routes, request.since, counted)
    for place in distinct(place_of(ctx, route, request.folder) for route in routes):
        yield from comparison.compare(place)


@dataclass(frozen=True)
class _Comparison:
    ctx: Context
    router: Router
    routes: Sequence[Route]
    since: datetime | None
    counts: Counts
    known: dict[TableName, Known] = field(default_factory=dict)

    def compare(self, place: Place) -> Iterator[FileStanding]:
        statement = LandedFiles(self.ctx.settings.control_schema).select_below(place.address)
        with self.ctx.warehouse.stream(statement) as known:
            rows = chain.from_iterable(known.chunks)
            for uri, file, versions in _merged(place.files(self._odd), rows):
                route = self._route(uri)
                if route is None:
                    continue
                found = self._standing(uri, route, file, versions.get(str(route.table), ()))
                if found is not None:
                    self.counts.differing[found.standing] += 1
                    yield found

    def _odd(self, path: str) -> None:
        self.ctx.reporter.notice(f"{path} cannot be loaded: {why_odd(path)}")

    def _route(self, uri: str) -> Route | None:
        """The route that takes it, where that is one of those asked for."""
        taken = self.router.route(uri)
        asked = taken is not None and any(
            (taken.match, taken.name_pattern) == (route.match, route.name_pattern) for route in self.routes
        )
        return taken if asked else None

    def _standing(
        self, uri: str, route: Route, file: FileVersion | None, versions: Sequence[Row]
    ) -> FileStanding | None:
        loaded = {str(row[2]) for row in versions if row[3] == 1}
        if file is None:
            return FileStanding(Standing.GONE, uri, route) if loaded else None
        if self.since is not None and file.landed_at is not None and file.landed_at < self.since:
            return None
        if file.identity in loaded:
            self.counts.agreed += 1
            return None
        aside = [str(row[4]) for row in versions if row[2] == file.identity]
        if aside:
            return FileStanding(Standing.QUARANTINED, uri, route, file, aside[0])
        if self._is_stale(route, file):
            self.counts.stale += 1
            return None
        return FileStanding(Standing.NEWER if loaded else Standing.MISSING, uri, route, file)

    def _is_stale(self, route: Route, file: FileVersion) -> bool:
        if route.mode is not LoadMode.REPLACE or route.table is None:
            return False
        if route.table not in self.known:
            self.known[route.table] = read_known(self.ctx, route, route.table, [file])
        newest = self.known[route.table].newest
        return newest is not None and file.landed_at is not None and file.landed_at < newest


def _merged(
    files: Iterator[FileVersion], rows: Iterator[Row]
) -> Iterator[tuple[str, FileVersion | None, Mapping[str, Sequence[Row]]]]:
    """Files and what is known of them, by address; both come in the order of the addresses' bytes."""
    known = ((str(uri), list(group)) for uri, group in groupby(rows, key=lambda row: row[0]))
    file, row = next(files, None), next(known, None)
    while file is not None or row is not None:
        uri = min(one for one in (file.uri if file else None, row[0] if row else None) if one is not None)
        found = file if file is not None and file.uri == uri else None
        versions: dict[str, list[Row]] = {}
        if row is not None and row[0] == uri:
            for version in row[1]:
                versions.setdefault(str(version[1]), []).append(version)
            row = next(known, None)
        yield uri, found, versions
        if found is not None:
            file = next(files, None)
