"""A JSON file's keys and types, over every record."""

from pathlib import Path

import pytest

from tidegate.errors import FileRefused
from tidegate.formats.schema.inferred import InferredFile
from tidegate.formats.schema.json import infer_json
from tidegate.model.route import FormatOptions
from tidegate.model.tables import SqlType, TypeKind
from tidegate.redshift.types import render


@pytest.fixture
def infer(tmp_path: Path):  # type: ignore[no-untyped-def]
    def run(text: str | bytes, *, flatten: bool = False) -> InferredFile:
        path = tmp_path / "a[*].json"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return infer_json(path, "a.json", tmp_path, FormatOptions(flatten=flatten))

    return run


def schema(found: InferredFile) -> dict[str, str]:
    return {c.name: render(c.type) for c in found.columns}


def test_each_kind_of_value_in_the_order_of_first_sight(infer) -> None:  # type: ignore[no-untyped-def]
    found = infer(
        '{"n":1,"t":"x","m":1.5,"d":"2024-01-01","b":true,"z":null,"l":[1],"o":{"x":1},"zip":"007"}\n'
        '{"late":"ä","n":3000000000,"d":"2024-01-01 10:00:00"}\n'
    )
    assert list(schema(found).items()) == [
        ("n", "BIGINT"),
        ("t", "VARCHAR(256)"),
        ("m", "DECIMAL(2,1)"),
        ("d", "TIMESTAMP"),
        ("b", "BOOLEAN"),
        ("z", "VARCHAR(1)"),
        ("l", "SUPER"),
        ("o", "SUPER"),
        ("zip", "VARCHAR(256)"),
        ("late", "VARCHAR(256)"),
    ]
    assert [(c.name, c.nullable) for c in found.columns if not c.nullable] == [("n", False), ("d", False)]
    assert {c.name for c in found.columns if c.undetermined} == {"z"}
    assert (found.rows, found.columns[-1].longest) == (2, 2)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("12345678901234567890", "DECIMAL(20,0)"),
        ("9" * 38, "DECIMAL(38,0)"),
        ("9" * 39, "VARCHAR(256)"),
        ("0.12345678901234567890", "DOUBLE PRECISION"),
        ("1e-7", "DOUBLE PRECISION"),
        ("1.25,100", "DECIMAL(5,2)"),
        ("-1", "INTEGER"),
        ('1,"1"', "SUPER"),
        ('"x",["x"]', "SUPER"),
        ("{}", "SUPER"),
        ('"1"', "VARCHAR(256)"),
        ('""', "VARCHAR(1)"),
    ],
)
def test_numbers_lose_nothing_and_a_key_of_several_kinds_is_super(infer, values: str, expected: str) -> None:  # type: ignore[no-untyped-def]
    records = ",".join(f'{{"a":{value}}}' for value in values.split(","))
    assert schema(infer(f"[{records}]")) == {"a": expected}


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1}\n{"a":2}\n',
        '[{"a":1},\n{"a":2}]',
        '{\n  "a": 1\n}\n{\n  "a": 2\n}\n',
        '\ufeff{"a":1}\n{"a":2}',
        '{"a":1}\n\n{"a":2}'.encode("utf-16"),
    ],
)
def test_lines_arrays_and_objects_over_many_lines(infer, text: str | bytes) -> None:  # type: ignore[no-untyped-def]
    found = infer(text)
    assert (schema(found), found.rows) == ({"a": "INTEGER"}, 2)


def test_the_last_of_many_records_widens_the_type(infer) -> None:  # type: ignore[no-untyped-def]
    assert schema(infer('{"a":1}\n' * 50_000 + '{"a":1.5,"b":"x"}\n')) == {"a": "DECIMAL(2,1)", "b": "VARCHAR(256)"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a.json is empty"),
        ("[]", "a.json has no record with a key"),
        ("{}", "a.json has no record with a key"),
        ('{"a":1}\n5\n', "a.json: record 2 is no object: '5'"),
        ('{"a":1}\n{"a":', "a.json: record 2 is no JSON: Expecting value: line 1 column 6 (char 5)"),
        ('{"a":1}\n{"a":1,"a":2}', "a.json: record 2 has the key 'a' twice in one object"),
        ('{"a":1,"A":2}', "a.json: the columns 'a' and 'A' are one name on Redshift"),
        ('{"a":"\\ud800"}', "a.json: record 1 holds half of a surrogate pair, which is no character"),
        ('{"a":' + "[" * 200 + "]" * 200 + "}", "a.json is nested deeper than 128 levels"),
        ('{"a":' + "[" * 100_000 + "]" * 100_000 + "}", "a.json is nested deeper than 128 levels"),
        ('{"a":"' + "x" * 65_536 + '"}', "a.json: a has a text of more than 65535 bytes"),
        ('{"":1}', "a.json: a name is empty"),
    ],
)
def test_what_cannot_be_loaded_is_refused_by_name(infer, text: str, said: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(FileRefused) as caught:
        infer(text)
    assert caught.value.message == said
    assert caught.value.hint


def test_flattened_objects_become_columns_and_lists_tables(infer) -> None:  # type: ignore[no-untyped-def]
    found = infer(
        '{"id":1,"who":{"name":"x","at":{"zip":1}},"items":[{"n":1,"tags":["a"]},{"n":2.5}],"none":[]}\n{"id":2}\n',
        flatten=True,
    )
    assert schema(found) == {"id": "INTEGER", "who_name": "VARCHAR(256)", "who_at_zip": "INTEGER"}
    assert [c.path for c in found.columns[:3]] == [("id",), ("who", "name"), ("who", "at", "zip")]
    assert [(t.name, t.rows, [(c.name, render(c.type), c.path) for c in t.columns]) for t in found.children] == [
        ("items", ("items[]",), [("n", "DECIMAL(2,1)", ("items[]", "n"))]),
        (
            "items_tags",
            ("items[]", "tags[]"),
            [("value", "VARCHAR(256)", ("items[]", "tags[]"))],
        ),
        ("none", ("none[]",), [("value", "VARCHAR(1)", ("none[]",))]),
    ]


def test_flattened_names_that_meet_or_are_too_long_are_refused(infer) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(FileRefused, match="the columns 'a_b' and 'a_b' are one name on Redshift"):
        infer('{"a":{"b":1},"a_b":2}', flatten=True)
    with pytest.raises(FileRefused, match="is longer than 127 bytes"):
        infer('{"a":{"' + "y" * 126 + '":1}}', flatten=True)


def test_declared_types_win(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"Zip":12345}')
    found = infer_json(path, "a.json", tmp_path, types={"zip": SqlType(TypeKind.CHAR, length=5)})
    assert schema(found) == {"Zip": "CHAR(5)"}
