import os
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.warehouse.embedded.loading import Place, place, refused

from tidegate.errors import ObjectNotFound, StatementError

__all__ = ["place"]

COLD = "CREATE EXTERNAL SCHEMA cold FROM DATA CATALOG DATABASE 'x' IAM_ROLE default"


def external(columns: str, location: str, partitions: str = "") -> str:
    parted = f"PARTITIONED BY ({partitions}) " if partitions else ""
    return f"CREATE EXTERNAL TABLE cold.t ({columns}) {parted}STORED AS PARQUET LOCATION '{location}'"


def put(place: Place, name: str, table: pa.Table) -> Path:
    path = place.base / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return path


@pytest.fixture
def parted(place: Place) -> Place:
    """Two batches of two periods each: order_id 1..4, unloaded and cataloged as an archive does it."""
    place.run(
        "CREATE TABLE hot (order_id BIGINT, note VARCHAR(10), day DATE)",
        "INSERT INTO hot VALUES (1, 'a', '2020-01-31'), (2, NULL, '2020-02-01'), "
        "(3, 'c', '2020-01-15'), (4, '', '2020-02-29')",
        COLD,
        external("order_id BIGINT, note VARCHAR(10), day DATE", "lake/t/", "tg_batch VARCHAR(30), tg_period DATE"),
    )
    for batch, where in (("b1", "order_id <= 2"), ("b2", "order_id > 2")):
        place.run(
            f"UNLOAD ('SELECT order_id, note, day, CAST(DATE_TRUNC(''month'', day) AS DATE) AS tg_period FROM hot "
            f"WHERE {where}') TO 'lake/t/tg_batch={batch}/' PARQUET PARTITION BY (tg_period) MANIFEST",
            "ALTER TABLE cold.t ADD "
            + " ".join(
                f"PARTITION (tg_batch='{batch}', tg_period='{p}') LOCATION 'lake/t/tg_batch={batch}/tg_period={p}/'"
                for p in ("2020-01-01", "2020-02-01")
            ),
        )
    return place


def test_rows_come_with_the_values_of_their_partition(parted: Place) -> None:
    assert parted.rows("SELECT * FROM cold.t ORDER BY order_id") == [
        (1, "a", date(2020, 1, 31), "b1", date(2020, 1, 1)),
        (2, None, date(2020, 2, 1), "b1", date(2020, 2, 1)),
        (3, "c", date(2020, 1, 15), "b2", date(2020, 1, 1)),
        (4, "", date(2020, 2, 29), "b2", date(2020, 2, 1)),
    ]


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ("tg_period = '2020-01-01'", [1, 3]),
        ("tg_period <> DATE '2020-01-01'", [2, 4]),
        ("'2020-01-01' < tg_period", [2, 4]),
        ("tg_period BETWEEN '2020-01-02' AND '2020-12-31' AND tg_batch = 'b2'", [4]),
        ("tg_batch IN ('b1', 'b9')", [1, 2]),
        ("tg_batch NOT IN ('b1', 'b9')", [3, 4]),
        ("tg_batch = 'b1' OR order_id = 4", [1, 2, 4]),
        ("tg_batch > 'b1' AND day < '2020-02-01'", [3]),
        ("tg_batch LIKE '%2'", [3, 4]),
        ("tg_batch IS NULL", []),
        ("tg_period >= '2021-01-01'", []),
    ],
)
def test_predicates_choose_the_rows(parted: Place, where: str, ids: list[int]) -> None:
    assert parted.rows(f"SELECT order_id FROM cold.t WHERE {where} ORDER BY 1") == [(i,) for i in ids]


def test_two_readers_of_one_statement_have_their_own_files(parted: Place) -> None:
    assert parted.rows(
        "SELECT a.order_id, b.order_id FROM cold.t AS a JOIN cold.t AS b ON a.tg_period = b.tg_period "
        "WHERE a.tg_batch = 'b1' AND b.tg_batch = 'b2' ORDER BY 1"
    ) == [(1, 3), (2, 4)]


def test_a_join_with_what_is_published_chooses_the_rows(parted: Place) -> None:
    parted.run(
        "CREATE TABLE published (batch VARCHAR(30), period DATE)",
        "INSERT INTO published VALUES ('b1', '2020-02-01'), ('b2', '2020-01-01')",
    )

    assert parted.rows(
        "SELECT e.order_id FROM cold.t AS e JOIN published AS p ON e.tg_batch = p.batch AND e.tg_period = p.period "
        "ORDER BY 1"
    ) == [(2,), (3,)]


def test_columns_that_older_files_lack_are_null(place: Place) -> None:
    put(place, "lake/t/old/0.parquet", pa.table({"id": pa.array([1], pa.int64())}))
    put(
        place,
        "lake/t/new/0.parquet",
        pa.table({"added": pa.array(["x"]), "id": pa.array([2], pa.int64()), "unknown": pa.array([9])}),
    )
    place.run(
        COLD,
        external("id BIGINT, added VARCHAR(5)", "lake/t/", "p INTEGER"),
        "ALTER TABLE cold.t ADD PARTITION (p='1') LOCATION 'lake/t/old/' PARTITION (p=2) LOCATION 'lake/t/new'",
    )

    assert place.rows("SELECT * FROM cold.t ORDER BY id") == [(1, None, 1), (2, "x", 2)]


def test_a_folder_above_the_lake_never_becomes_a_column(tmp_path: Path) -> None:
    base = tmp_path / "order_id=5" / "ghost=7"
    base.mkdir(parents=True)
    place = Place(base)
    put(place, "lake/t/tg_period=2020-01-01/0.parquet", pa.table({"order_id": pa.array([1, 2], pa.int64())}))
    place.run(
        COLD,
        external("order_id BIGINT, ghost INTEGER", "lake/t/", "tg_period DATE"),
        "ALTER TABLE cold.t ADD PARTITION (tg_period='2020-01-01') LOCATION 'lake/t/tg_period=2020-01-01/'",
    )

    assert place.rows("SELECT order_id, ghost FROM cold.t ORDER BY 1") == [(1, None), (2, None)]
    place.run("CREATE TABLE loaded (order_id BIGINT)")
    assert place.run("COPY loaded FROM 'lake/t/tg_period=2020-01-01/' PARQUET") == 2
    assert place.rows("SELECT order_id FROM loaded ORDER BY 1") == [(1,), (2,)]
    place.warehouse.close()


def test_the_value_of_a_partition_is_what_was_declared_and_not_its_folder(place: Place) -> None:
    put(place, "lake/t/p=1/0.parquet", pa.table({"id": pa.array([7], pa.int32()), "p": pa.array([5], pa.int32())}))
    place.run(
        COLD,
        external("id INTEGER", "lake/t/", "p INTEGER"),
        "ALTER TABLE cold.t ADD PARTITION (p='2') LOCATION 'lake/t/p=1/'",
    )

    assert place.rows("SELECT id, p FROM cold.t") == [(7, 2)]


def test_a_file_of_two_partitions_counts_in_each(place: Place) -> None:
    put(place, "lake/t/a/b/0.parquet", pa.table({"id": pa.array([7], pa.int32())}))
    place.run(
        COLD,
        external("id INTEGER", "lake/t/", "p INTEGER"),
        "ALTER TABLE cold.t ADD PARTITION (p='1') LOCATION 'lake/t/a/' PARTITION (p='2') LOCATION 'lake/t/a/b/'",
    )

    assert place.rows("SELECT id, p FROM cold.t ORDER BY p") == [(7, 1), (7, 2)]


def test_a_column_may_be_called_as_our_own_ones(place: Place) -> None:
    put(place, "lake/t/0.parquet", pa.table({"filename": ["a"], "path": ["b"], "value1": ["c"]}))
    place.run(
        COLD,
        external("filename VARCHAR(5), path VARCHAR(5), value1 VARCHAR(5)", "lake/t/", "u INTEGER"),
        "ALTER TABLE cold.t ADD PARTITION (u='1') LOCATION 'lake/t/'",
    )

    assert place.rows("SELECT * FROM cold.t") == [("a", "b", "c", 1)]


def test_hidden_files_are_not_data(place: Place) -> None:
    data = pa.table({"id": pa.array([7], pa.int32())})
    for name in ("a/0.parquet", "_tidegate/1.parquet", ".x.parquet", "#x.parquet", "x.parquet~", "b/_c/2.parquet"):
        put(place, f"lake/t/{name}", data)
    place.run(
        COLD,
        external("id INTEGER", "lake/t/", "p INTEGER"),
        "ALTER TABLE cold.t ADD PARTITION (p='1') LOCATION 'lake/t/'",
    )

    assert place.rows("SELECT COUNT(*) FROM cold.t") == [(1,)]


def test_a_table_without_partitions_reads_what_is_there_now(place: Place) -> None:
    place.run(COLD, external("id INTEGER", "lake/t/"))
    assert place.rows("SELECT * FROM cold.t") == []

    put(place, "lake/t/0.parquet", pa.table({"id": pa.array([7], pa.int32())}))
    put(place, "lake/t/1.parquet", pa.table({"other": pa.array([1]), "id": pa.array([8], pa.int16())}))
    assert place.rows("SELECT id FROM cold.t ORDER BY id") == [(7,), (8,)]


def test_no_partition_gives_the_declared_columns(place: Place) -> None:
    place.run(COLD, external("id INTEGER, v DECIMAL(10,2)", "lake/t/", "p DATE"))

    result = place.warehouse.execute("SELECT * FROM cold.t")
    assert result.rows == ()
    assert [(c.name, c.type) for c in result.columns] == [
        ("id", "integer"),
        ("v", "numeric(10,2)"),
        ("p", "date"),
    ]


def test_a_file_that_is_missing_is_named(parted: Place) -> None:
    file = parted.lake / "t/tg_batch=b2/tg_period=2020-02-01/0000_part_00.parquet"
    file.unlink()

    assert parted.rows("SELECT order_id FROM cold.t WHERE tg_batch = 'b1' ORDER BY 1") == [(1,), (2,)]
    with refused(ObjectNotFound, f"'{file}' does not exist"):
        parted.rows("SELECT * FROM cold.t")


def test_files_that_arrive_after_the_partition_was_added_are_not_read(parted: Place) -> None:
    folder = parted.lake / "t/tg_batch=b2/tg_period=2020-02-01"
    (folder / "9999.parquet").write_bytes((folder / "0000_part_00.parquet").read_bytes())
    assert parted.rows("SELECT COUNT(*) FROM cold.t") == [(4,)]

    parted.run(
        "ALTER TABLE cold.t PARTITION (tg_batch='b2', tg_period='2020-02-01') "
        "SET LOCATION 'lake/t/tg_batch=b2/tg_period=2020-02-01/'"
    )
    assert parted.rows("SELECT COUNT(*) FROM cold.t") == [(5,)]


def test_a_folder_that_holds_warehouse_and_lake_can_be_moved(tmp_path: Path) -> None:
    first = tmp_path / "first"
    first.mkdir()
    place = Place(first)
    put(place, "lake/t/0.parquet", pa.table({"id": pa.array([7], pa.int32())}))
    place.run(
        COLD,
        external("id INTEGER", "lake/t/", "p INTEGER"),
        "ALTER TABLE cold.t ADD PARTITION (p='1') LOCATION 'lake/t/'",
    )
    place.warehouse.close()
    os.rename(first, tmp_path / "second")

    moved = Place(tmp_path / "second")
    assert moved.rows("SELECT * FROM cold.t") == [(7, 1)]
    assert moved.rows("SELECT location FROM svv_external_tables") == [(f"{tmp_path}/second/lake/t/",)]
    moved.warehouse.close()


@pytest.mark.parametrize("partitions", ["", "p INTEGER"])
def test_a_path_with_wildcards_is_taken_literally(tmp_path: Path, partitions: str) -> None:
    base = tmp_path / "a[1]*"
    base.mkdir()
    place = Place(base)
    put(place, "lake/t/0.parquet", pa.table({"id": pa.array([7], pa.int32())}))
    put(place, "../a1x/lake/t/0.parquet", pa.table({"id": pa.array([8, 9], pa.int32())}))
    place.run(COLD, external("id INTEGER", "lake/t/", partitions), "CREATE TABLE t (id INTEGER)")
    if partitions:
        place.run("ALTER TABLE cold.t ADD PARTITION (p='1') LOCATION 'lake/t/'")

    assert place.rows("SELECT id FROM cold.t") == [(7,)]
    assert place.run("COPY t FROM 'lake/t/' PARQUET") == 1
    place.warehouse.close()


def test_types_that_lose_nothing_are_read(place: Place) -> None:
    at = datetime.fromisoformat("2020-01-01T10:30:00")
    put(
        place,
        "lake/t/0.parquet",
        pa.table(
            {
                "N": pa.array([1], pa.int16()),
                "d": pa.array([Decimal("1.5")], pa.decimal128(5, 1)),
                "f": pa.array([0.5], pa.float32()),
                "z": pa.array([at], pa.timestamp("us", "UTC")),
                "ns": pa.array([at], pa.timestamp("ns")),
                "i": pa.array([3], pa.int64()),
            }
        ),
    )
    place.run(
        COLD,
        external(
            "n BIGINT, d DECIMAL(10,2), f DOUBLE PRECISION, z TIMESTAMP, ns TIMESTAMP, i DECIMAL(10,1)", "lake/t/"
        ),
    )

    assert place.rows("SELECT * FROM cold.t") == [(1, Decimal("1.50"), 0.5, at, at, Decimal("3.0"))]


@pytest.mark.parametrize(
    ("declared", "array", "found"),
    [
        ("VARCHAR(5)", pa.array([1], pa.int32()), "declared VARCHAR(5), found INTEGER"),
        (
            "DECIMAL(10,1)",
            pa.array([Decimal("1.55")], pa.decimal128(5, 2)),
            "declared DECIMAL(10,1), found DECIMAL(5,2)",
        ),
        ("REAL", pa.array([0.1], pa.float64()), "declared REAL, found DOUBLE"),
        ("INTEGER", pa.array(["1"]), "declared INTEGER, found VARCHAR"),
        ("DATE", pa.array([0], pa.timestamp("us")), "declared DATE, found TIMESTAMP"),
    ],
)
def test_types_that_would_lose_something_are_refused(place: Place, declared: str, array: pa.Array, found: str) -> None:
    put(place, "lake/t/0.parquet", pa.table({"c": array}))
    place.run(COLD, external(f"c {declared}", "lake/t/"))

    with refused(StatementError, f'the files of cold.t have an incompatible Parquet type for column "c": {found}'):
        place.rows("SELECT c FROM cold.t")


def test_a_number_that_is_too_big_for_its_column_fails(place: Place) -> None:
    put(place, "lake/t/0.parquet", pa.table({"c": pa.array([70_000], pa.int32())}))
    place.run(COLD, external("c SMALLINT", "lake/t/"))

    with pytest.raises(StatementError, match="out of range"):
        place.rows("SELECT c FROM cold.t")
