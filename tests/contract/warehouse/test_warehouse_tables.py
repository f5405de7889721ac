"""Definitions and sizes of tables, and where the warehouse lives."""

from collections.abc import Callable

from tidegate.model.names import TableName
from tidegate.model.tables import Column, Identity, SqlType, Table, TypeKind
from tidegate.warehouse.base import Warehouse

T = TableName("contract", "t")
RICH = TableName("contract", "rich")


def test_definitions_of_those_that_exist(warehouse: Warehouse) -> None:
    found = warehouse.tables([T, TableName("contract", "nope"), TableName("nope", "t")])
    assert list(found) == [T]
    assert found[T].columns == (
        Column("a", SqlType(TypeKind.INTEGER), encoding=found[T].columns[0].encoding),
        Column("b", SqlType(TypeKind.VARCHAR, length=5), encoding=found[T].columns[1].encoding),
    )
    assert warehouse.tables([]) == {}


def test_a_definition_is_complete(warehouse: Warehouse) -> None:
    warehouse.execute(
        "CREATE TABLE contract.rich (id BIGINT IDENTITY(1,1) NOT NULL, n DECIMAL(12,3) DEFAULT 0, c CHAR(4), "
        "z TIMESTAMPTZ NOT NULL, s SUPER, v VARBYTE(16), PRIMARY KEY (id)) "
        "DISTSTYLE KEY DISTKEY (id) COMPOUND SORTKEY (z, id)"
    )
    table: Table = warehouse.tables([RICH])[RICH]
    assert [(c.name, c.type, c.nullable) for c in table.columns] == [
        ("id", SqlType(TypeKind.BIGINT), False),
        ("n", SqlType(TypeKind.DECIMAL, precision=12, scale=3), True),
        ("c", SqlType(TypeKind.CHAR, length=4), True),
        ("z", SqlType(TypeKind.TIMESTAMPTZ), False),
        ("s", SqlType(TypeKind.SUPER), True),
        ("v", SqlType(TypeKind.VARBYTE, length=16), True),
    ]
    assert table.columns[0].identity == Identity(1, 1)
    assert table.columns[1].default == "0"
    assert (table.primary_key, table.dist_style, table.dist_key) == (("id",), "KEY", "id")
    assert (table.sort_keys, table.interleaved) == (("z", "id"), False)


def test_sizes_of_those_that_exist(warehouse: Warehouse) -> None:
    warehouse.execute("CREATE TABLE contract.empty (a INTEGER)")
    empty = TableName("contract", "empty")
    found = warehouse.table_stats([T, empty, TableName("contract", "nope")])
    assert sorted(found) == [empty, T]
    assert (found[T].rows, found[empty].rows) == (2, 0)
    assert found[T].bytes > 0
    assert warehouse.table_stats([]) == {}


def test_the_place_stays_the_same(opened: Callable[[], Warehouse], warehouse: Warehouse) -> None:
    assert warehouse.place()
    assert opened().place() == warehouse.place()


def test_a_closed_warehouse_can_be_opened_again(opened: Callable[[], Warehouse], warehouse: Warehouse) -> None:
    warehouse.close()
    assert opened().execute("SELECT COUNT(*) FROM contract.t").rows == ((2,),)
