"""A folder as a lake."""

from tidegate.lake.local.driver import LocalLake

__all__ = ["LocalLake"]
