"""Tokens of statements: what they are, and that a long text costs no more than is read of it."""

import pytest

from tidegate.errors import StatementError
from tidegate.warehouse.embedded.lexer import split, tokenize, tokens
from tidegate.warehouse.embedded.statements import kind_of


def _read(sql: str) -> list[tuple[str, str]]:
    return [(token.kind.name, token.value) for token in tokenize(sql)]


def test_every_kind_of_token() -> None:
    assert _read('/* a /* b */ c */ sElect -- d\n a$1::X, "Q""q"->1.5e3-.5/2*$1') == [
        *(("WORD", "SELECT"), ("WORD", "A$1"), ("SYMBOL", "::"), ("WORD", "X"), ("SYMBOL", ","), ("QUOTED", 'q"q')),
        *(("SYMBOL", "-"), ("SYMBOL", ">"), ("NUMBER", "1.5e3"), ("SYMBOL", "-"), ("NUMBER", ".5"), ("SYMBOL", "/")),
        *(("NUMBER", "2"), ("SYMBOL", "*"), ("SYMBOL", "$"), ("NUMBER", "1")),
    ]
    assert _read("'it''s' 'a\\'b\\n' $$x'$$ $t$ $$ $t$") == [
        ("STRING", "it's"),
        ("STRING", "a'b\n"),
        ("STRING", "x'"),
        ("STRING", " $$ "),
    ]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT 'a''", "unterminated string"),
        ("SELECT /* /* */", "unterminated comment"),
        ('SELECT "a', "unterminated quoted identifier"),
        ("SELECT $a$ $b$", r"unterminated \$a\$ string"),
        ("SELECT `a`", "unexpected character '`' at position 8"),
    ],
)
def test_what_is_no_sql(sql: str, message: str) -> None:
    with pytest.raises(StatementError, match=message):
        tokenize(sql)


def test_no_more_of_a_text_is_read_than_is_asked_for() -> None:
    assert [token.value for _, token in zip(range(2), tokens("INSERT INTO 'open"), strict=False)] == ["INSERT", "INTO"]
    assert kind_of("INSERT INTO t VALUES (" + "1, " * 20 + "'open") == "INSERT"
    assert kind_of("WITH q AS (SELECT 1) DELETE FROM t WHERE a IN (1, 2, 3, 4, 'open") == "DELETE"


def test_a_script_is_split_at_its_semicolons() -> None:
    assert split(";; SELECT ';' ;-- a;\nSELECT 2 /* ; */;;") == ["SELECT ';'", "-- a;\nSELECT 2 /* ; */"]
