from datetime import UTC, datetime, time
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.warehouse.embedded.loading import Place, place, refused

from tidegate.errors import StatementError, StatementRefused

__all__ = ["place"]

AT = datetime.fromisoformat("2020-01-01T10:30:00.000001")


def put(place: Place, name: str, table: pa.Table) -> str:
    path = place.base / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return str(path)


def test_what_was_unloaded_comes_back(place: Place) -> None:
    columns = (
        "i SMALLINT, n INTEGER, b BIGINT, d DECIMAL(38,6), r REAL, f DOUBLE PRECISION, o BOOLEAN, c CHAR(5), "
        "v VARCHAR(9), day DATE, t TIMESTAMP, z TIMESTAMPTZ"
    )
    place.run(
        f"CREATE TABLE a ({columns})",
        f"CREATE TABLE b ({columns})",
        "INSERT INTO a VALUES (-32768, 2147483647, -9223372036854775808, 12345678901234567890123456789012.123456, "
        "0.1, 0.1, true, 'ab', 'üü ', '0001-01-01', '9999-12-31 23:59:59.999999', '2020-01-01 10:00:00+02')",
        f"INSERT INTO a VALUES ({', '.join(['NULL'] * 12)})",
        "INSERT INTO a (v, c) VALUES ('', '')",
        "UNLOAD ('SELECT * FROM a') TO 'out/' PARQUET",
    )

    assert place.run("COPY b FROM 'out/' IAM_ROLE default FORMAT AS PARQUET") == 3
    order = "ORDER BY v NULLS FIRST"
    assert place.rows(f"SELECT * FROM b {order}") == place.rows(f"SELECT * FROM a {order}")


def test_columns_go_by_position_and_never_by_name(place: Place) -> None:
    put(place, "in/0.parquet", pa.table({"b": pa.array([1], pa.int32()), "a": pa.array([2], pa.int32())}))
    put(place, "in/1.parquet", pa.table({"x": pa.array([3], pa.int32()), "y": pa.array([4], pa.int32())}))
    place.run("CREATE TABLE t (a INTEGER, b INTEGER)")

    assert place.run("COPY t FROM 'in/' PARQUET") == 2
    assert place.rows("SELECT a, b FROM t ORDER BY a") == [(1, 2), (3, 4)]
    assert place.run("COPY t (b, a) FROM 'in/0' PARQUET") == 1
    assert place.rows("SELECT a, b FROM t ORDER BY a") == [(1, 2), (2, 1), (3, 4)]


def test_the_number_of_columns_must_agree(place: Place) -> None:
    file = put(place, "in/0.parquet", pa.table({"a": pa.array([1], pa.int32()), "b": pa.array(["x"])}))
    place.run("CREATE TABLE t (a INTEGER, b VARCHAR(5), c DATE)")

    counts = (
        "unmatched number of columns between table and file. Table columns: {}, Data columns: 2, File name: " + file
    )
    with refused(StatementError, counts.format(3)):
        place.run("COPY t FROM 'in/' PARQUET")
    with refused(StatementError, counts.format(1)):
        place.run("COPY t (a) FROM 'in/' PARQUET FILLRECORD")
    assert place.run("COPY t FROM 'in/' PARQUET FILLRECORD") == 1
    assert place.run("COPY t (a, b) FROM 'in/' PARQUET") == 1
    assert place.rows("SELECT * FROM t") == [(1, "x", None)] * 2


@pytest.mark.parametrize(
    ("declared", "array", "value"),
    [
        ("SMALLINT", pa.array([7], pa.int8()), 7),
        ("INTEGER", pa.array([7], pa.uint16()), 7),
        ("BIGINT", pa.array([7], pa.uint32()), 7),
        ("DECIMAL(20,2)", pa.array([Decimal("1.25")], pa.decimal128(10, 2)), Decimal("1.25")),
        ("TIMESTAMP", pa.array([AT], pa.timestamp("us", "UTC")), AT),
        ("TIMESTAMP", pa.array([AT], pa.timestamp("ns")), AT),
        ("TIMESTAMPTZ", pa.array([AT], pa.timestamp("us")), AT.replace(tzinfo=UTC)),
        ("VARCHAR(5)", pa.array(["x"]).dictionary_encode(), "x"),
        ("SUPER", pa.array(["[1]"]), '"[1]"'),
        ("SUPER", pa.array([3], pa.int64()), "3"),
    ],
)
def test_types_that_fit(place: Place, declared: str, array: pa.Array, value: object) -> None:
    put(place, "in/0.parquet", pa.table({"c": array}))
    place.run(f"CREATE TABLE t (c {declared})", "COPY t FROM 'in/' PARQUET")

    assert place.rows("SELECT c FROM t") == [(value,)]


@pytest.mark.parametrize(
    ("declared", "array", "type"),
    [
        ("SMALLINT", pa.array([7], pa.int64()), "BIGINT"),
        ("BIGINT", pa.array([7], pa.int32()), "INTEGER"),
        ("DECIMAL(10,2)", pa.array([Decimal("1.255")], pa.decimal128(10, 3)), "DECIMAL(10,3)"),
        ("DECIMAL(10,2)", pa.array([7], pa.int64()), "BIGINT"),
        ("REAL", pa.array([0.5], pa.float64()), "DOUBLE"),
        ("VARCHAR(5)", pa.array([7], pa.int32()), "INTEGER"),
        ("DATE", pa.array(["2020-01-01"]), "VARCHAR"),
        ("TIME", pa.array([time(10)], pa.time64("us")), "TIME"),
    ],
)
def test_types_that_do_not_fit(place: Place, declared: str, array: pa.Array, type: str) -> None:
    file = put(place, "in/0.parquet", pa.table({"f": array}))
    place.run(f"CREATE TABLE t (c {declared})")

    with refused(
        StatementError,
        f'file {file} has an incompatible Parquet schema for column "c". '
        f"Column type: {declared}, Parquet column 'f': {type}",
    ):
        place.run("COPY t FROM 'in/' PARQUET")


def test_nested_data_needs_serializetojson(place: Place) -> None:
    nested = pa.array([{"a": [1, 2], "b": "x"}])
    file = put(place, "in/0.parquet", pa.table({"c": nested}))
    place.run("CREATE TABLE t (c SUPER)")

    with refused(
        StatementError, f'column "c" is SUPER and its data in {file} is nested (STRUCT(a BIGINT[], b VARCHAR))'
    ):
        place.run("COPY t FROM 'in/' FORMAT AS PARQUET")
    place.run("COPY t FROM 'in/' FORMAT AS PARQUET SERIALIZETOJSON")
    assert place.rows("SELECT c FROM t") == [('{"a":[1,2],"b":"x"}',)]


def test_a_text_that_is_too_long_in_bytes_is_named(place: Place) -> None:
    put(place, "in/0.parquet", pa.table({"a": ["ok", "üüü"]}))
    place.run("CREATE TABLE t (a VARCHAR(5))")

    with refused(
        StatementError,
        'COPY into public.t: value too long for column "a" (VARCHAR(5)), '
        "or of other characters than it takes: 'üüü', 6 bytes",
    ):
        place.run("COPY t FROM 'in/' PARQUET")
    assert place.rows("SELECT COUNT(*) FROM t") == [(0,)]


def test_not_null_is_enforced(place: Place) -> None:
    put(place, "in/0.parquet", pa.table({"a": pa.array([1, None], pa.int32())}))
    place.run("CREATE TABLE t (a INTEGER NOT NULL)")

    with refused(StatementError, 'COPY into public.t: cannot insert a NULL value into column "a"'):
        place.run("COPY t FROM 'in/' PARQUET")


@pytest.mark.parametrize(
    "option", ["REGION 'eu-west-1'", "MAXERROR 5", "COMPUPDATE OFF", "DELIMITER ','", "GZIP", "ROUNDEC", "NULL AS 'x'"]
)
def test_parquet_takes_few_options(place: Place, option: str) -> None:
    place.run("CREATE TABLE t (a INTEGER)")

    with refused(StatementRefused, f"{option.split()[0]} argument is not supported for PARQUET based COPY"):
        place.run(f"COPY t FROM 'in/' PARQUET {option}")


def test_identity_values_are_generated_or_explicit(place: Place) -> None:
    put(place, "in/one.parquet", pa.table({"v": ["x", "y"]}))
    put(place, "in/two.parquet", pa.table({"id": pa.array([70, 80], pa.int64()), "v": ["p", "q"]}))
    place.run("CREATE TABLE t (id BIGINT IDENTITY(5, 2), v VARCHAR(3))")

    assert place.run("COPY t FROM 'in/one' PARQUET") == 2
    assert place.run("COPY t FROM 'in/two' PARQUET EXPLICIT_IDS") == 2
    assert place.run("COPY t (id, v) FROM 'in/two' PARQUET EXPLICIT_IDS") == 2
    assert place.rows("SELECT id FROM t ORDER BY id") == [(5,), (7,), (70,), (70,), (80,), (80,)]
    with refused(StatementRefused, 'COPY: column "id" of public.t is an IDENTITY column'):
        place.run("COPY t (id, v) FROM 'in/two' PARQUET")
    with refused(StatementRefused, "COPY: EXPLICIT_IDS needs an IDENTITY column of public.t among the columns"):
        place.run("COPY t (v) FROM 'in/one' PARQUET EXPLICIT_IDS")


def test_identity_by_default_takes_the_values_of_the_file(place: Place) -> None:
    put(place, "in/one.parquet", pa.table({"v": ["x"]}))
    put(place, "in/two.parquet", pa.table({"id": pa.array([70], pa.int64()), "v": ["p"]}))
    place.run("CREATE TABLE t (id BIGINT GENERATED BY DEFAULT AS IDENTITY(1, 1), v VARCHAR(3))")

    place.run("COPY t FROM 'in/two' PARQUET", "COPY t (v) FROM 'in/one' PARQUET")
    assert place.rows("SELECT id, v FROM t ORDER BY id") == [(1, "x"), (70, "p")]


def test_columns_that_are_left_out_get_their_default(place: Place) -> None:
    put(place, "in/0.parquet", pa.table({"a": pa.array([1], pa.int32())}))
    place.run("CREATE TABLE t (a INTEGER, b VARCHAR(5) DEFAULT 'none', c DATE)", "COPY t (a) FROM 'in/' PARQUET")

    assert place.rows("SELECT * FROM t") == [(1, "none", None)]


def test_a_temporary_table_and_a_transaction(place: Place) -> None:
    put(place, "in/0.parquet", pa.table({"a": pa.array([1, 2], pa.int32())}))
    with place.warehouse.session() as session:
        session.execute("CREATE TEMP TABLE staging (a INTEGER)")
        assert session.execute("COPY staging FROM 'in/' PARQUET").rowcount == 2
        session.execute("BEGIN")
        session.execute("COPY staging FROM 'in/' PARQUET")
        session.execute("ROLLBACK")
        assert session.execute("SELECT COUNT(*) FROM staging").rows == ((2,),)


def test_targets_that_cannot_be_loaded(place: Place) -> None:
    put(place, "lake/t/0.parquet", pa.table({"a": pa.array([1], pa.int32())}))
    place.run(
        "CREATE TABLE t (a INTEGER)",
        "CREATE VIEW v AS SELECT a FROM t",
        "CREATE EXTERNAL SCHEMA cold FROM DATA CATALOG DATABASE 'x' IAM_ROLE default",
        "CREATE EXTERNAL TABLE cold.t (a INTEGER) STORED AS PARQUET LOCATION 'lake/t/'",
    )

    with refused(StatementRefused, "COPY into the external table cold.t is not supported"):
        place.run("COPY cold.t FROM 'lake/t/' PARQUET")
    with refused(StatementError, 'relation "public.nope" does not exist'):
        place.run("COPY nope FROM 'lake/t/' PARQUET")
    with refused(StatementError, '"public.v" is a view'):
        place.run("COPY v FROM 'lake/t/' PARQUET")
    with refused(StatementError, 'column "z" of relation "public.t" does not exist'):
        place.run("COPY t (z) FROM 'lake/t/' PARQUET")
    with refused(StatementRefused, 'the column "a" is listed twice'):
        place.run("COPY t (a, a) FROM 'lake/t/' PARQUET")
