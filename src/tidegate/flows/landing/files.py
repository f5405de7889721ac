"""Files that were told of, through the load flow."""

from tidegate.flows.context import Context
from tidegate.flows.load.plan import LoadRequest, plan_load
from tidegate.flows.load.told import failures_told, load_told
from tidegate.model.landing import FileVersion
from tidegate.model.loading import LoadOutcome
from tidegate.model.route import Route


def load_files(ctx: Context, route: Route, files: tuple[FileVersion, ...]) -> LoadOutcome:
    """Load these versions by a route whose table is known; what is loaded already is left out. Raises as `load`."""
    with failures_told(ctx, route, len(files)):
        plan = plan_load(ctx, LoadRequest(route, files))
    return load_told(ctx, plan)
