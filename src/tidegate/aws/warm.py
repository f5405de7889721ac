"""What a warm process keeps from one invocation to the next."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidegate.app import App


@dataclass
class WarmApps:
    """Opened Apps by name. One is closed after a call that did not end well: its connections may be the reason."""

    _open: "dict[str, App]" = field(default_factory=dict)

    @contextmanager
    def use(self, name: str, opener: "Callable[[], App]") -> "Iterator[App]":
        app = self._open.get(name)
        if app is None:
            app = self._open[name] = opener()
        well = False
        try:
            yield app
            well = True
        finally:
            if not well:
                self.drop(name)

    def drop(self, name: str) -> None:
        """Close one; harmless when it is not open."""
        app = self._open.pop(name, None)
        if app is not None:
            app.close()
