from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.contract.warehouse.drivers import DRIVERS, KEYS

from tidegate.warehouse.base import Warehouse


@pytest.fixture(params=sorted(DRIVERS))
def driver(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def opened(driver: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Warehouse]]:
    """Opens the warehouse once more."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    warehouses: list[Warehouse] = []
    with DRIVERS[driver](tmp_path) as open_warehouse:

        def open_again() -> Warehouse:
            warehouses.append(open_warehouse())
            return warehouses[-1]

        yield open_again
        for warehouse in warehouses:
            warehouse.close()


@pytest.fixture
def warehouse(opened: Callable[[], Warehouse]) -> Warehouse:
    """A warehouse with the schema `contract`, which holds `contract.t (a INTEGER, b VARCHAR(5))` with two rows."""
    warehouse = opened()
    warehouse.execute("CREATE SCHEMA contract")
    warehouse.execute("CREATE TABLE contract.t (a INTEGER, b VARCHAR(5))")
    warehouse.execute("INSERT INTO contract.t VALUES (1, 'one'), (2, NULL)")
    return warehouse
