"""Which relations the text of a view names, and which views read a table."""

import pytest

from tidegate.model.names import TableName
from tidegate.redshift.dependents import is_late_binding, is_materialized, readers, references
from tidegate.redshift.grants import Grant, GranteeKind, lacking


@pytest.mark.parametrize(
    ("definition", "named"),
    [
        ("SELECT * FROM orders", ["orders"]),
        ("SELECT orders.id, 'FROM x' AS orders FROM Sales.ORDERS orders WHERE orders.id IN (1, 2);", ["sales.orders"]),
        ('SELECT 1 FROM "a ""b"""."c.d" -- FROM e\n/* FROM f */', ['a "b".c.d']),
        ("SELECT 1 FROM a AS x, s.b y LEFT JOIN c ON x.i = y.i AND x.j = y.j, d", ["a", "c", "d", "s.b"]),
        ("SELECT a.i FROM ((a JOIN b ON ((a.i = b.i))) JOIN dev.s.c USING (i))", ["a", "b", "s.c"]),
        ("SELECT (SELECT MAX(i) FROM a) AS m, n FROM (SELECT 1 AS o, p FROM b) q", ["a", "b"]),
        ("SELECT EXTRACT(year FROM orders), TRIM(both FROM items) FROM a GROUP BY b, c ORDER BY d, e", ["a"]),
        ("SELECT 1 FROM a UNION ALL SELECT 2, b FROM ONLY c WHERE EXISTS (SELECT 1 FROM d)", ["a", "c", "d"]),
        ("WITH orders AS (SELECT 1 FROM raw), r2 AS (SELECT 1 FROM orders) SELECT 1 FROM r2, s.orders", None),
        ("SELECT 1 FROM generate_series(1, 2), a", ["a"]),
        ("create materialized view s.mv as (select 1 from a)", ["a"]),
        ("create view s.v as select 1 from a with no schema binding", ["a"]),
    ],
)
def test_the_relations_that_a_text_names(definition: str, named: list[str] | None) -> None:
    found = sorted(f"{schema}.{name}" if schema else name for schema, name in references(definition))
    assert found == (["raw", "s.orders"] if named is None else named)


def test_readers_are_found_through_other_views_and_similar_names_are_none() -> None:
    def name(text: str) -> TableName:
        return TableName.parse(text)

    views = {
        name("v"): "SELECT id FROM orders",
        name("s.w"): "create view s.w as select 1 from public.v with no schema binding",
        name("orders_all"): "SELECT * FROM public.orders UNION ALL SELECT * FROM cold.orders",
        name("ever"): "SELECT * FROM orders_all",
        name("similar"): "SELECT orders FROM orders_old, s.orders AS orders",
        name("loose"): "SELECT 1 FROM items",
    }
    relations = [name(text) for text in ("orders", "s.orders", "orders_old", "s.items", "t.items")]
    of = readers(views, relations, skipped={name("orders_all")})
    assert [str(view) for view in of(name("public.orders"))] == ["public.v", "s.w"]
    assert [str(view) for view in of(name("s.orders"))] == ["public.similar"]
    assert [str(view) for view in of(name("t.items"))] == ["public.loose"]
    assert of(name("public.nothing")) == []


def test_kinds_of_views_are_told_by_their_texts() -> None:
    assert is_late_binding("create view v as select 1 from a.b WITH NO SCHEMA BINDING ;")
    assert not is_late_binding("SELECT 'with no schema binding' AS a")
    assert is_materialized("CREATE  materialized view s.mv as select 1")
    assert not is_materialized("SELECT 'create materialized view'")


def test_a_grant_lacks_unless_the_same_or_a_wider_one_is_there() -> None:
    ann, passing = Grant(GranteeKind.USER, "ann"), Grant(GranteeKind.USER, "ann", True)
    role = Grant(GranteeKind.ROLE, "ann")
    assert lacking([role, ann, ann], []) == [role, ann]
    assert lacking([ann, role], [passing]) == [role]
    assert lacking([passing], [ann]) == [passing]
    assert lacking([], [ann]) == []
