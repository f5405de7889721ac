import pytest

from tidegate.errors import UsageError
from tidegate.model.names import TableName
from tidegate.model.tables import SqlType, TypeKind
from tidegate.redshift.external import (
    add_partitions,
    create_external_schema,
    create_external_table,
    drop_external_table,
    drop_partition,
)

COLD = TableName("cold", "orders")
LOCATION = "s3://lake/orders/"
BIGINT = SqlType(TypeKind.BIGINT)
DATE = SqlType(TypeKind.DATE)
HEAD = 'ALTER TABLE "cold"."orders" ADD IF NOT EXISTS'

COLUMNS = {
    TypeKind.SMALLINT,
    TypeKind.INTEGER,
    TypeKind.BIGINT,
    TypeKind.DECIMAL,
    TypeKind.REAL,
    TypeKind.DOUBLE,
    TypeKind.BOOLEAN,
    TypeKind.CHAR,
    TypeKind.VARCHAR,
    TypeKind.VARBYTE,
    TypeKind.DATE,
    TypeKind.TIMESTAMP,
}
PARTITIONS = COLUMNS - {TypeKind.VARBYTE}


def _partitions(count: int) -> list[tuple[dict[str, str], str]]:
    return [({"tg_batch": f"{n:03d}"}, f"{LOCATION}batch={n:03d}/") for n in range(count)]


def test_schemas_map_to_the_catalog() -> None:
    assert create_external_schema("Cold", "glue", "default") == (
        "CREATE EXTERNAL SCHEMA IF NOT EXISTS \"cold\"\nFROM DATA CATALOG DATABASE 'glue'\nIAM_ROLE default\n"
        "CREATE EXTERNAL DATABASE IF NOT EXISTS"
    )
    assert create_external_schema("cold", "it's", "arn:aws:iam::1:role/a", create_database=False) == (
        "CREATE EXTERNAL SCHEMA IF NOT EXISTS \"cold\"\nFROM DATA CATALOG DATABASE 'it''s'\n"
        "IAM_ROLE 'arn:aws:iam::1:role/a'"
    )


def test_tables_read_parquet_below_their_location() -> None:
    assert create_external_table(COLD, [("Id", BIGINT)], [("tg_period", DATE)], LOCATION, 0) == (
        'CREATE EXTERNAL TABLE "cold"."orders" (\n    "id" BIGINT\n)\nPARTITIONED BY (\n    "tg_period" DATE\n)\n'
        "STORED AS PARQUET\nLOCATION 's3://lake/orders/'\nTABLE PROPERTIES ('numRows'='0')"
    )


@pytest.mark.parametrize("kind", TypeKind)
def test_column_types_are_those_that_spectrum_reads(kind: TypeKind) -> None:
    if kind in COLUMNS:
        assert f'"x" {kind.value}' in create_external_table(COLD, [("x", SqlType(kind))], [], LOCATION)
        return
    with pytest.raises(UsageError) as error:
        create_external_table(COLD, [("x", SqlType(kind))], [], LOCATION)
    assert error.value.message == f'the column "x" of the external table cold.orders cannot be {kind.value}'
    assert error.value.hint == (
        "Cast it to one of SMALLINT, INTEGER, BIGINT, DECIMAL, REAL, DOUBLE PRECISION, BOOLEAN, CHAR, VARCHAR, DATE, "
        "TIMESTAMP, VARBYTE."
    )


@pytest.mark.parametrize("kind", TypeKind)
def test_partition_types_are_those_that_spectrum_prunes_by(kind: TypeKind) -> None:
    if kind in PARTITIONS:
        text = create_external_table(COLD, [("a", BIGINT)], [("x", SqlType(kind))], LOCATION)
        assert f'PARTITIONED BY (\n    "x" {kind.value}' in text
        return
    with pytest.raises(UsageError) as error:
        create_external_table(COLD, [("a", BIGINT)], [("x", SqlType(kind))], LOCATION)
    assert error.value.message == f'the partition column "x" of the external table cold.orders cannot be {kind.value}'


def test_a_partition_column_is_no_data_column() -> None:
    with pytest.raises(UsageError) as error:
        create_external_table(COLD, [("Day", DATE)], [("day", DATE)], LOCATION)
    assert error.value.message == 'the column "day" is listed twice'


@pytest.mark.parametrize(("columns", "partitions"), [(0, 1), (1597, 1), (1598, 0)])
def test_columns_are_counted(columns: int, partitions: int) -> None:
    data = [(f"c{n}", BIGINT) for n in range(columns)]
    keys = [(f"p{n}", BIGINT) for n in range(partitions)]
    with pytest.raises(UsageError) as error:
        create_external_table(COLD, data, keys, LOCATION)
    assert error.value.message == (
        f"the external table cold.orders has {columns} columns and {partitions} partition columns"
    )


def test_1597_columns_fit() -> None:
    text = create_external_table(COLD, [(f"c{n}", BIGINT) for n in range(1596)], [("p", DATE)], LOCATION)
    assert text.count("\n    ") == 1597


def test_a_location_is_a_folder() -> None:
    with pytest.raises(UsageError) as error:
        create_external_table(COLD, [("a", BIGINT)], [], "s3://lake/orders")
    assert error.value.message == "the location 's3://lake/orders' of cold.orders is not a folder"


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, []), (1, [1]), (100, [100]), (101, [100, 1]), (200, [100, 100]), (201, [100, 100, 1])]
)
def test_a_statement_adds_at_most_100_partitions(count: int, sizes: list[int]) -> None:
    statements = add_partitions(COLD, _partitions(count))
    assert [statement.count("\nPARTITION (") for statement in statements] == sizes
    lines = [line for statement in statements for line in statement.split("\n")[1:]]
    assert lines == [f"PARTITION (\"tg_batch\"='{n:03d}') LOCATION '{LOCATION}batch={n:03d}/'" for n in range(count)]
    assert all(statement.startswith(f"{HEAD}\nPARTITION (") for statement in statements)


def test_a_statement_stays_within_its_bytes() -> None:
    whole = add_partitions(COLD, _partitions(10))[0]
    assert add_partitions(COLD, _partitions(10), max_bytes=len(whole)) == [whole]
    split = add_partitions(COLD, _partitions(10), max_bytes=len(whole) - 1)
    assert [statement.count("PARTITION (") for statement in split] == [9, 1]
    assert len(add_partitions(COLD, _partitions(3), max_bytes=1)) == 3


def test_long_locations_split_at_the_smallest_limit_of_the_services() -> None:
    long = [({"p": str(n)}, f"s3://{'é' * 1000}/{n}/") for n in range(100)]
    statements = add_partitions(COLD, long)
    assert [statement.count("PARTITION (") for statement in statements] == [48, 48, 4]
    assert all(len(statement.encode()) <= 100_000 for statement in statements)


def test_partition_values_are_quoted() -> None:
    assert add_partitions(COLD, [((('A"b', "it's \\ "), ("c", "")), "s3://x/'/")]) == [
        f"{HEAD}\nPARTITION (\"a\"\"b\"='it''s \\\\ ', \"c\"='') LOCATION 's3://x/''/'"
    ]


def test_drop() -> None:
    assert drop_partition(COLD, {"tg_batch": "7", "tg_period": "2020-01-01"}) == (
        'ALTER TABLE "cold"."orders" DROP PARTITION ("tg_batch"=\'7\', "tg_period"=\'2020-01-01\')'
    )
    assert drop_external_table(COLD) == 'DROP TABLE IF EXISTS "cold"."orders"'
    assert drop_external_table(COLD, if_exists=False) == 'DROP TABLE "cold"."orders"'


def test_a_partition_has_values_once() -> None:
    with pytest.raises(UsageError) as error:
        drop_partition(COLD, {})
    assert error.value.message == "a partition of cold.orders has no values"
    with pytest.raises(UsageError) as error:
        drop_partition(COLD, (("a", "1"), ("A", "2")))
    assert error.value.message == 'the column "a" is listed twice'
