"""Stacks for end-to-end tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.stack import PROTOCOLS, Stack, StackWorld, running_stack
from tests.servers.emulator import Emulator

from tidegate.config.settings import PostgresSettings


@pytest.fixture
def stack(aws_environment: Emulator, postgres_database: PostgresSettings, tmp_path: Path) -> Iterator[Stack]:
    folder = tmp_path / "stack"
    folder.mkdir()
    with running_stack(folder, aws_environment, postgres_database) as running:
        yield running


@pytest.fixture(params=PROTOCOLS)
def stack_world(request: pytest.FixtureRequest, stack: Stack, tmp_path: Path) -> StackWorld:
    """An empty world on a stack, once by each protocol."""
    return StackWorld(tmp_path, stack=stack, protocol=request.param)
