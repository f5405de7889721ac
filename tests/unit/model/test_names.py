"""Names of tables: parsing, folding, and paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import UsageError
from tidegate.model.names import TableName, path_segment


@pytest.mark.parametrize(
    ("text", "schema", "name"),
    [
        ("orders", "public", "orders"),
        ("Sales.Orders", "sales", "orders"),
        ('"Odd Schema"."T ""x"" É"', "odd schema", 't "x" É'),
        (' s . "select" ', "s", "select"),
        ("été.Ünï", "été", "Ünï"),
    ],
)
def test_parse(text: str, schema: str, name: str) -> None:
    assert TableName.parse(text) == TableName(schema, name)


@pytest.mark.parametrize("text", ["", "a.b.c", "a.", ".b", 'a"b', "a b", '"unclosed'])
def test_parse_refuses(text: str) -> None:
    with pytest.raises(UsageError, match="is not a table name"):
        TableName.parse(text)


def test_a_name_may_have_127_bytes_and_no_more() -> None:
    assert TableName("s", "é" * 63 + "x").name == "é" * 63 + "x"
    with pytest.raises(UsageError, match="is longer than 127 bytes"):
        TableName("s", "é" * 64)


def test_display_quotes_what_needs_it() -> None:
    assert str(TableName("public", "orders")) == "public.orders"
    assert str(TableName("public", 'a "b"')) == 'public."a ""b"""'


@given(st.text(min_size=1, max_size=30).filter(lambda s: "\x00" not in s and len(s.encode("utf-8", "ignore")) <= 127))
def test_display_is_read_back(name: str) -> None:
    try:
        table = TableName("public", name)
    except (UsageError, UnicodeEncodeError):
        return
    assert TableName.parse(str(table)) == table


def test_path_segments_are_safe_and_short() -> None:
    assert path_segment("orders_2020-x") == "orders_2020-x"
    assert path_segment("_hidden") == "!5fhidden"
    assert path_segment("a/../b") == "a!2f!2e!2e!2fb"
    assert path_segment("é") == "!c3!a9"
    long = path_segment("é" * 63)
    assert len(long) == 120
    assert long != path_segment("é" * 62 + "e")
