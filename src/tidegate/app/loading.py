"""The verbs that bring files into tables."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tidegate.app.opened import Name, Opened, table_name
from tidegate.model.loading import LoadOutcome
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

        files = Landing(self.context).find(paths)
        with self._naming_jobs():
            return plan_load(self.context, LoadRequest(route, tuple(files), exact))

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
        """
        return self.run_load(self.plan_load(*paths, route=direct_route(table, key, mode, version)))

    def run_load(self, plan: "LoadPlan") -> LoadOutcome:
        """Carry out a plan made by `plan_load`."""
        from tidegate.flows.load.run import run_load

        with self._naming_jobs():
            return run_load(self.context, plan)


def direct_route(
    table: Name, key: Sequence[str] = (), mode: LoadMode | None = None, version: str | None = None
) -> Route:
    """The route of files that are named one by one."""
    wanted = mode or (LoadMode.UPSERT if key else LoadMode.APPEND)
    return Route("**", table_name(table), mode=wanted, key=tuple(key), version=version)
