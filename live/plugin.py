"""`pytest -p live.plugin tests/contract/warehouse tests/contract/lake`: the suites on the live target alone.

It puts one driver, `live`, in the place of the local ones before the suites are collected.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from live.contract import SCHEMA, TARGET, in_database
from live.target import configured
from tidegate.app import App
from tidegate.config.settings import S3Settings, Settings
from tidegate.lake.base import Lake
from tidegate.redshift.identifiers import quote
from tidegate.signals.base import Silent
from tidegate.warehouse.base import Warehouse

DRIVER = "live"
_ROUNDS = 20


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Before the suites' conftests read their drivers."""
    install()


def install() -> None:
    """Put the live drivers in place, in this process."""
    from tests.contract.lake import drivers as lakes
    from tests.contract.warehouse import drivers as warehouses

    warehouses.DRIVERS, warehouses.KEYS = {DRIVER: _warehouse}, {}
    lakes.DRIVERS, lakes.ROUNDS = {DRIVER: _lake}, {DRIVER: _ROUNDS}
    if lakes.run_together is not _run_together:
        _spawning.append(lakes.run_together)
        lakes.run_together = _run_together


_spawning: list[Callable[..., list[Any]]] = []


def _run_together(count: int, work: Callable[..., Any], *args: object) -> list[Any]:
    return _spawning[0](count, in_child, work, *args)


def in_child(number: int, barrier: Any, work: Callable[..., Any], *args: object) -> Any:
    """What a process of a race does: it knows nothing of its parent's drivers."""
    install()
    return work(number, barrier, *args)


@cache
def _settings() -> Settings:
    target = json.loads(os.environ[TARGET])
    settings = in_database(configured(os.environ), target["database"])
    assert isinstance(settings.lake, S3Settings)
    return replace(settings, lake=replace(settings.lake, prefix=target["prefix"]))


@contextmanager
def _warehouse(place: Path) -> Iterator[Callable[[], Warehouse]]:
    """Every opening is a driver of its own; what the test has made is dropped."""
    yield lambda: App(_settings(), Silent()).warehouse
    with App(_settings(), Silent()) as app:
        app.warehouse.execute(f"DROP SCHEMA IF EXISTS {quote(SCHEMA)} CASCADE")


def _lake(place: Path) -> Lake:
    """A prefix for each test's folder."""
    return _lake_below(hashlib.sha256(str(place).encode()).hexdigest()[:16])


@cache
def _lake_below(folder: str) -> Lake:
    settings = _settings()
    assert isinstance(settings.lake, S3Settings)
    lake = replace(settings.lake, prefix=f"{settings.lake.prefix}{folder}/")
    return App(replace(settings, lake=lake), Silent()).lake
