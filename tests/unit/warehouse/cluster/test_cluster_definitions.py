"""Definitions and sizes read by catalog queries are those that the embedded warehouse tells of itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tidegate.config.settings import EmbeddedSettings
from tidegate.errors import StatementError
from tidegate.model.names import TableName
from tidegate.model.tables import Column, ForeignKey, Identity, SqlType, Table, TypeKind
from tidegate.redshift.ddl import create_table
from tidegate.warehouse.base import Result, ResultColumn
from tidegate.warehouse.cluster.definitions import table_stats, tables
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse
from tidegate.warehouse.embedded.session import EmbeddedSession

_TYPES = (
    *(SqlType(k) for k in (TypeKind.SMALLINT, TypeKind.INTEGER, TypeKind.BIGINT, TypeKind.REAL, TypeKind.DOUBLE)),
    *(SqlType(k) for k in (TypeKind.BOOLEAN, TypeKind.DATE, TypeKind.TIME, TypeKind.TIMETZ, TypeKind.TIMESTAMP)),
    *(SqlType(k) for k in (TypeKind.TIMESTAMPTZ, TypeKind.SUPER)),
    *(SqlType(TypeKind.DECIMAL, precision=p, scale=s) for p, s in ((18, 0), (38, 37), (1, 1), (5, 2))),
    *(SqlType(TypeKind.VARCHAR, length=n) for n in (1, 256, 65_535)),
    *(SqlType(TypeKind.CHAR, length=n) for n in (1, 4096)),
    SqlType(TypeKind.VARBYTE, length=64_000),
)
_INTEGER, _BIGINT, _TEXT = SqlType(TypeKind.INTEGER), SqlType(TypeKind.BIGINT), SqlType(TypeKind.VARCHAR, length=20)

EVERY_TYPE = Table(
    TableName("public", "every_type"),
    tuple(Column(f"c{n}", type, nullable=bool(n % 2)) for n, type in enumerate(_TYPES)),
)
KEYED = Table(
    TableName("odd schema", 'the "odd" (table)'),
    (
        Column("a b", _INTEGER, nullable=False, default="7"),
        Column('q"(), "x', _TEXT, nullable=False, default="'it''s'", encoding="zstd"),
        Column("order", _BIGINT, identity=Identity(5, -2), nullable=False),
        Column("raw", _TEXT, encoding="raw"),
        Column("flag", SqlType(TypeKind.BOOLEAN)),
    ),
    primary_key=('q"(), "x', "a b"),
    unique_keys=(("a b",), ("raw", "a b")),
    foreign_keys=(
        ForeignKey(("a b",), TableName("public", "every_type"), ("c1",)),
        ForeignKey(('q"(), "x', "raw"), TableName("odd schema", "the other"), ("x", 'y"')),
    ),
    dist_style="KEY",
    dist_key='q"(), "x',
    sort_keys=("order", "a b", "flag"),
)
OTHER = Table(
    TableName("odd schema", "the other"),
    (
        Column("x", _TEXT),
        Column('y"', _TEXT),
        Column("id", _INTEGER, nullable=False, identity=Identity(1, 1, by_default=True)),
        Column("at", SqlType(TypeKind.DATE)),
    ),
    dist_style="ALL",
    sort_keys=("x", "at"),
    interleaved=True,
)
EVEN = Table(TableName("public", "even"), (Column("x", _TEXT),), dist_style="EVEN", sort_keys=("x",), interleaved=True)
ABSENT = TableName("public", "absent")


@pytest.fixture
def warehouse(tmp_path: Path) -> EmbeddedWarehouse:
    return EmbeddedWarehouse(EmbeddedSettings(path=tmp_path / "w.duckdb", base=tmp_path, threads=1))


@pytest.fixture
def session(warehouse: EmbeddedWarehouse) -> Iterator[EmbeddedSession]:
    session = warehouse.connect()
    yield session
    session.close()


def test_definitions_are_the_declared_ones(warehouse: EmbeddedWarehouse, session: EmbeddedSession) -> None:
    session.execute('CREATE SCHEMA "odd schema"')
    session.execute("CREATE VIEW a_view AS SELECT 1 AS x")
    made = {table.name: table for table in (EVERY_TYPE, OTHER, KEYED, EVEN)}
    for table in made.values():
        session.execute(create_table(table))
    names = [*made, ABSENT, TableName("public", "a_view")]
    assert tables(session.execute, names) == made
    assert warehouse.tables(names) == made


def test_two_hundred_tables_are_one_statement(session: EmbeddedSession) -> None:
    names = [TableName("public", f"t{n}") for n in range(200)]
    session.transaction([f"CREATE TABLE t{n} (id INT, at DATE SORTKEY)" for n in range(200)])
    asked: list[str] = []

    def run(sql: str) -> Result:
        asked.append(sql)
        return session.execute(sql)

    found = tables(run, names)
    assert list(found) == sorted(names)
    assert {table.sort_keys for table in found.values()} == {("at",)}
    assert len(asked) == 1
    assert tables(run, []) == {}
    assert len(asked) == 1


def test_sizes_are_those_of_the_embedded_warehouse(warehouse: EmbeddedWarehouse, session: EmbeddedSession) -> None:
    session.execute("CREATE TABLE empty (a INT)")
    session.execute("CREATE TABLE some (a BIGINT, b VARCHAR(100))")
    session.execute("INSERT INTO some VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')")
    session.execute("DELETE FROM some WHERE a = 3")
    names = [TableName("public", name) for name in ("empty", "some", "absent")]
    known, read = warehouse.table_stats(names), table_stats(session.execute, names)
    measures = {name: (stats.rows, stats.deleted, stats.unsorted, stats.stats_off) for name, stats in known.items()}
    assert {n: (s.rows, s.deleted, s.unsorted, s.stats_off) for n, s in read.items()} == measures
    assert (read[names[0]].bytes, read[names[1]].bytes, read[names[1]].rows) == (0, 1_048_576, 3)


def test_a_full_table_costs_no_second_statement(session: EmbeddedSession) -> None:
    session.execute("CREATE TABLE some AS SELECT 1 AS a")
    asked: list[str] = []

    def run(sql: str) -> Result:
        asked.append(sql)
        return session.execute(sql)

    assert table_stats(run, [TableName("public", "some")])[TableName("public", "some")].rows == 1
    assert len(asked) == 1


def test_what_a_cluster_shows_differently_is_understood() -> None:
    """As Redshift itself words them: a key of a visible table, a default identity, AUTO styles, percent."""
    column = ("sales", "t", "column", 1, "id", "integer", "default_identity(12, 0, '1,1'::text)", True, True, 1)
    rows = (
        (*column, "none", 9),
        (
            "sales",
            "t",
            "column",
            2,
            "at",
            "timestamp without time zone",
            "('now'::text)::timestamp",
            False,
            False,
            -2,
            "none",
            9,
        ),
        ("sales", "t", "key", 77, "fk", "FOREIGN KEY (id) REFERENCES other(id)", None, False, False, 0, None, 0),
    )
    name = TableName("sales", "t")
    table = tables(lambda sql: Result((ResultColumn("x", "integer"),), rows), [name])[name]
    assert table.columns[0] == Column("id", _INTEGER, nullable=False, identity=Identity(1, 1, by_default=True))
    assert table.columns[1].default == "('now'::text)::timestamp"
    assert (table.dist_style, table.dist_key, table.sort_keys, table.interleaved) == ("AUTO", None, ("id", "at"), True)
    assert table.foreign_keys == (ForeignKey(("id",), TableName("public", "other"), ("id",)),)
    sizes = Result(rows=(("sales", "t", "12", "1000", "750", "25.00", "10.00"),))
    stats = table_stats(lambda sql: sizes, [name])[name]
    assert (stats.rows, stats.bytes, stats.deleted, stats.unsorted, stats.stats_off) == (750, 12 << 20, 0.25, 0.25, 0.1)


def test_a_type_that_nobody_knows_is_named() -> None:
    row = ("sales", "t", "column", 1, "id", "cube", None, True, True, 1, "none", 9)
    with pytest.raises(StatementError, match=r"^column \"id\" of sales\.t: 'cube' is not a Redshift type$"):
        tables(lambda sql: Result(rows=(row,)), [TableName("sales", "t")])
