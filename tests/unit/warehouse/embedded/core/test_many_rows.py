"""More rows than one thread of the engine takes at once, in transactions of several statements."""

from dataclasses import replace

import pytest

from tidegate.config.settings import EmbeddedSettings
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse

ROWS = 1 << 18
TOTAL = ROWS * (ROWS - 1) // 2


@pytest.fixture
def many(settings: EmbeddedSettings) -> EmbeddedWarehouse:
    """`src` has the numbers below ROWS; `t` has none."""
    warehouse = EmbeddedWarehouse(replace(settings, threads=4))
    digits = " UNION ALL ".join(f"SELECT {n} AS d" for n in range(8))
    value, joined = "0", ""
    for at in range(6):
        value += f" + {8**at} * d{at}.d"
        joined += f"{', ' if at else ''}({digits}) AS d{at}"
    warehouse.execute(f"CREATE TABLE src AS SELECT CAST({value} AS BIGINT) AS i FROM {joined}")
    warehouse.execute("CREATE TABLE t (i BIGINT)")
    return warehouse


@pytest.mark.parametrize("much", ["SELECT i FROM src", "SELECT i FROM src WHERE i >= 0"])
def test_an_insert_of_nothing_takes_nothing_from_the_next(many: EmbeddedWarehouse, much: str) -> None:
    inserts = ["INSERT INTO t SELECT i FROM src WHERE i < 0", f"INSERT INTO t {much}"]
    with many.session() as session:
        session.transaction(inserts)
        assert session.execute("SELECT COUNT(*), SUM(i) FROM t").rows == ((ROWS, TOTAL),)
        session.execute("BEGIN")
        session.execute("CREATE TEMP TABLE u (i BIGINT)")
        for statement in inserts:
            session.execute(statement.replace("INTO t", "INTO u"))
        assert session.execute("SELECT COUNT(*), SUM(i) FROM u").rows == ((ROWS, TOTAL),)
        session.execute("COMMIT")
