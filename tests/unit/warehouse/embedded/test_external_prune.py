import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlglot import parse_one
from tests.unit.warehouse.embedded.loading import Place, Scan, place

from tidegate.model.names import TableName
from tidegate.model.tables import SqlType
from tidegate.redshift.types import parse
from tidegate.warehouse.embedded import external
from tidegate.warehouse.embedded.context import Context
from tidegate.warehouse.embedded.external_prune import partition_predicate
from tidegate.warehouse.embedded.external_shapes import read_column, shapes_of

__all__ = ["place"]

FILES = 12
ROWS, GROUP = 1000, 100


@pytest.fixture
def months(place: Place) -> Place:
    """A file of 10 row groups for each month of 2020, its ids following those of the month before."""
    for month in range(1, FILES + 1):
        folder = place.lake / f"t/{month}"
        folder.mkdir(parents=True)
        ids = pa.array(range(month * ROWS, (month + 1) * ROWS), pa.int64())
        pq.write_table(pa.table({"id": ids}), folder / "0.parquet", row_group_size=GROUP)
    partitions = " ".join(
        f"PARTITION (batch='b1', period='2020-{month:02d}-01') LOCATION 'lake/t/{month}/'"
        for month in range(1, FILES + 1)
    )
    place.run(
        "CREATE EXTERNAL SCHEMA cold FROM DATA CATALOG DATABASE 'x' IAM_ROLE default",
        "CREATE EXTERNAL TABLE cold.t (id BIGINT) PARTITIONED BY (batch VARCHAR(30), period DATE) "
        "STORED AS PARQUET LOCATION 'lake/t/'",
        f"ALTER TABLE cold.t ADD {partitions}",
        "CREATE TABLE published (batch VARCHAR(30), period DATE)",
        "INSERT INTO published VALUES ('b1', '2020-05-01')",
    )
    return place


def test_without_a_predicate_all_is_read(months: Place) -> None:
    groups = FILES * ROWS // GROUP
    assert months.profile("SELECT SUM(id) FROM cold.t") == [Scan(FILES, groups, groups)]


def test_a_predicate_on_a_partition_column_opens_its_files_only(months: Place) -> None:
    assert months.profile("SELECT SUM(id) FROM cold.t WHERE period = '2020-03-01'") == [Scan(1, 10, 10)]
    assert months.profile("SELECT SUM(id) FROM cold.t AS e WHERE e.period < '2020-04-01' AND e.batch = 'b1'") == [
        Scan(3, 30, 30)
    ]


def test_a_predicate_on_a_data_column_reads_its_row_groups_only(months: Place) -> None:
    scan = months.profile("SELECT SUM(id) FROM cold.t WHERE id BETWEEN 3250 AND 3260")[0]
    assert scan.row_groups == 1


def test_a_join_with_what_is_published_opens_its_files_only(months: Place) -> None:
    scan = months.profile(
        "SELECT SUM(e.id) FROM cold.t AS e JOIN published AS p ON e.batch = p.batch AND e.period = p.period"
    )[0]
    assert scan.row_groups == 10
    assert scan.files <= 2


@pytest.mark.parametrize(
    ("declared", "array"),
    [
        ("SMALLINT", pa.array([1], pa.int16())),
        ("INTEGER", pa.array([1], pa.int32())),
        ("BIGINT", pa.array([1], pa.int64())),
        ("DECIMAL(12,2)", pa.array([1], pa.decimal128(12, 2))),
        ("REAL", pa.array([1], pa.float32())),
        ("DOUBLE PRECISION", pa.array([1], pa.float64())),
        ("BOOLEAN", pa.array([True])),
        ("CHAR(3)", pa.array(["a"])),
        ("VARCHAR(3)", pa.array(["a"])),
        ("VARBYTE(3)", pa.array([b"a"])),
        ("DATE", pa.array([1], pa.date32())),
        ("TIMESTAMP", pa.array([1], pa.timestamp("us"))),
    ],
)
def test_a_column_of_the_declared_type_is_read_without_a_cast(declared: str, array: pa.Array, place: Place) -> None:
    file = place.base / "0.parquet"
    pq.write_table(pa.table({"C": array}), file)
    read: list[str] = []

    def look(ctx: Context) -> None:
        shape = shapes_of(ctx, [str(file)])[str(file)]
        read.append(read_column(TableName("cold", "t"), "c", parse(declared), shape))

    place.look(look)
    assert read == ['r."C"']


def test_the_lists_of_files_do_not_outlive_the_statement(months: Place) -> None:
    def variables(ctx: Context) -> list[object]:
        return ctx.cursor.execute("SELECT name FROM duckdb_variables()").fetchall()

    found: list[list[object]] = []

    def look(ctx: Context) -> None:
        external.source(ctx, TableName("cold", "t"))
        found.append(variables(ctx))
        external.forget(ctx.cursor)
        found.append(variables(ctx))

    months.look(look)
    assert [len(each) for each in found] == [2, 0]


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ("p = '2020-02-01'", [2]),
        ("p <> '2020-02-01'", [1, 3]),
        ("'2020-02-01' <= p", [2, 3]),
        ("'2020-02-01' < p", [3]),
        ("p > CAST('2020-02-01' AS DATE)", [3]),
        ("p < TIMESTAMP '2020-02-01 00:00:01'", [1, 2]),
        ("p IN ('2020-01-01', DATE '2020-03-01')", [1, 3]),
        ("(p BETWEEN '2020-01-15' AND '2020-02-15')", [2]),
        ("n = -2", [2]),
        ("n >= 1.5", [3]),
        ("s = 'b'", [2]),
        ("s < 'b '", [1, 2]),
        ("p = 'no date'", [1, 2, 3]),
        ("p = GETDATE()", [1, 2, 3]),
        ("p IN (SELECT d FROM x)", [1, 2, 3]),
        ("p NOT IN ('2020-01-01')", [1, 2, 3]),
        ("n = '1'", [1, 2, 3]),
        ("s = 5", [1, 2, 3]),
        ("other = 'x'", [1, 2, 3]),
        ("p = '2020-01-01' OR n = 3", [1, 2, 3]),
        ("DATE_TRUNC('year', p) = '2020-01-01'", [1, 2, 3]),
        ("p = q", [1, 2, 3]),
    ],
)
def test_which_partitions_a_predicate_keeps(condition: str, kept: list[int], place: Place) -> None:
    types: list[tuple[str, SqlType]] = [("p", parse("DATE")), ("n", parse("INTEGER")), ("s", parse("VARCHAR(9)"))]
    sql = partition_predicate(types, "v", [parse_one(condition, read="redshift")])

    rows = "(1, ['2020-01-01', '1', 'a']), (2, ['2020-02-01', '-2', 'b']), (3, ['2020-03-01', '3', 'c'])"
    found: list[int] = []

    def look(ctx: Context) -> None:
        query = f"SELECT i FROM (VALUES {rows}) AS t(i, v) WHERE {sql} ORDER BY i"
        found.extend(i for (i,) in ctx.cursor.execute(query).fetchall())

    place.look(look)
    assert found == kept


def test_a_partition_with_null_is_kept(place: Place) -> None:
    sql = partition_predicate([("p", parse("DATE"))], "v", [parse_one("p = '2020-01-01'", read="redshift")])
    found: list[object] = []
    place.look(lambda ctx: found.extend(ctx.cursor.execute(f"SELECT {sql} FROM (SELECT [NULL] AS v)").fetchall()))

    assert found == [(True,)]
