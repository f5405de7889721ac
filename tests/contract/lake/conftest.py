from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.lake.drivers import DRIVERS, place_on_s3
from tests.servers.emulator import Emulator

from tidegate.lake.base import Lake


@pytest.fixture(scope="session")
def bucket(emulator: Emulator) -> str:
    return emulator.new_bucket()


@pytest.fixture(params=sorted(DRIVERS))
def driver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The driver's name. Its lake is empty; the one on S3 is emptied afterwards."""
    if request.param == "s3":
        emulator: Emulator = request.getfixturevalue("aws_environment")
        bucket: str = request.getfixturevalue("bucket")
        place_on_s3(tmp_path, emulator, bucket)
        yield "s3"
        emulator.empty(bucket)
    else:
        yield str(request.param)


@pytest.fixture
def lake(driver: str, tmp_path: Path) -> Lake:
    return DRIVERS[driver](tmp_path)
