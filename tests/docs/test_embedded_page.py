"""The lists of the page on the embedded warehouse are those of its driver."""

import re
from pathlib import Path

import pytest
from tests.docs.pages import read, rows, sections

from tidegate.config.settings import EmbeddedSettings
from tidegate.errors import StatementRefused
from tidegate.warehouse.embedded.aggregates import AGGREGATES
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse
from tidegate.warehouse.embedded.functions_catalog import CATALOG_FUNCTIONS
from tidegate.warehouse.embedded.functions_other import OTHER_FUNCTIONS
from tidegate.warehouse.embedded.functions_session import SESSION_FUNCTIONS
from tidegate.warehouse.embedded.functions_text import TEXT_FUNCTIONS
from tidegate.warehouse.embedded.functions_time import TIME_FUNCTIONS

PAGE = sections(read("embedded"))


@pytest.fixture
def warehouse(tmp_path: Path) -> EmbeddedWarehouse:
    return EmbeddedWarehouse(EmbeddedSettings(tmp_path / "warehouse.duckdb", tmp_path))


def test_the_functions_of_the_page_are_those_that_are_taken() -> None:
    listed = [name for _, names in rows(PAGE["Functions"]) for name in re.findall(r"`([A-Z0-9_]+)`", names)]
    taken = {**TEXT_FUNCTIONS, **TIME_FUNCTIONS, **OTHER_FUNCTIONS, **AGGREGATES}
    assert sorted(listed) == sorted({*taken, *SESSION_FUNCTIONS, *CATALOG_FUNCTIONS})


def test_the_system_views_of_the_page_are_those_that_are_taken(warehouse: EmbeddedWarehouse) -> None:
    listed = re.findall(r"`(\w+)`", PAGE["System views"])
    for name in listed:
        assert warehouse.execute(f"SELECT * FROM {name}").columns
    with pytest.raises(StatementRefused, match="the system view stl_query is not supported") as refused:
        warehouse.execute("SELECT * FROM stl_query")
    assert refused.value.hint == f"It has {', '.join(listed)}."


@pytest.mark.parametrize("statement", re.findall(r"[A-Z]{4,}", PAGE["Statements"].partition("Not taken")[2]))
def test_statements_that_the_page_says_are_not_taken(warehouse: EmbeddedWarehouse, statement: str) -> None:
    with pytest.raises(StatementRefused, match=f"{statement}.* is not supported by the embedded warehouse"):
        warehouse.execute(f"{statement} something")


@pytest.mark.parametrize("name", ["GEOMETRY", "GEOGRAPHY", "HLLSKETCH", "INTERVAL DAY TO SECOND"])
def test_types_that_the_page_says_are_not_taken(warehouse: EmbeddedWarehouse, name: str) -> None:
    with pytest.raises(StatementRefused, match="is not supported by the embedded warehouse"):
        warehouse.execute(f"CREATE TABLE t (a {name})")


def test_types_that_the_page_says_are_taken(warehouse: EmbeddedWarehouse) -> None:
    types = re.split(r",\s+", PAGE["Types"].partition(". Not taken")[0])
    columns = ", ".join(f"c{number} {name}" for number, name in enumerate(types))
    warehouse.execute(f"CREATE TABLE t ({columns})")
    assert len(types) == 16
