import random
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.warehouse.embedded.loading import Place, place, refused

from tidegate.errors import StatementError, StatementRefused, WarehouseUnreachable
from tidegate.redshift.unload import Unload, UnloadFormat
from tidegate.warehouse.embedded.unload_query import output_query

__all__ = ["place"]


@pytest.fixture
def orders(place: Place) -> Place:
    place.run(
        "CREATE TABLE orders (id INTEGER, day DATE, amount DECIMAL(12,2), note VARCHAR(20), open BOOLEAN)",
        "INSERT INTO orders VALUES (1, '2020-01-01', 1.50, 'a', true), (2, '2020-01-02', 2.50, NULL, false), "
        "(3, '2020-01-02', 3.50, '', NULL)",
    )
    return place


def test_partitions_become_folders_with_redshifts_file_names(orders: Place) -> None:
    rows = orders.run("UNLOAD ('SELECT * FROM orders') TO 'lake/out/' FORMAT PARQUET PARTITION BY (day)")

    assert rows == 3
    assert orders.files("lake") == [
        "out/day=2020-01-01/0000_part_00.parquet",
        "out/day=2020-01-02/0000_part_00.parquet",
    ]
    assert orders.read("lake/out/day=2020-01-02/0000_part_00.parquet") == [
        {"id": 2, "amount": Decimal("2.50"), "note": None, "open": False},
        {"id": 3, "amount": Decimal("3.50"), "note": "", "open": None},
    ]


def test_include_keeps_the_partition_column_in_the_files(orders: Place) -> None:
    orders.run("UNLOAD ('SELECT id, day FROM orders') TO 'lake/out/' PARQUET PARTITION BY (day) INCLUDE")

    assert orders.read("lake/out/day=2020-01-01/0000_part_00.parquet") == [{"id": 1, "day": date(2020, 1, 1)}]


def test_a_prefix_is_a_text_to_which_names_are_appended(orders: Place) -> None:
    orders.run(
        "UNLOAD ('SELECT id FROM orders') TO 'out/venue_' FORMAT AS PARQUET MANIFEST",
        "UNLOAD ('SELECT id, day FROM orders WHERE id = 1') TO 'out/parted' PARQUET PARTITION BY (day) MANIFEST",
    )

    assert orders.files("out") == [
        "parted/day=2020-01-01/0000_part_00.parquet",
        "partedmanifest",
        "venue_0000_part_00.parquet",
        "venue_manifest",
    ]


def test_a_verbose_manifest_says_what_the_files_hold(orders: Place) -> None:
    orders.run("UNLOAD ('SELECT * FROM orders') TO 'lake/out/' FORMAT PARQUET PARTITION BY (day) MANIFEST VERBOSE")

    paths = [orders.lake / f"out/day=2020-01-0{n}/0000_part_00.parquet" for n in (1, 2)]
    sizes = [path.stat().st_size for path in paths]
    assert orders.json("lake/out/manifest") == {
        "entries": [
            {"url": str(path), "meta": {"content_length": size, "record_count": rows}}
            for path, size, rows in zip(paths, sizes, (1, 2), strict=True)
        ],
        "schema": {
            "elements": [
                {"name": "id", "type": {"base": "integer"}},
                {"name": "amount", "type": {"base": "numeric", "precision": 12, "scale": 2}},
                {"name": "note", "type": {"base": "character varying", "max_length": 65535}},
                {"name": "open", "type": {"base": "boolean"}},
            ]
        },
        "meta": {"content_length": sum(sizes), "record_count": 3},
        "author": {"name": "Tidegate embedded", "version": "0.1.0"},
    }


def test_a_plain_manifest_has_sizes_only(orders: Place) -> None:
    orders.run("UNLOAD ('SELECT id FROM orders') TO 'out/' PARQUET MANIFEST")

    path = orders.base / "out/0000_part_00.parquet"
    assert orders.json("out/manifest") == {
        "entries": [{"url": str(path), "meta": {"content_length": path.stat().st_size}}]
    }


def test_no_rows_leave_no_files_no_manifest_and_no_folder(orders: Place) -> None:
    assert orders.run("UNLOAD ('SELECT * FROM orders WHERE id > 9') TO 'out/' PARQUET MANIFEST VERBOSE") == 0
    assert orders.run("UNLOAD ('SELECT * FROM orders WHERE id > 9') TO 'o2/' PARQUET PARTITION BY (day) MANIFEST") == 0
    assert not (orders.base / "out").exists()
    assert not (orders.base / "o2").exists()


def test_parallel_off_keeps_the_order_in_one_file(orders: Place) -> None:
    orders.run("UNLOAD ('SELECT id FROM orders ORDER BY id DESC') TO 'out/x' PARQUET PARALLEL OFF")

    assert orders.files("out") == ["x000.parquet"]
    assert orders.read("out/x000.parquet") == [{"id": 3}, {"id": 2}, {"id": 1}]


def test_files_are_parquet_1_with_snappy(orders: Place) -> None:
    orders.run("UNLOAD ('SELECT id FROM orders') TO 'out/' PARQUET")

    footer = pq.ParquetFile(orders.base / "out/0000_part_00.parquet").metadata
    assert footer.format_version == "1.0"
    assert footer.row_group(0).column(0).compression == "SNAPPY"


@pytest.mark.parametrize(
    ("value", "type"),
    [
        ("18446744073709551614::HUGEINT", "DECIMAL(38,0)"),
        ("18446744073709551614::UBIGINT", "DECIMAL(38,0)"),
        ("7::TINYINT", "SMALLINT"),
        ("NULL", "VARCHAR"),
    ],
)
def test_types_that_redshift_has_not_are_written_as_ones_that_it_has(value: str, type: str) -> None:
    cursor = duckdb.connect()

    output = output_query(cursor, f"SELECT {value} AS total", Unload("", "", format=UnloadFormat.PARQUET))

    written = cursor.query(output.sql)
    assert [str(t) for t in written.types] == [type]
    assert written.fetchall() == cursor.execute(f"SELECT {value}").fetchall()


def test_an_instant_keeps_its_place_in_time(place: Place) -> None:
    place.run(
        "CREATE TABLE t (at TIMESTAMPTZ)",
        "INSERT INTO t VALUES ('2020-01-01 10:00:00+02')",
        "UNLOAD ('SELECT at FROM t') TO 'out/' PARQUET",
    )

    assert place.read("out/0000_part_00.parquet") == [{"at": datetime(2020, 1, 1, 8, tzinfo=UTC)}]


def test_partition_values_are_written_as_hive_writes_them(place: Place) -> None:
    place.run(
        "CREATE TABLE t (id INTEGER, k VARCHAR(20), at TIMESTAMP, n DECIMAL(6,2), yes BOOLEAN)",
        "INSERT INTO t VALUES (1, 'a b/c=d%e', '2020-01-01 10:00:00', 1.5, true), (2, NULL, NULL, NULL, NULL), "
        "(3, 'ü', '2020-01-01 10:00:00.25', -1, false)",
        "UNLOAD ('SELECT * FROM t') TO 'out/' PARQUET PARTITION BY (k, at, n, yes)",
    )

    null = "__HIVE_DEFAULT_PARTITION__"
    assert place.files("out") == [
        f"k={null}/at={null}/n={null}/yes={null}/0000_part_00.parquet",
        "k=a b%2Fc%3Dd%25e/at=2020-01-01 10%3A00%3A00/n=1.50/yes=true/0000_part_00.parquet",
        "k=ü/at=2020-01-01 10%3A00%3A00.25/n=-1.00/yes=false/0000_part_00.parquet",
    ]


def test_nothing_that_exists_is_overwritten(orders: Place) -> None:
    unload = "UNLOAD ('SELECT id FROM orders') TO 'out/x' PARQUET"
    orders.run(unload)
    before = (orders.base / "out/x0000_part_00.parquet").read_bytes()

    existing = orders.base / "out/x0000_part_00.parquet"
    with refused(StatementRefused, f"specified unload destination is not empty: {str(existing)!r} exists"):
        orders.run("UNLOAD ('SELECT note FROM orders') TO 'out/x' PARQUET")
    assert existing.read_bytes() == before
    assert orders.run("UNLOAD ('SELECT note FROM orders') TO 'out/y' PARQUET") == 3


def test_allowoverwrite_replaces_files_of_the_same_name_only(orders: Place) -> None:
    orders.write("out/x0001_part_00.parquet", "old")
    orders.write("out/x0000_part_00.parquet", "old")
    orders.run("UNLOAD ('SELECT id FROM orders WHERE id = 1') TO 'out/x' PARQUET ALLOWOVERWRITE")

    assert orders.read("out/x0000_part_00.parquet") == [{"id": 1}]
    assert (orders.base / "out/x0001_part_00.parquet").read_text() == "old"


def test_cleanpath_removes_what_is_there_first(orders: Place) -> None:
    orders.write("out/old/deep.txt", "old")
    orders.write("other.txt", "kept")
    orders.run("UNLOAD ('SELECT id FROM orders') TO 'out/' PARQUET CLEANPATH")

    assert orders.files() == ["other.txt", "out/0000_part_00.parquet"]


def test_cleanpath_with_partitions_empties_only_those_that_receive_files(orders: Place) -> None:
    orders.write("out/day=2020-01-01/old.txt", "old")
    orders.write("out/day=1999-01-01/old.txt", "kept")
    orders.run("UNLOAD ('SELECT * FROM orders WHERE id = 1') TO 'out/' PARQUET PARTITION BY (day) CLEANPATH")

    assert orders.files("out") == ["day=1999-01-01/old.txt", "day=2020-01-01/0000_part_00.parquet"]


def test_a_file_is_ended_when_it_reaches_maxfilesize(place: Place) -> None:
    rows = 400_000
    noise = random.Random(1).randbytes(50 * rows)
    table = pa.table({"a": pa.array([noise[at : at + 50].hex() for at in range(0, 50 * rows, 50)])})
    pq.write_table(table, place.base / "in.parquet")
    place.run(
        "CREATE TABLE t (a VARCHAR(100))",
        "COPY t FROM 'in.parquet' PARQUET",
        "UNLOAD ('SELECT a FROM t') TO 'out/' PARQUET MAXFILESIZE 63 MB MANIFEST VERBOSE",
        "UNLOAD ('SELECT a FROM t') TO 'big/' PARQUET ROWGROUPSIZE 32 MB",
    )

    assert place.files("out") == ["0000_part_00.parquet", "0001_part_00.parquet", "manifest"]
    assert 32_000_000 <= (place.base / "out/0000_part_00.parquet").stat().st_size < 48_000_000
    assert [e["url"][-25:] for e in place.json("out/manifest")["entries"]] == [
        "/out/0000_part_00.parquet",
        "/out/0001_part_00.parquet",
    ]
    assert sum(e["meta"]["record_count"] for e in place.json("out/manifest")["entries"]) == rows
    footers = [
        pq.ParquetFile(place.base / name).metadata for name in ("out/0000_part_00.parquet", "big/0000_part_00.parquet")
    ]
    assert footers[0].row_group(0).num_rows == 122_880 < footers[1].row_group(0).num_rows


def test_a_query_that_fails_leaves_nothing_behind(orders: Place) -> None:
    with pytest.raises(StatementError):
        orders.run("UNLOAD ('SELECT CAST(note AS INTEGER) AS n, day FROM orders') TO 'out/' PARQUET PARTITION BY (day)")
    assert not (orders.base / "out").exists()


def test_parallel_off_and_partitions(orders: Place) -> None:
    orders.run("UNLOAD ('SELECT id, day FROM orders WHERE id = 1') TO 'o' PARQUET PARTITION BY (day) PARALLEL OFF")

    assert orders.files("o") == ["day=2020-01-01/000.parquet"]


def test_a_transaction_unloads_what_it_sees(orders: Place) -> None:
    results = orders.warehouse.transaction(
        [
            "DELETE FROM orders WHERE id = 1",
            "SELECT COUNT(*) FROM orders",
            "UNLOAD ('SELECT id FROM orders') TO 'out/' PARQUET",
        ]
    )

    assert results[1].rows == ((2,),)
    assert results[2].rowcount == 2
    assert sorted(row["id"] for row in orders.read("out/0000_part_00.parquet")) == [2, 3]


def test_the_rows_of_an_external_table_can_be_unloaded(orders: Place) -> None:
    orders.run(
        "UNLOAD ('SELECT id FROM orders') TO 'lake/a/' PARQUET",
        "CREATE EXTERNAL SCHEMA cold FROM DATA CATALOG DATABASE 'x' IAM_ROLE default",
        "CREATE EXTERNAL TABLE cold.t (id INTEGER) STORED AS PARQUET LOCATION 'lake/a/'",
    )

    assert orders.run("UNLOAD ('SELECT id FROM cold.t') TO 'out/' PARQUET") == 3


@pytest.mark.parametrize(
    ("type", "value", "name"),
    [
        ("TIME", "'10:00:00'", "time without time zone"),
        ("TIMETZ", "'10:00:00+01'", "time with time zone"),
        ("VARBYTE", "TO_VARBYTE('ab', 'hex')", "varbyte"),
    ],
)
def test_types_that_parquet_cannot_carry_are_refused(place: Place, type: str, value: str, name: str) -> None:
    place.run(f"CREATE TABLE t (c {type})")

    with refused(StatementRefused, f'UNLOAD {name} column "c" is only supported for TEXT/CSV.'):
        place.run("UNLOAD ('SELECT c FROM t') TO 'out/' PARQUET")
    assert place.files() == []


@pytest.mark.parametrize(
    ("select", "clauses", "message"),
    [
        ("SELECT * FROM orders LIMIT 1", "", "UNLOAD: a LIMIT clause is not supported in the outermost SELECT"),
        ("SELECT id FROM orders", "PARTITION BY (id)", "UNLOAD: every output column is a partition column"),
        (
            "SELECT id FROM orders",
            "PARTITION BY (day)",
            'UNLOAD: the partition column "day" is not in the output of the query',
        ),
        (
            "SELECT id, CAST(amount AS DOUBLE PRECISION) AS f FROM orders",
            "PARTITION BY (f)",
            'UNLOAD: column "f" of type double precision cannot be a partition column',
        ),
        (
            "SELECT id, CAST(day AS TIMESTAMPTZ) AS f FROM orders",
            "PARTITION BY (f)",
            'UNLOAD: column "f" of type timestamp with time zone cannot be a partition column',
        ),
        ("SELECT id, day AS id FROM orders", "", 'UNLOAD: the output column "id" occurs twice'),
    ],
)
def test_queries_that_cannot_be_unloaded(orders: Place, select: str, clauses: str, message: str) -> None:
    with refused(StatementRefused, message):
        orders.run(f"UNLOAD ('{select}') TO 'out/' PARQUET {clauses}")


def test_a_nested_limit_is_taken(orders: Place) -> None:
    assert orders.run("UNLOAD ('SELECT * FROM (SELECT id FROM orders LIMIT 2) AS x') TO 'out/' PARQUET") == 2


def test_a_store_elsewhere_is_refused_by_name(orders: Place) -> None:
    with refused(
        StatementRefused,
        "the embedded warehouse cannot reach 'gs://b/p/': it reads and writes local paths and s3:// only",
    ):
        orders.run("UNLOAD ('SELECT id FROM orders') TO 'gs://b/p/' PARQUET")


def test_a_folder_that_cannot_be_made_is_named(orders: Place) -> None:
    orders.write("file", "x")
    with refused(WarehouseUnreachable, f"cannot use {str(orders.base / 'file/out')!r}: not a directory"):
        orders.run("UNLOAD ('SELECT id FROM orders') TO 'file/out/' PARQUET")
