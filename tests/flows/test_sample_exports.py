"""CSV and text of the sample's rules: an export beside the Parquet batch, or a copy that is nothing else."""

import gzip
import json
from pathlib import Path

import pytest
from tests.flows.failing import watched, without_ledger_at
from tests.flows.sample_rules import create_loads, hot_days, under
from tests.flows.tables import archive, create, rows_of
from tests.unit.config.lifecycle_csv import row
from tests.world import World

from tidegate.errors import DifferenceFound

TABLE = "public.loads"
RULE = {"schema_name": "public", "table_name": "loads", "s3_path": ""}
CSV = {"file_format": "CSV", "header": "1", "delimiter": ";", "compression": "gzip", "parallel": "0"}
FIRST = "2020-06-20"


def exports(world: World) -> dict[str, Path]:
    """The files of every export by their path below `_export/`."""
    found = (world.folder / "lake").rglob("_export/**/*")
    return {str(f).partition("/_export/")[2]: f for f in found if f.is_file()}


def test_an_export_lies_beside_the_batch_and_holds_its_rows(empty: World) -> None:
    world = under(empty, row(**RULE, **CSV))
    create_loads(world, TABLE, "2020-03-01", "2020-03-02", "2020-06-20")
    (batch,) = archive(world, FIRST).batches
    assert (batch.rows, batch.files) == (2, 2)
    found = exports(world)
    assert sorted(found) == ["load_date=2020-03-01/000.gz", "load_date=2020-03-02/000.gz", "manifest"]
    text = gzip.decompress(found["load_date=2020-03-02/000.gz"].read_bytes()).decode()
    assert text == "id;load_date;note\n2;2020-03-02;loaded on 2020-03-02\n"
    descriptor = json.loads(next((world.folder / "lake").rglob("_tidegate/batch.json")).read_text())
    assert descriptor["export"]["format"] == "csv"
    assert [(f["url"].partition("/_export/")[2], f["rows"]) for f in descriptor["export"]["files"]] == [
        ("load_date=2020-03-01/000.gz", 1),
        ("load_date=2020-03-02/000.gz", 1),
    ]
    assert rows_of(world, f"{TABLE}_all", "id") == [(1,), (2,), (3,)]
    assert world.verify().differences == ()


@pytest.mark.parametrize("action", ["0", "2"])
def test_an_export_with_other_rows_than_were_counted_stops_everything(empty: World, action: str) -> None:
    """A row that is written between the two UNLOADs' snapshots would do it; here the manifest is changed."""

    class Lying:
        def __init__(self, port: object) -> None:
            self._port = port

        def __getattr__(self, name: str) -> object:
            return getattr(self._port, name)

        def get(self, key: str) -> bytes:
            data: bytes = self._port.get(key)  # type: ignore[attr-defined]
            changed = data.replace(b'"record_count": 2', b'"record_count": 3')
            return changed if key.endswith("_export/manifest") else data

    world = under(empty, row(**RULE, **CSV, update_delete_flag=action, partition_column=""))
    create_loads(world, TABLE, "2020-03-01", "2020-06-20")
    world.wrap = lambda port, name: Lying(port) if name == "lake" else port
    (failure,) = world.archive().failures
    assert failure.code == DifferenceFound.code
    assert failure.message.startswith("public.loads: 1 rows counted, 2 in the export ")
    assert hot_days(world, TABLE) == ["2020-03-01", "2020-06-20"]
    assert world.value("SELECT COUNT(*) FROM tidegate.copies") == 0


def test_an_export_that_was_changed_after_it_was_written_stops_the_deletion(empty: World) -> None:
    def damage(statements: object) -> None:
        if any(" verify */" in sql for sql in statements):  # type: ignore[attr-defined]
            exports(empty)["0000_part_00"].write_text("gone\n")

    world = under(empty, row(**RULE, file_format="", partition_column=""))
    create_loads(world, TABLE, "2020-03-01")
    (failure,) = watched(world, damage).archive().failures
    assert failure.code == DifferenceFound.code
    assert failure.message.endswith("_export/0000_part_00 is 5 bytes, UNLOAD's manifest says 34 bytes")
    assert hot_days(world, TABLE) == ["2020-03-01"]


def test_a_copy_as_text_is_an_export_alone(empty: World) -> None:
    options = {"file_format": "", "delimiter": "^", "add_quotes": "t", "null_as": r"\N", "escape": "1"}
    world = under(empty, row(**RULE, **options, update_delete_flag="0", partition_column="", parallel="f"))
    create(world, TABLE, "id INTEGER, load_date DATE, note VARCHAR(40)", "1, DATE '2020-03-01', 'a^\"b'", "2, NULL, ''")
    world.sql(f"INSERT INTO {TABLE} VALUES (3, DATE '2020-03-02', NULL)")
    (batch,) = archive(world, FIRST).batches
    assert (batch.state, batch.rows, batch.files) == ("copied", 2, 1)
    assert sorted(exports(world)) == ["000", "manifest"]
    assert exports(world)["000"].read_text() == '"1"^"2020-03-01"^"a\\^\\"b"\n"3"^"2020-03-02"^\\N\n'
    assert list((world.folder / "lake").rglob("*.parquet")) == []
    assert world.sql("SELECT COUNT(*) FROM svv_external_tables") == [(0,)]
    assert archive(world, FIRST).batches == ()
    assert world.verify().differences == ()
    (world.folder / "tidegate.sqlite").unlink()
    assert world.rebuild().differences == ()
    assert world.verify().differences == ()


def test_a_whole_table_is_copied_again_when_it_changed(empty: World) -> None:
    rule = row(**RULE, column_name="", update_delete_flag="0", file_format="csv", partition_column="", parallel="0")
    world = under(empty, rule)
    create_loads(world, TABLE, "2020-03-01", "2020-06-20")
    assert [b.rows for b in archive(world, FIRST).batches] == [2]
    assert archive(world, FIRST).batches == ()
    world.sql(f"DELETE FROM {TABLE} WHERE id = 1")
    assert [b.rows for b in archive(world, FIRST).batches] == [1]
    assert len([name for name in exports(world) if name == "000"]) == 1
    assert len(list((world.folder / "lake").rglob("_export"))) == 2


@pytest.mark.parametrize(
    ("column", "type", "message"),
    [
        ("nothing", "INTEGER", 'public.loads has no partition column "nothing"'),
        ("extra", "SUPER", 'public.loads: column "extra" is SUPER, which UNLOAD makes no folders of'),
        ("tg_part", "INTEGER", 'public.loads: the column name "tg_part" is used by the archive itself'),
    ],
)
def test_a_partition_column_that_cannot_be(empty: World, column: str, type: str, message: str) -> None:
    world = under(empty, row(**RULE, partition_column=column))
    name = "other" if column == "nothing" else column
    create(world, TABLE, f"load_date DATE, {name} {type}")
    world.sql(f"INSERT INTO {TABLE} (load_date) VALUES (DATE '2020-03-01')")
    (failure,) = world.archive().failures
    assert (failure.exit_code, failure.message) == (3, message)


def test_the_day_of_a_timestamp_is_its_folder(empty: World) -> None:
    world = under(empty, row(**RULE, granularity_level="monthly", retention_period="3"))
    create(
        world, TABLE, "load_date TIMESTAMP", "'2020-01-02 03:04:05'", "'2020-01-02 23:00:00'", "'2020-02-01 00:00:00'"
    )
    archive(world, FIRST)
    files = sorted((world.folder / "lake").rglob("*.parquet"))
    assert [f.parent.name for f in files] == ["tg_part=2020-01-02", "tg_part=2020-02-01"]


@pytest.mark.parametrize(("action", "method", "step"), [("2", "begin_step", "published"), ("0", "end_step", "copied")])
def test_a_run_that_ended_in_the_middle_is_taken_up(empty: World, action: str, method: str, step: str) -> None:
    world = under(empty, row(**RULE, **CSV, update_delete_flag=action, partition_column=""))
    create_loads(world, TABLE, "2020-03-01", "2020-06-20")
    assert without_ledger_at(world, method, step).archive().failures
    world.clock.advance(hours=2)
    archive(world, FIRST)
    assert sorted(exports(world)) == ["000.gz", "manifest"]
    counting = "published" if action == "2" else "copies"
    assert world.value(f"SELECT COUNT(*) FROM tidegate.{counting}") == 1
    with world.context() as ctx:
        assert [batch.state for batch in ctx.ledger.batches()] == ["reclaimed" if action == "2" else "copied"]
    assert world.verify().differences == ()
