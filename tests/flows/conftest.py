"""A fresh world for each test, copied from one that was made once: a warehouse may move together with its lake."""

import shutil
from pathlib import Path

import pytest
from tests.world import World, create_orders


@pytest.fixture(scope="session")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("initialised")
    World(folder).initialise()
    return folder


@pytest.fixture(scope="session")
def with_orders(initialised: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = shutil.copytree(initialised, tmp_path_factory.mktemp("orders") / "world")
    create_orders(World(folder))
    return folder


@pytest.fixture(scope="session")
def with_archive(with_orders: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = shutil.copytree(with_orders, tmp_path_factory.mktemp("archived") / "world")
    World(folder).archive()
    return folder


@pytest.fixture
def empty(initialised: Path, tmp_path: Path) -> World:
    """An initialised warehouse without tables."""
    return World(shutil.copytree(initialised, tmp_path / "world"))


@pytest.fixture
def world(with_orders: Path, tmp_path: Path) -> World:
    """`public.orders` with 60 rows, ten a month from January to June 2020, under a monthly policy of 3 months."""
    return World(shutil.copytree(with_orders, tmp_path / "world"))


@pytest.fixture
def archived(with_archive: Path, tmp_path: Path) -> World:
    """The day after January and February of `public.orders` were archived, in one batch."""
    world = World(shutil.copytree(with_archive, tmp_path / "world"))
    world.clock.advance(days=1)
    return world
