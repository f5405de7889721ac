import os

import pytest
from tests.unit.warehouse.embedded.loading import refused
from tests.unit.warehouse.embedded.objects.remote import Remote

from tidegate.errors import StatementError, StatementRefused
from tidegate.warehouse.embedded.objects.staging import staging
from tidegate.warehouse.embedded.objects.upload import PART_BYTES, Upload, Uploader

TYPES = {
    "i2": ("SMALLINT", "-7"),
    "i4": ("INTEGER", "2147483647"),
    "i8": ("BIGINT", "-9223372036854775808"),
    "dc": ("DECIMAL(38,9)", "12345678901234567890123456789.123456789"),
    "r4": ("REAL", "0.1"),
    "r8": ("DOUBLE PRECISION", "1e-300"),
    "bo": ("BOOLEAN", "true"),
    "ch": ("CHAR(4)", "'ab'"),
    "vc": ("VARCHAR(60)", "'ü,\"\n\\ 🐟'"),
    "da": ("DATE", "'1969-12-31'"),
    "ts": ("TIMESTAMP", "'2020-02-29 23:59:59.123456'"),
    "tz": ("TIMESTAMPTZ", "'2020-02-29 23:59:59.5+02:00'"),
}


def test_files_are_those_that_a_local_unload_writes_and_load_back_unchanged(remote: Remote) -> None:
    columns = ", ".join(f"{name} {type}" for name, (type, _) in TYPES.items())
    values = ", ".join(value for _, value in TYPES.values())
    remote.run(
        f"CREATE TABLE t (k INTEGER, {columns})",
        f"INSERT INTO t SELECT 1, {values}",
        "INSERT INTO t (k) VALUES (2)",
        f"CREATE TABLE back (k INTEGER, {columns})",
    )
    for name, options, load in (
        ("p_", "PARQUET", "FORMAT PARQUET"),
        ("c_", "CSV NULL AS '~' GZIP", "CSV NULL AS '~' GZIP TIMEFORMAT 'auto'"),
    ):
        for place in ("out", remote.root):
            remote.run(f"UNLOAD ('SELECT * FROM t') TO '{place}/{name}' {options} MANIFEST VERBOSE")
        ending = "parquet" if name == "p_" else "gz"
        file = f"{name}0000_part_00" + f".{ending}"
        assert remote.get(file) == (remote.base / "out" / file).read_bytes()
        local = (remote.base / "out" / f"{name}manifest").read_text()
        assert remote.get(f"{name}manifest").decode() == local.replace(f"{remote.base}/out", remote.root)
        remote.run("DELETE FROM back", f"COPY back FROM '{remote.root}/{name}manifest' {load} MANIFEST")
        assert remote.rows("SELECT * FROM back ORDER BY k") == remote.rows("SELECT * FROM t ORDER BY k")
    assert remote.keys() == ["c_0000_part_00.gz", "c_manifest", "p_0000_part_00.parquet", "p_manifest"]


def test_names_are_redshifts(orders: Remote) -> None:
    orders.run("INSERT INTO orders VALUES (4, '2020-01-03', 1, 'a/b=c ü'), (5, '2020-01-03', 1, NULL)")
    orders.run(
        f"UNLOAD ('SELECT id, note FROM orders') TO '{orders.root}/by' PARQUET PARTITION BY (note) MANIFEST",
        f"UNLOAD ('SELECT id FROM orders') TO '{orders.root}/one_' PARQUET PARALLEL OFF",
        f"UNLOAD ('SELECT id FROM orders WHERE id > 9') TO '{orders.root}/none_' PARQUET MANIFEST",
    )

    assert orders.keys() == [
        "by/note=/0000_part_00.parquet",
        "by/note=__HIVE_DEFAULT_PARTITION__/0000_part_00.parquet",
        "by/note=a%2Fb%3Dc ü/0000_part_00.parquet",
        "by/note=a/0000_part_00.parquet",
        "bymanifest",
        "one_000.parquet",
    ]
    urls = [entry["url"] for entry in orders.document("bymanifest")["entries"]]
    assert urls == [f"{orders.root}/{key}" for key in orders.keys("by/")]


def test_maxfilesize_cuts_files(remote: Remote) -> None:
    remote.run(
        "CREATE TABLE t (n INTEGER, a VARCHAR(64))",
        "INSERT INTO t SELECT 1, MD5('x') || MD5('y')",
        *["INSERT INTO t SELECT n + (SELECT MAX(n) FROM t), a FROM t"] * 17,
        f"UNLOAD ('SELECT * FROM t') TO '{remote.root}/t_' CSV MAXFILESIZE 5 MB MANIFEST VERBOSE",
    )

    entries = remote.document("t_manifest")["entries"]
    assert len(entries) >= 2
    assert sum(e["meta"]["record_count"] for e in entries) == 2**17
    assert [e["meta"]["content_length"] for e in entries] == [len(remote.get(key)) for key in remote.keys("t_0")]


def test_what_is_there_is_never_replaced_unless_asked_for(orders: Remote) -> None:
    orders.put("out/x/old", "mine")
    orders.put("out/", "")
    unload = f"UNLOAD ('SELECT id, day FROM orders') TO '{orders.root}/out/' PARQUET PARTITION BY (day)"
    with refused(StatementRefused, f"specified unload destination is not empty: '{orders.root}/out/x/old' exists"):
        orders.run(unload)
    assert orders.keys() == ["out/", "out/x/old"]

    orders.run(f"{unload} ALLOWOVERWRITE", f"{unload} ALLOWOVERWRITE")
    days = [f"out/day=2020-01-0{n}/0000_part_00.parquet" for n in (1, 2)]
    assert orders.keys() == ["out/", *days, "out/x/old"]

    orders.put("out/day=2020-01-01/older", "mine")
    orders.run(f"{unload} CLEANPATH")
    assert orders.keys() == ["out/", *days, "out/x/old"]
    orders.run(f"UNLOAD ('SELECT id FROM orders') TO '{orders.root}/out/' PARQUET CLEANPATH")
    assert orders.keys() == ["out/", "out/0000_part_00.parquet"]


@pytest.mark.parametrize("size", [10, PART_BYTES + 1])
def test_an_object_that_appears_meanwhile_is_kept(remote: Remote, size: int) -> None:
    remote.put("out/a", "mine")
    file = remote.write("a", b"x" * size)
    with refused(StatementRefused, f"specified unload destination is not empty: '{remote.root}/out/a' exists"):
        Uploader(remote.aws, overwrite=False).put([Upload(str(file), f"{remote.root}/out/a", size)])

    assert remote.get("out/a") == b"mine"
    assert "Uploads" not in remote.emulator.s3.list_multipart_uploads(Bucket=remote.bucket)


def test_a_large_file_is_put_in_parts(remote: Remote) -> None:
    content = bytes(range(256)) * (2 * PART_BYTES // 256) + b"end"
    file = remote.write("a", content)
    Uploader(remote.aws, overwrite=False).put([Upload(str(file), f"{remote.root}/a", len(content))])

    assert remote.get("a") == content
    assert remote.emulator.s3.head_object(Bucket=remote.bucket, Key="a")["ETag"].endswith('-3"')


def test_objects_are_encrypted_with_the_key_of_the_statement(orders: Remote) -> None:
    orders.run(f"UNLOAD ('SELECT id FROM orders') TO '{orders.root}/k_' KMS_KEY_ID 'key-1' ENCRYPTED PARQUET MANIFEST")

    for key in ("k_0000_part_00.parquet", "k_manifest"):
        head = orders.emulator.s3.head_object(Bucket=orders.bucket, Key=key)
        assert head["ServerSideEncryption"] == "aws:kms"
        assert head["SSEKMSKeyId"].endswith("key-1")


def test_a_failed_unload_leaves_nothing_on_this_machine(orders: Remote) -> None:
    before = orders.files()
    with refused(StatementError, "the bucket 's3://no-such-bucket-here' does not exist"):
        orders.run("UNLOAD ('SELECT id FROM orders') TO 's3://no-such-bucket-here/x' PARQUET ALLOWOVERWRITE")
    with refused(StatementError, "division by zero"):
        orders.run(f"UNLOAD ('SELECT 1/(id-1) AS a FROM orders') TO '{orders.root}/x' PARQUET")

    assert orders.files() == before
    assert orders.keys() == []


def test_staging_that_a_killed_process_left_is_removed_and_one_in_use_is_not(orders: Remote) -> None:
    left = orders.base / "w.duckdb.unload-0123"
    (left / "d=1").mkdir(parents=True)
    (left / "d=1" / "0.parquet").write_bytes(b"half")
    with staging(orders.base / "w.duckdb") as used:
        orders.run(f"UNLOAD ('SELECT id FROM orders') TO '{orders.root}/x' PARQUET")
        assert not left.exists()
        assert os.stat(used).st_mode & 0o777 == 0o700
    assert not os.path.exists(used)
