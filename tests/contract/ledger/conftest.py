import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.ledger.drivers import DRIVERS, POSTGRES

from tidegate.ledger.base import Ledger


@pytest.fixture(params=sorted(DRIVERS))
def driver(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        (tmp_path / POSTGRES).write_bytes(pickle.dumps(request.getfixturevalue("postgres_database")))
    return str(request.param)


@pytest.fixture
def ledger(driver: str, tmp_path: Path) -> Iterator[Ledger]:
    ledger = DRIVERS[driver](tmp_path)
    yield ledger
    ledger.close()
