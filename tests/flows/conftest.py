"""A fresh world for each test."""

from pathlib import Path

import pytest
from tests.world import World, create_orders


@pytest.fixture
def empty(tmp_path: Path) -> World:
    """An initialised warehouse without tables."""
    world = World(tmp_path)
    world.initialise()
    return world


@pytest.fixture
def world(tmp_path: Path) -> World:
    """`public.orders` with 60 rows, ten a month from January to June 2020, under a monthly policy of 3 months."""
    world = World(tmp_path)
    create_orders(world)
    return world
