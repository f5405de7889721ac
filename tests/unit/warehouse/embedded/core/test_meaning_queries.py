"""SELECT as a whole: precedence, names, NULL order, joins, scopes, windows, set operations."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from tidegate.errors import StatementError, StatementRefused
from tidegate.warehouse.base import Session

Value = Callable[[str], object]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("10 - 4 - 3", 3),
        ("100 / 10 * 2", 20),
        ("100 / (10 * 2)", 5),
        ("-2::smallint + 1", -1),
        ("'a' || 'b' LIKE 'a%'", True),
        ("'a' || 1 + 2", "a3"),
        ("NOT 1 = 2", True),
        ("NOT TRUE OR TRUE", True),
        ("TRUE OR TRUE AND FALSE", True),
        ("(TRUE OR TRUE) AND FALSE", False),
        ("NOT NULL IS NULL", False),
        ("1 BETWEEN 0 AND 2 AND FALSE", False),
        ("5 - 3 IN (2)", True),
        ("NOT 5 IN (2)", True),
        ("NULL IN (1)", None),
        ("1 NOT IN (2, NULL)", None),
        ("TRUE IS NOT FALSE", True),
        ("NULL IS NOT TRUE", True),
        ("1 ISNULL", False),
        ("DATE '2020-01-02' + 1 = '2020-01-03'", True),
        ("'12'::int::varchar || '3'", "123"),
        ("CASE WHEN 1 = 1 THEN 2 ELSE 3 END + 1", 3),
    ],
)
def test_precedence(value: Value, expression: str, expected: object) -> None:
    assert value(expression) == expected


@pytest.fixture
def sales(session: Session) -> Session:
    session.execute("CREATE TABLE sales (id INTEGER, region VARCHAR(10), amount INTEGER)")
    session.execute("INSERT INTO sales VALUES (1, 'n', 10), (2, 'n', 20), (3, 's', 5), (4, NULL, NULL)")
    session.execute("CREATE TABLE regions (region VARCHAR(10), name VARCHAR(10))")
    session.execute("INSERT INTO regions VALUES ('n', 'north'), ('w', 'west')")
    return session


def names(session: Session, sql: str) -> list[str]:
    return [column.name for column in session.execute(sql).columns]


def test_null_sorts_as_the_largest_value(sales: Session) -> None:
    assert [r[0] for r in sales.execute("SELECT amount FROM sales ORDER BY amount").rows] == [5, 10, 20, None]
    assert [r[0] for r in sales.execute("SELECT amount FROM sales ORDER BY amount DESC").rows] == [None, 20, 10, 5]
    assert sales.execute("SELECT amount FROM sales ORDER BY 1 DESC NULLS LAST").rows[0] == (20,)


def test_columns_are_named_as_postgresql_names_them(sales: Session) -> None:
    sql = (
        'SELECT id, s.region AS "Reg", COUNT(*) OVER (), MAX(amount) OVER (), 1 + 1, id::bigint, '
        "CASE WHEN TRUE THEN 1 END, COALESCE(id, 1) FROM sales AS s"
    )
    assert names(sales, sql) == ["id", "reg", "count", "max", "?column?", "id", "case", "coalesce"]


def test_identifiers_are_folded_even_in_quotes(session: Session) -> None:
    session.execute('CREATE TABLE "Odd Name" ("Select" INTEGER, ÄÖ INTEGER)')
    session.execute('INSERT INTO "ODD NAME" ("SELECT", ÄÖ) VALUES (1, 2)')
    result = session.execute('SELECT "select", "ÄÖ" FROM "odd name"')
    assert result.rows == ((1, 2),)
    assert [c.name for c in result.columns] == ["select", "ÄÖ"]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT TOP 1 id FROM sales ORDER BY id", ((1,),)),
        ("SELECT id FROM sales ORDER BY id LIMIT 1 OFFSET 2", ((3,),)),
        ("SELECT DISTINCT region FROM sales ORDER BY region", (("n",), ("s",), (None,))),
        ("SELECT region, SUM(amount) FROM sales GROUP BY region HAVING SUM(amount) > 5 ORDER BY 2", (("n", 30),)),
        ("SELECT region AS r, COUNT(*) FROM sales GROUP BY r ORDER BY r", (("n", 2), ("s", 1), (None, 1))),
        ("SELECT COUNT(*) AS c FROM sales GROUP BY region ORDER BY c DESC LIMIT 1", ((2,),)),
        ("SELECT LOWER(region) AS region, COUNT(*) FROM sales GROUP BY region ORDER BY 2 DESC LIMIT 1", (("n", 2),)),
        (
            "SELECT region, SUM(amount) FROM sales GROUP BY ROLLUP (region) ORDER BY 2 DESC LIMIT 2",
            ((None, None), (None, 35)),
        ),
        (
            "SELECT s.id, r.name FROM sales s JOIN regions r ON r.region = s.region ORDER BY 1",
            ((1, "north"), (2, "north")),
        ),
        ("SELECT id, name FROM sales LEFT JOIN regions USING (region) WHERE id > 2 ORDER BY 1", ((3, None), (4, None))),
        ("SELECT COUNT(*) FROM sales FULL OUTER JOIN regions ON sales.region = regions.region", ((5,),)),
        ("SELECT COUNT(*) FROM sales, regions", ((8,),)),
        ("SELECT COUNT(*) FROM sales CROSS JOIN regions", ((8,),)),
        ("SELECT id FROM sales WHERE region IN (SELECT region FROM regions) ORDER BY id", ((1,), (2,))),
        (
            "SELECT id FROM sales s WHERE EXISTS (SELECT 1 FROM regions r WHERE r.region = s.region) ORDER BY 1",
            ((1,), (2,)),
        ),
        (
            "SELECT (SELECT MAX(amount) FROM sales x WHERE x.region = r.region) FROM regions r ORDER BY 1",
            ((20,), (None,)),
        ),
        ("SELECT id FROM sales WHERE (id, amount) IN (SELECT 1, 10)", ((1,),)),
        ("SELECT public.sales.id FROM public.sales WHERE sales.id = 3", ((3,),)),
        ("SELECT id FROM sales UNION ALL SELECT 9 ORDER BY 1 DESC LIMIT 2", ((9,), (4,))),
        ("SELECT 1 UNION SELECT 1 UNION SELECT 2 ORDER BY 1", ((1,), (2,))),
        ("SELECT id FROM sales EXCEPT SELECT 1 EXCEPT SELECT 2 ORDER BY 1", ((3,), (4,))),
        ("SELECT id FROM sales MINUS (SELECT 1 UNION SELECT 2) ORDER BY 1", ((3,), (4,))),
        ("SELECT id FROM sales INTERSECT SELECT 1", ((1,),)),
        ("(SELECT 1) UNION ALL (SELECT 2 ORDER BY 1 LIMIT 1) ORDER BY 1", ((1,), (2,))),
        ("SELECT * FROM (SELECT id, amount FROM sales) AS t (a, b) WHERE a = 1", ((1, 10),)),
        ("SELECT t.* FROM (SELECT 1 AS a, 2) AS t", ((1, 2),)),
        ("WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS y FROM a) SELECT x, y FROM a, b", ((1, 2),)),
        ("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT SUM(i) FROM n", ((6,),)),
        ("WITH sales AS (SELECT 7 AS id) SELECT id FROM sales", ((7,),)),
        ("WITH sales AS (SELECT 7 AS id) SELECT COUNT(*) FROM public.sales", ((4,),)),
        ("SELECT id FROM sales WHERE id = '2' AND region = 'n   '", ((2,),)),
        ("SELECT NULL AS a UNION ALL SELECT 1 ORDER BY 1", ((1,), (None,))),
        ("SELECT 1 AS a UNION ALL SELECT 2.5 ORDER BY 1", ((Decimal("1.0"),), (Decimal("2.5"),))),
        ("SELECT amount * 2 AS double, double + 1 FROM sales WHERE id = 1", ((20, 21),)),
        (
            "SELECT id FROM sales QUALIFY ROW_NUMBER() OVER (PARTITION BY region ORDER BY id) = 1 ORDER BY 1",
            ((1,), (3,), (4,)),
        ),
    ],
)
def test_queries(sales: Session, sql: str, expected: object) -> None:
    assert sales.execute(sql).rows == expected


def test_star_after_using_begins_with_the_joined_column(sales: Session) -> None:
    sql = "SELECT * FROM sales JOIN regions USING (region) ORDER BY id"
    assert names(sales, sql) == ["region", "id", "amount", "name"]
    assert sales.execute(sql).rows == (("n", 1, 10, "north"), ("n", 2, 20, "north"))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("ROW_NUMBER() OVER (ORDER BY amount)", [1, 2, 3, 4]),
        ("RANK() OVER (ORDER BY region)", [1, 1, 3, 4]),
        ("DENSE_RANK() OVER (ORDER BY region)", [1, 1, 2, 3]),
        ("LAG(id) OVER (ORDER BY id)", [1, 2, 3, None]),
        ("LEAD(id, 2) OVER (ORDER BY id)", [3, 4, None, None]),
        ("SUM(amount) OVER (PARTITION BY region)", [5, 30, 30, None]),
        ("SUM(amount) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING)", [10, 30, 35, 35]),
        ("AVG(amount) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)", [5, 10, 12, 15]),
        ("FIRST_VALUE(id) OVER (ORDER BY id DESC ROWS UNBOUNDED PRECEDING)", [4, 4, 4, 4]),
        ("LAST_VALUE(amount IGNORE NULLS) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING)", None),
        ("LAST_VALUE(amount) IGNORE NULLS OVER (ORDER BY id ROWS UNBOUNDED PRECEDING)", [5, 5, 10, 20]),
        ("NTILE(2) OVER (ORDER BY id)", [1, 1, 2, 2]),
        ("COUNT(*) OVER ()", [4, 4, 4, 4]),
    ],
)
def test_windows(sales: Session, expression: str, expected: list[object] | None) -> None:
    if expected is None:
        with pytest.raises(StatementRefused):
            sales.execute(f"SELECT {expression} FROM sales")
        return
    rows = sales.execute(f"SELECT {expression} AS w FROM sales ORDER BY w").rows
    assert [row[0] for row in rows] == expected


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT nope FROM sales", 'column "nope" does not exist'),
        ("SELECT s.nope FROM sales s", 'column "s.nope" does not exist'),
        ("SELECT sales.id FROM sales s", 'missing FROM item for "sales.id"'),
        ("SELECT x.* FROM sales", 'missing FROM item for "x.*"'),
        ("SELECT * FROM nope", 'relation "public.nope" does not exist'),
        ("SELECT * FROM nope.sales", 'relation "nope.sales" does not exist'),
        ("SELECT 1 FROM sales, sales", 'the name "sales" stands twice in FROM'),
        ("SELECT COUNT(*) FROM sales GROUP BY nope", 'column "nope" does not exist'),
        (
            "SELECT SUM(amount) OVER (ORDER BY id) FROM sales",
            "aggregate window function SUM with ORDER BY needs a frame clause",
        ),
        ("SELECT ROW_NUMBER() FROM sales", "ROW_NUMBER needs OVER (…)"),
        ("SELECT FROM sales", "a SELECT names no columns"),
        ("SELECT 1 FROM sales WHERE region = 1", "VARCHAR and INTEGER cannot be compared in region = 1"),
        ("SELECT 1 FROM sales WHERE id IN (1, region)", "INTEGER and VARCHAR cannot be compared in id IN (1, region)"),
        ("SELECT 1 FROM sales WHERE id IN (SELECT region FROM regions)", None),
        ("SELECT id = TRUE FROM sales", "INTEGER and BOOLEAN cannot be compared in id = TRUE"),
        ("SELECT 1 FROM sales WHERE amount", "argument of WHERE must be boolean, not integer"),
        ("SELECT 1 FROM sales WHERE id = 1 AND amount", "argument of AND must be boolean, not integer"),
        ("SELECT NOT id FROM sales", "argument of NOT must be boolean, not integer"),
        ("SELECT CASE WHEN id THEN 1 END FROM sales", "argument of CASE WHEN must be boolean, not integer"),
        ("SELECT CASE region WHEN 1 THEN 1 END FROM sales", "VARCHAR and INTEGER cannot be compared in CASE"),
        ("SELECT 1 FROM sales s JOIN regions r ON s.id", "argument of JOIN/ON must be boolean, not integer"),
        ("DELETE FROM sales WHERE id", "argument of WHERE must be boolean, not integer"),
        ("SELECT id FROM sales UNION SELECT name FROM regions", "UNION types INTEGER and VARCHAR cannot be matched"),
        ("SELECT DATE '2020-01-01' UNION ALL SELECT 'x'", "UNION ALL types DATE and VARCHAR cannot be matched"),
        ("SELECT 1, 2 UNION SELECT 1", "each UNION query must have the same number of columns"),
        ("SELECT 1 +", None),
        ("SELECT (1", None),
        ("SELECT 'a", "unterminated string"),
    ],
)
def test_errors(sales: Session, sql: str, message: str | None) -> None:
    with pytest.raises(StatementError) as error:
        sales.execute(sql)
    if message is not None:
        assert error.value.message == message
    assert error.value.hint


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("SELECT id INTO x FROM sales", "INTO in SELECT"),
        ("SELECT id FROM sales FOR UPDATE", "LOCKS in SELECT"),
        ("SELECT * FROM sales NATURAL JOIN regions", "METHOD in"),
        ("SELECT * FROM sales TABLESAMPLE BERNOULLI (1)", "SAMPLE in"),
        ("SELECT * FROM generate_series(1, 2)", "GENERATE_SERIES(1, 2) in FROM"),
        ("SELECT * FROM read_csv('/etc/passwd')", "in FROM"),
        ("SELECT * FROM db.public.sales", "CATALOG in"),
        ("SELECT * EXCLUDE (id) FROM sales", None),
        ("SELECT id FROM sales INTERSECT ALL SELECT 1", "INTERSECT ALL"),
        ("SELECT 1 EXCEPT ALL SELECT 1", "EXCEPT ALL"),
        ("SELECT DISTINCT ON (id) id FROM sales", "ON in DISTINCT"),
        ("SELECT SUM(id) OVER (ORDER BY id RANGE UNBOUNDED PRECEDING) FROM sales", "RANGE in a window frame"),
        ("SELECT id FROM sales WHERE id = ?", "?"),
        ("SELECT id FROM sales WHERE id = ANY (SELECT 1)", "ANY"),
        ("SELECT * FROM sales PIVOT (SUM(amount) FOR region IN ('n'))", "PIVOTS in"),
        ("SELECT * FROM stl_query", "the system view stl_query"),
        ("SELECT 'a' 'b'", None),
        ("SELECT getvariable('x')", "the function GETVARIABLE"),
    ],
)
def test_what_is_refused(sales: Session, sql: str, what: str | None) -> None:
    with pytest.raises(StatementRefused) as refusal:
        sales.execute(sql)
    assert "is not supported by the embedded warehouse" in refusal.value.message
    if what is not None:
        assert what in refusal.value.message


@pytest.mark.parametrize("schema", ["tidegate_engine", "tidegate_file", "main", "temp", "pg_temp"])
def test_the_engines_own_schemas_are_out_of_reach(session: Session, schema: str) -> None:
    with pytest.raises(StatementRefused, match=f'the schema "{schema}"'):
        session.execute(f"SELECT * FROM {schema}.relations")


def test_a_long_chain_of_conditions_is_no_deep_nesting(sales: Session) -> None:
    chain = " OR ".join(f"id = {n}" for n in range(3000))
    assert sales.execute(f"SELECT COUNT(*) FROM sales WHERE {chain}").rows == ((4,),)


def test_a_long_union_is_no_deep_nesting(session: Session) -> None:
    assert len(session.execute(" UNION ALL ".join(f"SELECT {n}" for n in range(500))).rows) == 500


def test_a_statement_that_is_nested_too_deeply_is_refused(session: Session) -> None:
    with pytest.raises(StatementError, match="nested too deeply"):
        session.execute(f"SELECT {'(' * 3000}1{')' * 3000}")
