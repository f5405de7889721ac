"""An empty warehouse, and one held open by a session."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tidegate.config.settings import EmbeddedSettings
from tidegate.warehouse.base import Session
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse


@pytest.fixture
def settings(tmp_path: Path) -> EmbeddedSettings:
    return EmbeddedSettings(path=tmp_path / "warehouse.duckdb", base=tmp_path, lock_timeout=0.2, threads=1)


@pytest.fixture
def warehouse(settings: EmbeddedSettings) -> EmbeddedWarehouse:
    return EmbeddedWarehouse(settings)


@pytest.fixture
def session(warehouse: EmbeddedWarehouse) -> Iterator[Session]:
    with warehouse.session() as session:
        yield session


@pytest.fixture
def value(session: Session) -> Callable[[str], object]:
    """The one value that an expression has."""

    def evaluate(expression: str) -> object:
        ((only,),) = session.execute(f"SELECT {expression}").rows
        return only

    return evaluate


@pytest.fixture
def typed(session: Session) -> Callable[[str], tuple[object, str]]:
    """An expression's value and Redshift type."""

    def evaluate(expression: str) -> tuple[object, str]:
        result = session.execute(f"SELECT {expression}")
        return result.rows[0][0], result.columns[0].type

    return evaluate
