"""A Parquet file's columns on Redshift, told by its footer."""

import base64
import io
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
import pytest

from tidegate.errors import FileRefused
from tidegate.formats.schema.inferred import InferredColumn, InferredFile
from tidegate.formats.schema.measure import measure_parquet
from tidegate.formats.schema.parquet import infer_parquet
from tidegate.redshift.types import render

TYPES = {
    "bool": (pa.bool_(), "BOOLEAN", False),
    "i8": (pa.int8(), "SMALLINT", False),
    "i16": (pa.int16(), "SMALLINT", False),
    "i32": (pa.int32(), "INTEGER", False),
    "i64": (pa.int64(), "BIGINT", False),
    "u8": (pa.uint8(), "SMALLINT", False),
    "u16": (pa.uint16(), "INTEGER", False),
    "u32": (pa.uint32(), "BIGINT", False),
    "u64": (pa.uint64(), "DECIMAL(20,0)", "unsigned 64-bit integers would be loaded as signed"),
    "f16": (pa.float16(), "REAL", "COPY takes no 16-bit floating-point numbers"),
    "f32": (pa.float32(), "REAL", False),
    "f64": (pa.float64(), "DOUBLE PRECISION", False),
    "d10": (pa.decimal128(10, 2), "DECIMAL(10,2)", False),
    "d38": (pa.decimal128(38, 37), "DECIMAL(38,37)", False),
    "d38_38": (pa.decimal128(38, 38), "VARCHAR(41)", "DECIMAL(38,38) is more than Redshift's numbers hold"),
    "d256": (pa.decimal256(50, 2), "VARCHAR(53)", "DECIMAL(50,2) is more than Redshift's numbers hold"),
    "text": (pa.string(), "VARCHAR(256)", False),
    "large": (pa.large_string(), "VARCHAR(256)", False),
    "view": (pa.string_view(), "VARCHAR(256)", False),
    "dict": (pa.dictionary(pa.int8(), pa.string()), "VARCHAR(256)", False),
    "dict16": (pa.dictionary(pa.int8(), pa.int16()), "SMALLINT", False),
    "day": (pa.date32(), "DATE", False),
    "day64": (pa.date64(), "DATE", False),
    "s": (pa.timestamp("s"), "TIMESTAMP", False),
    "ms": (pa.timestamp("ms"), "TIMESTAMP", False),
    "us": (pa.timestamp("us"), "TIMESTAMP", False),
    "ns": (pa.timestamp("ns"), "TIMESTAMP", "nanoseconds would be loaded as wrong years"),
    "utc": (pa.timestamp("us", "UTC"), "TIMESTAMPTZ", False),
    "zone": (pa.timestamp("ms", "Europe/Berlin"), "TIMESTAMPTZ", False),
    "t32": (pa.time32("ms"), "VARCHAR(18)", "COPY takes no TIME from Parquet: it is written as text"),
    "t64": (pa.time64("ns"), "VARCHAR(18)", "COPY takes no TIME from Parquet: it is written as text"),
    "took": (pa.duration("us"), "VARCHAR(64)", "durations would be loaded as numbers"),
    "bytes": (pa.binary(), "VARBYTE(64000)", False),
    "bytes4": (pa.binary(4), "VARBYTE(4)", "COPY takes bytes of variable length only"),
    "uuid": (pa.uuid(), "VARCHAR(36)", "COPY takes no UUID: it is written as text"),
    "json": (pa.json_(), "SUPER", False),
    "nothing": (pa.null(), "VARCHAR(1)", False),
    "list": (pa.list_(pa.int32()), "SUPER", False),
    "struct": (pa.struct([("a", pa.int8()), ("b", pa.list_(pa.string()))]), "SUPER", False),
    "map": (pa.map_(pa.string(), pa.float64()), "SUPER", False),
    "deep": (
        pa.list_(pa.struct([("at", pa.timestamp("ns"))])),
        "SUPER",
        "deep.list.element.at: nanoseconds would be loaded as wrong years",
    ),
    "blobs": (pa.list_(pa.binary()), "SUPER", "blobs.list.element: bytes cannot stand inside of SUPER"),
    "last": (pa.int8(), "SMALLINT", False),
}


def written(table: pa.Table | pa.Schema, **options: object) -> bytes:
    out = io.BytesIO()
    schema = table if isinstance(table, pa.Schema) else table.schema
    with pq.ParquetWriter(out, schema, **options) as writer:
        if isinstance(table, pa.Table):
            writer.write_table(table)
    return out.getvalue()


def ranges(data: bytes) -> Callable[[int, int], bytes]:
    return lambda offset, length: data[offset : offset + length]


def infer(data: bytes) -> InferredFile:
    return infer_parquet(ranges(data), len(data), "a.parquet")


def refusal(data: bytes) -> str:
    with pytest.raises(FileRefused) as caught:
        infer(data)
    assert caught.value.hint
    return caught.value.message


def one(data: bytes) -> InferredColumn:
    (column,) = infer(data).columns
    return column


def test_each_type_of_parquet_in_file_order_with_no_row_group() -> None:
    found = infer(written(pa.schema([(name, kind) for name, (kind, *_) in TYPES.items()])))
    assert {c.name: (render(c.type), c.rewrite or False) for c in found.columns} == {
        name: (text, reason) for name, (_, text, reason) in TYPES.items()
    }
    assert [c.name for c in found.columns] == list(TYPES)
    assert (found.rows, found.row_groups, found.serialize_to_json) == (0, 0, True)
    assert found.rewrites[0] == "u64: unsigned 64-bit integers would be loaded as signed"


def test_what_copy_takes_differs_from_the_column_for_json_and_for_nothing_but_nulls() -> None:
    json = one(written(pa.schema([("j", pa.json_())])))
    assert (json.staged and render(json.staged), json.parse_json, json.nested) == ("VARCHAR(65535)", True, False)
    nothing = one(written(pa.table({"n": pa.nulls(3)})))
    assert (nothing.staged and render(nothing.staged), nothing.undetermined, nothing.longest) == ("INTEGER", True, 0)


def test_int96_is_a_timestamp_whatever_its_unit_and_required_columns_are_not_nullable() -> None:
    schema = pa.schema([pa.field("at", pa.timestamp("ns")), pa.field("id", pa.int64(), nullable=False)])
    at, number = infer(written(schema, use_deprecated_int96_timestamps=True)).columns
    assert (render(at.type), at.rewrite, at.nullable) == ("TIMESTAMP", None, True)
    assert (render(number.type), number.nullable) == ("BIGINT", False)


@pytest.mark.parametrize(
    ("precision", "length", "declared", "rewrite"),
    [
        (18, 8, "DECIMAL(18,2)", None),
        (18, 13, "DECIMAL(29,2)", None),
        (20, 14, "DECIMAL(32,2)", None),
        (20, 15, "DECIMAL(34,2)", None),
        (20, 16, "DECIMAL(36,2)", None),
        (38, 16, "DECIMAL(38,2)", None),
        (20, 17, "DECIMAL(20,2)", "its decimals are stored in 17 bytes, not in 9"),
    ],
)
def test_a_decimal_is_declared_as_wide_as_it_is_stored(
    precision: int, length: int, declared: str, rewrite: str | None
) -> None:
    data = written(pa.schema([("d", pa.decimal128(precision, 2))]), store_schema=False)
    needed = {18: 8, 20: 9, 38: 16}[precision]
    # type_length is the only zigzag varint of the element that follows the physical type FIXED_LEN_BYTE_ARRAY (7).
    assert data.count(bytes([0x15, 14, 0x15, 2 * needed])) == 1
    patched = data.replace(bytes([0x15, 14, 0x15, 2 * needed]), bytes([0x15, 14, 0x15, 2 * length]))
    column = one(patched)
    assert (render(column.type), column.rewrite) == (declared, rewrite)


def test_decimals_that_duckdb_stores_as_integers_keep_their_precision(tmp_path: Path) -> None:
    target = tmp_path / "d.parquet"
    duckdb.sql(f"COPY (SELECT 1::DECIMAL(9,2) a, 1::DECIMAL(18,3) b, 1::HUGEINT c, '1'::JSON j) TO '{target}'")
    found = infer(target.read_bytes())
    assert [render(c.type) for c in found.columns] == ["DECIMAL(9,2)", "DECIMAL(18,3)", "DOUBLE PRECISION", "SUPER"]


def test_keys_are_those_that_the_metadata_names_in_the_spelling_of_the_file() -> None:
    schema = pa.schema([("Id", pa.int64()), ("day", pa.date32())])
    for entries, keys in [
        ({}, ()),
        ({"tidegate.key": '["id", "day"]'}, ("Id", "day")),
        ({"tidegate_key": "ID , day"}, ("Id", "day")),
        ({"primary_key": "id", "pandas": "{}"}, ("Id",)),
    ]:
        assert infer(written(schema.with_metadata(entries))).keys == keys
    assert refusal(written(schema.with_metadata({"tidegate.key": "nr"}))) == (
        "a.parquet: its metadata tidegate.key names the key nr, which is no column"
    )
    assert refusal(written(schema.with_metadata({"tidegate.key": "id,ID"}))) == (
        "a.parquet: its metadata tidegate.key names the key id, ID, which is no list of different columns"
    )


def test_names_that_redshift_cannot_tell_apart_or_hold_are_refused() -> None:
    assert refusal(written(pa.schema([("Id", pa.int8()), ("id", pa.int8())]))) == (
        "a.parquet: the columns 'Id' and 'id' are one name on Redshift"
    )
    assert refusal(written(pa.schema([("", pa.int8())]))) == "a.parquet: a name is empty"
    assert "is longer than 127 bytes" in refusal(written(pa.schema([("ä" * 64, pa.int8())])))
    assert refusal(written(pa.schema([]))) == "a.parquet has no columns"


def test_a_name_with_a_dot_and_a_struct_of_the_same_path_keep_their_own_types() -> None:
    schema = pa.schema(
        [("a", pa.struct([("b", pa.int8()), ("c", pa.int8())])), ("a.b", pa.string()), ("z", pa.int64())]
    )
    assert [render(c.type) for c in infer(written(schema)).columns] == ["SUPER", "VARCHAR(256)", "BIGINT"]


def test_what_is_cut_off_or_damaged_is_refused_by_name() -> None:
    data = written(pa.table({"a": [1, 2], "b": ["x", "y"]}))
    assert refusal(b"") == "a.parquet is empty (0 bytes)"
    assert refusal(b"PAR1PAR1") == "a.parquet is no Parquet file: it has only 8 bytes"
    for end in range(12, len(data)):
        assert "PAR1" in refusal(data[:end]) or "footer" in refusal(data[:end])
    footer = int.from_bytes(data[-8:-4], "little")
    assert "footer that cannot be read" in refusal(data[: -8 - footer] + b"\xff" * footer + data[-8:])
    assert refusal(data[:-8] + b"\xff\xff\xff\x7fPAR1") == "a.parquet has a footer of 2147483647 bytes, which cannot be"
    nested = written(pa.table({"a": [[1]]}), store_schema=False)
    assert "has a footer that cannot be read" in refusal(nested.replace(b"list", b"li\x95t"))
    with pytest.raises(FileRefused, match="no longer as long as it was"):
        infer_parquet(ranges(data[:50]), len(data), "a.parquet")


@pytest.mark.parametrize(("plain", "said"), [(True, "has encrypted columns"), (False, "has an encrypted footer")])
def test_encrypted_files_are_refused(plain: bool, said: str) -> None:
    class Plain(pe.KmsClient):  # type: ignore[misc]
        def __init__(self, config: pe.KmsConnectionConfig) -> None:
            super().__init__()

        def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
            return base64.b64encode(key_bytes)

    crypto = pe.CryptoFactory(Plain)
    config = pe.EncryptionConfiguration(footer_key="f", column_keys={"c": ["a"]}, plaintext_footer=plain)
    properties = crypto.file_encryption_properties(pe.KmsConnectionConfig(), config)
    assert said in refusal(written(pa.table({"a": [1], "b": [2]}), encryption_properties=properties))


def test_ten_thousand_columns_cost_two_ranges_and_never_the_data() -> None:
    data = written(pa.table({f"c{n}": ["x"] for n in range(10_000)}))
    asked: list[tuple[int, int]] = []

    def read(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return data[offset : offset + length]

    assert len(infer_parquet(read, len(data), "wide.parquet").columns) == 10_000
    footer = int.from_bytes(data[-8:-4], "little") + 8
    assert asked == [(len(data) - 65_536, 65_536), (len(data) - footer, footer)]


def test_texts_are_measured_in_bytes_over_all_row_groups_and_only_they_are_read() -> None:
    table = pa.table(
        {
            "text": ["ä", "bbb", None],
            "dict": pa.array(["x", "yyyyy", "x"]).dictionary_encode(),
            "view": pa.array(["", "", "12"], pa.string_view()),
            "bytes": pa.array([b"1", b"1234567", None]),
            "json": pa.array(["{}", "[1,2]", None], pa.json_()),
            "none": pa.array([None] * 3, pa.string()),
            "number": [1, 2, 3],
        }
    )
    out = io.BytesIO()
    pq.write_table(table, out, row_group_size=1)
    measured = measure_parquet(out, infer(out.getvalue()), "a.parquet")
    assert {c.name: c.longest for c in measured.columns} == {
        "text": 3,
        "dict": 5,
        "view": 2,
        "bytes": 7,
        "json": 5,
        "none": 0,
        "number": None,
    }


def test_a_text_that_redshift_cannot_hold_is_refused_with_its_length() -> None:
    out = io.BytesIO()
    pq.write_table(pa.table({"text": ["ä" * 32_768]}), out)
    with pytest.raises(FileRefused, match=r"^a\.parquet: text has a value of 65536 bytes$"):
        measure_parquet(out, infer(out.getvalue()), "a.parquet")
