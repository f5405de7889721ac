"""The composition root: settings become drivers, drivers become verbs, a file for each kind of verb."""

from collections.abc import Callable
from pathlib import Path

from tidegate.app.aging import Aging
from tidegate.app.archiving import Archiving
from tidegate.app.checking import Checking
from tidegate.app.configuration import load_settings
from tidegate.app.founding import Founding
from tidegate.app.inventories import Inventories
from tidegate.app.keeping import Keeping
from tidegate.app.loading import Loading
from tidegate.app.notifying import Notifying
from tidegate.app.opened import for_ever
from tidegate.app.queueing import Queueing
from tidegate.app.redriving import Redriving
from tidegate.app.restoring import Restoring
from tidegate.app.rewriting import Rewriting
from tidegate.app.rules import Rules
from tidegate.app.watching import Watching
from tidegate.signals.base import Reporter, Silent


class App(
    Founding,
    Archiving,
    Restoring,
    Keeping,
    Aging,
    Rewriting,
    Inventories,
    Loading,
    Checking,
    Queueing,
    Redriving,
    Rules,
    Watching,
    Notifying,
):
    """Tidegate on one warehouse, lake and ledger. Each is opened when it is first used and closed with the App.

    Tables are given as `schema.table` or as TableName. Every method raises TidegateError (see tidegate.errors).
    """


def open_app(
    config: Path | None = None, reporter: Reporter | None = None, time_left: Callable[[], float | None] = for_ever
) -> App:
    """Tidegate as `config`, else TIDEGATE_CONFIG, else ./tidegate.toml says. Raises as `load_settings`."""
    return App(load_settings(config), reporter or Silent(), time_left)
