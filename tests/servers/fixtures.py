"""Fixtures for every test: servers that start when the first test asks for them and end with the session."""

import os
from collections.abc import Iterator

import pytest
from tests.servers.emulator import Emulator, running_emulator
from tests.servers.inbox import Inbox, running_inbox
from tests.servers.postgres import Postgres, running_postgres
from tests.servers.proxy import Proxy, running_proxy

from tidegate.config.settings import PostgresSettings


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One emulator for all tests of a worker: use a bucket of your own (`emulator.new_bucket()`)."""
    with running_emulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture
def aws_environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """The emulator, with its keys and region as this test's environment and all other AWS settings gone."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    return emulator


@pytest.fixture
def s3_proxy(aws_environment: Emulator) -> Iterator[Proxy]:
    """A proxy before the emulator, for counting and breaking requests."""
    with running_proxy(aws_environment.endpoint) as running:
        yield running


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """A webhook and a mail server that keep what they are sent."""
    with running_inbox() as running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for all tests of a worker: use a database of your own (`postgres_database`)."""
    with running_postgres() as running:
        yield running


@pytest.fixture
def postgres_database(postgres: Postgres) -> Iterator[PostgresSettings]:
    """A new empty database, dropped after the test."""
    with postgres.database() as settings:
        yield settings
