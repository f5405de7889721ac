from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.contract.warehouse.drivers import DRIVERS

from tidegate.warehouse.base import Warehouse


@pytest.fixture(params=sorted(DRIVERS))
def driver(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def opened(driver: str, tmp_path: Path) -> Iterator[Callable[[], Warehouse]]:
    """Opens the warehouse once more."""
    warehouses: list[Warehouse] = []

    def open_again() -> Warehouse:
        warehouses.append(DRIVERS[driver](tmp_path))
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
