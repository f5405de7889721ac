from collections.abc import Sequence

import pytest
from tests.unit.warehouse.embedded.loading import Place, place, refused

from tidegate.errors import StatementError, StatementRefused

__all__ = ["place"]

SCHEMA = "CREATE EXTERNAL SCHEMA cold FROM DATA CATALOG DATABASE 'tidegate' IAM_ROLE default"
TABLE = (
    "CREATE EXTERNAL TABLE cold.t (id BIGINT, v DECIMAL(12,2)) PARTITIONED BY (batch VARCHAR(30), period DATE) "
    "STORED AS PARQUET LOCATION 'lake/t/' TABLE PROPERTIES ('numRows'='10')"
)
PARTITIONS = 'SELECT "values" FROM svv_external_partitions ORDER BY 1'


@pytest.fixture
def cold(place: Place) -> Place:
    place.run(SCHEMA, TABLE)
    return place


def added(*partitions: tuple[str, str], location: str = "lake/t/x/") -> str:
    items = " ".join(f"PARTITION (batch='{b}', period='{p}') LOCATION '{location}'" for b, p in partitions)
    return f"ALTER TABLE cold.t ADD {items}"


def test_a_schema_is_made_once(place: Place) -> None:
    place.run(SCHEMA)
    place.run(SCHEMA.replace("SCHEMA", "SCHEMA IF NOT EXISTS") + " CREATE EXTERNAL DATABASE IF NOT EXISTS")

    assert place.rows("SELECT schemaname, databasename FROM svv_external_schemas") == [("cold", "tidegate")]
    with refused(StatementError, 'schema "cold" already exists'):
        place.run(SCHEMA)
    with refused(StatementError, 'schema "public" already exists'):
        place.run(SCHEMA.replace("cold", "public"))


def test_other_sources_of_schemas_are_refused_by_name(place: Place) -> None:
    with refused(StatementRefused, "the embedded warehouse has no external schemas from POSTGRES"):
        place.run("CREATE EXTERNAL SCHEMA s FROM POSTGRES DATABASE 'd' URI 'h'")


def test_the_catalog_shows_tables_and_columns(cold: Place) -> None:
    assert cold.rows("SELECT schemaname, tablename, location, parameters FROM svv_external_tables") == [
        ("cold", "t", f"{cold.base}/lake/t/", '{"numRows":"10"}')
    ]
    assert cold.rows(
        "SELECT columnname, external_type, columnnum, part_key FROM svv_external_columns ORDER BY columnnum"
    ) == [
        ("id", "bigint", 1, 0),
        ("v", "decimal(12,2)", 2, 0),
        ("batch", "varchar(30)", 3, 1),
        ("period", "date", 4, 2),
    ]


def test_the_location_of_a_partition_is_shown_as_far_as_redshift_shows_it(cold: Place) -> None:
    folder = f"lake/t/{'x' * 120}/"
    cold.run(added(("b", "2020-01-01"), location=folder))

    shown = cold.rows('SELECT "values", location FROM svv_external_partitions')
    assert shown == [('["b","2020-01-01"]', f"{cold.base}/{folder}"[:128])]


def test_partitions_are_added_and_dropped(cold: Place) -> None:
    cold.run(added(("b1", "2020-01-01"), ("b2", "2020-1-1"), ("b1", "__HIVE_DEFAULT_PARTITION__")))
    assert cold.rows(PARTITIONS) == [('["b1","2020-01-01"]',), ('["b1",null]',), ('["b2","2020-01-01"]',)]

    cold.run("ALTER TABLE cold.t DROP PARTITION (period='2020-01-01', batch='b1')")
    assert cold.rows(PARTITIONS) == [('["b1",null]',), ('["b2","2020-01-01"]',)]


def test_a_partition_exists_once(cold: Place) -> None:
    cold.run(added(("b1", "2020-01-01")))

    with refused(StatementError, "partition (batch=b1, period=2020-01-01) of cold.t already exists"):
        cold.run(added(("b2", "2020-01-01"), ("b1", "2020-01-01")))
    assert cold.rows(PARTITIONS) == [('["b1","2020-01-01"]',)]
    cold.run(added(("b1", "2020-01-01"), ("b3", "2020-01-01")).replace("ADD", "ADD IF NOT EXISTS"))
    assert cold.rows(PARTITIONS) == [('["b1","2020-01-01"]',), ('["b3","2020-01-01"]',)]


def test_at_most_100_partitions_in_a_statement(cold: Place) -> None:
    values = [(f"b{n}", "2020-01-01") for n in range(101)]
    cold.run(added(*values[:100]))

    with refused(StatementRefused, "ALTER TABLE cold.t adds 101 partitions"):
        cold.run(added(*values))


@pytest.mark.parametrize(
    ("partition", "message"),
    [
        ("batch='b'", "PARTITION (batch) does not name the partition columns of cold.t"),
        ("batch='b', period='2020-01-01', id='1'", None),
        ("batch='b', id='2020-01-01'", "PARTITION (batch, id) does not name the partition columns of cold.t"),
        (
            "batch='b', period='2020-13-01'",
            "'2020-13-01' is not a value of the partition column \"period\" (DATE) of cold.t",
        ),
    ],
)
def test_a_partition_names_every_partition_column(cold: Place, partition: str, message: str | None) -> None:
    text = message or "PARTITION (batch, period, id) does not name the partition columns of cold.t"
    with refused(StatementRefused, text):
        cold.run(f"ALTER TABLE cold.t ADD PARTITION ({partition}) LOCATION 'lake/t/x/'")


def test_a_partition_that_is_not_there_cannot_be_dropped(cold: Place) -> None:
    with refused(StatementError, "cold.t has no partition (batch=b, period=2020-01-01)"):
        cold.run("ALTER TABLE cold.t DROP PARTITION (batch='b', period='2020-01-01')")


def test_dropping_a_table_forgets_it_and_leaves_the_files(cold: Place) -> None:
    cold.write("lake/t/x/readme", "kept")
    cold.run(added(("b1", "2020-01-01"), location="lake/t/y/"), "DROP TABLE cold.t", TABLE)

    assert cold.rows(PARTITIONS) == []
    assert cold.files("lake") == ["t/x/readme"]


def test_a_schema_with_tables_is_dropped_only_by_cascade(cold: Place) -> None:
    with refused(StatementError, 'schema "cold" is not empty: it has cold.t'):
        cold.run("DROP SCHEMA cold")
    cold.run("DROP SCHEMA cold CASCADE")
    assert cold.rows("SELECT tablename FROM svv_external_tables") == []
    cold.run(SCHEMA, TABLE)


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        ([TABLE.replace("cold.t", "cold.u")], "CREATE EXTERNAL TABLE cannot run inside a transaction block"),
        ([added(("b", "2020-01-01"))], "ALTER EXTERNAL TABLE cannot run inside a transaction block"),
        (["DROP TABLE cold.t"], "DROP EXTERNAL TABLE cannot run inside a transaction block"),
    ],
)
def test_external_ddl_is_refused_inside_a_transaction(cold: Place, statements: Sequence[str], message: str) -> None:
    with refused(StatementRefused, message):
        cold.warehouse.transaction(["SELECT 1", *statements])
    with cold.warehouse.session() as session:
        session.execute("BEGIN")
        with refused(StatementRefused, message):
            session.execute(statements[0])


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (
            "CREATE EXTERNAL TABLE cold.u (id SUPER) STORED AS PARQUET LOCATION 'x/'",
            'the column "id" of the external table cold.u cannot be SUPER',
        ),
        (
            "CREATE EXTERNAL TABLE cold.u (id INT) PARTITIONED BY (p TIMESTAMPTZ) STORED AS PARQUET LOCATION 'x/'",
            'the partition column "p" of the external table cold.u cannot be TIMESTAMPTZ',
        ),
        (
            "CREATE EXTERNAL TABLE cold.u (id INT) PARTITIONED BY (id INT) STORED AS PARQUET LOCATION 'x/'",
            'the column "id" is listed twice',
        ),
        (
            "CREATE EXTERNAL TABLE cold.u (id INT) STORED AS TEXTFILE LOCATION 'x/'",
            "the embedded warehouse does not read external tables STORED AS TEXTFILE",
        ),
        (
            "CREATE EXTERNAL TABLE cold.u (id INT) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' LOCATION 'x/'",
            "the embedded warehouse reads external tables of Parquet files only, without ROW FORMAT",
        ),
        (
            "CREATE EXTERNAL TABLE cold.u STORED AS PARQUET LOCATION 'x/' AS SELECT 1",
            "the embedded warehouse does not do CREATE EXTERNAL TABLE AS (cold.u)",
        ),
        (
            "CREATE EXTERNAL TABLE cold.u (id WIDGET(3)) STORED AS PARQUET LOCATION 'x/'",
            "column \"id\": 'WIDGET ( 3 )' is not a Redshift type",
        ),
    ],
)
def test_definitions_that_are_refused(cold: Place, sql: str, message: str) -> None:
    with refused(StatementRefused, message):
        cold.run(sql)


def test_names_must_mean_something(cold: Place) -> None:
    with refused(StatementError, 'external schema "nope" does not exist'):
        cold.run(TABLE.replace("cold.t", "nope.t"))
    with refused(StatementError, 'relation "cold.t" already exists'):
        cold.run(TABLE)
    with refused(StatementError, "an external table needs the name of its external schema"):
        cold.run(TABLE.replace("cold.t", "t"))
    with refused(StatementError, 'external table "cold.u" does not exist'):
        cold.run("ALTER TABLE cold.u DROP PARTITION (batch='b')")


def test_a_file_that_is_not_parquet_is_named_when_its_partition_is_added(cold: Place) -> None:
    file = cold.write("lake/t/x/data", "no parquet file")

    with refused(StatementError, f"No magic bytes found at end of file '{file}'"):
        cold.run(added(("b", "2020-01-01")))


def test_a_location_that_is_a_file_is_refused(cold: Place) -> None:
    file = cold.write("lake/t/x", "manifest")

    with refused(StatementRefused, f"the location '{file}' is a file"):
        cold.run(added(("b", "2020-01-01"), location="lake/t/x"))
