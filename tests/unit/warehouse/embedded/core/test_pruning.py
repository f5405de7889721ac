"""Which conditions of a query choose the partitions of an external table: never too few of them."""

import pytest
from tests.unit.warehouse.embedded.loading import Place, place

from tidegate.errors import StatementError

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
