from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.ledger.drivers import DRIVERS

from tidegate.ledger.base import Ledger


@pytest.fixture(params=sorted(DRIVERS))
def driver(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ledger(driver: str, tmp_path: Path) -> Iterator[Ledger]:
    ledger = DRIVERS[driver](tmp_path)
    yield ledger
    ledger.close()
