"""JSON: every key of every record is a column, nested values are SUPER, and what would lose something goes aside."""

import bz2
import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.flows.landing import TABLE, Land, appending, names, upserting
from tests.world import World

from tidegate.flows.load.json_files import write_json
from tidegate.model.route import Contract, FileFormat, FormatOptions

RECORDS = [
    {"id": 1, "day": "2020-01-02", "amount": 1.5, "items": [{"sku": "ü", "n": 1}, {"sku": "b"}], "none": None},
    {"id": 2, "amount": 12, "items": [], "none": None},
    {"id": 3, "day": None, "items": None, "note": "late", "big": 12345678901234567890},
]


@pytest.fixture
def land(empty: World) -> Land:
    return Land(empty)


def lines(*records: object) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def kinds(land: Land) -> list[str]:
    found = land.world.sql("SELECT data_type FROM svv_columns WHERE table_name = 'sales' ORDER BY ordinal_position")
    return [kind for (kind,) in found]


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("a.ndjson", lambda: lines(*RECORDS).encode()),
        ("a.json", lambda: json.dumps(RECORDS, indent=2).encode("utf-16")),
        ("a.json", lambda: "\n".join(json.dumps(record, indent=1) for record in RECORDS).encode()),
        ("a.jsonl.gz", lambda: gzip.compress(lines(*RECORDS).encode())),
        ("a.json.bz2", lambda: bz2.compress(b"\xef\xbb\xbf" + lines(*RECORDS).encode())),
        ("a.json.zst", lambda: pa.compress(lines(*RECORDS).encode(), "zstd", asbytes=True)),
    ],
)
def test_json_of_any_shape_makes_the_table(land: Land, name: str, packed: Callable[[], bytes]) -> None:
    land.put(name, packed())
    assert land.load().rows == 3
    assert land.rows("id, day, amount, note, big") == [
        (1, date(2020, 1, 2), Decimal("1.5"), None, None),
        (2, None, Decimal("12.0"), None, None),
        (3, None, None, "late", Decimal(12345678901234567890)),
    ]
    assert land.rows("id, JSON_SERIALIZE(items)") == [
        (1, '[{"sku":"ü","n":1},{"sku":"b"}]'),
        (2, "[]"),
        (3, None),
    ]
    assert land.world.sql(f"SELECT items[0].sku FROM {TABLE} WHERE id = 1") == [('"ü"',)], "no string of JSON, but JSON"
    assert kinds(land) == ["integer", "date", "numeric", "super", "character varying", "numeric"]
    assert len(land.load().already) == 1
    assert list((land.world.folder / "lake").rglob("*.parquet")) == []


def test_a_loaded_version_is_not_read_again(land: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    land.put("a.json", lines({"id": 1}))
    land.load()
    monkeypatch.setattr("tidegate.flows.load.contents.read_json", None)
    assert len(land.load().already) == 1


def test_the_table_and_the_route_say_what_a_value_is(land: Land) -> None:
    land.world.sql(f"CREATE TABLE {TABLE} (id BIGINT, zip VARCHAR(5), amount DECIMAL(25,3), data SUPER, at TIMESTAMP)")
    land.put("a.json", lines({"id": "7", "zip": 1234567, "amount": 1.5, "data": 1, "at": "2020-01-02"}))
    route = replace(upserting("id"), options=FormatOptions(columns={"New": "char(2)"}))
    land.put("b.json", lines({"id": 8, "New": 12, "data": "x", "amount": None}), 1)
    assert land.load(route=route).quarantined == ()
    found = land.rows("id, zip, amount, JSON_SERIALIZE(data), CAST(at AS VARCHAR), new")
    assert found == [
        (7, "1234567", Decimal("1.500"), "1", "2020-01-02 00:00:00", None),
        (8, None, None, '"x"', None, "12"),
    ]


def test_what_is_a_day_in_one_file_alone_is_a_text(land: Land) -> None:
    land.put("a.json", lines({"id": 1, "note": "2020-01-02", "no": 1}))
    land.put("b.json", lines({"id": 2, "note": "soon", "no": None}), 1)
    land.put("c.json", lines({"id": 3, "note": None, "no": "x"}), 2)
    (told,) = land.load().quarantined
    assert told.reason.startswith('column "no" of public.sales is INTEGER, and VARCHAR(1) in the file')
    assert land.rows("id, note, no") == [(1, "2020-01-02", 1), (2, "soon", None)]


def test_numbers_widen_the_table_and_lose_nothing_in_doubles(land: Land) -> None:
    land.world.sql(f"CREATE TABLE {TABLE} (id INTEGER, part INTEGER, x DOUBLE PRECISION)")
    land.put("a.json", lines({"id": 5_000_000_000, "part": 1.25, "x": 9_007_199_254_740_992}, {"x": 1.5}))
    path = land.put("b.json", lines({"id": 1, "x": 9_007_199_254_740_993}), 1)
    (told,) = land.load().quarantined
    assert told.reason == f"{path}: record 1: x: '9007199254740993' does not fit DOUBLE"
    assert land.rows("id, part, x") == [(5_000_000_000, Decimal("1.25"), 9007199254740992.0), (None, None, 1.5)]


def test_a_value_that_does_not_fit_is_named_and_the_other_files_are_loaded(land: Land) -> None:
    land.world.sql(f"CREATE TABLE {TABLE} (id INTEGER, at TIME, day DATE, data SUPER)")
    options = FormatOptions(columns={"amount": "decimal(4,2)"})
    land.put("a.json", lines({"id": 1}, {"id": "x"}))
    land.put("b.json", lines({"id": 2, "amount": 1.005}), 1)
    land.put("c.json", lines({"id": 3, "at": "10:00:00"}), 2)
    land.put("d.json", lines({"id": 4, "data": {"text": "x" * 65_536}}), 3)
    land.put("e.json", lines({"id": 5, "data": {"text": "x" * 65_500}, "at": None, "day": None}), 4)
    land.put("f.json", '{"id": 6, "data": {"text": "\\u0000"}}', 5)
    land.put("g.json", lines({"id": 7, "day": ""}), 6)
    told = {names([one])[0]: one for one in land.load(route=replace(appending(), options=options)).quarantined}
    uri = land.folder.as_posix()
    assert {name: one.reason for name, one in told.items()} == {
        "a.json": f"{uri}/a.json: record 2: id: 'x' does not fit INTEGER",
        "b.json": f"{uri}/b.json: record 1: amount: '1.005' does not fit DECIMAL(4,2)",
        "c.json": 'column "at" of public.sales is TIME, and VARCHAR(8) in the file: '
        "one cannot be turned into the other without loss",
        "d.json": f"{uri}/d.json: record 1: data has 65547 bytes of JSON, and 65535 are taken at most",
        "f.json": f'{uri}/f.json: record 1: data: \'{{"text":"\\\\u0000"}}\' does not fit SUPER',
        "g.json": f"{uri}/g.json: record 1: day: '' does not fit DATE",
    }
    assert told["a.json"].hint == "Correct the value, or choose another type for id in the options of [[load]]."
    assert land.rows("id, OCTET_LENGTH(JSON_SERIALIZE(data))") == [(5, 65_511)]


REFUSED = {
    "": " is empty",
    "[]": " has no record with a key",
    "5\n": ": record 1 is no object: '5'",
    '{"a": 1}\nnull\n': ": record 2 is no object: 'null'",
    '{"a": 1, "a": 2}': ": record 1 has the key 'a' twice in one object",
    '{"a": 1, "A": 2}': ": the columns 'a' and 'A' are one name on Redshift",
    '{"a": "\\ud800"}': ": record 1 holds half of a surrogate pair, which is no character",
    '{"a": ' + "[" * 200 + "]" * 200 + "}": " is nested deeper than 128 levels",
    '{"a": 1e400}': ": record 1: a: '1e400' does not fit DOUBLE",
    '{"a": 1}\n{"a": NaN}': ": record 2: a: 'NaN' does not fit DOUBLE",
    '{"a": "' + "x" * 65_536 + '"}': ": a has a text of more than 65535 bytes",
    '{"a": "' + "x" * 17_000_000 + '"}': " has a record of more than 16777216 bytes, or is no JSON",
    '{"a": 1}\n{"a": 2': ": record 2 is no JSON: Expecting ',' delimiter: line 1 column 8 (char 7)",
}


def test_what_is_no_json_of_objects_is_put_aside(land: Land) -> None:
    paths = [land.put(f"{number}.json", text, number) for number, text in enumerate(REFUSED)]
    told = {one.file.uri: one.reason for one in land.load().quarantined}
    assert told == {str(path): f"{path}{reason}" for path, reason in zip(paths, REFUSED.values(), strict=True)}


def test_utf_16_without_a_mark_needs_to_be_told(land: Land) -> None:
    path = land.put("a.json", lines({"id": 1}).encode("utf-16-le"))
    (told,) = land.load().quarantined
    assert told.reason == f"{path} holds a NUL character in line 1"
    assert land.load(route=replace(appending(), options=FormatOptions(encoding="utf-16-le"))).rows == 1


def test_keys_versions_and_contracts_hold_for_json(land: Land) -> None:
    route = upserting("id", version="at", contract=Contract.DISCARD)
    land.put("a.json", lines({"id": 1, "at": 2, "v": {"x": 1}}, {"id": 1, "at": 1}, {"id": None, "at": 1}))
    first = land.load(route=route)
    assert [(row.code, row.rows) for row in first.quarantined] == [("load.key", 1)]
    land.put("b.json", lines({"id": 1, "at": 3, "v": [1], "more": 1}, {"id": 2, "at": 1}), 1)
    assert land.load(route=route).quarantined == ()
    assert land.rows("id, at, JSON_SERIALIZE(v)") == [(1, 3, "[1]"), (2, 1, None)]


def test_nested_values_are_copied_as_plain_texts(land: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: list[Any] = []

    def looked_at(*arguments: Any) -> Any:
        done = write_json(*arguments)
        kinds.extend(pq.read_schema(path).field("n").type for path in arguments[1])
        kinds.extend(str(pq.ParquetFile(path).schema.column(0).logical_type) for path in arguments[1])
        return done

    monkeypatch.setattr("tidegate.flows.load.rewrite.write_json", looked_at)
    land.put("a.json", lines({"n": {"x": 1}}, {"n": "y"}))
    land.load()
    assert kinds == [pa.string(), "String"]
    assert land.rows("JSON_SERIALIZE(n)") == [('"y"',), ('{"x":1}',)]


def test_format_names_files_that_do_not(land: Land) -> None:
    path = land.put("a.log.new", lines({"id": 1}))
    assert land.load(path, route=replace(appending(), format=FileFormat.JSON)).rows == 1


def test_planned_statements_copy_parquet(land: Land) -> None:
    land.put("a.json", lines({"id": 1, "n": {}}))
    planned: list[Any] = [sql for _, sql in land.sql()]
    assert "FORMAT AS PARQUET" in next(sql for sql in planned if " COPY " in sql)
    assert 'JSON_PARSE("n")' in next(sql for sql in planned if 'INSERT INTO "public"."sales"' in sql)
