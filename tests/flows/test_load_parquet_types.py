"""Every type of Parquet is loaded to exactly its values, or refused by name: none is silently something else."""

import datetime as dt
import io
import uuid
from collections.abc import Mapping
from decimal import Decimal, localcontext
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.flows.landing import TABLE, Land, appending, names
from tests.world import World

from tidegate.model.names import TableName

NS = 1_700_000_000_123_456_789
MOMENT = dt.datetime(2023, 11, 14, 22, 13, 20, 123456)  # noqa: DTZ001 - the column has no zone
ROUNDED = MOMENT.replace(microsecond=123457)
LAST = dt.datetime(2262, 4, 11, 23, 47, 16, 854776)  # noqa: DTZ001
MOST = 2**64 - 1
UTC = dt.UTC


def half(*values: float) -> pa.Array:
    return pa.array(values, pa.float32()).cast(pa.float16())


def nested(kind: pa.DataType, value: Any) -> pa.Array:
    return pa.array([[value], None], pa.list_(kind))


PLAIN: dict[str, tuple[pa.Array, Any, Any]] = {
    "bool": (pa.array([True, False]), True, False),
    "i8": (pa.array([-128, 127], pa.int8()), -128, 127),
    "i16": (pa.array([-(2**15), 2**15 - 1], pa.int16()), -(2**15), 2**15 - 1),
    "i32": (pa.array([-(2**31), 2**31 - 1], pa.int32()), -(2**31), 2**31 - 1),
    "i64": (pa.array([-(2**63), 2**63 - 1], pa.int64()), -(2**63), 2**63 - 1),
    "u8": (pa.array([0, 255], pa.uint8()), 0, 255),
    "u16": (pa.array([0, 65535], pa.uint16()), 0, 65535),
    "u32": (pa.array([0, 2**32 - 1], pa.uint32()), 0, 2**32 - 1),
    "f32": (pa.array([1.5, -0.25], pa.float32()), 1.5, -0.25),
    "f64": (pa.array([0.1, -1.7976931348623157e308]), 0.1, -1.7976931348623157e308),
    "infinite": (pa.array([float("inf"), float("-inf")]), float("inf"), float("-inf")),
    "small": (pa.array([Decimal("1.5"), Decimal("-99.9")], pa.decimal32(5, 1)), Decimal("1.5"), Decimal("-99.9")),
    "middle": (pa.array([Decimal("1.55"), None], pa.decimal64(12, 2)), Decimal("1.55"), None),
    "fits": (pa.array([Decimal("9.99"), None], pa.decimal256(20, 2)), Decimal("9.99"), None),
    "day": (pa.array([dt.date(1, 1, 1), dt.date(9999, 12, 31)]), dt.date(1, 1, 1), dt.date(9999, 12, 31)),
    "ancient": (pa.array([-800_000, None], pa.int32()).cast(pa.date32()), "0222-09-04 (BC)", None),
    "far": (pa.array([2**62, None], pa.timestamp("us")), "148108-07-06 14:00:27.387904", None),
    "day64": (pa.array([dt.date(2024, 2, 29), None], pa.date64()), dt.date(2024, 2, 29), None),
    "s": (pa.array([1_700_000_000, None], pa.timestamp("s")), MOMENT.replace(microsecond=0), None),
    "ms": (pa.array([1_700_000_000_123, None], pa.timestamp("ms")), MOMENT.replace(microsecond=123_000), None),
    "us": (pa.array([NS // 1000, None], pa.timestamp("us")), MOMENT, None),
    "utc": (pa.array([NS // 1000, None], pa.timestamp("us", "UTC")), MOMENT.replace(tzinfo=UTC), None),
    "berlin": (
        pa.array([1_700_000_000_123, None], pa.timestamp("ms", "Europe/Berlin")),
        MOMENT.replace(microsecond=123_000, tzinfo=UTC),
        None,
    ),
    "text": (pa.array(["ä\u2028\U0001f600", ""]), "ä\u2028\U0001f600", ""),
    "large": (pa.array(["x" * 70, None], pa.large_string()), "x" * 70, None),
    "view": (pa.array(["x" * 70, "y"], pa.string_view()), "x" * 70, "y"),
    "words": (pa.array(["a", ""]).dictionary_encode(), "a", ""),
    "numbers": (pa.array([7, None]).dictionary_encode(), 7, None),
    "bytes": (pa.array([b"\x00\xff", b""]), "00ff", ""),
    "bytes_large": (pa.array([b"abc", None], pa.large_binary()), "616263", None),
    "bytes_view": (pa.array([b"x" * 40, None], pa.binary_view()), "78" * 40, None),
    "json": (pa.array(['{"a":1}', None], pa.json_()), '{"a":1}', None),
    "list": (pa.array([[1, None], []], pa.list_(pa.int32())), "[1,null]", "[]"),
    "list_large": (pa.array([["a"], None], pa.large_list(pa.string())), '["a"]', None),
    "list_fixed": (pa.array([[1, 2], None], pa.list_(pa.int64(), 2)), "[1,2]", None),
    "list_view": (pa.array([[1, 2], None], pa.list_view(pa.int32())), "[1,2]", None),
    "struct": (pa.array([{"a": 1, "b": ["x"]}, {"a": None, "b": None}]), '{"a":1,"b":["x"]}', '{"a":null,"b":null}'),
    "map": (pa.array([[("k", 1.5), ("l", None)], []], pa.map_(pa.string(), pa.float64())), '{"k":1.5,"l":null}', "{}"),
    "deep": (
        nested(pa.struct([("m", pa.map_(pa.string(), pa.list_(pa.list_(pa.int64()))))]), {"m": [("k", [[2**63 - 1]])]}),
        '[{"m":{"k":[[9223372036854775807]]}}]',
        None,
    ),
    "nested_nothing": (nested(pa.null(), None), "[null]", None),
    "nested_text": (nested(pa.string(), 'a"\\\n'), '["a\\"\\\\\\n"]', None),
    "nested_number": (nested(pa.decimal128(38, 9), Decimal("-1234567890123.25")), "[-1234567890123.25]", None),
    "nested_day": (nested(pa.date32(), dt.date(2024, 1, 2)), '["2024-01-02"]', None),
    "nested_moment": (nested(pa.timestamp("us"), NS // 1000), '["2023-11-14 22:13:20.123456"]', None),
}
REWRITTEN: dict[str, tuple[pa.Array, Any, Any]] = {
    "u64": (pa.array([0, MOST], pa.uint64()), Decimal(0), Decimal(MOST)),
    "f16": (half(1.5, -0.25), 1.5, -0.25),
    "ns": (pa.array([NS, -1], pa.timestamp("ns")), ROUNDED, dt.datetime(1970, 1, 1)),  # noqa: DTZ001
    "ns_last": (pa.array([2**63 - 1, None], pa.timestamp("ns")), LAST, None),
    "ns_first": (pa.array([1 - 2**63, None], pa.timestamp("ns")), dt.datetime(1677, 9, 21, 0, 12, 43, 145224), None),  # noqa: DTZ001
    "ns_utc": (
        pa.array([NS, 2**63 - 1], pa.timestamp("ns", "Asia/Tokyo")),
        ROUNDED.replace(tzinfo=UTC),
        LAST.replace(tzinfo=UTC),
    ),
    "time_s": (pa.array([dt.time(1, 2, 3), None], pa.time32("s")), "01:02:03", None),
    "time_ms": (pa.array([dt.time(1, 2, 3, 4000), None], pa.time32("ms")), "01:02:03.004", None),
    "time_us": (pa.array([dt.time(23, 59, 59, 999999), None]), "23:59:59.999999", None),
    "time_ns": (pa.array([86_399_999_999_999, 1], pa.time64("ns")), "23:59:59.999999999", "00:00:00.000000001"),
    "uuid": (pa.array([uuid.UUID(int=5).bytes, None], pa.uuid()), str(uuid.UUID(int=5)), None),
    "fixed": (pa.array([b"abcd", None], pa.binary(4)), "61626364", None),
    "nested_ns": (nested(pa.timestamp("ns"), NS), '["2023-11-14 22:13:20.123457"]', None),
    "nested_u64": (nested(pa.uint64(), MOST), f"[{MOST}]", None),
    "nested_time": (nested(pa.time32("s"), dt.time(1, 2, 3)), '["01:02:03"]', None),
}


@pytest.fixture
def land(empty: World) -> Land:
    return Land(empty)


def table_of(cases: Mapping[str, tuple[pa.Array, Any, Any]]) -> pa.Table:
    return pa.table({"n": [0, 1], **{name: array for name, (array, _, _) in cases.items()}})


def stored(land: Land) -> list[dict[str, Any]]:
    """The rows by n, SUPER as its text."""
    kinds = land.world.sql(
        "SELECT column_name, data_type FROM svv_columns WHERE table_name = 'sales' ORDER BY ordinal_position"
    )
    listed = ", ".join(f'JSON_SERIALIZE("{name}")' if kind == "super" else f'"{name}"' for name, kind in kinds)
    rows = land.world.sql(f"SELECT {listed} FROM {TABLE} ORDER BY n")
    return [{name: value for (name, _), value in zip(kinds, row, strict=True)} for row in rows]


def shown(value: Any) -> str:
    """With its Python type, and moments with a zone in UTC."""
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=UTC)
    return f"{type(value).__name__} {value}"


@pytest.mark.parametrize("cases", [PLAIN, REWRITTEN], ids=["as it is", "written anew"])
def test_each_type_is_loaded_to_exactly_its_values(land: Land, cases: dict[str, tuple[pa.Array, Any, Any]]) -> None:
    land.write("a.parquet", table_of(cases))
    outcome = land.load()
    assert [q.reason for q in outcome.quarantined] == []
    for row, at in zip(stored(land), (1, 2), strict=True):
        expected = {"n": at - 1, **{name: case[at] for name, case in cases.items()}}
        assert {k: shown(v) for k, v in row.items()} == {k: shown(v) for k, v in expected.items()}


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "gzip", "use_dictionary": False, "data_page_version": "2.0", "row_group_size": 1},
        {"compression": "zstd", "use_byte_stream_split": ["f64"], "use_dictionary": False, "version": "1.0"},
        {"compression": "brotli", "write_statistics": False, "store_schema": False},
        {"compression": "lz4", "use_dictionary": False, "column_encoding": {"i64": "DELTA_BINARY_PACKED"}},
    ],
    ids=["row groups", "split bytes", "no statistics", "deltas"],
)
def test_how_the_file_is_written_changes_no_value(land: Land, options: dict[str, Any]) -> None:
    chosen = {name: PLAIN[name] for name in ("bool", "i64", "f64", "day", "us", "text", "words", "bytes", "struct")}
    land.write("a.parquet", table_of(chosen), **options)
    assert land.load().quarantined == ()
    assert [[row[name] for name in chosen] for row in stored(land)] == [
        [case[at] for case in chosen.values()] for at in (1, 2)
    ]


def decimals(precision: int, scale: int) -> list[Decimal | None]:
    with localcontext(prec=76):
        most = Decimal(10**precision - 1).scaleb(-scale)
        return [most, -most, None]


@pytest.mark.parametrize("as_integer", [False, True], ids=["bytes", "integers"])
def test_decimals_of_every_width_keep_every_digit(land: Land, as_integer: bool) -> None:
    """Precision 1 to 38 is 1 to 16 bytes of fixed length; or INT32 to 9 digits, INT64 to 18."""
    values = {f"d{p}": pa.array(decimals(p, min(p, 2)), pa.decimal128(p, min(p, 2))) for p in range(1, 39)}
    land.write("a.parquet", {"n": [0, 1, 2], **values}, store_decimal_as_integer=as_integer)
    assert land.load().quarantined == ()
    assert [list(row.values()) for row in stored(land)] == [
        [at, *(array[at].as_py() for array in values.values())] for at in range(3)
    ]


def of_variable_length(values: list[bytes | None], precision: int, scale: int) -> bytes:
    """A file of `x`, decimals of BYTE_ARRAY, which pyarrow does not write: the footer gets the annotation."""
    sink = io.BytesIO()
    pq.write_table(pa.table({"x": pa.array(values)}), sink, store_schema=False, write_statistics=False)
    data = sink.getvalue()
    length = int.from_bytes(data[-8:-4], "little")
    footer, element = data[-8 - length : -8], b"\x18\x01x\x00"
    assert footer.count(element) == 1
    # Fields 6, 7 and 8 of the element: converted type DECIMAL (5), scale, precision (parquet.thrift, SchemaElement).
    annotated = b"\x18\x01x\x25\x0a\x15" + bytes([2 * scale]) + b"\x15" + bytes([2 * precision]) + b"\x00"
    footer = footer.replace(element, annotated)
    return data[: -8 - length] + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def test_decimals_of_variable_length_are_loaded(land: Land) -> None:
    path = land.folder / "a.parquet"
    values = [(125).to_bytes(1, "big", signed=True), (-99_999).to_bytes(4, "big", signed=True), None]
    path.write_bytes(of_variable_length(values, 9, 2))
    assert land.load(path).quarantined == ()
    assert sorted(land.rows("x"), key=str) == [(Decimal("-999.99"),), (Decimal("1.25"),), (None,)]


def test_types_that_arrow_does_not_write(land: Land) -> None:
    """INTERVAL, and INT96, which an old writer takes for a moment."""
    path = land.folder / "a.parquet"
    took = "INTERVAL '1 month 2 days 3.5 seconds'"
    duckdb.sql(f"COPY (SELECT 1 AS n, {took} AS took, [{took}] AS all_took) TO '{path}' (FORMAT parquet)")
    old = {"n": pa.array([2], pa.int32()), "at": pa.array([NS], pa.timestamp("ns"))}
    land.write("b.parquet", old, minute=1, use_deprecated_int96_timestamps=True)
    assert land.load().quarantined == ()
    text = "1 month 2 days 00:00:03.5"
    assert land.rows("n, took, JSON_SERIALIZE(all_took), at") == [
        (1, text, f'["{text}"]', None),
        (2, None, None, MOMENT),
    ]


def test_what_would_become_something_else_is_refused_by_name(land: Land) -> None:
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.array([0, 2], pa.int32()).buffers()[1], pa.py_buffer(b"\xff\xfe")]
    )
    digits = Decimal("9" * 48)
    refused = {
        "took": (pa.array([5], pa.duration("us")), "x cannot be rewritten: durations would be loaded as numbers"),
        "tooks": (nested(pa.duration("us"), 5), "x holds durations, which SUPER cannot keep"),
        "wide": (pa.array([digits], pa.decimal256(50, 2)), "DECIMAL(50,2) is more than Redshift's numbers hold"),
        "wides": (
            pa.array([{"a": [digits]}], pa.struct([("a", pa.list_(pa.decimal256(50, 2)))])),
            "x holds DECIMAL(50,2), which SUPER cannot keep",
        ),
        "places": (pa.array([Decimal("0.5")], pa.decimal128(38, 38)), "DECIMAL(38,38) is more than Redshift's numbers"),
        "blobs": (nested(pa.binary(), b"\xff"), "x.list.element: bytes cannot stand inside of SUPER"),
        "digits": (
            pa.array([{"a": Decimal("1" * 17 + ".25")}], pa.struct([("a", pa.decimal128(38, 2))])),
            'column "x": SUPER keeps 15 digits of a number with a point here, a value has more',
        ),
        "utf8": (broken, 'value "\\xFF\\xFE" is not valid UTF8'),
        "last_day": (pa.array([2**31 - 1], pa.int32()).cast(pa.date32()), 'column "x": a DATE is out of range'),
        "last": (pa.array([2**63 - 1], pa.timestamp("us")), 'column "x": a TIMESTAMP is out of range'),
        "first": (pa.array([1 - 2**63], pa.timestamp("us", "UTC")), 'column "x": a TIMESTAMPTZ is out of range'),
        "late": (pa.array([2**62], pa.timestamp("ms")), "Could not convert Timestamp(MS) to Timestamp(US)"),
    }
    for name, (array, reason) in refused.items():
        path = land.write(f"{name}.parquet", {"x": array})
        outcome = land.load(path, route=appending(table=TableName("public", name)))
        assert [(names([q]), reason in q.reason) for q in outcome.quarantined] == [([f"{name}.parquet"], True)], outcome
        assert outcome.rows == 0


def test_files_without_rows_or_without_row_groups_make_the_table_and_count_as_loaded(land: Land) -> None:
    schema = pa.schema([("n", pa.int64()), ("x", pa.string()), ("l", pa.list_(pa.uint64()))])
    land.write("rows.parquet", schema.empty_table())
    with pq.ParquetWriter(land.folder / "groups.new", schema):
        pass
    land.landed(land.folder / "groups.parquet", 1)
    outcome = land.load()
    assert (outcome.rows, outcome.files, outcome.quarantined) == (0, 2, ())
    assert (land.rows(), sorted(land.loaded())) == ([], [("groups.parquet", 0), ("rows.parquet", 0)])
    nothing = land.write("nothing.parquet", {"x": pa.nulls(2)}, minute=2)
    (told,) = land.load(nothing, route=appending(table=TableName("public", "other"))).quarantined
    assert told.reason == "no column of the file has a type, so public.other cannot be made"


def test_a_thousand_row_groups_are_loaded(land: Land) -> None:
    land.write("a.parquet", {"n": list(range(1000)), "x": [str(n) for n in range(1000)]}, row_group_size=1)
    assert land.load().rows == 1000
    found = land.world.sql(f"SELECT COUNT(*), SUM(n), COUNT(DISTINCT n), SUM(x::BIGINT) FROM {TABLE}")
    assert found == [(1000, 499_500, 1000, 499_500)]
