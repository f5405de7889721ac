"""Drills: one period that chance picks is restored, compared, and leaves nothing behind."""

from dataclasses import replace
from datetime import date

import pytest
from tests.flows.parking import park
from tests.flows.tables import archive, create, policy
from tests.world import AS_OF, ORDERS, World

from tidegate.errors import DifferenceFound, ObjectMissing
from tidegate.flows.restore_drill import run_drill
from tidegate.model.names import TableName
from tidegate.model.outcome import DrillOutcome

JANUARY, FEBRUARY = date(2020, 1, 1), date(2020, 2, 1)
TABLES = "SELECT table_schema, table_name FROM svv_tables ORDER BY 1, 2"


def drill(world: World, table: TableName | None = None, pick: int = 0, of: int | None = None) -> DrillOutcome:
    def choose(number: int) -> int:
        assert of in (None, number)
        return pick

    with world.context() as ctx:
        return run_drill(replace(ctx, pick=choose), table)


@pytest.mark.parametrize(("pick", "period"), [(0, JANUARY), (1, FEBRUARY)])
def test_a_period_is_restored_compared_and_dropped(archived: World, pick: int, period: date) -> None:
    before = archived.sql(TABLES), archived.sql("SELECT number, kind FROM tidegate.log ORDER BY 1")
    found = drill(archived, ORDERS, pick, of=2)
    proofs = dict(archived.sql("SELECT period, fingerprint FROM tidegate.published"))
    assert (found.table, found.proof.period, found.proof.rows, found.files) == (ORDERS, period, 10, 1)
    assert found.proof.fingerprint == proofs[period]
    assert found.seconds == 0.000003
    assert (archived.sql(TABLES), archived.sql("SELECT number, kind FROM tidegate.log ORDER BY 1")) == before


def test_any_table_may_be_picked_and_parked_periods_never(archived: World) -> None:
    create(archived, "public.other", "id BIGINT IDENTITY(1, 1), d DATE")
    archived.sql("INSERT INTO public.other (d) VALUES ('2019-05-01'), ('2019-05-02')")
    archived.policies = (*archived.policies, policy("public.other", "d"))
    archive(archived, AS_OF)
    park(archived, JANUARY)
    assert drill(archived, pick=0, of=2).proof.period == FEBRUARY
    other = drill(archived, pick=1, of=2)
    assert (other.table, other.proof.rows) == (TableName("public", "other"), 2)
    assert not list((archived.folder / "lake").rglob("*.manifest"))
    park(archived, FEBRUARY)
    with pytest.raises(ObjectMissing) as missing:
        drill(archived, ORDERS)
    assert missing.value.message == "public.orders has no archived rows that can be read"


def test_a_thawed_period_is_read_from_its_copies(archived: World) -> None:
    from tests.flows.test_restore_parked import run

    park(archived)
    run(archived, JANUARY, JANUARY, days=3)
    assert drill(archived, ORDERS, of=1).proof.period == JANUARY


def test_a_damaged_file_fails_the_drill(archived: World) -> None:
    (path,) = (archived.folder / "lake").glob("w*/public/orders/tg_batch=*/tg_period=2020-01-01/000.parquet")
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    before = archived.sql(TABLES)
    with pytest.raises(DifferenceFound) as found:
        drill(archived)
    assert found.value.message.endswith("tg_period=2020-01-01/000.parquet was changed after it was written")
    assert archived.sql(TABLES) == before


def test_rows_that_do_not_read_back_fail_the_drill(archived: World) -> None:
    archived.sql("UPDATE tidegate.published SET fingerprint = '1' WHERE period = '2020-02-01'")
    with pytest.raises(DifferenceFound) as found:
        drill(archived, pick=1)
    assert found.value.message.startswith("public.orders 2020-02-01: the rows of batch ")
    assert drill(archived, pick=0).proof.period == JANUARY
