"""The rows of a report, whatever its format: the same values, and a table's keys taken apart."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.inventories import CREATED, CURRENT, ENDINGS, VERSIONS, HandMade, Row

from tidegate.errors import ConfigError, CorruptRecord
from tidegate.formats.inventory.engine import Engine, open_engine
from tidegate.formats.inventory.manifest import Report, parse_report
from tidegate.formats.inventory.rows import write_rows

MODIFIED = datetime(2020, 6, 20, 12, 0, 0, 123000, tzinfo=UTC).replace(tzinfo=None)
BATCH = "cold/w1/public/orders/tg_batch=20200620-120000-0000000a/"
DATA = [
    [
        Row(f"{BATCH}tg_period=2020-01-01/0000_part_00.parquet", 10, "a", "GLACIER", "v1"),
        Row(f"{BATCH}tg_period=2020-01-01/0000_part_00.parquet", 9, "b", "STANDARD", None, latest=False),
        Row(f"{BATCH}manifest", None, None, None, "v2", marker=True),
    ],
    [
        Row("cold/w1/eu/odd!20name/tg_batch=x/tg_thaw=2020-07-01/tg_period=2020-02-01/f", storage="DEEP_ARCHIVE"),
        Row("cold/w1/public/" + "n" * 120 + "/tg_batch=y/tg_period=soon/f", access=None, storage="INTELLIGENT_TIERING"),
        Row("cold/a b+c=d%é你\n%2B,\"'/z", access="ARCHIVE_ACCESS", storage="INTELLIGENT_TIERING"),
        Row("other/w1/public/orders/tg_batch=z/f", access="FREQUENT", storage="INTELLIGENT_TIERING"),
    ],
]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(tmp_path) as opened:
        yield opened


def written(engine: Engine, made: HandMade, folder: Path, name: str = "out.parquet") -> tuple[Path, Report]:
    """The normalized rows of a report, in a file."""
    objects = made.objects()
    manifest = next(key for key in objects if key.endswith("manifest.json"))
    report = parse_report(objects[manifest], objects[manifest.replace("json", "checksum")], "m")
    paths = []
    for number, file in enumerate(report.files):
        paths.append(folder / f"{number}.{ENDINGS[made.form]}")
        paths[-1].write_bytes(objects[file.key])
    rows, _ = write_rows(engine, report, paths, folder / name, "cold/")
    assert rows == sum(map(len, made.files))
    return folder / name, report


@pytest.mark.parametrize("form", ["CSV", "Parquet", "ORC"])
def test_every_format_gives_the_same_rows(engine: Engine, tmp_path: Path, form: str) -> None:
    path, _ = written(engine, HandMade(DATA, form), tmp_path)
    columns = pq.read_table(path).to_pydict()
    assert columns["key"] == [row.key for rows in DATA for row in rows]
    assert columns["version_id"] == ["v1", None, "v2", None, None, None, None]
    assert columns["is_latest"] == [True, False, True, True, True, True, True]
    assert columns["is_delete_marker"] == [False, False, True, False, False, False, False]
    assert columns["size"] == [10, 9, None, 1, 1, 1, 1]
    assert columns["last_modified"] == [MODIFIED] * 7
    assert columns["etag"] == ["a", "b", None, "e", "e", "e", "e"]
    assert columns["needs_restore"] == [True, False, False, True, False, True, False]
    assert columns["access_tier"] == [None, None, None, None, None, "ARCHIVE_ACCESS", "FREQUENT"]
    assert columns["table_schema"] == ["public"] * 3 + ["eu", "public", None, None]
    assert columns["table_name"] == ["orders"] * 3 + ["odd name", None, None, None]
    assert columns["batch"] == ["20200620-120000-0000000a"] * 3 + ["x", "y", None, None]
    assert columns["period"] == [date(2020, 1, 1)] * 2 + [None, date(2020, 2, 1), None, None, None]


@pytest.mark.parametrize("form", ["CSV", "Parquet", "ORC"])
def test_the_same_report_gives_the_same_bytes(engine: Engine, tmp_path: Path, form: str) -> None:
    many = [[Row(f"{BATCH}{file}/{n}", n) for n in range(3000)] for file in range(3)]
    first, _ = written(engine, HandMade(many, form), tmp_path, "first.parquet")
    second, _ = written(engine, HandMade(many, form), tmp_path, "second.parquet")
    assert first.read_bytes() == second.read_bytes()
    assert pq.read_table(first)["size"].to_pylist() == [*range(3000)] * 3


def test_a_report_without_versions_leaves_them_out(engine: Engine, tmp_path: Path) -> None:
    path, report = written(engine, HandMade([[Row("k", version="v")]], names=CURRENT), tmp_path)
    row = pq.read_table(path).to_pylist()[0]
    assert [row[name] for name in ("version_id", "is_latest", "is_delete_marker", "access_tier")] == [None] * 4
    assert report.created == CREATED
    assert pq.read_metadata(path).metadata[b"tidegate_created"] == b"2020-06-21T01:00:00+00:00"


@pytest.mark.parametrize("form", ["CSV", "Parquet", "ORC"])
def test_columns_may_stand_in_any_order_and_new_ones_are_left_out(engine: Engine, tmp_path: Path, form: str) -> None:
    names = (*reversed(VERSIONS), "ObjectMood")
    made = HandMade(DATA, form, names)
    path, report = written(engine, made, tmp_path)
    plain, _ = written(engine, HandMade(DATA, form), tmp_path, "plain.parquet")
    assert pq.read_table(path).equals(pq.read_table(plain))
    paths = [tmp_path / f"{number}.{ENDINGS[form]}" for number in range(2)]
    for path, rows in zip(paths, DATA, strict=True):
        path.write_bytes(made.data(rows))
    _, columns = write_rows(engine, report, paths, tmp_path / "again.parquet", "")
    assert [name.lower() for name in columns.unknown] == ["objectmood"]


@pytest.mark.parametrize("form", ["CSV", "Parquet", "ORC"])
def test_an_empty_report_is_an_empty_inventory(engine: Engine, tmp_path: Path, form: str) -> None:
    for files in ([], [[]]):
        path, _ = written(engine, HandMade(files, form), tmp_path)
        assert (pq.read_table(path).num_rows, pq.read_schema(path).names[:2]) == (0, ["key", "version_id"])


@pytest.mark.parametrize("missing", ["Key", "Size", "LastModifiedDate", "StorageClass"])
def test_a_report_needs_some_columns(engine: Engine, tmp_path: Path, missing: str) -> None:
    made = HandMade([[Row("k")]], names=[name for name in VERSIONS if name != missing])
    with pytest.raises(ConfigError) as caught:
        written(engine, made, tmp_path)
    assert caught.value.message == f"the report of stock of 2020-06-21 01:00 has no column {missing}"
    assert caught.value.hint == ("Ask for it in the inventory configuration, as `tidegate inventory configure` does.")


@pytest.mark.parametrize("form", ["CSV", "Parquet", "ORC"])
def test_a_file_of_another_format_is_told_of(engine: Engine, tmp_path: Path, form: str) -> None:
    objects = HandMade([[Row("k")]], form).objects()
    manifest = next(key for key in objects if key.endswith("manifest.json"))
    report = parse_report(objects[manifest], objects[manifest.replace("json", "checksum")], "m")
    path = tmp_path / f"0.{ENDINGS[form]}"
    path.write_bytes(b"these are not the bytes")
    with pytest.raises(CorruptRecord) as caught:
        write_rows(engine, report, [path], tmp_path / "out.parquet", "")
    assert "0." in caught.value.message
