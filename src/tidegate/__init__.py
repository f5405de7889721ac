"""Tidegate moves table data between a warehouse and object storage, both ways, and proves that nothing was lost.

    >>> with tidegate.open("tidegate.toml") as tide:
    ...     tide.archive("public.orders")

Importing the package loads no engine; `open` does.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.app import App

__version__ = "0.1.0"
__all__ = ["__version__", "open"]


def open(config: "str | Path | None" = None) -> "App":
    """Open the warehouse, lake and ledger that a tidegate.toml names (default: TIDEGATE_CONFIG, ./tidegate.toml).

    Raises:
        ConfigError: the file is missing or wrong.
    """
    from pathlib import Path

    from tidegate.app import open_app

    return open_app(Path(config) if config is not None else None)
