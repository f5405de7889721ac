"""The verbs that bring files into tables."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from tidegate.app.opened import Name, Opened, table_name
from tidegate.errors import ConfigError, UsageError
from tidegate.model.landing import FileVersion
from tidegate.model.loading import LoadOutcome
from tidegate.model.names import fold
from tidegate.model.route import LoadMode, Route

if TYPE_CHECKING:
    from tidegate.flows.load.plan import LoadPlan
    from tidegate.flows.planned import PlannedStatement


class Loading(Opened):
    def plan_load(self, *paths: str, route: Route, exact: bool = False) -> "LoadPlan":
        """What `load` would do with the files at these paths, folders or `s3://` addresses. Changes nothing.

        `exact`: read the texts of the files too, so that the lengths of new columns are those that they will get.
        """
        from tidegate.flows.load.landing import Landing
        from tidegate.flows.load.plan import LoadRequest, plan_load

        landing = Landing(self.context)
        files = tuple(landing.find(paths))
        request = LoadRequest(route, files, exact, tuple(landing.odd), mistyped=UsageError)
        with self._naming_jobs():
            return plan_load(self.context, request)

    def plan_routed_loads(
        self,
        *paths: str,
        key: Sequence[str] = (),
        mode: LoadMode | None = None,
        version: str | None = None,
        exact: bool = False,
    ) -> "list[LoadPlan]":
        """As plan_load, by the routes of the configuration, a plan for each; what is given here wins over them.

        Raises:
            ConfigError: no route takes one of the files, or none of a route's files has a column that it names.
            UsageError: what is given here has no meaning in the mode.
        """
        from tidegate.flows.landing.routing import Router
        from tidegate.flows.load.landing import Landing
        from tidegate.flows.load.plan import LoadRequest, plan_load

        router, landing = Router(self.settings), Landing(self.context)
        groups: dict[tuple[str, str | None, str], tuple[Route, list[FileVersion], list[str]]] = {}
        files: dict[str, FileVersion | None] = {file.uri: file for file in landing.find(paths)}
        for uri, file in (files | dict.fromkeys(landing.odd)).items():
            choice = router.choose(uri)
            route = choice.route
            if route is None:
                raise ConfigError(
                    f"no route takes {uri}: {choice.reason}",
                    hint="Name the table by --table, or add a [[load]] that matches the file.",
                )
            name = (route.match, route.name_pattern, str(route.table))
            own = check_given(_overridden(route, key, mode, version), key, version)
            _, found, odd = groups.setdefault(name, (own, [], []))
            found += [file] if file is not None else []
            odd += [uri] if file is None else []
        blamed = UsageError if key or version else ConfigError
        with self._naming_jobs():
            return [
                plan_load(self.context, LoadRequest(r, tuple(found), exact, tuple(odd), mistyped=blamed))
                for r, found, odd in groups.values()
            ]

    def load_sql(self, plan: "LoadPlan") -> "list[PlannedStatement]":
        """Every statement that carrying out the plan would submit, where nothing is wrong with the rows."""
        from tidegate.flows.load.statements import load_statements

        return list(load_statements(self.context, plan))

    def load(
        self,
        *paths: str,
        table: Name,
        key: Sequence[str] = (),
        mode: LoadMode | None = None,
        version: str | None = None,
    ) -> LoadOutcome:
        """Load files into a table, each version of each once; what could not be loaded stands in the outcome.

        With a `key` rows replace those of the same key, unless another `mode` is given.

        Raises:
            UsageError: key or version have no meaning in the mode, and what `plan_load` raises.
        """
        with self.failures_told():
            plan = self.plan_load(*paths, route=check_given(direct_route(table, key, mode, version), key, version))
        return self.run_load(plan)

    def run_load(self, plan: "LoadPlan") -> LoadOutcome:
        """Carry out a plan made by `plan_load`."""
        from tidegate.flows.load.told import load_told

        with self._naming_jobs():
            return load_told(self.context, plan)

    @contextmanager
    def failures_told(self) -> Iterator[None]:
        """Around a plan that is carried out at once: an error is told, unless it is a mistake in the call."""
        from tidegate.flows.load.told import failures_told

        with failures_told(self, but=(UsageError,)):
            yield


def _overridden(route: Route, key: Sequence[str], mode: LoadMode | None, version: str | None) -> Route:
    wanted = mode or (LoadMode.UPSERT if key and not route.mode.is_keyed else route.mode)
    return replace(route, mode=wanted, key=tuple(key) or route.key, version=version or route.version)


def direct_route(
    table: Name, key: Sequence[str] = (), mode: LoadMode | None = None, version: str | None = None
) -> Route:
    """The route of files that are named one by one."""
    wanted = mode or (LoadMode.UPSERT if key else LoadMode.APPEND)
    return Route("**", table_name(table), mode=wanted, key=tuple(key), version=version)


def check_given(route: Route, key: Sequence[str], version: str | None) -> Route:
    """The route, when the key and the version that are given for it mean something in its mode.

    Raises:
        UsageError: rows would be added, or all be replaced, whatever these say; or a row would be its own version.
    """
    linked = route.mode is LoadMode.REPLACE and route.options.flatten
    for what, given in (("a key", key and not linked), ("a version", version)):
        if given and not route.mode.is_keyed:
            raise UsageError(
                f'{what} means nothing for mode "{route.mode}" of {route.table}',
                hint="Leave it out, or choose upsert or history as the mode, with a key.",
            )
    if version is not None and fold(version) in map(fold, route.key):
        raise UsageError(
            f'{route.table}: the version "{version}" is part of the key',
            hint="Name a column that orders rows of a key.",
        )
    return route
