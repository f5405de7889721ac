"""Which route a file takes, and why."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tidegate.config.patterns import PLAIN_NAME, KeyPattern, is_hidden
from tidegate.config.routes import specificity
from tidegate.config.settings import Settings
from tidegate.errors import UsageError
from tidegate.model.batch import BATCH_COLUMN
from tidegate.model.layout import CLAIMS, PROBES
from tidegate.model.names import TableName
from tidegate.model.route import Route

_OURS = "it belongs to Tidegate itself"
_SYSTEM = ("pg_", "information_schema")


@dataclass(frozen=True)
class Verdict:
    """What one route says of a file. `reason` completes "the route … "."""

    route: Route
    takes: bool
    reason: str


@dataclass(frozen=True)
class Choice:
    """`key` is what relative routes saw, None outside of the lake. `route` has its table, None when none takes it.

    `reason` says why none does. `verdicts`: of each route, the most specific first. `hidden`: nobody expects it to be
    loaded.
    """

    uri: str
    key: str | None
    route: Route | None
    reason: str
    verdicts: tuple[Verdict, ...]

    @property
    def hidden(self) -> bool:
        inside = self.key or self.uri.partition("://")[2] or self.uri
        return self.reason == _OURS or is_hidden(inside)


class Router:
    """The routes of a configuration. `folder`, an absolute path outside of the lake, is what relative ones start from
    for the files below it.
    """

    def __init__(self, settings: Settings, folder: Path | None = None) -> None:
        self._routes = settings.routes
        self._lake = settings.lake_address.rstrip("/") + "/"
        self._folder = f"{folder}/" if folder is not None else None
        self._reserved = frozenset({settings.control_schema, settings.external_schema})

    def route(self, uri: str) -> Route | None:
        """The route that takes the file, with its table; None when none does."""
        return self.choose(uri).route

    def choose(self, uri: str) -> Choice:
        """Ask every route, the most specific first. `uri` is `s3://bucket/key` or an absolute path."""
        key = self.key(uri)
        if key is not None and (ours := _ours(key)):
            return Choice(uri, key, None, ours, ())
        verdicts = tuple(self._verdict(route, uri, key) for route in self._routes)
        takers = [verdict.route for verdict in verdicts if verdict.takes]
        if not takers:
            return Choice(uri, key, None, "no route matches", verdicts)
        best = takers[0]
        if any(specificity(other) == specificity(best) for other in takers[1:]):
            named = " and ".join(sorted(r.match for r in takers if specificity(r) == specificity(best)))
            return Choice(uri, key, None, f"the routes {named} are equally specific", verdicts)
        try:
            return Choice(uri, key, self._resolved(best, uri, key), "", verdicts)
        except UsageError as error:
            return Choice(uri, key, None, error.message, verdicts)

    def key(self, uri: str) -> str | None:
        """What a relative route sees of the file; None when it lies outside of the lake and of the folder."""
        for root in (self._folder, self._lake):
            if root is not None and uri.startswith(root):
                return uri.removeprefix(root)
        return None

    def _verdict(self, route: Route, uri: str, key: str | None) -> Verdict:
        if self._captured(route, uri, key) is None:
            outside = key is None and not KeyPattern(route.match).absolute
            return Verdict(route, False, "is relative to the lake, the file lies outside" if outside else "differs")
        name = uri.rpartition("/")[2]
        if route.name_pattern is not None and re.search(route.name_pattern, name) is None:
            return Verdict(route, False, f"has the name_pattern {route.name_pattern}, which {name} does not hold")
        return Verdict(route, True, "matches")

    @staticmethod
    def _captured(route: Route, uri: str, key: str | None) -> Mapping[str, str] | None:
        pattern = KeyPattern(route.match)
        address = uri if pattern.absolute else key
        return None if address is None else pattern.match(address)

    def _resolved(self, route: Route, uri: str, key: str | None) -> Route:
        """The route with the table that its pattern names. Raises UsageError."""
        if route.table is not None:
            return route
        captured = self._captured(route, uri, key) or {}
        for name, value in captured.items():
            if PLAIN_NAME.fullmatch(value) is None:
                raise UsageError(f"{{{name}}} would be {value!r}, which is no plain name")
        table = TableName(captured.get("schema", "public"), captured["table"])
        if table.schema in self._reserved or table.schema.startswith(_SYSTEM):
            raise UsageError(f"the schema {table.schema} is not for files")
        return replace(route, table=table)


def full_address(settings: Settings, file: str) -> str:
    """The address of a file as people write it: an address, an absolute path, or a key of the lake."""
    plain = file.removeprefix("file://")
    return plain if plain.startswith(("s3://", "/")) else f"{settings.lake_address.rstrip('/')}/{plain}"


def _ours(key: str) -> str | None:
    """Why a key of the lake is never loaded: it is what Tidegate itself keeps there."""
    archived = any(segment.startswith(f"{BATCH_COLUMN}=") for segment in key.split("/"))
    return _OURS if archived or key.startswith((CLAIMS, PROBES)) else None


def choice_lines(choice: Choice) -> Iterator[str]:
    """For people: the outcome, then what every route says."""
    if choice.route is None:
        yield f"{choice.uri}: no route takes it, {choice.reason}"
    else:
        yield f"{choice.uri}: {choice.route.match} takes it into {choice.route.table}"
    for verdict in choice.verdicts:
        taken = verdict.takes and choice.route is not None and verdict.route.match == choice.route.match
        less = verdict.takes and choice.route is not None and verdict.route.match != choice.route.match
        said = "matches, but is less specific" if less else verdict.reason
        yield f"  {'*' if taken else '-'} {verdict.route.match} {said}"
