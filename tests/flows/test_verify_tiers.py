"""An audit names what is wrong with tiers, thaws and parked periods."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from tests.flows.aging import FEBRUARY, tier, with_tiers
from tests.world import ORDERS, World

from tidegate.flows.records import RecordLog
from tidegate.flows.restore import run_restore
from tidegate.flows.restore_plan import RestoreRequest, plan_restore
from tidegate.model.batch import BATCH_COLUMN, PERIOD_COLUMN
from tidegate.model.names import TableName
from tidegate.model.records import LogRecord, RecordKind
from tidegate.model.tiers import Tier
from tidegate.redshift.external import add_partitions

COLD = TableName("tidegate_cold", "public__orders")
FILE = "tg_period=2020-02-01/000.parquet"


def prefix(world: World) -> Path:
    (found,) = (world.folder / "lake").glob("w*/public/orders/tg_batch=*")
    return found


def key(world: World, name: str) -> str:
    return f"{prefix(world).relative_to(world.folder / 'lake')}/{name}"


def batch(world: World) -> str:
    return prefix(world).name.removeprefix("tg_batch=")


def found(world: World) -> list[tuple[str, str, str]]:
    return sorted((d.kind, d.object, d.detail) for d in world.verify(deep=False).differences)


def unchanged(_: World) -> None:
    return None


def set_tier_by_hand(world: World) -> None:
    world.sql("UPDATE tidegate.parked SET tier = 'DEEP_ARCHIVE' WHERE period = '2020-02-01'")


def bring_back_by_hand(world: World) -> None:
    world.sql(
        "INSERT INTO tidegate.published (table_name, batch, period, row_count, fingerprint, hash, archived_at, tier) "
        "SELECT table_name, batch, period, row_count, fingerprint, hash, archived_at, tier FROM tidegate.parked "
        "WHERE period = '2020-02-01'",
        "DELETE FROM tidegate.parked WHERE period = '2020-02-01'",
    )


def count_twice(world: World) -> None:
    world.sql(
        "INSERT INTO tidegate.retired SELECT table_name, batch, period, 'expired', TIMESTAMP '2020-10-01 00:00:00' "
        "FROM tidegate.parked WHERE period = '2020-02-01'"
    )


def lose_a_file(world: World) -> None:
    with world.context() as ctx:
        ctx.lake.delete([key(world, FILE)])


def keep_a_partition(world: World) -> None:
    values = ((BATCH_COLUMN, batch(world)), (PERIOD_COLUMN, FEBRUARY.isoformat()))
    with world.context() as ctx:
        folder = ctx.lake.uri(key(world, "tg_period=2020-02-01/"))
        for statement in add_partitions(COLD, [(values, folder)]):
            ctx.warehouse.execute(statement)


def begin_an_erasure(world: World) -> None:
    with world.context() as ctx:
        warehouse = ctx.warehouse.execute("SELECT id FROM tidegate.warehouse").rows[0][0]
        log = RecordLog(ctx, str(warehouse))
        log.commit(
            ORDERS,
            lambda number: log.append(
                [LogRecord(number, RecordKind.ERASE, log.warehouse, ORDERS, "2020-10-01T00:00:00", detail="e1")]
            ),
        )


DAMAGES: dict[str, tuple[Callable[[World], None], list[tuple[str, str, str]]]] = {
    "nothing": (unchanged, []),
    "tier": (
        set_tier_by_hand,
        [("tier.contradicts", "<batch>", "2020-02-01 is in DEEP_ARCHIVE in the warehouse, in GLACIER in the record")],
    ),
    "published": (
        bring_back_by_hand,
        [
            ("file.parked", "<file>", "it is in GLACIER and cannot be read, but 2020-02-01 is published"),
            ("partition.missing", "<batch>", "tidegate_cold.public__orders has no partition for 2020-02-01"),
            ("record.contradicts", "<batch>", "2020-02-01 is in published, but the record says otherwise"),
            ("record.contradicts", "<batch>", "2020-02-01 is parked in the record, but not in the warehouse"),
        ],
    ),
    "retired": (
        count_twice,
        [
            ("batch.contradicts", "<batch>", "2020-02-01 is both parked and retired"),
            ("record.contradicts", "<batch>", "2020-02-01 is in retired, but the record says otherwise"),
        ],
    ),
    "file": (lose_a_file, [("file.missing", "<file>", "10 rows of 2020-02-01")]),
    "partition": (
        keep_a_partition,
        [("partition.parked", "<batch>", "tidegate_cold.public__orders still has a partition for 2020-02-01")],
    ),
    "erasure": (
        begin_an_erasure,
        [("erase.unfinished", "e1", "record 4 says that rows shall be erased, none says that they were")],
    ),
}


@pytest.fixture
def closed(archived: World) -> World:
    """January and February, parked in GLACIER and handed over."""
    world = with_tiers(archived, GLACIER=90)
    world.clock.advance(days=90)
    tier(world)
    world.clock.advance(days=2)
    tier(world)
    return world


@pytest.mark.parametrize("damage", list(DAMAGES))
def test_what_is_wrong_with_a_parked_period(closed: World, damage: str) -> None:
    damaging, expected = DAMAGES[damage]
    damaging(closed)
    names = {"<batch>": batch(closed), "<file>": key(closed, FILE)}
    assert found(closed) == [(kind, names.get(name, name), detail) for kind, name, detail in expected]


def test_a_thawed_copy_that_is_gone_or_another_day(closed: World) -> None:
    with closed.context() as ctx:
        until = run_restore(ctx, plan_restore(ctx, RestoreRequest(ORDERS, days=7)), wait=True).until
    assert found(closed) == []
    assert closed.verify(deep=True).unread_rows == 0
    copy = f"tg_thaw={until}/{FILE}"
    (prefix(closed) / copy).unlink()
    assert found(closed) == [("thaw.missing", key(closed, copy), f"10 rows of 2020-02-01 are thawed until {until}")]
    closed.sql("UPDATE tidegate.published SET thawed_until = NULL WHERE period = '2020-01-01'")
    detail = f"2020-01-01 is thawed until no day in the warehouse, {until} in the record"
    assert ("thaw.contradicts", batch(closed), detail) in found(closed)


def test_a_file_that_somebody_else_parked(archived: World) -> None:
    """A lifecycle rule that is not ours."""
    with archived.context() as ctx:
        ctx.lake.transition([key(archived, FILE)], Tier.DEEP_ARCHIVE)
    assert found(archived) == [
        ("file.parked", key(archived, FILE), "it is in DEEP_ARCHIVE and cannot be read, but 2020-02-01 is published")
    ]


def test_a_readable_tier_that_the_lake_has_not_reached_yet_is_no_difference(archived: World) -> None:
    """S3 moves objects when its rules run."""
    world = with_tiers(archived, GLACIER_IR=1)
    with world.context() as ctx:
        ctx.lake.transition([key(world, FILE)], Tier.GLACIER_IR)
    assert found(world) == []
    tier(world, date(2020, 7, 1))
    assert found(world) == []
