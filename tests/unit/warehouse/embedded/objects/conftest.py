from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.servers.emulator import Emulator
from tests.unit.warehouse.embedded.objects.remote import ORDERS, Remote


@pytest.fixture
def remote(tmp_path: Path, aws_environment: Emulator) -> Iterator[Remote]:
    made = Remote(tmp_path, aws_environment)
    yield made
    made.warehouse.close()


@pytest.fixture
def orders(remote: Remote) -> Remote:
    remote.run(*ORDERS)
    return remote
