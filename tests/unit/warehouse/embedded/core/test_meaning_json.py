"""SUPER, JSON texts and bytes."""

from collections.abc import Callable

import pytest

from tidegate.errors import StatementError, StatementRefused
from tidegate.warehouse.base import Session

Value = Callable[[str], object]
DOCUMENT = """{"a": [10, 20, {"b": "x y"}], "C": 1.10, "n": null, "t": true, "s": "text"}"""


@pytest.fixture
def document(session: Session) -> Session:
    session.execute("CREATE TABLE t (d SUPER, j VARCHAR(200))")
    session.execute(f"INSERT INTO t VALUES (JSON_PARSE('{DOCUMENT}'), '{DOCUMENT}')")
    return session


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("d.a[0]", "10"),
        ("t.d.a[1]", "20"),
        ("public.t.d.a[1]", "20"),
        ("d.a[2].b", '"x y"'),
        ("d.a[9]", None),
        ("d.missing", None),
        ("d.missing.deeper", None),
        ("d['a'][0]", "10"),
        ("JSON_SERIALIZE(d.a)", '[10,20,{"b":"x y"}]'),
        ("JSON_TYPEOF(d)", "object"),
        ("JSON_TYPEOF(d.a)", "array"),
        ("JSON_TYPEOF(d.a[0])", "number"),
        ("JSON_TYPEOF(d.n)", "null"),
        ("JSON_TYPEOF(d.t)", "boolean"),
        ("JSON_TYPEOF(d.s)", "string"),
        ("JSON_TYPEOF(d.missing)", None),
        ("d.s::varchar", "text"),
        ("d.a::varchar", None),
        ("GET_ARRAY_LENGTH(d.a)", 3),
        ("GET_ARRAY_LENGTH(d)", None),
        ("JSON_EXTRACT_PATH_TEXT(j, 's')", "text"),
        ("JSON_EXTRACT_PATH_TEXT(j, 'a')", '[10,20,{"b":"x y"}]'),
        ("JSON_EXTRACT_PATH_TEXT(j, 'missing', 'deeper')", None),
        ("JSON_EXTRACT_PATH_TEXT(j, 's', FALSE)", "text"),
        ("JSON_EXTRACT_PATH_TEXT('{a', 's', TRUE)", None),
        ("CAN_JSON_PARSE(j)", True),
        ("CAN_JSON_PARSE('{a}')", False),
    ],
)
def test_navigation(document: Session, expression: str, expected: object) -> None:
    assert document.execute(f"SELECT {expression} FROM t").rows == ((expected,),)


def test_a_text_in_a_super_column_is_a_string(session: Session) -> None:
    session.execute("CREATE TABLE t (d SUPER)")
    session.execute("INSERT INTO t VALUES ('{\"a\":1}'), (1), (NULL), (JSON_PARSE('{\"a\":1}'))")
    assert session.execute("SELECT d, JSON_TYPEOF(d) FROM t").rows == (
        ('"{\\"a\\":1}"', "string"),
        ("1", "number"),
        (None, None),
        ('{"a":1}', "object"),
    )


def test_a_text_that_is_no_json_is_an_error(value: Value) -> None:
    with pytest.raises(StatementError, match="Malformed JSON"):
        value("JSON_PARSE('{a}')")


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("d['a', 'b']", None),
        ("d[j]", None),
        ("j.a", '"a" is looked up in a value that is not SUPER'),
        ("JSON_SERIALIZE(j)", "JSON_SERIALIZE of a value that is not SUPER is not supported by the embedded warehouse"),
        ("IS_VALID_JSON(j)", "the function IS_VALID_JSON is not supported by the embedded warehouse"),
        ("d.a[0] = 10", "the comparison of SUPER in d.a[0] = 10 is not supported by the embedded warehouse"),
        ("OBJECT('a', 1)", "the function OBJECT is not supported by the embedded warehouse"),
    ],
)
def test_refusals(document: Session, expression: str, message: str | None) -> None:
    with pytest.raises(StatementError) as refusal:
        document.execute(f"SELECT {expression} FROM t")
    if message is not None:
        assert refusal.value.message == message


def test_arrays_are_not_unnested(document: Session) -> None:
    with pytest.raises(StatementRefused, match="in FROM is not supported"):
        document.execute("SELECT i FROM t, t.d.a AS i")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("FROM_HEX('c3A9')", "c3a9"),
        ("TO_HEX(FROM_HEX('C3A9'))", "c3a9"),
        ("TO_VARBYTE('é', 'utf8')", "c3a9"),
        ("TO_VARBYTE('c3a9', 'hex')", "c3a9"),
        ("FROM_VARBYTE(FROM_HEX('c3a9'), 'utf-8')", "é"),
        ("FROM_VARBYTE(FROM_HEX('C3A9'), 'hex')", "c3a9"),
        ("TO_HEX(FROM_HEX(''))", ""),
        ("TO_HEX(FROM_HEX(NULL::varchar))", None),
    ],
)
def test_bytes(value: Value, expression: str, expected: object) -> None:
    assert value(expression) == expected


def test_a_row_hash_sees_columns_and_nulls_apart(value: Value) -> None:
    assert value("TIDEGATE_HASH('ab', 'c') = TIDEGATE_HASH('a', 'bc')") is False
    assert value("TIDEGATE_HASH('a', NULL) = TIDEGATE_HASH('a', '')") is False
    assert value("TIDEGATE_HASH('a', NULL) = TIDEGATE_HASH(NULL, 'a')") is False
    assert value("TIDEGATE_HASH('a', 1) = TIDEGATE_HASH('a', 1)") is True


def test_a_row_hash_fits_a_decimal_sum(session: Session) -> None:
    result = session.execute("SELECT COALESCE(SUM(CAST(TIDEGATE_HASH(1) AS DECIMAL(38,0))), 0) AS h")
    assert result.columns[0].type == "numeric(38,0)"
    assert 0 <= int(str(result.rows[0][0])) < 2**64
