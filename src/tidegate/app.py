"""The composition root: settings become drivers, drivers become verbs."""

import importlib
import os
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from tidegate.config.settings import Settings
from tidegate.lake.base import Lake
from tidegate.ledger.base import Ledger
from tidegate.signals.base import Reporter, Silent
from tidegate.warehouse.base import Warehouse


class App:
    """Tidegate on one warehouse, lake and ledger. Each is opened when it is first used and closed with the App."""

    def __init__(self, settings: Settings, reporter: Reporter) -> None:
        self.settings = settings
        self.reporter = reporter

    @cached_property
    def warehouse(self) -> Warehouse:
        driver = importlib.import_module("tidegate.warehouse.embedded.driver")
        warehouse: Warehouse = driver.EmbeddedWarehouse(self.settings.warehouse)
        return warehouse

    @cached_property
    def lake(self) -> Lake:
        from tidegate.lake.local import LocalLake

        return LocalLake(self.settings.lake)

    @cached_property
    def ledger(self) -> Ledger:
        from tidegate.ledger.sql import SqlLedger

        return SqlLedger(self.settings.ledger)

    def close(self) -> None:
        """Close what was opened."""
        opened = vars(self)
        for name in ("warehouse", "ledger"):
            if name in opened:
                opened.pop(name).close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_app(config: Path | None = None, reporter: Reporter | None = None) -> App:
    """Tidegate as `config`, else TIDEGATE_CONFIG, else ./tidegate.toml says. Raises ConfigError."""
    from tidegate.config.loader import load

    return App(load(config, os.environ), reporter or Silent())
