"""The archive explains itself: what comes back from the lake alone, and what is reported rather than counted."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.flows.failing import Failing
from tests.flows.tables import archive, create, lake_of, policy, rows_of
from tests.world import AS_OF, MONTHLY, ORDERS, World

from tidegate.errors import ConfigError, CorruptRecord, ForeignWarehouse
from tidegate.flows.hold import add_hold
from tidegate.model.names import TableName
from tidegate.model.policy import Action
from tidegate.model.tables import Table

JANUARY = date(2020, 1, 1), date(2020, 1, 31)
SHOP = TableName("My Shop", "Sales")


def definition(world: World, table: TableName) -> Table:
    with world.context() as ctx:
        return ctx.warehouse.tables([table])[table]


def going_on(table: Table, seed: int) -> Table:
    """The table whose IDENTITY, its first column, goes on from `seed`."""
    first = table.columns[0]
    assert first.identity is not None
    return replace(table, columns=(replace(first, identity=replace(first.identity, seed=seed)), *table.columns[1:]))


def lose_ledger(world: World) -> None:
    (world.folder / "tidegate.sqlite").unlink()


def lose_warehouse(world: World) -> None:
    (world.folder / world.file).unlink()


def records(world: World) -> list[Path]:
    return sorted((world.folder / "lake").glob("_tidegate/w*/log/public/orders/*"))


def ledger_of(world: World) -> list[object]:
    """What the ledger knows of batches, without what only the run itself knows."""
    with world.context() as ctx:
        rows = ctx.ledger.batches()
        batches = [(r.id, r.table, r.action, r.prefix, r.rows, r.bytes, r.external) for r in rows]
        proofs = [(ctx.ledger.periods(r.id), ctx.ledger.files(r.id)) for r in rows]
        return [batches, proofs, ctx.ledger.checkpoints(), ctx.ledger.holds()]


@pytest.fixture
def busy(world: World) -> World:
    """A life: two tables, a new version, late rows, a copy, a restore, a hold, and a purge."""
    world.sql('CREATE SCHEMA "My Shop"')
    columns = "id BIGINT IDENTITY(1,1), \"The Day\" DATE, note VARCHAR(9) DEFAULT 'x', PRIMARY KEY (id)"
    world.sql(
        f'CREATE TABLE {SHOP} ({columns}) DISTKEY ("The Day") SORTKEY ("The Day", id)',
        f"INSERT INTO {SHOP} (\"The Day\") VALUES ('2020-01-10'), ('2020-02-10'), ('2020-06-10')",
    )
    create(world, "public.kept", "d DATE", "'2020-01-01'")
    create(world, "public.gone", "d DATE", "'2020-01-01'", "'2020-06-01'")
    world.policies = (
        MONTHLY,
        policy(str(SHOP), "the day", view="both"),
        policy("public.kept", "d", action=Action.COPY),
        policy("public.gone", "d", action=Action.PURGE),
    )
    archive(world, date(2020, 5, 20))
    world.sql("ALTER TABLE public.orders ADD COLUMN city VARCHAR(9)")
    world.sql("INSERT INTO public.orders VALUES (1001, DATE '2020-01-15', 5.00, 'late', 'Lviv')")
    archive(world, AS_OF)
    world.restore(date(2020, 2, 1), date(2020, 2, 29))
    with world.context() as ctx:
        add_hold(ctx, SHOP, None, date(2020, 1, 31), "a lawsuit")
    return world


COLD = (
    "SELECT order_id, order_date, amount, note, {} FROM tidegate_cold.public__orders{} e "
    "JOIN tidegate.published p ON p.batch = e.tg_batch AND p.period = e.tg_period"
)


def control(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """What counts, what counts no more, what is held, and the records."""
    return {
        table: rows_of(world, f"tidegate.{table}", columns)
        for table, columns in {
            "published": "*",
            "copies": "*",
            "holds": "*",
            "log": "*",
            "retired": "table_name, batch, period, reason",
        }.items()
    }


def test_everything_comes_back_from_the_lake_alone(busy: World) -> None:
    cold = sorted(busy.sql(COLD.format("NULL", "")) + busy.sql(COLD.format("city", "__v2")), key=repr)
    sales, known = rows_of(busy, '"My Shop".both'), control(busy)
    tables = {name: definition(busy, name) for name in (ORDERS, SHOP)}
    lake = lake_of(busy)
    lose_ledger(busy)
    lose_warehouse(busy)
    outcome = busy.rebuild()
    assert (outcome.warehouse, outcome.tables, outcome.batches, outcome.rows) == (True, 3, 4, 13)
    assert (outcome.holds, outcome.unrecorded) == (2, ())
    assert control(busy) == known
    assert busy.verify().differences == ()
    assert lake_of(busy) == lake
    busy.restore()
    assert rows_of(busy, "public.orders") == cold
    assert rows_of(busy, "public.orders_all") == cold
    busy.restore(table=SHOP)
    assert rows_of(busy, str(SHOP)) == [row for row in sales if row[1] < date(2020, 6, 1)]
    assert rows_of(busy, '"My Shop".both') == rows_of(busy, str(SHOP))
    assert definition(busy, ORDERS) == tables[ORDERS]
    assert definition(busy, SHOP) == going_on(tables[SHOP], 3)
    assert busy.verify().differences == ()


def test_work_goes_on_after_a_rebuild_from_the_lake(busy: World) -> None:
    lose_ledger(busy)
    lose_warehouse(busy)
    busy.rebuild()
    busy.restore(table=SHOP)
    busy.sql(f"INSERT INTO {SHOP} (\"The Day\") VALUES ('2020-03-10')")
    busy.policies = (busy.policies[1],)
    (batch,) = archive(busy, AS_OF).batches
    assert [(str(p.period), p.rows) for p in batch.periods] == [("2020-03-01", 1)]
    ids = rows_of(busy, '"My Shop".both', "id")
    assert len(set(ids)) == len(ids) == 3
    assert busy.gc(timedelta(0)).objects > 0
    assert busy.verify().differences == ()


def test_the_lake_may_have_moved_together_with_its_place(busy: World, tmp_path: Path) -> None:
    shutil.copytree(busy.folder / "lake", tmp_path / "elsewhere" / "lake")
    moved = World(tmp_path / "elsewhere", busy.policies)
    assert moved.rebuild().rows == 13
    assert moved.verify().differences == ()
    moved.restore()
    assert moved.value("SELECT COUNT(*) FROM public.orders_all") == 11


def test_the_ledger_alone_is_rebuilt_from_the_warehouse(busy: World) -> None:
    with busy.context() as ctx:
        counting = [row.id for row in ctx.ledger.batches() if row.action != "purge" and row.state.value != "retired"]
        before = {id_: (ctx.ledger.batch(id_), ctx.ledger.files(id_)) for id_ in counting}
        checkpoints, holds = ctx.ledger.checkpoints(), ctx.ledger.holds()
    lose_ledger(busy)
    assert {d.kind for d in busy.verify().differences} == {"ledger.missing"}
    assert not busy.rebuild().warehouse
    assert busy.verify().differences == ()
    with busy.context() as ctx:
        for id_, (row, files) in before.items():
            again = ctx.ledger.batch(id_)
            assert row is not None
            assert again is not None
            assert (again.table, again.state, again.prefix) == (row.table, row.state, row.prefix)
            assert set(ctx.ledger.files(id_)) <= set(files)
        assert ctx.ledger.checkpoints() == {**checkpoints, ORDERS: date(2020, 1, 1)}
        assert {hold.id for hold in ctx.ledger.holds()} == {hold.id for hold in holds}


@pytest.mark.parametrize("alone", [True, False], ids=["the lake alone", "the warehouse lives"])
def test_to_rebuild_twice_is_harmless(busy: World, alone: bool) -> None:
    lose_ledger(busy)
    if alone:
        lose_warehouse(busy)
    busy.rebuild()
    known, ledger, lake = control(busy), ledger_of(busy), lake_of(busy)
    outcome = busy.rebuild()
    assert (outcome.warehouse, outcome.rows) == (False, 13)
    assert (control(busy), ledger_of(busy), lake_of(busy)) == (known, ledger, lake)


def test_a_rebuild_that_was_cut_short_is_finished_by_the_next(busy: World) -> None:
    known = control(busy)
    lose_warehouse(busy)
    busy.rebuild()
    busy.sql("DELETE FROM tidegate.warehouse", "DELETE FROM tidegate.log WHERE table_name = 'public.orders'")
    for table in ("published", "retired", "holds"):
        busy.sql(f"DELETE FROM tidegate.{table} WHERE table_name = 'public.orders'")
    assert busy.rebuild().warehouse
    assert control(busy) == known


@pytest.fixture
def unpublished(world: World) -> World:
    """January and February are unloaded, described and verified, but the run ended before it could publish them."""
    world.wrap = lambda port, name: (
        Failing(port, "begin_step", lambda _, step, __: step == "published") if name == "ledger" else port
    )
    (failure,) = world.archive().failures
    assert failure.message == "the ledger is gone"
    world.wrap = lambda port, name: port
    return world


@pytest.mark.parametrize("alone", [True, False], ids=["the lake alone", "the warehouse lives"])
def test_a_batch_that_was_never_published_is_reported_and_not_counted(unpublished: World, alone: bool) -> None:
    (prefix,) = (unpublished.folder / "lake").glob("w*/public/orders/tg_batch=*")
    lose_ledger(unpublished)
    if alone:
        lose_warehouse(unpublished)
    outcome = unpublished.rebuild()
    (difference,) = outcome.unrecorded
    assert (difference.table, difference.kind, difference.object) == (
        ORDERS,
        "batch.unrecorded",
        prefix.name.removeprefix("tg_batch="),
    )
    assert difference.detail == "20 rows were unloaded, but no record says that they count; they are not counted"
    assert (outcome.batches, outcome.rows) == (0, 0)
    assert unpublished.value("SELECT COUNT(*) FROM tidegate.published") == 0
    assert prefix.exists()
    if not alone:
        archive(unpublished, AS_OF)
        assert unpublished.value("SELECT COUNT(*) FROM public.orders_all") == 60


def test_a_record_that_was_committed_but_not_written_is_not_lost_by_a_rebuild(archived: World) -> None:
    last = records(archived)[-1]
    text = last.read_bytes()
    last.unlink()
    lose_ledger(archived)
    outcome = archived.rebuild()
    assert (outcome.batches, outcome.rows, outcome.unrecorded) == (1, 20, ())
    assert last.read_bytes() == text
    assert archived.verify().differences == ()


def test_all_records_of_a_table_come_back_from_the_warehouse(archived: World) -> None:
    before = [path.read_bytes() for path in records(archived)]
    for path in records(archived):
        path.unlink()
    lose_ledger(archived)
    assert archived.rebuild().rows == 20
    assert [path.read_bytes() for path in records(archived)] == before


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_missing_record_is_named(archived: World, number: int) -> None:
    archived.restore(*JANUARY)
    records(archived)[number - 1].unlink()
    lose_warehouse(archived)
    with pytest.raises(CorruptRecord) as missing:
        archived.rebuild()
    assert missing.value.message == f"record {number} of public.orders is missing in the lake"
    assert missing.value.hint == "Restore the object from a backup of the lake; nothing was changed."
    with pytest.raises(CorruptRecord):
        archived.rebuild()


BROKEN: dict[str, Callable[[Path], object]] = {
    "torn": lambda path: path.write_text(path.read_text()[:100]),
    "of another kind": lambda path: path.write_text("[]"),
    "of a newer format": lambda path: path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99})),
    "of another number": lambda path: path.write_text(json.dumps({**json.loads(path.read_text()), "number": 7})),
    "of another table": lambda path: path.write_text(
        json.dumps({**json.loads(path.read_text()), "table": {"schema": "public", "name": "other"}})
    ),
    "beside a stranger": lambda path: path.with_name("readme.txt").write_text("hello"),
}


@pytest.mark.parametrize("how", list(BROKEN))
def test_a_corrupt_record_is_named(archived: World, how: str) -> None:
    BROKEN[how](records(archived)[0])
    lose_warehouse(archived)
    lose_ledger(archived)
    with pytest.raises(CorruptRecord, match=r"^_tidegate/w[0-9a-f]+/log/public/orders/(0000000001.json|readme.txt) "):
        archived.rebuild()


def test_a_missing_descriptor_is_named(archived: World) -> None:
    (descriptor,) = (archived.folder / "lake").glob("w*/public/orders/tg_batch=*/_tidegate/batch.json")
    descriptor.unlink()
    lose_warehouse(archived)
    with pytest.raises(CorruptRecord, match=r"/_tidegate/batch\.json is missing$"):
        archived.rebuild()


def test_what_cannot_be_read_beside_a_living_warehouse_is_told_and_the_rest_is_rebuilt(archived: World) -> None:
    archived.with_policy(batch_periods=1, retention=2).archive()
    first, last = sorted((archived.folder / "lake").glob("w*/public/orders/tg_batch=*/_tidegate/batch.json"))
    first.write_text("{")
    stray = shutil.copytree(last.parents[1], last.parents[1].with_name("tg_batch=20200101-000000-0badcafe"))
    (stray / "_tidegate" / "batch.json").write_text("[]")
    BROKEN["beside a stranger"](records(archived)[0])
    lose_ledger(archived)
    outcome = archived.rebuild()
    assert (outcome.batches, outcome.rows, outcome.unrecorded) == (2, 30, ())
    assert [(d.table, d.kind, d.object) for d in outcome.differences] == [
        (ORDERS, "record.unreadable", str(records(archived)[-1].relative_to(archived.folder / "lake"))),
        (ORDERS, "descriptor.unreadable", first.parents[1].name.removeprefix("tg_batch=")),
        (ORDERS, "descriptor.unreadable", "20200101-000000-0badcafe"),
    ]
    with archived.context() as ctx:
        assert [row.id for row in ctx.ledger.batches()] == [last.parents[1].name.removeprefix("tg_batch=")]


def test_a_lake_without_a_folder_of_this_place_is_named(archived: World) -> None:
    elsewhere = World(archived.folder, archived.policies, file="other.duckdb")
    with pytest.raises(ConfigError) as unknown:
        elsewhere.rebuild()
    assert unknown.value.message == "the lake has 0 folders of a warehouse at ../other.duckdb"
    warehouse = unknown.value.hint.partition("knows: ")[2].partition(" at ")[0]
    assert unknown.value.hint == f"Name one with --warehouse. The lake knows: {warehouse} at ../warehouse.duckdb."
    assert elsewhere.rebuild(warehouse).rows == 20


def test_init_does_not_pass_over_an_archive_that_is_there(archived: World) -> None:
    lose_warehouse(archived)
    with pytest.raises(ForeignWarehouse, match=r"^the lake holds the archive of warehouse w[0-9a-f]+, which") as there:
        archived.initialise()
    assert there.value.hint == "Run `tidegate ledger rebuild` to bring it back from the lake alone."
