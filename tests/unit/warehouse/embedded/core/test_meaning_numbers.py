"""Numbers mean what they mean on Redshift, not what DuckDB or sqlglot would make of them."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from tidegate.errors import StatementError, StatementRefused
from tidegate.warehouse.base import Session

Typed = Callable[[str], tuple[object, str]]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("5/2", (2, "integer")),
        ("-5/2", (-2, "integer")),
        ("5/-2", (-2, "integer")),
        ("7 % 3", (1, "integer")),
        ("-7 % 3", (-1, "integer")),
        ("5::bigint / 2", (2, "bigint")),
        ("5::float / 2", (2.5, "double precision")),
        ("5 / 2::real", (2.5, "double precision")),
        ("1.5 + 1", (Decimal("2.5"), "numeric(12,1)")),
        ("1.50 * 2.5", (Decimal("3.750"), "numeric(5,3)")),
        ("2147483648", (2147483648, "bigint")),
        ("9223372036854775808", (Decimal(9223372036854775808), "numeric(38,0)")),
        ("1e3", (1000.0, "double precision")),
        ("1.", (Decimal(1), "numeric(1,0)")),
        (".5", (Decimal("0.5"), "numeric(2,1)")),
        ("2 + 3 * 4", (14, "integer")),
        ("(2 + 3) * 4", (20, "integer")),
        ("-(-2)", (2, "integer")),
        ("ABS(-2.5)", (Decimal("2.5"), "numeric(2,1)")),
        ("CEIL(2.1::float)", (3.0, "double precision")),
        ("CEILING(-2.1)", (Decimal(-2), "numeric(2,0)")),
        ("FLOOR(-2.1)", (Decimal(-3), "numeric(2,0)")),
        ("ROUND(2.5)", (Decimal("3.0"), "numeric(2,1)")),
        ("ROUND(-2.55, 1)", (Decimal("-2.60"), "numeric(3,2)")),
        ("ROUND(7, 0)", (7, "integer")),
        ("TRUNC(-2.9)", (Decimal(-2), "numeric(2,0)")),
        ("MOD(-7, 3)", (-1, "integer")),
        ("SIGN(-2.5)", (Decimal(-1), "numeric(1,0)")),
        ("SIGN(-7)", (-1, "integer")),
        ("SIGN(-7::float)", (-1.0, "double precision")),
        ("POWER(2, 10)", (1024.0, "double precision")),
        ("SQRT(16)", (4.0, "double precision")),
        ("LOG(1000)", (3.0, "double precision")),
        ("LN(EXP(2))", (2.0, "double precision")),
        ("GREATEST(1, NULL, 3)", (3, "integer")),
        ("LEAST(2, NULL, 3)", (2, "integer")),
    ],
)
def test_arithmetic(typed: Typed, expression: str, expected: tuple[object, str]) -> None:
    assert typed(expression) == expected


@pytest.mark.parametrize("expression", ["5/0", "5 % 0", "5.0::float / 0", "0::float / 0", "MOD(5, 0)"])
def test_dividing_by_zero_is_an_error(typed: Typed, expression: str) -> None:
    with pytest.raises(StatementError, match=r"(?i)division by zero"):
        typed(expression)


@pytest.mark.parametrize(
    "expression", ["2147483647 + 1::integer", "32767::smallint + 1::smallint", "9223372036854775807 * 2"]
)
def test_overflow_is_an_error(typed: Typed, expression: str) -> None:
    with pytest.raises(StatementError, match=r"(?i)overflow|out of range"):
        typed(expression)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("1.0/3", "division of DECIMAL in 1.0 / 3"),
        ("1/3.0", "division of DECIMAL in 1 / 3.0"),
        ("ROUND(2.5::float)", "ROUND of a float"),
        ("MOD(2.5::float, 1)", "MOD of a float"),
        ("2 ^ 3", "POWER(2, 3)"),
        ("RANDOM()", "the function RANDOM"),
        ("STRTOL('ff', 16)", "the function STRTOL"),
    ],
)
def test_what_is_not_known_to_be_equal_is_refused_by_name(typed: Typed, expression: str, reason: str) -> None:
    with pytest.raises(StatementRefused) as refusal:
        typed(expression)
    assert refusal.value.message == f"{reason} is not supported by the embedded warehouse"
    assert refusal.value.hint


def test_types_of_columns_decide_about_division(session: Session) -> None:
    session.execute("CREATE TABLE t (i INTEGER, d DOUBLE PRECISION, n DECIMAL(10,2))")
    session.execute("INSERT INTO t VALUES (7, 7, 7)")
    result = session.execute(
        "WITH w AS (SELECT i AS a, d AS b FROM t) SELECT x.a / 2, x.b / 2, (SELECT MAX(i) FROM t) / 2 FROM w AS x"
    )
    assert result.rows == ((3, 3.5, 3),)
    with pytest.raises(StatementRefused, match="division of DECIMAL"):
        session.execute("SELECT n / 2 FROM (SELECT n FROM t UNION ALL SELECT 1) AS u")


def test_a_named_expression_keeps_its_type(session: Session) -> None:
    assert session.execute("SELECT 7 AS a, a / 2 AS b").rows == ((7, 3),)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("SUM(i)", (6, "bigint")),
        ("SUM(b)", (6, "bigint")),
        ("SUM(n)", (Decimal("6.00"), "numeric(38,2)")),
        ("SUM(d)", (6.0, "double precision")),
        ("SUM(DISTINCT i)", (6, "bigint")),
        ("AVG(i)", (2, "bigint")),
        ("AVG(i + 1)", (3, "bigint")),
        ("AVG(i * 5 / 3)", (3, "bigint")),
        ("AVG(d)", (2.0, "double precision")),
        ("COUNT(*)", (4, "bigint")),
        ("COUNT(i)", (3, "bigint")),
        ("COUNT(DISTINCT 1)", (1, "bigint")),
        ("MIN(n)", (Decimal("1.00"), "numeric(10,2)")),
        ("MAX(i)", (3, "integer")),
        ("STDDEV_POP(d)", (pytest.approx((2 / 3) ** 0.5), "double precision")),
        ("STDDEV(d)", (1.0, "double precision")),
        ("VARIANCE(d)", (1.0, "double precision")),
        ("MEDIAN(d)", (2.0, "double precision")),
        ("PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY d)", (1.5, "double precision")),
        ("PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY d DESC)", (2.5, "double precision")),
        ("BOOL_AND(i > 0)", (True, "boolean")),
        ("BOOL_OR(i > 2)", (True, "boolean")),
        ("LISTAGG(s) WITHIN GROUP (ORDER BY s DESC)", ("cba", "character varying(65535)")),
        ("LISTAGG(s, ',') WITHIN GROUP (ORDER BY s)", ("a,b,c", "character varying(65535)")),
        ("LISTAGG(DISTINCT s, '-') WITHIN GROUP (ORDER BY s)", ("a-b-c", "character varying(65535)")),
        ("SUM(CAST(TIDEGATE_HASH(i, s) AS DECIMAL(38,0))) IS NOT NULL", (True, "boolean")),
    ],
)
def test_aggregates(session: Session, expression: str, expected: tuple[object, str]) -> None:
    session.execute("CREATE TABLE t (i INTEGER, b BIGINT, n DECIMAL(10,2), d DOUBLE PRECISION, s VARCHAR(5))")
    session.execute(
        "INSERT INTO t VALUES (1, 1, 1, 1, 'a'), (2, 2, 2, 2, 'b'), (3, 3, 3, 3, 'c'), (NULL, NULL, NULL, NULL, NULL)"
    )
    result = session.execute(f"SELECT {expression} FROM t")
    assert (result.rows[0][0], result.columns[0].type) == expected


def test_aggregates_of_nothing(session: Session) -> None:
    session.execute("CREATE TABLE t (i INTEGER)")
    assert session.execute("SELECT SUM(i), AVG(i), COUNT(*), MAX(i) FROM t").rows == ((None, None, 0, None),)


def test_an_average_of_integers_is_cut_towards_zero(session: Session) -> None:
    session.execute("CREATE TABLE t (i INTEGER)")
    session.execute("INSERT INTO t VALUES (-1), (-2)")
    assert session.execute("SELECT AVG(i) FROM t").rows == ((-1,),)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("AVG(n)", "AVG of DECIMAL"),
        ("STDDEV(n)", "STDDEV of DECIMAL"),
        ("MEDIAN(n)", "MEDIAN of DECIMAL"),
        ("PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY n)", "PERCENTILE_CONT of DECIMAL"),
        ("SUM(s)", "SUM of VARCHAR"),
        ("COUNT(DISTINCT n, s)", "COUNT of several columns"),
        ("APPROXIMATE COUNT(DISTINCT n)", None),
        ("COUNT(*) FILTER (WHERE n > 1)", None),
        ("LISTAGG(n)", "LISTAGG of DECIMAL"),
        ("FNV_HASH(n)", "the function FNV_HASH"),
        ("HLL(n)", "the function HLL"),
    ],
)
def test_aggregates_that_are_refused(session: Session, expression: str, reason: str | None) -> None:
    session.execute("CREATE TABLE t (n DECIMAL(10,2), s VARCHAR(5))")
    with pytest.raises(StatementError) as refusal:
        session.execute(f"SELECT {expression} FROM t")
    if reason is not None:
        assert refusal.value.message == f"{reason} is not supported by the embedded warehouse"
