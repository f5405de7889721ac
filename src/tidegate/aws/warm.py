"""What a warm process keeps from one invocation to the next."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tidegate.errors import ConfigError, Refused, UsageError

if TYPE_CHECKING:
    from tidegate.app import App


@dataclass
class WarmApps:
    """Opened Apps by name. One is closed after a call that failed for a reason which its connections may be."""

    _open: "dict[str, App]" = field(default_factory=dict)

    @property
    def latest(self) -> str | None:
        """The name of the one that was opened last; None when none is open."""
        return next(reversed(self._open), None)

    @contextmanager
    def use(self, name: str, opener: "Callable[[], App]") -> "Iterator[App]":
        app = self._open.get(name)
        if app is None:
            app = self._open[name] = opener()
        well = False
        try:
            yield app
            well = True
        except (UsageError, ConfigError, Refused):
            well = True
            raise
        finally:
            if not well:
                self.drop(name)

    def drop(self, name: str) -> None:
        """Close one; harmless when it is not open."""
        app = self._open.pop(name, None)
        if app is not None:
            app.close()


def measured(app: "App") -> "App":
    """The same App, which writes its numbers where Lambda takes them from: as lines on standard output."""
    from tidegate.signals.emf import EmfMetrics

    if app.settings.metrics.file is None:
        app.metrics = EmfMetrics(sys.stdout, app.settings.metrics.namespace)
    return app
