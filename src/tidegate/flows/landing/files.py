"""Files that were told of, through the load flow."""

from tidegate.flows.context import Context
from tidegate.flows.load.plan import LoadRequest, plan_load
from tidegate.flows.load.run import run_load
from tidegate.model.landing import FileVersion
from tidegate.model.loading import LoadOutcome
from tidegate.model.route import Route


def load_files(ctx: Context, route: Route, files: tuple[FileVersion, ...]) -> LoadOutcome:
    """Load these versions by a route whose table is known; what is loaded already is left out. Raises as `load`."""
    return run_load(ctx, plan_load(ctx, LoadRequest(route, files)))
