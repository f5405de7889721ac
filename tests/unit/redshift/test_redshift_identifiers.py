import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot.dialects import Redshift

from tidegate.errors import UsageError
from tidegate.model.names import MAX_IDENTIFIER_BYTES, TableName, fold
from tidegate.redshift.identifiers import RESERVED, column_list, comment, literal, qualified, quote
from tidegate.warehouse.embedded.lexer import TokenKind, tokenize

TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=60)
HOSTILE = st.text(st.sampled_from("'\"\\*/-;$\n\tn0 aÄ"), max_size=20)


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("orders", '"orders"'),
        ("Orders", '"orders"'),
        ("ÄPFEL", '"Äpfel"'),
        ('a"b', '"a""b"'),
        ('";DROP TABLE x;--', '""";drop table x;--"'),
        ("a\\b", '"a\\b"'),
        ("it's", '"it\'s"'),
        ("two words", '"two words"'),
        ("timestamp", '"timestamp"'),
        ("1st", '"1st"'),
        ("表", '"表"'),
    ],
)
def test_names_are_folded_and_quoted(name: str, quoted: str) -> None:
    assert quote(name) == quoted


@pytest.mark.parametrize("name", ["a" * 127, "é" * 63 + "x"])
def test_a_name_of_127_bytes_fits(name: str) -> None:
    assert quote(name) == f'"{name}"'


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a" * 128, f"the name '{'a' * 128}' is longer than 127 bytes"),
        ("é" * 64, f"the name '{'é' * 64}' is longer than 127 bytes"),
        ("", "a name is empty"),
        ("a\x00b", r"the name 'a\x00b' holds a NUL character"),
    ],
)
def test_names_that_redshift_cannot_hold_are_refused(name: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        quote(name)
    assert error.value.message == message


def test_tables_are_qualified_and_a_sessions_own_are_not() -> None:
    assert qualified(TableName('Sa"les', "Order")) == '"sa""les"."order"'
    assert qualified(TableName("pg_temp", "stage")) == '"stage"'


def test_columns_are_listed_once() -> None:
    assert column_list(["b", 'A"']) == '"b", "a"""'
    with pytest.raises(UsageError) as error:
        column_list(["Day", "x", "day"])
    assert error.value.message == 'the column "day" is listed twice'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", "''"),
        ("it's", "'it''s'"),
        ("a\\b", "'a\\\\b'"),
        ("\\", "'\\\\'"),
        ("\\'", "'\\\\'''"),
        ("'; DROP TABLE x; --", "'''; DROP TABLE x; --'"),
    ],
)
def test_literals_double_quotes_and_backslashes(value: str, text: str) -> None:
    assert literal(value) == text


def test_a_literal_cannot_hold_nul() -> None:
    with pytest.raises(UsageError) as error:
        literal("a\x00b")
    assert error.value.message == r"the text 'a\x00b' holds a NUL character"


@settings(derandomize=True, max_examples=30, deadline=None)
@given(TEXTS | HOSTILE)
def test_a_literal_reads_back_as_one_token(value: str) -> None:
    assert [(token.kind, token.value) for token in tokenize(f"{literal(value)};")] == [
        (TokenKind.STRING, value),
        (TokenKind.SYMBOL, ";"),
    ]
    assert [token.text for token in Redshift().tokenize(f"SELECT {literal(value)}")] == ["SELECT", value]


@settings(derandomize=True, max_examples=30, deadline=None)
@given((TEXTS | HOSTILE).filter(lambda name: 0 < len(name.encode()) <= MAX_IDENTIFIER_BYTES))
def test_a_name_reads_back_as_one_token(name: str) -> None:
    assert [(token.kind, token.value) for token in tokenize(f"{quote(name)};")] == [
        (TokenKind.QUOTED, fold(name)),
        (TokenKind.SYMBOL, ";"),
    ]


@settings(derandomize=True, max_examples=30, deadline=None)
@given(TEXTS | HOSTILE, TEXTS | HOSTILE)
def test_a_comment_hides_what_it_holds(job: str, step: str) -> None:
    text = comment(job, step)
    assert [token.value for token in tokenize(f"{text} SELECT 1")] == ["SELECT", "1"]
    assert "\n" not in text


def test_a_comment_names_job_and_step() -> None:
    assert comment("01J0", "unload") == "/* tidegate 01J0 unload */"
    assert comment("a*/; /*b", "c\nd") == "/* tidegate a/; /b c d */"


def test_reserved_words_are_known() -> None:
    assert {"timestamp", "percent", "tag", "user", "emptyasnull"} <= RESERVED
    assert "orders" not in RESERVED
    assert all(word == word.lower() for word in RESERVED)
