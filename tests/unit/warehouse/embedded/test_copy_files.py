import errno
import json
import os

import pytest
from tests.unit.warehouse.embedded.loading import Place, place, refused

from tidegate.errors import StatementError, StatementRefused, WarehouseUnreachable
from tidegate.warehouse.embedded.paths import disk_errors

__all__ = ["place"]


@pytest.fixture
def table(place: Place) -> Place:
    place.run("CREATE TABLE t (a INTEGER, b VARCHAR(9))")
    return place


def entries(place: Place, *items: dict[str, object]) -> str:
    place.write("manifest.json", json.dumps({"entries": list(items)}))
    return "COPY t FROM 'manifest.json' CSV MANIFEST"


def test_a_prefix_is_a_text_and_finds_every_file_that_begins_with_it(table: Place) -> None:
    for name in ("custdata", "custdata.bak", "custdata_1/deep/x", "cust", ".custdata"):
        table.write(f"in/{name}", f"1,{name[-9:]}\n")

    assert table.run("COPY t FROM 'in/custdata' CSV") == 3
    assert sorted(table.rows("SELECT b FROM t")) == [("_1/deep/x",), ("custdata",), ("tdata.bak",)]


def test_a_folder_gives_hidden_files_too(table: Place) -> None:
    table.write("in/.hidden", "1,x\n")
    table.write("in/_x/y", "2,x\n")

    assert table.run("COPY t FROM 'in/' CSV") == 2


def test_a_prefix_without_a_file_is_an_error(table: Place) -> None:
    with refused(StatementError, f"the specified prefix '{table.base}/in/none' does not exist"):
        table.run("COPY t FROM 'in/none' CSV")


def test_a_store_elsewhere_is_refused_by_name(table: Place) -> None:
    with refused(
        StatementRefused,
        "the embedded warehouse cannot reach 'gs://b/k': it reads and writes local paths and s3:// only",
    ):
        table.run("COPY t FROM 'gs://b/k' CSV")


def test_a_manifest_is_exact_and_a_file_listed_twice_is_loaded_twice(table: Place) -> None:
    table.write("in/a", "1,x\n")
    table.write("in/ab", "2,y\n")

    copy = entries(table, {"url": "in/a"}, {"url": str(table.base / "in/a")}, {"url": "in/gone"})
    assert table.run(copy) == 2
    assert table.rows("SELECT a FROM t") == [(1,), (1,)]


def test_a_manifest_of_parquet_loads_a_file_twice_too(table: Place) -> None:
    table.run("INSERT INTO t VALUES (1, 'x')", "UNLOAD ('SELECT * FROM t') TO 'out/' PARQUET MANIFEST")
    manifest = table.json("out/manifest")
    table.write("twice.json", json.dumps({"entries": manifest["entries"] * 2}))

    assert table.run("COPY t FROM 'twice.json' PARQUET MANIFEST") == 2
    assert table.rows("SELECT COUNT(*) FROM t") == [(3,)]


def test_a_mandatory_file_must_exist(table: Place) -> None:
    manifest = f"problem reading manifest file '{table.base}/manifest.json'"
    with refused(StatementError, f"{manifest}: the mandatory file '{table.base}/in/gone' does not exist"):
        table.run(entries(table, {"url": "in/gone", "mandatory": True}))


def test_some_file_must_exist(table: Place) -> None:
    with refused(StatementError, f"none of the files in the manifest '{table.base}/manifest.json' exists"):
        table.run(entries(table, {"url": "in/gone"}))


def test_a_size_must_be_the_files(table: Place) -> None:
    table.write("in/a", "1,x\n")
    manifest = f"problem reading manifest file '{table.base}/manifest.json'"

    assert table.run(entries(table, {"url": "in/a", "meta": {"content_length": 4}})) == 1
    with refused(StatementError, f"{manifest}: '{table.base}/in/a' has 4 bytes and not 5"):
        table.run(entries(table, {"url": "in/a", "meta": {"content_length": 5}}))


def test_parquet_needs_sizes_in_its_manifest(table: Place) -> None:
    table.write("in/a", "")
    manifest = f"problem reading manifest file '{table.base}/manifest.json'"

    copy = entries(table, {"url": "in/a"}).replace("CSV", "PARQUET")
    with refused(StatementError, f"{manifest}: 'in/a' has no content_length"):
        table.run(copy)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[]", 'it has no list "entries"'),
        ('{"entries": [{"uri": "x"}]}', 'entry 1 has no "url"'),
        ('{"entries": [{"url": "x", "mandatory": 1}]}', '"mandatory" of entry 1 is neither true nor false'),
        (
            '{"entries": [{"url": "x", "meta": {"content_length": "4"}}]}',
            '"content_length" of entry 1 is not a whole number',
        ),
        ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ],
)
def test_manifests_that_are_none(table: Place, content: str, reason: str) -> None:
    table.write("manifest.json", content)
    with refused(StatementError, f"the manifest '{table.base}/manifest.json' cannot be read: {reason}"):
        table.run("COPY t FROM 'manifest.json' CSV MANIFEST")


def test_a_manifest_must_exist(table: Place) -> None:
    with refused(StatementError, f"the manifest '{table.base}/nope' does not exist"):
        table.run("COPY t FROM 'nope' CSV MANIFEST")


def test_headers_of_every_file_are_skipped(table: Place) -> None:
    table.write("in/1", "a,b\n1,x\n")
    table.write("in/2", "a,b\n2,y\n")

    assert table.run("COPY t FROM 'in/' CSV IGNOREHEADER 1") == 2


def test_what_an_unload_has_not_finished_is_not_there(table: Place) -> None:
    table.write("in/.unload-0123/0", "1,x\n")
    table.write("in/2", "2,y\n")

    assert table.run("COPY t FROM 'in/' CSV") == 1
    with refused(StatementRefused, f"specified unload destination is not empty: '{table.base}/in/2' exists"):
        table.run("UNLOAD ('SELECT a FROM t') TO 'in/' CSV")
    (table.base / "in/2").unlink()
    assert table.run("UNLOAD ('SELECT a FROM t') TO 'in/' CSV") == 1


@pytest.mark.parametrize(
    ("number", "reason", "hint"),
    [
        (errno.ENOSPC, "no space left on device", "Free space and run the statement again."),
        (errno.EACCES, "permission denied", "Check the path and its permissions."),
    ],
)
def test_a_disk_that_fails_is_unreachable(number: int, reason: str, hint: str) -> None:
    with pytest.raises(WarehouseUnreachable) as caught, disk_errors("/lake/x"):
        raise OSError(number, os.strerror(number))

    assert str(caught.value) == f"cannot use '/lake/x': {reason}"
    assert caught.value.hint == hint
