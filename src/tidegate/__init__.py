"""Tidegate moves table data between a warehouse and object storage, both ways, and proves that nothing was lost."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.app import App

__version__ = "0.1.0"

__all__ = ["__version__", "open"]


def open(config: "str | Path | None" = None) -> "App":
    """Tidegate as the file `config`, else TIDEGATE_CONFIG, else ./tidegate.toml says; close it, or use `with`.

    Raises:
        ConfigError: the configuration is missing or wrong.
    """
    from pathlib import Path

    from tidegate.app import open_app

    return open_app(None if config is None else Path(config))
