"""The paths on which AWS's data-lifecycle sample loses rows: the same rules, data and runs, and nothing is lost."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.flows.failing import watched
from tests.flows.sample_rules import all_days, create_loads, hot_days, under
from tests.flows.tables import archive, create, periods, rows_of
from tests.unit.config.lifecycle_csv import row
from tests.world import World

from tidegate.model.names import TableName

TABLE = "public.loads"
RULE = {"schema_name": "public", "table_name": "loads", "s3_path": "s3://redshift-data-test-vikas/loads"}
FIRST, SECOND = "2020-06-20", "2020-07-20"


def files(world: World) -> dict[str, bytes]:
    lake = world.folder / "lake"
    return {str(f.relative_to(lake)): f.read_bytes() for f in lake.rglob("tg_batch=*/**/*") if f.is_file()}


def unchanged(before: dict[str, bytes], after: dict[str, bytes]) -> bool:
    return before.items() <= after.items()


def test_l1_a_second_run_overwrites_nothing(empty: World) -> None:
    """Without a partition column the sample writes the same names over rows that the first run deleted."""
    world = under(empty, row(**RULE, partition_column=""))
    create_loads(world, TABLE, "2020-03-01", "2020-04-01")
    archive(world, FIRST)
    before = files(world)
    archive(world, SECOND)
    assert hot_days(world, TABLE) == []
    assert all_days(world, TABLE) == ["2020-03-01", "2020-04-01"]
    assert unchanged(before, files(world))
    assert world.verify().differences == ()


def test_l2_a_late_row_joins_its_day(empty: World) -> None:
    """The sample unloads it to the file of its day, whose other rows are deleted already."""
    world = under(empty, row(**RULE))
    create_loads(world, TABLE, "2020-03-01")
    archive(world, FIRST)
    before = files(world)
    world.sql(f"INSERT INTO {TABLE} VALUES (2, DATE '2020-03-01', 'late')")
    assert rows_of(world, f"{TABLE}_all", "id") == [(1,), (2,)]
    archive(world, FIRST)
    assert hot_days(world, TABLE) == []
    assert rows_of(world, f"{TABLE}_all", "id, note") == [(1, "loaded on 2020-03-01"), (2, "late")]
    assert unchanged(before, files(world))


def test_l3_late_rows_are_copied_before_they_can_be_deleted(empty: World) -> None:
    """The sample's flag 0 passes them over, since they lie before its checkpoint; its flag 1 then deletes them."""
    copying = under(empty, row(**RULE, update_delete_flag="0", file_format="CSV", partition_column=""))
    create_loads(copying, TABLE, "2020-03-01", "2020-03-02")
    assert periods(archive(copying, FIRST)) == [("2020-03-01", 1), ("2020-03-02", 1)]
    copying.sql(f"INSERT INTO {TABLE} VALUES (3, DATE '2020-03-01', 'late')")
    assert periods(archive(copying, FIRST)) == [("2020-03-01", 2)]
    exported = "".join(data.decode() for name, data in files(copying).items() if "_export/0" in name)
    assert "3,2020-03-01,late\n" in exported
    assert archive(copying, FIRST).batches == ()


def test_l4_a_purge_says_that_there_is_no_archive_and_is_guarded(empty: World) -> None:
    """The sample never asks whether the rows were unloaded."""
    world = under(empty, row(**RULE, update_delete_flag="1"))
    world = replace(world, policies=tuple(replace(p, max_delete_fraction=0.95) for p in world.policies))
    create_loads(world, TABLE, "2020-03-01", "2020-03-02")
    (failure,) = world.archive().failures
    assert (failure.exit_code, failure.message) == (4, "public.loads: 100% of the table is due, more than 95%")
    assert hot_days(world, TABLE) == ["2020-03-01", "2020-03-02"]
    world.sql(f"INSERT INTO {TABLE} VALUES (3, DATE '2020-06-20', 'today')")
    (batch,) = world.archive().batches
    assert (batch.rows, hot_days(world, TABLE)) == (2, ["2020-06-20"])
    record = max((world.folder / "lake").rglob("log/public/loads/*.json")).read_text()
    assert json.loads(record)["detail"] == "2 rows deleted without an archive"


def test_l5_files_that_are_not_what_was_unloaded_stop_the_deletion(empty: World) -> None:
    """The sample deletes whatever became of its files."""

    def exchange(statements: Sequence[str]) -> None:
        if any(" verify */" in sql for sql in statements):
            first, second = empty.folder.rglob("tg_period=*/**/*.parquet")
            contents = first.read_bytes(), second.read_bytes()
            second.write_bytes(contents[0])
            first.write_bytes(contents[1])

    world = under(empty, row(**RULE))
    create_loads(world, TABLE, "2020-03-01", "2020-03-02")
    (failure,) = watched(world, exchange).archive().failures
    assert (failure.exit_code, failure.code) == (6, "difference")
    assert hot_days(world, TABLE) == ["2020-03-01", "2020-03-02"]


@pytest.mark.parametrize("file_format", ["PARQUET", "csv", ""])
def test_l6_values_that_the_format_cannot_carry_come_back_as_they_were(empty: World, file_format: str) -> None:
    """Parquet has no zone and no VARBYTE, text loses digits of floats and tells no NULL from an empty text."""
    world = under(empty, row(**RULE, file_format=file_format, partition_column="region"))
    columns = "load_date DATE, at TIMESTAMPTZ, clock TIME, raw VARBYTE(4), ratio DOUBLE PRECISION, region VARCHAR(9)"
    values = (
        "DATE '2020-03-01', '2020-03-01 01:30:00+02', '01:02:03', TO_VARBYTE('00ff', 'hex'), 1 / 3e0, 'a|b,\"c'",
        "DATE '2020-03-01', NULL, NULL, NULL, NULL, NULL",
        "DATE '2020-03-02', '2020-03-02 00:00:00+00', '23:59:59', TO_VARBYTE('', 'hex'), -1e300, ''",
    )
    create(world, TABLE, columns, *values)
    if file_format != "PARQUET":
        world.sql(f"ALTER TABLE {TABLE} DROP COLUMN clock")
    before = rows_of(world, TABLE)
    archive(world, FIRST)
    assert rows_of(world, TABLE) == []
    world.restore(table=TableName.parse(TABLE))
    assert rows_of(world, TABLE) == before


def test_l7_the_lake_alone_brings_the_table_back(empty: World) -> None:
    """The sample's files lack the partition column, and nothing says what the table was."""
    world = under(empty, row(**RULE))
    create_loads(world, TABLE, "2020-03-01", "2020-03-02")
    before = rows_of(world, TABLE)
    archive(world, FIRST)
    (world.folder / "warehouse.duckdb").unlink()
    (world.folder / "tidegate.sqlite").unlink()
    world.rebuild()
    world.restore(table=TableName.parse(TABLE))
    assert rows_of(world, TABLE) == before
