"""Which conditions of a query choose the partitions of an external table: never too few of them."""

from pathlib import Path

import pytest
from tests.unit.warehouse.embedded.loading import Place, place, refused

from tidegate.errors import ObjectNotFound, StatementError

__all__ = ["place"]

PERIODS = ("2020-01-01", "2020-02-01", "2020-03-01")


@pytest.fixture
def cold(place: Place) -> Place:
    """`cold.t (id, p)` with ids 1 to 3, one a period; `p` is its partition column. `other (id, p)` holds id 1."""
    place.run(
        "CREATE TABLE hot (id BIGINT, p DATE)",
        "INSERT INTO hot VALUES (1, '2020-01-01'), (2, '2020-02-01'), (3, '2020-03-01')",
        "CREATE TABLE other (id BIGINT, p DATE)",
        "INSERT INTO other VALUES (1, '2020-03-01')",
        "CREATE EXTERNAL SCHEMA cold FROM DATA CATALOG DATABASE 'x' IAM_ROLE default",
        "CREATE EXTERNAL TABLE cold.t (id BIGINT) PARTITIONED BY (p DATE) STORED AS PARQUET LOCATION 'lake/t/'",
        "UNLOAD ('SELECT id, p FROM hot') TO 'lake/t/' PARQUET PARTITION BY (p)",
        "ALTER TABLE cold.t ADD " + " ".join(f"PARTITION (p='{p}') LOCATION 'lake/t/p={p}/'" for p in PERIODS),
    )
    return place


@pytest.mark.parametrize(
    ("sql", "ids", "files"),
    [
        ("SELECT id FROM cold.t", [1, 2, 3], 3),
        ("SELECT id FROM cold.t WHERE p = '2020-02-01'", [2], 1),
        ("SELECT id FROM cold.t AS c WHERE c.p >= DATE '2020-02-01' AND (id > 0)", [2, 3], 2),
        ("SELECT id FROM cold.t WHERE (p = '2020-01-01' AND id = 1) OR id = 3", [1, 3], 3),
        ("SELECT a FROM cold.t AS c (a, id) WHERE id = '2020-02-01'", [2], 3),
        ("SELECT c.p FROM cold.t AS c (p, day) WHERE p = 2", [2], 3),
        ("SELECT c.id FROM cold.t AS c, other WHERE other.p = '2020-03-01' AND other.id = 1", [1, 2, 3], 3),
        ("SELECT c.id FROM cold.t AS c JOIN other AS o ON o.id = 1 WHERE c.p = o.p", [3], 3),
        ("SELECT c.id FROM cold.t AS c JOIN other AS o ON o.id = 1 WHERE c.p = '2020-01-01'", [1], 1),
        ("SELECT o.id FROM other AS o LEFT JOIN cold.t AS c ON c.id = 2 AND c.p = '2020-02-01'", [1], 1),
        ("SELECT id FROM other WHERE p = '2020-03-01' AND id IN (SELECT id FROM cold.t)", [1], 3),
        ("SELECT id FROM cold.t WHERE p IN (SELECT p FROM other WHERE p = '2020-03-01')", [3], 3),
        ("SELECT id FROM cold.t WHERE NOT p = '2020-02-01'", [1, 3], 3),
        ("SELECT id FROM (SELECT * FROM cold.t) AS q WHERE p = '2020-02-01'", [2], 1),
        ("WITH q AS (SELECT id, p AS day FROM cold.t WHERE p < '2020-03-01') SELECT id FROM q WHERE id > 1", [2], 2),
    ],
)
def test_conditions(cold: Place, sql: str, ids: list[int], files: int) -> None:
    assert sorted(row[0] for row in cold.rows(sql)) == ids
    assert sum(scan.files for scan in cold.profile(sql)) <= files


def test_a_view_over_hot_and_cold_reads_what_its_reader_asks_for(cold: Place) -> None:
    cold.run(
        "DELETE FROM hot WHERE id < 3",
        "CREATE VIEW everything AS SELECT id, p FROM public.hot UNION ALL "
        "SELECT e.id, e.p FROM cold.t AS e JOIN public.other AS o ON o.id = 1 AND e.id < 3 WITH NO SCHEMA BINDING",
    )
    assert sorted(cold.rows("SELECT id FROM everything")) == [(1,), (2,), (3,)]
    assert cold.rows("SELECT COUNT(*) FROM everything WHERE p = '2020-02-01'") == [(1,)]


def test_the_lists_of_files_are_forgotten(cold: Place) -> None:
    with cold.warehouse.session() as session:
        session.execute("SELECT COUNT(*) FROM cold.t")
        session.execute("CREATE TEMP TABLE copied AS SELECT * FROM cold.t")
        session.execute("DELETE FROM hot USING cold.t AS c WHERE hot.id = c.id")
        with session.stream("SELECT id FROM cold.t") as stream:
            assert sum(len(chunk) for chunk in stream.chunks) == 3
        with pytest.raises(StatementError):
            session.execute("SELECT CAST('x' || id::varchar AS INTEGER) FROM cold.t")
        cursor = session._cursor  # type: ignore[attr-defined]
        assert cursor.execute("SELECT COUNT(*) FROM duckdb_variables() WHERE name LIKE 'tidegate%'").fetchall() == [
            (0,)
        ]


def test_external_tables_stay_out_of_bound_views(cold: Place) -> None:
    with pytest.raises(StatementError, match=r"the view reads the external table cold\.t"):
        cold.run("CREATE VIEW v AS SELECT id FROM cold.t")


_ALL = (
    "CREATE VIEW everything AS SELECT id, day, at FROM public.hot2 UNION ALL SELECT e.id AS id, "
    "CAST(e.day AS DATE) AS day, (e.at AT TIME ZONE 'UTC') AS at FROM cold.d AS e JOIN public.published AS q "
    "ON q.batch = e.tg_batch AND q.period = e.tg_period WITH NO SCHEMA BINDING"
)


@pytest.fixture
def gap(place: Place) -> Place:
    """`everything (id, day, at)`: ids 1 to 3 on the 15th of a month each, and hot id 4; the file of id 2 is gone."""
    days = ("2020-01-15", "2020-02-15", "2020-03-15")
    rows = ", ".join(f"({id}, '{day}', '{day} 10:00', '{day[:7]}-01')" for id, day in enumerate(days, 1))
    place.run(
        "CREATE TABLE hot2 (id BIGINT, day DATE, at TIMESTAMPTZ)",
        "INSERT INTO hot2 VALUES (4, '2020-04-15', '2020-04-15 10:00')",
        "CREATE TABLE source (id BIGINT, day DATE, at TIMESTAMP, p DATE)",
        f"INSERT INTO source VALUES {rows}",
        "CREATE TABLE published (batch VARCHAR(9), period DATE)",
        "INSERT INTO published SELECT 'b', p FROM source",
        "CREATE EXTERNAL SCHEMA cold FROM DATA CATALOG DATABASE 'x' IAM_ROLE default",
        "CREATE EXTERNAL TABLE cold.d (id BIGINT, day DATE, at TIMESTAMP) "
        "PARTITIONED BY (tg_batch VARCHAR(9), tg_period DATE) STORED AS PARQUET LOCATION 'lake/d/'",
        "UNLOAD ('SELECT id, day, at, p FROM source') TO 'lake/d/' PARQUET PARTITION BY (p)",
        "ALTER TABLE cold.d ADD "
        + " ".join(f"PARTITION (tg_batch='b', tg_period='{p}') LOCATION 'lake/d/p={p}/'" for p in PERIODS),
        _ALL,
    )
    _gone(place).unlink()
    return place


def _gone(place: Place) -> Path:
    return place.lake / "d/p=2020-02-01/0000_part_00.parquet"


@pytest.mark.parametrize(
    ("sql", "ids"),
    [
        ("SELECT id FROM everything WHERE day >= '2020-03-01'", [3, 4]),
        ("SELECT e.id FROM everything AS e WHERE e.day BETWEEN '2020-01-01' AND '2020-01-31' AND e.id > 0", [1]),
        ("SELECT id FROM everything WHERE DATE '2020-02-01' > day", [1]),
        ("SELECT id FROM everything WHERE at < '2020-02-01 00:00:00'", [1]),
        ("SELECT id FROM cold.d WHERE day = '2020-03-15'", [3]),
        ("SELECT id FROM cold.d WHERE tg_period <> '2020-02-01'", [1, 3]),
        ("SELECT id FROM everything WHERE at > '2020-03-01' AND id NOT IN (SELECT id FROM hot2)", [3]),
    ],
)
def test_a_query_that_needs_no_missing_file_does_without_it(gap: Place, sql: str, ids: list[int]) -> None:
    assert sorted(row[0] for row in gap.rows(sql)) == ids


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT COUNT(*) FROM everything",
        "SELECT id FROM everything WHERE day > '2020-02-15'",
        "SELECT id FROM everything WHERE day < '2020-02-01' OR id = 2",
        "SELECT id FROM everything WHERE id = 1",
        "SELECT id FROM cold.d WHERE tg_period = '2020-02-01'",
        "SELECT id FROM (SELECT id, day, COUNT(*) OVER () AS n FROM everything) AS q WHERE day > '2020-03-01'",
    ],
)
def test_a_query_that_may_need_a_missing_file_names_it(gap: Place, sql: str) -> None:
    with refused(ObjectNotFound, f"'{_gone(gap)}' does not exist"):
        gap.rows(sql)


def test_a_file_that_was_replaced_is_read_whatever_it_held_before(gap: Place) -> None:
    _gone(gap).write_bytes((gap.lake / "d/p=2020-03-01/0000_part_00.parquet").read_bytes())
    assert sorted(gap.rows("SELECT id FROM everything WHERE day > '2020-03-01'")) == [(3,), (3,), (4,)]
