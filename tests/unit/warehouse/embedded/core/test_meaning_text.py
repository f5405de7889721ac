"""Texts: NULL, bytes and characters, blanks, patterns and regular expressions."""

from collections.abc import Callable

import pytest

from tidegate.errors import StatementError, StatementRefused
from tidegate.warehouse.base import Session

Value = Callable[[str], object]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'a' || 'b'", "ab"),
        ("'a' || NULL", None),
        ("CONCAT('a', 'b')", "ab"),
        ("CONCAT('a', NULL)", None),
        ("'a' || 1 || DATE '2020-01-02'", "a12020-01-02"),
        ("LEN('né')", 2),
        ("LENGTH('a  ')", 3),
        ("CHAR_LENGTH('né')", 2),
        ("OCTET_LENGTH('né')", 3),
        ("LEN(CAST('né' AS VARBYTE))", 3),
        ("UPPER('né')", "NÉ"),
        ("LOWER('NÉ')", "né"),
        ("REVERSE('abc')", "cba"),
        ("SUBSTRING('caterpillar', 6, 4)", "pill"),
        ("SUBSTRING('caterpillar', 6)", "pillar"),
        ("SUBSTRING('caterpillar' FROM 6 FOR 4)", "pill"),
        ("SUBSTRING('caterpillar', 0, 6)", "cater"),
        ("SUBSTRING('caterpillar', -2, 6)", "cat"),
        ("SUBSTRING('caterpillar', 20, 2)", ""),
        ("SUBSTR('caterpillar', 1 + 5, 2 + 2)", "pill"),
        ("LEFT('caterpillar', 3)", "cat"),
        ("RIGHT('caterpillar', 6)", "pillar"),
        ("REPLACE('abcabc', 'b', '')", "acac"),
        ("TRANSLATE('mint tea', 'inea', 'osin')", "most tin"),
        ("STRPOS('caterpillar', 'pill')", 6),
        ("STRPOS('caterpillar', 'x')", 0),
        ("POSITION('pill' IN 'caterpillar')", 6),
        ("CHARINDEX('pill', 'caterpillar')", 6),
        ("LPAD('7', 3, '0')", "007"),
        ("LPAD('7', 3)", "  7"),
        ("RPAD('abcdef', 3, '.')", "abc"),
        ("TRIM('  a  ') || '|'", "a|"),
        ("TRIM(BOTH 'x' FROM 'xxaxx')", "a"),
        ("TRIM(LEADING 'x' FROM 'xxaxx')", "axx"),
        ("LTRIM('xya', 'yx')", "a"),
        ("RTRIM('a  ') || '|'", "a|"),
        ("BTRIM('xyaxy', 'xy')", "a"),
        ("SPLIT_PART('a,b,c', ',', 2)", "b"),
        ("SPLIT_PART('a,b,c', ',', 9)", ""),
        ("REPEAT('ab', 3)", "ababab"),
        ("REPLICATE('ab', 0)", ""),
        ("CHR(65)", "A"),
        ("MD5('a')", "0cc175b9c0f1b6a831c399e269772661"),
        ("SHA1('a')", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
        ("SHA2('a', 256)", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
        ("REGEXP_REPLACE('a1b22', '[0-9]+', '#')", "a#b#"),
        ("REGEXP_REPLACE('a1b22', '[0-9]+')", "ab"),
        ("REGEXP_SUBSTR('mail@host', '@[^.]*')", "@host"),
        ("REGEXP_SUBSTR('mail', '@')", ""),
        ("REGEXP_COUNT('banana', 'an')", 2),
        ("'abc' ~ '^a.c$'", True),
        ("'abc' !~ '^b'", True),
        ("'ABC' ~* 'b'", True),
        ("'a\\nb' ~ 'a.b'", True),
        ("'x1' ~ '\\\\d'", True),
        ("NULL ~ 'a'", None),
    ],
)
def test_functions(value: Value, expression: str, expected: object) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'a_b' LIKE 'a\\\\_b'", True),
        ("'axb' LIKE 'a\\\\_b'", False),
        ("'axb' LIKE 'a_b'", True),
        ("'a%b' LIKE 'a^%b' ESCAPE '^'", True),
        ("'axb' LIKE 'a^%b' ESCAPE '^'", False),
        ("'ABC' ILIKE 'a%'", True),
        ("'ABC' NOT ILIKE 'a%'", False),
        ("'ABC' NOT LIKE 'a%'", True),
        ("NULL LIKE 'a'", None),
    ],
)
def test_a_backslash_escapes_in_like(value: Value, expression: str, expected: object) -> None:
    assert value(expression) == expected


def test_a_pattern_from_a_column_escapes_too(session: Session) -> None:
    session.execute("CREATE TABLE t (pattern VARCHAR(10))")
    session.execute("INSERT INTO t VALUES ('a\\\\_b')")
    assert session.execute("SELECT 'a_b' LIKE pattern, 'axb' LIKE pattern FROM t").rows == ((True, False),)


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        ("'it''s'", "it's"),
        ("'it\\'s'", "it's"),
        ("'a\\\\b'", "a\\b"),
        ("'a\\tb'", "a\tb"),
        ("$$it's$$", "it's"),
        ("''", ""),
        ("'--no comment' /* but this */ -- and this", "--no comment"),
    ],
)
def test_literals(value: Value, literal: str, expected: str) -> None:
    assert value(literal) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'a ' = 'a'", True),
        ("'a' IN ('a  ', 'b')", True),
        ("'a ' <> 'a'", False),
        ("CASE 'a ' WHEN 'a' THEN 1 ELSE 2 END", 1),
        ("'b' BETWEEN 'a ' AND 'b '", True),
        ("DECODE('a', 'a ', 1, 2)", 1),
        ("NULLIF('a', 'a ')", None),
    ],
)
def test_trailing_blanks_of_a_literal_do_not_count_in_a_comparison(
    value: Value, expression: str, expected: object
) -> None:
    assert value(expression) == expected


def test_char_has_no_trailing_blanks(session: Session) -> None:
    session.execute("CREATE TABLE t (c CHAR(5))")
    session.execute("INSERT INTO t VALUES ('ab '), ('ab'), ('ab   '), ('ab         ')")
    assert session.execute("SELECT DISTINCT c, LEN(c), c || '|' FROM t WHERE c = 'ab  '").rows == (("ab", 2, "ab|"),)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("NVL(NULL, 'b')", "b"),
        ("COALESCE(NULL, NULL, 'c')", "c"),
        ("NVL2('a', 'x', 'y')", "x"),
        ("NVL2(NULL, 'x', 'y')", "y"),
        ("NVL('', 'b')", ""),
        ("DECODE(2, 1, 'one', 2, 'two', 'many')", "two"),
        ("DECODE(9, 1, 'one', 'many')", "many"),
        ("DECODE(9, 1, 'one')", None),
        ("DECODE(NULL, NULL, 'none', 'some')", "none"),
        ("CASE WHEN 1 > 2 THEN 'a' END", None),
        ("GREATEST('a', 'b')", "b"),
    ],
)
def test_choices(value: Value, expression: str, expected: object) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("INITCAP('a')", "the function INITCAP is not supported by the embedded warehouse"),
        ("QUOTE_IDENT('a')", "the function QUOTE_IDENT is not supported by the embedded warehouse"),
        ("'a' SIMILAR TO 'b'", "'a' SIMILAR TO 'b' is not supported by the embedded warehouse"),
        ("'a' || TRUE", "TRUE in || is not supported by the embedded warehouse"),
        ("'a' || 1.5::float", "CAST(1.5 AS DOUBLE PRECISION) in || is not supported by the embedded warehouse"),
        (
            "REGEXP_SUBSTR('ab', 'a|ab')",
            "the pattern 'a|ab' in REGEXP_SUBSTR is not supported by the embedded warehouse",
        ),
        (
            "REGEXP_REPLACE('ab', '(a)', '\\\\1x')",
            "the replacement '\\\\1x' in REGEXP_REPLACE is not supported by the embedded warehouse",
        ),
        ("LEFT('abc', -1)", "LEFT with a negative length is not supported by the embedded warehouse"),
        ("UPPER(1)", "UPPER of INTEGER is not supported by the embedded warehouse"),
        ("SHA2('a', 512)", "SHA2 with another length than 256 is not supported by the embedded warehouse"),
    ],
)
def test_refusals(value: Value, expression: str, message: str) -> None:
    with pytest.raises(StatementRefused) as refusal:
        value(expression)
    assert refusal.value.message == message


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("SPLIT_PART('a', ',', 0)", "the part of SPLIT_PART must be greater than zero"),
        ("SUBSTRING('abc', 1, -1)", "negative substring length"),
        ("LEN('a', 'b')", "LEN takes 1 argument, not 2"),
        ("'a' ~ '('", "missing ): ("),
    ],
)
def test_errors(value: Value, expression: str, message: str) -> None:
    with pytest.raises(StatementError) as error:
        value(expression)
    assert error.value.message == message
