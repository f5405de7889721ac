"""A table that changes its columns between two batches: what follows, what is refused, and what comes back."""

from dataclasses import replace
from datetime import date

import pytest
from tests.flows.failing import Failing
from tests.flows.tables import archive, rows_of
from tests.world import World

OLD = "order_id BIGINT NOT NULL, order_date DATE, amount DECIMAL(12,2), note VARCHAR(40)"
MAY, JUNE = date(2020, 5, 20), date(2020, 6, 20)
"""With a retention of 3 months: as-of dates for which January, then February too is due."""


def external_tables(world: World) -> list[str]:
    return [name for (name,) in world.sql("SELECT tablename FROM svv_external_tables ORDER BY 1")]


def recreate(world: World, columns: str, values: str, table: str = "public.orders") -> None:
    """The table anew with other columns and the rows that it had, as one does where ALTER TABLE cannot."""
    world.sql(
        f"ALTER TABLE {table} RENAME TO before",
        f"CREATE TABLE {table} ({columns})",
        f"INSERT INTO {table} SELECT {values} FROM public.before",
        "DROP TABLE public.before",
    )


def everything(world: World) -> list[tuple[str, int]]:
    lake = world.folder / "lake"
    return sorted((str(p.relative_to(lake)), p.stat().st_size) for p in lake.rglob("*") if p.is_file())


def test_an_added_column_is_null_in_older_rows(world: World) -> None:
    archive(world, MAY)
    world.sql("ALTER TABLE public.orders ADD COLUMN city VARCHAR(20) DEFAULT 'Kyiv'")
    assert external_tables(world) == ["public__orders"]
    archive(world, JUNE)
    assert external_tables(world) == ["public__orders", "public__orders__v2"]
    cities = "SELECT EXTRACT(month FROM order_date), city, COUNT(*) FROM public.orders_all GROUP BY 1, 2 ORDER BY 1"
    assert world.sql(cities) == [(1, None, 10)] + [(month, "Kyiv", 10) for month in range(2, 7)]
    assert world.verify().differences == ()
    world.restore()
    assert world.sql(cities.replace("orders_all", "orders")) == world.sql(cities)
    assert world.value("SELECT COUNT(*) FROM public.orders") == 60


def test_wider_columns_read_and_take_back_the_older_rows(world: World) -> None:
    before = rows_of(world, "public.orders", "order_id, order_date, CAST(amount AS DECIMAL(16,4)), note")
    recreate(
        world,
        "order_id INTEGER NOT NULL, order_date DATE, amount DECIMAL(12,2), note VARCHAR(10)",
        "order_id, order_date, amount, note",
    )
    archive(world, MAY)
    world.sql("ALTER TABLE public.orders ALTER COLUMN note TYPE VARCHAR(80)")
    recreate(
        world,
        "order_id BIGINT NOT NULL, order_date DATE, amount DECIMAL(16,4), note VARCHAR(80)",
        "order_id, order_date, amount, note",
    )
    archive(world, JUNE)
    assert external_tables(world) == ["public__orders", "public__orders__v2"]
    assert rows_of(world, "public.orders_all") == before
    with world.context() as ctx:
        columns = ctx.warehouse.execute("SELECT * FROM public.orders_all LIMIT 0").columns
    assert [column.type for column in columns][:3] == ["bigint", "date", "numeric(16,4)"]
    world.restore(into="public.again")
    assert len(rows_of(world, "public.again")) == 20
    world.restore()
    assert rows_of(world, "public.orders") == before
    assert world.verify().differences == ()


def test_columns_in_another_order_are_mapped_by_name(world: World) -> None:
    before = rows_of(world, "public.orders", "note, order_id, amount, order_date")
    archive(world, MAY)
    recreate(
        world,
        "note VARCHAR(40), order_id BIGINT NOT NULL, amount DECIMAL(12,2), order_date DATE",
        "note, order_id, amount, order_date",
    )
    archive(world, JUNE)
    assert rows_of(world, "public.orders_all") == before
    world.restore()
    assert rows_of(world, "public.orders") == before


CHANGES = {
    "dropped": ("ALTER TABLE public.orders DROP COLUMN note", None, '"note" of the archive is gone from the table'),
    "renamed": (
        "ALTER TABLE public.orders RENAME COLUMN note TO remark",
        None,
        '"note" of the archive is gone from the table (renamed or dropped)',
    ),
    "narrowed": (
        OLD.replace("(40)", "(20)"),
        "order_id, order_date, amount, note",
        '"note" changed from VARCHAR(40) to VARCHAR(20), which the archived values may not fit',
    ),
    "fewer digits": (
        OLD.replace("(12,2)", "(12,3)"),
        "order_id, order_date, amount, note",
        '"amount" changed from DECIMAL(12,2) to DECIMAL(12,3)',
    ),
    "smaller integer": (
        OLD.replace("BIGINT", "INTEGER"),
        "order_id, order_date, amount, note",
        '"order_id" changed from BIGINT to INTEGER',
    ),
    "another kind": (
        OLD.replace("DECIMAL(12,2)", "DOUBLE PRECISION"),
        "order_id, order_date, amount, note",
        '"amount" changed from DECIMAL(12,2) to DOUBLE PRECISION',
    ),
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_a_change_that_would_lose_values_is_refused_in_the_plan(world: World, change: str) -> None:
    archive(world, MAY)
    columns, values, message = CHANGES[change]
    if values is None:
        world.sql(columns)
    else:
        recreate(world, columns, values)
    lake, hot = everything(world), rows_of(world, "public.orders")
    (plan,) = world.plan(JUNE).tables
    assert plan.error is not None
    assert plan.error.exit_code == 3
    assert plan.error.message.startswith(f"public.orders: column {message}")
    assert [(f.code, f.message) for f in world.archive(JUNE).failures] == [("policy", plan.error.message)]
    assert (everything(world), rows_of(world, "public.orders")) == (lake, hot)
    world.restore(into="public.january")
    assert world.value("SELECT COUNT(*) FROM public.january") == 10


def test_rows_do_not_come_back_into_a_table_that_cannot_hold_them(world: World) -> None:
    from tidegate.errors import PolicyError

    archive(world, MAY)
    world.sql("ALTER TABLE public.orders RENAME COLUMN note TO remark")
    with pytest.raises(PolicyError, match=r'^public\.orders: column "note" of the archive is gone from the table'):
        world.restore()
    assert world.value("SELECT COUNT(*) FROM public.orders") == 50


NO_CAST = (OLD.replace("DECIMAL(12,2)", "DATE"), "order_id, order_date, order_date, note", "")
"""The older values cannot even be read as the new type."""


@pytest.mark.parametrize("change", ["dropped", "another kind", "no cast"])
def test_what_no_archived_row_has_any_more_may_change(world: World, change: str) -> None:
    archive(world, MAY)
    world.restore()
    columns, values, _ = NO_CAST if change == "no cast" else CHANGES[change]
    if values is None:
        world.sql(columns)
    else:
        recreate(world, columns, values)
    hot = rows_of(world, "public.orders")
    archive(world, JUNE)
    assert rows_of(world, "public.orders_all") == hot
    assert world.value("SELECT COUNT(*) FROM public.orders") == 50
    world.restore()
    assert rows_of(world, "public.orders") == hot
    assert world.verify().differences == ()


def test_a_batch_from_before_a_change_is_given_up_when_it_is_taken_up_again(world: World) -> None:
    broken = replace(
        world,
        wrap=lambda port, name: (
            Failing(port, "begin_step", lambda _, step, __: step == "cataloged") if name == "ledger" else port
        ),
    )
    assert len(broken.archive(JUNE).failures) == 1
    world.sql("ALTER TABLE public.orders DROP COLUMN note")
    hot = rows_of(world, "public.orders")
    world.clock.advance(hours=1)
    (batch,) = archive(world, JUNE).batches
    assert batch.rows == 20
    assert rows_of(world, "public.orders_all") == hot
    assert world.value("SELECT COUNT(*) FROM tidegate.retired WHERE reason = 'abandoned'") == 2
