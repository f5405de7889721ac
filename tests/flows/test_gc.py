"""What gc takes and what it leaves: a second look at holds, batches that no record knows, copies of a table."""

import shutil
from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.flows.tables import archive, create, policy
from tests.world import AS_OF, ORDERS, World

from tidegate.errors import ObjectLocked
from tidegate.flows.gc import plan_gc, run_gc
from tidegate.flows.hold import add_hold
from tidegate.model.names import TableName

NOW = timedelta(0)
JANUARY = date(2020, 1, 1), date(2020, 1, 31)


class Notices:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def progress(self, event: object) -> None:
        return None

    def notice(self, message: str) -> None:
        self.told.append(message)


def files(world: World) -> list[str]:
    lake = world.folder / "lake"
    return sorted(str(path.relative_to(lake)) for path in lake.glob("w*/public/orders/**/*") if path.is_file())


def told_by_gc(world: World, *, hold: bool = False) -> tuple[int, list[str]]:
    """Objects that went, and the notices; with a hold that somebody places after the plan."""
    notices = Notices()
    with world.context() as ctx:
        ctx = replace(ctx, reporter=notices)
        plan = plan_gc(ctx, NOW)
        if hold:
            add_hold(ctx, ORDERS, date(2020, 1, 15), date(2020, 1, 15), "a lawsuit")
        return run_gc(ctx, plan).objects, notices.told


def test_a_hold_that_was_placed_a_moment_ago_keeps_files(archived: World) -> None:
    """The hold that the restore itself placed does not."""
    restored = archived.restore()
    before = files(archived)
    assert told_by_gc(archived, hold=True) == (
        0,
        [f"batch {restored.batches[0]} of public.orders is under hold; its files are left alone"],
    )
    assert files(archived) == before
    archived.sql("DELETE FROM tidegate.holds WHERE reason = 'a lawsuit'")
    assert told_by_gc(archived) == (len(before), [])
    assert files(archived) == []


def test_a_batch_with_a_descriptor_that_nothing_knows_is_left_alone(archived: World) -> None:
    """It may be the only copy of its rows; without a descriptor it was never unloaded to its end."""
    (known,) = (archived.folder / "lake").glob("w*/public/orders/tg_batch=*")
    stray = shutil.copytree(known, known.with_name("tg_batch=20200101-000000-0badcafe"))
    key = f"{stray.relative_to(archived.folder / 'lake')}/"
    before = files(archived)
    assert told_by_gc(archived) == (
        0,
        [
            f"{key} was unloaded, but no record says what became of it: it may be the only copy of its rows "
            "and is left alone"
        ],
    )
    assert files(archived) == before
    (stray / "_tidegate" / "batch.json").unlink()
    assert told_by_gc(archived) == (3, [])
    assert [key for key in files(archived) if "0badcafe" in key] == []
    assert archived.verify().differences == ()


def test_periods_of_one_batch_go_one_by_one(world: World) -> None:
    """January came back, February counts: only January's folder and partition go."""
    archive(world, AS_OF)
    world.restore(*JANUARY)
    assert told_by_gc(world) == (1, [])
    assert [name.rpartition("/")[2] for name in files(world) if "tg_period=2020-01-01" in name] == []
    assert world.sql("SELECT \"values\" LIKE '%2020-02-01%' FROM svv_external_partitions") == [(True,)]
    assert told_by_gc(world) == (0, [])
    assert world.verify().differences == ()


def test_what_counts_is_never_taken_even_if_it_is_said_to_be_retired(archived: World) -> None:
    batch = archived.value("SELECT MAX(batch) FROM tidegate.published")
    of_published = "SELECT table_name, batch, period, 'restored', '2020-01-01' FROM tidegate.published"
    archived.sql(f"INSERT INTO tidegate.retired {of_published}")
    before = files(archived)
    assert told_by_gc(archived) == (0, [])
    assert files(archived) == before
    assert {d.object for d in archived.verify().differences if d.kind == "batch.contradicts"} == {batch}


def test_what_the_store_locks_holds_nothing_else_up(archived: World) -> None:
    """Erased objects go with every version; one that cannot is told when all else is done."""
    restored = archived.restore(*JANUARY)
    archived.sql("UPDATE tidegate.retired SET reason = 'erased'")
    create(archived, "public.other", "d DATE", "'2020-01-01'")
    archived.policies = (*archived.policies, policy("public.other", "d"))
    archive(archived, AS_OF)
    archived.restore(table=TableName("public", "other"))

    class Locking:
        def __init__(self, lake: object) -> None:
            self.lake = lake

        def __getattr__(self, name: str) -> object:
            return getattr(self.lake, name)

        def erase(self, keys: tuple[str, ...]) -> None:
            raise ObjectLocked(f"{len(keys)} objects are locked", hint="Wait.")

    locking = replace(archived, wrap=lambda port, name: Locking(port) if name == "lake" else port)
    with pytest.raises(ObjectLocked, match=r"^1 objects are locked$"):
        locking.gc(NOW)
    assert [(g.batch, g.reason) for g in archived.gc(NOW).removed] == [(restored.batches[0], "erased")]
    assert len(files(archived)) == 3
