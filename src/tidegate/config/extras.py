"""Packages that are installed only where they are wanted."""

from collections.abc import Iterator
from contextlib import contextmanager

from tidegate.errors import ConfigError


@contextmanager
def needing(extra: str, what: str) -> Iterator[None]:
    """Around the imports of `what`, which needs the packages of an extra.

    Raises:
        ConfigError: one of them is missing.
    """
    try:
        yield
    except ImportError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "tidegate"):
            raise
        raise ConfigError(
            f"{what} needs the packages of tidegate[{extra}], and {package!r} is missing",
            hint=f'Run: pip install "tidegate[{extra}]".',
        ) from error
