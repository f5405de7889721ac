import gzip
import json

import pytest
from tests.unit.warehouse.embedded.loading import refused
from tests.unit.warehouse.embedded.objects.remote import Remote

from tidegate.errors import StatementError


@pytest.fixture
def table(remote: Remote) -> Remote:
    remote.run("CREATE TABLE t (a INTEGER, b VARCHAR(40))")
    return remote


def manifest(remote: Remote, *entries: dict[str, object]) -> str:
    remote.put("lists/m.json", json.dumps({"entries": list(entries)}))
    return f"COPY t FROM '{remote.root}/lists/m.json' CSV MANIFEST"


def test_a_prefix_is_a_text_and_folders_that_a_console_made_are_no_files(table: Remote) -> None:
    for key in ("custdata", "custdata.bak", "custdata_1/deep/x[1]*?", "custdata é ü", "cust", ".custdata"):
        table.put(f"in/{key}", f"1,{key[-9:]}\n")
    table.put("in/custdata_2/", "")
    table.put("in/custdata_empty", "")

    assert table.run(f"COPY t FROM '{table.root}/in/custdata' CSV") == 4
    assert sorted(table.rows("SELECT b FROM t")) == [("custdata",), ("ep/x[1]*?",), ("tdata é ü",), ("tdata.bak",)]


@pytest.mark.parametrize(
    ("key", "content", "options"),
    [
        ("a.csv", b"1,x\n2,\n", "CSV"),
        ("a.csv.gz", gzip.compress(b"1,x\n2,\n", mtime=0), "CSV GZIP"),
        ("a.txt", b"1|x\n2|\n", "DELIMITER '|'"),
        ("a.json", b'{"a": 1, "b": "x"}\n{"a": 2, "b": ""}', "JSON 'auto'"),
        ("a.json.gz", gzip.compress(b'{"a": 1, "b": "x"}{"a": 2, "b": ""}', mtime=0), "JSON 'auto' GZIP"),
    ],
    ids=["csv", "csv.gz", "text", "json", "json.gz"],
)
def test_each_format_is_read(table: Remote, key: str, content: bytes, options: str) -> None:
    table.put(key, content)

    assert table.run(f"COPY t FROM '{table.root}/{key}' IAM_ROLE default {options}") == 2
    assert table.rows("SELECT * FROM t ORDER BY a") == [(1, "x"), (2, "")]


def test_a_large_object_is_read_in_ranges_by_several_threads(table: Remote) -> None:
    rows = 200_000
    table.put("big.csv", "".join(f"{n},{n:032d}\n" for n in range(rows)))

    assert table.run(f"COPY t FROM '{table.root}/big.csv' CSV") == rows
    assert table.rows("SELECT SUM(a), COUNT(DISTINCT b), MAX(b) FROM t") == [
        (rows * (rows - 1) // 2, rows, f"{rows - 1:032d}")
    ]


def test_a_manifest_is_exact_and_may_name_files_of_both_places(table: Remote) -> None:
    table.put("in/a", "1,x\n")
    table.put("in/ab", "2,y\n")
    file = table.write("here.csv", "3,z\n")
    listed = {"url": f"{table.root}/in/a", "meta": {"content_length": 4}}

    assert table.run(manifest(table, listed, listed, {"url": f"{table.root}/in/gone"}, {"url": str(file)})) == 3
    assert table.rows("SELECT a FROM t ORDER BY a") == [(1,), (1,), (3,)]


def test_a_manifest_that_promises_what_is_not_there_loads_nothing(table: Remote) -> None:
    table.put("in/a", "1,x\n")
    where = f"problem reading manifest file '{table.root}/lists/m.json': "
    with refused(StatementError, f"{where}the mandatory file '{table.root}/in/gone' does not exist"):
        table.run(manifest(table, {"url": f"{table.root}/in/a"}, {"url": f"{table.root}/in/gone", "mandatory": True}))
    with refused(StatementError, f"{where}'{table.root}/in/a' has 4 bytes and not 5"):
        table.run(manifest(table, {"url": f"{table.root}/in/a", "meta": {"content_length": 5}}))
    with refused(StatementError, f"none of the files in the manifest '{table.root}/lists/m.json' exists"):
        table.run(manifest(table, {"url": f"{table.root}/in/gone"}))

    assert table.rows("SELECT COUNT(*) FROM t") == [(0,)]


def test_a_manifest_that_is_none_is_named(table: Remote) -> None:
    table.put("broken", b"\xff")
    with refused(StatementError, f"the manifest '{table.root}/gone' does not exist"):
        table.run(f"COPY t FROM '{table.root}/gone' CSV MANIFEST")
    with pytest.raises(StatementError, match=f"^the manifest '{table.root}/broken' cannot be read: 'utf-8'"):
        table.run(f"COPY t FROM '{table.root}/broken' CSV MANIFEST")


def test_what_cannot_be_found_is_named(table: Remote) -> None:
    with refused(StatementError, f"the specified prefix '{table.root}/none' does not exist"):
        table.run(f"COPY t FROM '{table.root}/none' CSV")
    with refused(StatementError, "the bucket 's3://no-such-bucket-here' does not exist"):
        table.run("COPY t FROM 's3://no-such-bucket-here/x' CSV")
    with refused(StatementError, "'s3:///x' names no bucket"):
        table.run("COPY t FROM 's3:///x' CSV")


def test_keys_that_look_like_other_paths_are_keys(table: Remote) -> None:
    for key in ("a//b", "a/../b", "/a/./b", "a%2Fb+c", "ends/"):
        table.put(f"in/{key}", f"1,{key}\n")

    assert table.run(f"COPY t FROM '{table.root}/in/' CSV") == 5
    table.run(
        "CREATE TABLE u (b VARCHAR(40))",
        f"UNLOAD ('SELECT b FROM t') TO '{table.root}/out//x/../_' PARQUET",
        f"COPY u FROM '{table.root}/out//x/../_' PARQUET",
    )
    assert table.keys("out") == ["out//x/../_0000_part_00.parquet"]
    assert sorted(table.rows("SELECT b FROM u")) == [("/a/./b",), ("a%2Fb+c",), ("a/../b",), ("a//b",), ("ends/",)]


def test_a_bad_value_names_the_object(table: Remote) -> None:
    table.put("in/a", "1,x\nzwei,y\n")
    with refused(
        StatementError,
        f'COPY into public.t: invalid value for column "a" (INTEGER): zwei in {table.root}/in/a',
    ):
        table.run(f"COPY t FROM '{table.root}/in/a' CSV")


def test_an_archived_object_is_named(table: Remote) -> None:
    table.put("in/a", "1,x\n" * 40_000, StorageClass="GLACIER")
    with refused(StatementError, f"'{table.root}/in/a' is in an archive tier and cannot be read"):
        table.run(f"COPY t FROM '{table.root}/in/a' CSV")


def test_an_object_that_changed_since_the_last_statement_is_read_anew(table: Remote) -> None:
    with table.warehouse.session() as session:
        for content in ("1,x\n", "2,y\n", "3,longer\n4,z\n"):
            table.put("in/a", content)
            session.execute(f"COPY t FROM '{table.root}/in/a' CSV")

    assert table.rows("SELECT a, b FROM t ORDER BY a") == [(1, "x"), (2, "y"), (3, "longer"), (4, "z")]
