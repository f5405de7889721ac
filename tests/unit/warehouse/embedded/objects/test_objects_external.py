from datetime import date
from pathlib import Path

import pytest
from tests.servers.emulator import Emulator
from tests.unit.warehouse.embedded.loading import refused
from tests.unit.warehouse.embedded.objects.remote import Remote, tapped

from tidegate.errors import ObjectNotFound, StatementError, StatementRefused

DAYS = 300


def test_partitions_are_read_and_only_those_that_a_query_needs(tmp_path: Path, aws_environment: Emulator) -> None:
    with tapped(aws_environment.port) as tap:
        remote = Remote(tmp_path, aws_environment, tap.endpoint)
        remote.run(
            "CREATE TABLE t (n INTEGER, day INTEGER, a VARCHAR(64))",
            "INSERT INTO t SELECT 1, 0, MD5('x')",
            *["INSERT INTO t SELECT n + (SELECT MAX(n) FROM t), day, MD5(a || n) FROM t"] * 15,
            f"UPDATE t SET day = n % {DAYS}",
            f"UNLOAD ('SELECT * FROM t') TO '{remote.root}/t/' PARQUET PARTITION BY (day) MANIFEST VERBOSE",
        )
        remote.external(f"{remote.root}/t/", "n INTEGER, a VARCHAR(64)", "day INTEGER")
        for first in range(0, DAYS, 100):
            parts = (f"PARTITION (day={d}) LOCATION '{remote.root}/t/day={d}/'" for d in range(first, first + 100))
            remote.run(f"ALTER TABLE cold.t ADD {' '.join(parts)}")
        total = sum(entry["meta"]["content_length"] for entry in remote.document("t/manifest")["entries"])
        one = len(remote.get("t/day=7/0000_part_00.parquet"))
        assert total > 100 * one

        tap.clear()
        with remote.warehouse.session() as session:
            assert (
                session.execute("SELECT COUNT(*), SUM(n) FROM cold.t WHERE day = 7").rows
                == session.execute("SELECT COUNT(*), SUM(n) FROM t WHERE day = 7").rows
            )
        assert tap.sent < 2 * one + 2_000
        assert tap.requests == [f"GET /{remote.bucket}/t/day%3D7/0000_part_00.parquet"]

        everything = "SELECT COUNT(*), SUM(n), COUNT(DISTINCT day), COUNT(DISTINCT a) FROM"
        assert remote.rows(f"{everything} cold.t") == remote.rows(f"{everything} t")


def test_a_predicate_reads_the_row_groups_and_columns_that_it_needs(tmp_path: Path, aws_environment: Emulator) -> None:
    """60 MB in one file, scanned by two threads; then one of its row groups, and one column."""
    with tapped(aws_environment.port) as tap:
        remote = Remote(tmp_path, aws_environment, tap.endpoint, threads=2)
        remote.run(
            "CREATE TABLE t (n INTEGER, a VARCHAR(64), b VARCHAR(64))",
            "INSERT INTO t SELECT 1, MD5('x'), MD5('y')",
            *["INSERT INTO t SELECT n + (SELECT MAX(n) FROM t), MD5(a || n), MD5(b || n) FROM t"] * 20,
            f"UNLOAD ('SELECT * FROM t ORDER BY n') TO '{remote.root}/t/' PARQUET",
        )
        size = len(remote.get("t/0000_part_00.parquet"))
        assert size > 60_000_000
        remote.external(f"{remote.root}/t/", "n INTEGER, a VARCHAR(64), b VARCHAR(64)")
        sums = "SELECT COUNT(*), SUM(n), SUM(CASE WHEN a < 'a' THEN n END), MIN(b), COUNT(DISTINCT b) FROM"

        tap.clear()
        assert remote.rows(f"{sums} cold.t") == remote.rows(f"{sums} t")
        assert size < tap.sent < 1.1 * size
        tap.clear()
        assert remote.rows("SELECT a FROM cold.t WHERE n = 777777") == remote.rows("SELECT a FROM t WHERE n = 777777")
        assert tap.sent < size / 8
        with remote.warehouse.stream("SELECT a FROM cold.t") as rows:
            assert sum(len(chunk) for chunk in rows.chunks) == 2**20


def test_locations_are_folders_and_hidden_names_are_ignored(orders: Remote) -> None:
    orders.run(
        f"UNLOAD ('SELECT id FROM orders WHERE id = 1') TO '{orders.root}/t/sub/x_' PARQUET",
        f"UNLOAD ('SELECT id FROM orders WHERE id = 2') TO '{orders.root}/table_' PARQUET",
    )
    orders.put("t/", "")
    for key in ("t/_meta/a.parquet", "t/.a", "t/sub/#a", "t/a~", "t/b~/a"):
        orders.put(key, "not Parquet")
    orders.external(f"{orders.root}/t", "id INTEGER")

    assert orders.rows("SELECT * FROM cold.t") == [(1,)]
    assert orders.rows("SELECT location FROM svv_external_tables") == [(f"{orders.root}/t",)]
    orders.run(f"CREATE EXTERNAL TABLE cold.empty (id INTEGER) STORED AS PARQUET LOCATION '{orders.root}/none/'")
    assert orders.rows("SELECT * FROM cold.empty") == []


def test_a_file_as_location_is_refused(orders: Remote) -> None:
    orders.run(f"UNLOAD ('SELECT id FROM orders') TO '{orders.root}/x_' PARQUET")
    orders.external(f"{orders.root}/x_0000_part_00.parquet", "id INTEGER")
    with refused(StatementRefused, f"the location '{orders.root}/x_0000_part_00.parquet' is a file"):
        orders.rows("SELECT * FROM cold.t")


def test_partitions_of_both_places_make_one_table(orders: Remote) -> None:
    for n, place in ((1, orders.root), (2, "here")):
        orders.run(f"UNLOAD ('SELECT id FROM orders WHERE day = ''2020-01-0{n}''') TO '{place}/d{n}/' PARQUET")
    orders.external("here", "id INTEGER", "day DATE")
    orders.run(
        f"ALTER TABLE cold.t ADD PARTITION (day='2020-01-01') LOCATION '{orders.root}/d1' "
        "PARTITION (day='2020-01-02') LOCATION 'here/d2/'"
    )

    assert orders.rows("SELECT id, day FROM cold.t ORDER BY id") == [
        (1, date(2020, 1, 1)),
        (2, date(2020, 1, 2)),
        (3, date(2020, 1, 2)),
    ]


def test_an_object_that_is_gone_is_an_error_and_not_fewer_rows(orders: Remote) -> None:
    orders.run(f"UNLOAD ('SELECT id, day FROM orders') TO '{orders.root}/t/' PARQUET PARTITION BY (day)")
    orders.external(f"{orders.root}/t/", "id INTEGER", "day DATE")
    parts = (f"PARTITION (day='{day}') LOCATION '{orders.root}/t/day={day}/'" for day in ("2020-01-01", "2020-01-02"))
    orders.run(f"ALTER TABLE cold.t ADD {' '.join(parts)}")
    gone = "t/day=2020-01-01/0000_part_00.parquet"
    orders.emulator.s3.delete_object(Bucket=orders.bucket, Key=gone)

    with refused(ObjectNotFound, f"'{orders.root}/{gone}' does not exist"):
        orders.rows("SELECT COUNT(id) FROM cold.t")
    assert orders.rows("SELECT COUNT(id) FROM cold.t WHERE day = '2020-01-02'") == [(2,)]


@pytest.mark.parametrize("bad", ["not Parquet", ""])
def test_a_file_that_is_not_parquet_is_named(orders: Remote, bad: str) -> None:
    orders.put("t/a", bad)
    orders.external(f"{orders.root}/t/", "id INTEGER", "day DATE")
    with pytest.raises(StatementError, match=rf"{orders.root}/t/a"):
        orders.run(f"ALTER TABLE cold.t ADD PARTITION (day='2020-01-01') LOCATION '{orders.root}/t/'")
