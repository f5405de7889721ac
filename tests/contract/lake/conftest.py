from pathlib import Path

import pytest
from tests.contract.lake.drivers import DRIVERS

from tidegate.lake.base import Lake


@pytest.fixture(params=sorted(DRIVERS))
def driver(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lake(driver: str, tmp_path: Path) -> Lake:
    return DRIVERS[driver](tmp_path)
