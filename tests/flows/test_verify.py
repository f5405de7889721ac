"""An audit finds every difference and names it, and finds none in a clean archive."""

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.flows.tables import archive, create, policy
from tests.world import AS_OF, ORDERS, World

from tidegate.flows.hold import add_hold
from tidegate.model.policy import Action

JANUARY = date(2020, 1, 1), date(2020, 1, 31)


def prefix(world: World) -> Path:
    (found,) = (world.folder / "lake").glob("w*/public/orders/tg_batch=*")
    return found


def batch(world: World) -> str:
    return prefix(world).name.removeprefix("tg_batch=")


def january(world: World) -> Path:
    return prefix(world) / "tg_period=2020-01-01" / "000.parquet"


def descriptor(world: World) -> Path:
    return prefix(world) / "_tidegate" / "batch.json"


def record(world: World, number: int) -> Path:
    (found,) = (world.folder / "lake").glob(f"_tidegate/w*/log/public/orders/{number:010d}.json")
    return found


def key(world: World, path: Path) -> str:
    return str(path.relative_to(world.folder / "lake"))


def edit(path: Path, change: Callable[[Any], object]) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def found(world: World, *, deep: bool = False) -> list[tuple[str, str, str]]:
    """The differences of `public.orders` as (kind, object, detail)."""
    differences = world.verify(deep=deep).differences
    assert {d.table for d in differences} <= {ORDERS}
    return [(d.kind, d.object, d.detail) for d in differences]


def test_a_clean_archive_of_every_kind_has_no_difference(world: World) -> None:
    create(world, "public.kept", "d DATE", "'2020-01-01'")
    create(world, "public.gone", "d DATE", "'2020-01-01'")
    create(world, "public.untouched", "d DATE", "'2020-06-01'")
    world.policies = (
        *world.policies,
        policy("public.kept", "d", action=Action.COPY),
        policy("public.gone", "d", action=Action.PURGE),
        policy("public.untouched", "d"),
    )
    archive(world, AS_OF)
    world.restore(*JANUARY)
    world.gc(timedelta(0))
    with world.context() as ctx:
        add_hold(ctx, ORDERS, None, None, "a lawsuit")
    outcome = world.verify()
    assert outcome.differences == ()
    assert (outcome.tables, outcome.batches, outcome.files, outcome.rows, outcome.deep) == (4, 2, 2, 11, True)


def test_one_flipped_byte(archived: World) -> None:
    """The same size and the same time: only the bytes tell."""
    import os

    path = january(archived)
    data, times = bytearray(path.read_bytes()), path.stat()
    data[20] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    difference = ("file.bytes", key(archived, path), "its bytes are not those that were written")
    assert found(archived) == [difference]
    assert found(archived, deep=True)[0] == difference


def test_a_missing_file(archived: World) -> None:
    path = january(archived)
    path.unlink()
    gone = ("file.missing", key(archived, path), "10 rows of 2020-01-01")
    assert found(archived) == [gone]
    first, second = found(archived, deep=True)
    assert first == gone
    assert second[:2] == ("rows.unreadable", batch(archived))
    assert str(path) in second[2]


def test_a_file_that_was_cut_off(archived: World) -> None:
    path = january(archived)
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:-1])
    assert found(archived) == [("file.size", key(archived, path), f"{size - 1} bytes, {size} described")]


@pytest.mark.parametrize("folder", ["tg_period=2020-01-01", "tg_period=2020-03-01"])
def test_a_file_too_many(archived: World, folder: str) -> None:
    path = prefix(archived) / folder / "001.parquet"
    path.parent.mkdir(exist_ok=True)
    shutil.copy(january(archived), path)
    assert found(archived, deep=True) == [("file.extra", key(archived, path), "it does not belong to the batch")]


def test_a_count_that_was_changed_in_published(archived: World) -> None:
    archived.sql("UPDATE tidegate.published SET row_count = 9 WHERE period = '2020-01-01'")
    described = ("descriptor.rows", batch(archived), "2020-01-01: 10 rows described, 9 published")
    assert found(archived) == [described]
    assert found(archived, deep=True) == [
        described,
        ("rows.count", batch(archived), "2020-01-01: 10 rows read, 9 published"),
    ]


def test_a_fingerprint_that_was_changed_in_published(archived: World) -> None:
    archived.sql("UPDATE tidegate.published SET fingerprint = '1' WHERE period = '2020-01-01'")
    assert found(archived, deep=True) == [
        ("descriptor.rows", batch(archived), "2020-01-01: the fingerprints differ"),
        ("rows.fingerprint", batch(archived), "2020-01-01: the rows are not those that were archived"),
    ]


def test_a_partition_that_was_dropped(archived: World) -> None:
    archived.sql(
        "ALTER TABLE tidegate_cold.public__orders DROP PARTITION "
        f"(tg_batch='{batch(archived)}', tg_period='2020-01-01')"
    )
    missing = (
        "partition.missing",
        batch(archived),
        "tidegate_cold.public__orders has no partition for 2020-01-01",
    )
    assert found(archived) == [missing]
    assert found(archived, deep=True) == [
        missing,
        ("rows.count", batch(archived), "2020-01-01: 0 rows read, 10 published"),
    ]


def test_a_row_that_was_taken_out_of_published(archived: World) -> None:
    archived.sql("DELETE FROM tidegate.published WHERE period = '2020-01-01'")
    assert found(archived) == [
        ("record.contradicts", batch(archived), "2020-01-01 is published in the record, but not in the warehouse")
    ]


def test_a_row_that_was_put_into_published(archived: World) -> None:
    archived.sql("UPDATE tidegate.published SET period = '2020-03-01' WHERE period = '2020-01-01'")
    assert found(archived) == [
        ("record.contradicts", batch(archived), "2020-03-01 is in published, but the record says otherwise"),
        ("record.contradicts", batch(archived), "2020-01-01 is published in the record, but not in the warehouse"),
        ("descriptor.period", batch(archived), "2020-03-01 is not in the descriptor"),
        ("partition.missing", batch(archived), "tidegate_cold.public__orders has no partition for 2020-03-01"),
    ]


def test_a_period_that_is_both_published_and_retired(archived: World) -> None:
    archived.sql(
        "INSERT INTO tidegate.retired (table_name, batch, period, reason) "
        f"VALUES ('public.orders', '{batch(archived)}', '2020-01-01', 'restored')"
    )
    assert found(archived) == [
        ("record.contradicts", batch(archived), "2020-01-01 is in retired, but the record says otherwise"),
        ("batch.contradicts", batch(archived), "2020-01-01 is both published and retired"),
    ]


def test_an_id_that_is_fenced_no_more(archived: World) -> None:
    archived.restore(*JANUARY)
    archived.sql("DELETE FROM tidegate.retired")
    assert found(archived) == [
        ("record.contradicts", batch(archived), "2020-01-01 is retired in the record, but not in the warehouse")
    ]


def test_a_hold_that_somebody_deleted(archived: World) -> None:
    with archived.context() as ctx:
        hold = add_hold(ctx, ORDERS, None, None, "a lawsuit")
    archived.sql("DELETE FROM tidegate.holds")
    assert found(archived) == [("hold.contradicts", hold.id, "it is in force in the record alone")]


def test_a_batch_that_no_record_knows(archived: World) -> None:
    archived.sql("UPDATE tidegate.published SET batch = '20200101-000000-0badcafe' WHERE period = '2020-01-01'")
    assert found(archived) == [
        ("record.contradicts", batch(archived), "2020-01-01 is published in the record, but not in the warehouse"),
        ("batch.unrecorded", "20200101-000000-0badcafe", "counts in the warehouse, but no record says so"),
    ]


def test_the_last_record_is_missing(archived: World) -> None:
    record(archived, 2).unlink()
    assert found(archived)[0] == ("record.missing", "2", "the warehouse is at 2, the lake at 1")


def test_an_older_record_is_missing(archived: World) -> None:
    record(archived, 1).unlink()
    assert found(archived) == [("record.missing", "1", "the lake has no record of this number")]


def test_a_record_was_edited(archived: World) -> None:
    edit(record(archived, 1), lambda document: document["policy"].update(retention=99))
    assert found(archived) == [("record.edited", "1", "it says something else than the warehouse's log")]


def test_a_record_was_edited_so_that_rows_count_no_more(archived: World) -> None:
    edit(record(archived, 2), lambda document: document["published"][0]["periods"].remove("2020-01-01"))
    assert found(archived) == [
        ("record.edited", "2", "it says something else than the warehouse's log"),
        ("record.contradicts", batch(archived), "2020-01-01 is in published, but the record says otherwise"),
    ]


def test_a_record_cannot_be_read(archived: World) -> None:
    path = record(archived, 1)
    path.write_text("{")
    ((kind, name, detail),) = found(archived)
    assert (kind, name) == ("record.unreadable", key(archived, path))
    assert detail.startswith(f"{key(archived, path)} is not a readable logrecord: ")


def test_a_record_too_many(archived: World) -> None:
    path = record(archived, 2)
    edit(path, lambda document: None)
    shutil.copy(path, path.with_name("0000000003.json"))
    ((kind, name, detail), ahead) = found(archived)
    assert (kind, name) == ("record.unreadable", key(archived, path.with_name("0000000003.json")))
    assert detail.endswith("says that it is record 2 of public.orders, not 3 of its folder")
    assert ahead == ("record.ahead", "3", "the lake is at 3, the warehouse at 2")


@pytest.mark.parametrize("name", ["readme.txt", "0000000000.json.bak", "old/0000000009.json"])
def test_a_stranger_among_the_records_is_named_and_stops_nothing(archived: World, name: str) -> None:
    path = record(archived, 2).parent / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("hello")
    message = f"{key(archived, path)} is not a record, but lies among them"
    assert found(archived) == [("record.unreadable", key(archived, path), message)]
    archived.restore(*JANUARY)
    archive(archived, AS_OF)
    assert archived.gc(timedelta(0)).objects == 1
    assert found(archived) == [("record.unreadable", key(archived, path), message)]


def test_a_descriptor_is_missing(archived: World) -> None:
    path = descriptor(archived)
    path.unlink()
    assert found(archived) == [("descriptor.unreadable", batch(archived), f"{key(archived, path)} is missing")]


def test_a_descriptor_cannot_be_read(archived: World) -> None:
    path = descriptor(archived)
    path.write_text(path.read_text()[:-3])
    ((kind, name, detail),) = found(archived)
    assert (kind, name) == ("descriptor.unreadable", batch(archived))
    assert detail.startswith(f"{key(archived, path)} is not a readable descriptor: ")


def test_a_descriptor_of_another_batch(archived: World) -> None:
    edit(descriptor(archived), lambda document: document.update(batch="20200101-000000-0badcafe"))
    assert found(archived) == [("descriptor.contradicts", batch(archived), "it is the descriptor of another batch")]


def test_the_definition_of_an_external_table_is_missing(archived: World) -> None:
    (path,) = (archived.folder / "lake").glob("_tidegate/w*/tables/public/orders/000001.json")
    path.unlink()
    assert found(archived) == [
        ("version.missing", batch(archived), "the lake has no definition of tidegate_cold.public__orders")
    ]


def test_the_definition_of_an_external_table_cannot_be_read(archived: World) -> None:
    (path,) = (archived.folder / "lake").glob("_tidegate/w*/tables/public/orders/000001.json")
    path.write_text("{}")
    ((kind, name, detail),) = found(archived)
    assert (kind, name) == ("version.unreadable", "public.orders")
    assert detail.startswith(f"{key(archived, path)} is not a readable tableversion: ")


def test_the_ledger_does_not_know_the_batch(archived: World) -> None:
    (archived.folder / "tidegate.sqlite").unlink()
    assert found(archived) == [
        ("ledger.missing", batch(archived), "the ledger does not know the batch; run `tidegate ledger rebuild`")
    ]


def replaced(world: World, change: Callable[[pa.Table], pa.Table]) -> None:
    """January's file rewritten with other rows, and the descriptor made to agree with it in size and checksum."""
    import hashlib

    path = january(world)
    pq.write_table(change(pq.read_table(path, partitioning=None)), path)
    data = path.read_bytes()

    def agree(document: dict[str, Any]) -> None:
        entry = next(f for f in document["files"] if f["key"] == "tg_period=2020-01-01/000.parquet")
        entry.update(size=len(data), sha256=hashlib.sha256(data).hexdigest())

    edit(descriptor(world), agree)


def test_other_rows_behind_a_descriptor_that_agrees_are_found_by_reading_them(archived: World) -> None:
    def forged(table: pa.Table) -> pa.Table:
        notes = pa.array(["forged", *table["note"].to_pylist()[1:]], table.schema.field("note").type)
        return table.set_column(table.schema.get_field_index("note"), table.schema.field("note"), notes)

    replaced(archived, forged)
    assert found(archived) == []
    assert found(archived, deep=True) == [
        ("rows.fingerprint", batch(archived), "2020-01-01: the rows are not those that were archived")
    ]


def test_fewer_rows_behind_a_descriptor_that_agrees_are_found_by_reading_them(archived: World) -> None:
    replaced(archived, lambda table: table.slice(1))
    assert found(archived) == []
    assert found(archived, deep=True) == [("rows.count", batch(archived), "2020-01-01: 9 rows read, 10 published")]


def test_nothing_is_restored_from_a_batch_that_differs(archived: World) -> None:
    replaced(archived, lambda table: table.slice(1))
    from tidegate.errors import DifferenceFound

    with pytest.raises(DifferenceFound) as refused:
        archived.restore(*JANUARY)
    assert refused.value.message == (
        f"public.orders 2020-01-01: the rows of batch {batch(archived)} are not those that were archived"
    )
    assert archived.value("SELECT COUNT(*) FROM public.orders") == 40
