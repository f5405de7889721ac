"""A load by a route of the configuration whose files are tried again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tests.flows.landing import TABLE, Land

from tidegate.flows.context import Context
from tidegate.flows.landing.redrive import RedrivePlan, plan_redrive, run_redrive
from tidegate.model.loading import LoadOutcome
from tidegate.model.names import TableName
from tidegate.model.quarantine import QuarantineFilter, RedriveOutcome
from tidegate.model.route import Route

SALES = TableName.parse(TABLE)


@dataclass(frozen=True)
class Redrive:
    """Files below `land` take `route`, by loads and when they are tried again."""

    land: Land
    route: Route

    def by(self, **changed: object) -> "Redrive":
        """The same with another route from now on."""
        return replace(self, route=replace(self.route, **changed))  # type: ignore[arg-type]

    @contextmanager
    def context(self) -> Iterator[Context]:
        route = replace(self.route, match=f"{self.land.folder}/*")
        with self.land.world.context() as ctx:
            settings = replace(ctx.settings, routes=(route,))
            yield replace(self.land.context(ctx), settings=settings)

    def load(self) -> LoadOutcome:
        return self.land.load(route=self.route)

    def plan(self, wanted: QuarantineFilter | None = None) -> RedrivePlan:
        with self.context() as ctx:
            return plan_redrive(ctx, wanted or QuarantineFilter())

    def run(self, plan: RedrivePlan | None = None) -> RedriveOutcome:
        """Try all again, or what was planned before."""
        with self.context() as ctx:
            return run_redrive(ctx, plan or plan_redrive(ctx, QuarantineFilter()))

    def reasons(self) -> list[str]:
        return [row[0] for row in self.land.world.sql("SELECT reason FROM tidegate.quarantined_files ORDER BY 1")]
