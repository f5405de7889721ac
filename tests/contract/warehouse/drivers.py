"""The drivers that the warehouse suite runs on."""

from collections.abc import Callable
from pathlib import Path

from tidegate.config.settings import EmbeddedSettings
from tidegate.warehouse.base import Warehouse
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse


def _embedded(place: Path) -> Warehouse:
    lake = place / "lake"
    return EmbeddedWarehouse(
        EmbeddedSettings(path=place / "ware house.duckdb", base=place, lake_root=lake, lock_timeout=30, threads=1)
    )


DRIVERS: dict[str, Callable[[Path], Warehouse]] = {"embedded": _embedded}
"""Each opens the warehouse that belongs to a test's folder; opening again gives the same warehouse."""
