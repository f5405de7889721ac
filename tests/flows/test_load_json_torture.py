"""JSON of every kind that occurs: loaded to exactly its values, or aside with a plain reason."""

import json
from decimal import Decimal
from typing import Any

import pytest
from tests.flows.landing import TABLE, Land, names
from tests.world import World

DEEP = "[" * 126 + "]" * 126
SUPER, PLAIN = True, False
COLUMNS: dict[str, tuple[str, str, bool, Any, Any]] = {
    "number_or_text": ("1", '"1"', SUPER, "1", '"1"'),
    "truth_or_text": ("true", '"yes"', SUPER, "true", '"yes"'),
    "list_or_object": ("[1]", '{"b":null}', SUPER, "[1]", '{"b":null}'),
    "hollow": ("{}", "[]", SUPER, "{}", "[]"),
    "hollow_or_text": ("{}", '""', SUPER, "{}", '""'),
    "digits_38": ("9" * 38, "-1", PLAIN, Decimal("9" * 38), Decimal(-1)),
    "digits_39": ("9" * 39, "null", PLAIN, "9" * 39, None),
    "digits_400": ("9" * 400, "1", PLAIN, "9" * 400, "1"),
    "digits_inside": ("[12345678901234567890123456789]", "[]", SUPER, "[12345678901234567890123456789]", "[]"),
    "powers": ("1e5", "-2.5E-3", PLAIN, Decimal("100000.0000"), Decimal("-0.0025")),
    "escapes": (r'"\u00e9\ud83d\ude00\n\t\"\\\/\u2028"', '""', PLAIN, 'é\U0001f600\n\t"\\/\u2028', ""),
    "a b": ("1", "2", PLAIN, 1, 2),
    "c.d": ("1", "2", PLAIN, 1, 2),
    'e"f': ("1", "2", PLAIN, 1, 2),
    "ü": ("1", "2", PLAIN, 1, 2),
    "select": ("1", "2", PLAIN, 1, 2),
    "deep": (DEEP, "[]", SUPER, DEEP, "[]"),
    "longest": (f'"{"x" * 65_535}"', '"y"', PLAIN, "x" * 65_535, "y"),
    "words": ('["NaN, \\"Infinity",1]', "null", SUPER, '["NaN, \\"Infinity",1]', None),
    "no_day": ('"2024-02-30"', '"2024-01-01"', PLAIN, "2024-02-30", "2024-01-01"),
}
PUT_ASIDE: dict[str, tuple[str | bytes, str]] = {
    "not_a_number": ('{"s":[NaN]}', "record 1: s: '[NaN]' does not fit SUPER"),
    "endless": ('{"s":{"b":-Infinity}}', "record 1: s: '{\"b\":-Infinity}' does not fit SUPER"),
    "nul": ('{"a":"x\\u0000y"}', r"record 1: a: 'x\x00y' does not fit VARCHAR(3)"),
    "nul_in_key": ('{"a\\u0000":1}', r"the name 'a\x00' holds a NUL character"),
    "raw_nul": (b'{"a":"x\x00y"}', "holds a NUL character in line 1"),
    "control": (b'{"a":"x\x01y"}', "record 1 is no JSON: Invalid control character at"),
    "surrogate": ('{"a":{"b":"\\udc00"}}', "record 1 holds half of a surrogate pair, which is no character"),
    "surrogate_key": ('{"\\ud800":1}', "record 1 holds half of a surrogate pair, which is no character"),
    "raw_surrogate": (b'{"a":"\xed\xa0\x80"}', "record 1 holds half of a surrogate pair, which is no character"),
    "latin": ('{"a":"ä"}'.encode("latin-1"), "record 1 is no JSON: 'utf-8' codec can't decode byte 0xe4"),
    "single_quotes": ("{'a':1}", "record 1 is no JSON: Expecting property name enclosed in double quotes"),
    "comment": ('{"a":1} // x', "record 1 is no JSON: Extra data"),
    "scalars": ("[1,2]", "record 1 is no object: '1'"),
    "text": ('"x"', "record 1 is no object: '\"x\"'"),
    "blank": ("  \n ", "is empty"),
    "truncated": ('{"a":1}\n{"a":', "record 2 is no JSON: Expecting value"),
}


@pytest.fixture
def land(empty: World) -> Land:
    return Land(empty)


def test_what_can_be_read_is_loaded_to_exactly_its_values(land: Land) -> None:
    """Two records, with a byte order mark and line ends of Windows."""
    records = (
        ",".join(f"{json.dumps(key, ensure_ascii=False)}:{case[at]}" for key, case in COLUMNS.items()) for at in (0, 1)
    )
    text = "\ufeff" + "".join(f'{{"n":{n},{record}}}\r\n' for n, record in enumerate(records))
    (land.folder / "a.json").write_bytes(text.encode())
    assert [q.reason for q in land.load().quarantined] == []
    quoted = [f'"{key.replace(chr(34), chr(34) * 2)}"' for key in COLUMNS]
    listed = ", ".join(
        f"JSON_SERIALIZE({name})" if case[2] else name for name, case in zip(quoted, COLUMNS.values(), strict=True)
    )
    for row, at in zip(land.world.sql(f"SELECT {listed} FROM {TABLE} ORDER BY n"), (3, 4), strict=True):
        assert dict(zip(COLUMNS, row, strict=True)) == {key: case[at] for key, case in COLUMNS.items()}


def test_values_of_every_kind_under_one_key_are_super(land: Land) -> None:
    kinds = ["1", '"x"', "true", "[1]", '{"b":null}', "null"]
    lines = [f'{{"n":{n},"a":{value}}}' for n, value in enumerate(kinds)]
    (land.folder / "a.json").write_text("\n".join([*lines, '{"n":6}']))
    assert land.load().rows == 7
    rows = land.world.sql(f"SELECT JSON_SERIALIZE(a) FROM {TABLE} ORDER BY n")
    assert [value for (value,) in rows] == [*kinds[:5], None, None]


def test_what_cannot_be_read_goes_aside_with_its_reason_and_the_others_are_loaded(land: Land) -> None:
    for name, (text, _) in PUT_ASIDE.items():
        (land.folder / f"{name}.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    (land.folder / "zgood.json").write_text('{"a":"good"}')
    outcome = land.load()
    assert (land.rows("a"), outcome.rows) == ([("good",)], 1)
    reasons = {names([q])[0].removesuffix(".json"): q.reason for q in outcome.quarantined}
    assert sorted(reasons) == sorted(PUT_ASIDE)
    assert [(name, reasons[name]) for name, (_, said) in PUT_ASIDE.items() if said not in reasons[name]] == []
    assert all(q.hint for q in outcome.quarantined)
    assert land.world.value(f"SELECT COUNT(*) FROM {TABLE}") == 1
