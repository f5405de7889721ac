"""Values as bytes and back, in the formats of both protocols."""

import struct
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import StatementError, StatementRefused
from tidegate.serve.wire.decode import parameter
from tidegate.serve.wire.encode import encoder
from tidegate.serve.wire.messages import BINARY, TEXT
from tidegate.warehouse.connector.types import type_text, wire_type

numbers = st.tuples(st.integers(-(10**38) + 1, 10**38 - 1), st.integers(0, 37)).map(
    lambda drawn: Decimal(f"{'-' if drawn[0] < 0 else ''}{abs(drawn[0])}E-{drawn[1]}")
)


@given(numbers)
def test_a_number_is_the_same_in_every_format(value: Decimal) -> None:
    scale = -int(value.as_tuple().exponent)
    kind = wire_type(f"numeric(38,{scale})")
    written = format(value, "f")
    for format_code in (TEXT, BINARY):
        sent = encoder(kind, format_code, False)(value)
        assert parameter(sent, 1700, format_code)[0] in (written, written.replace("-0", "0") if value == 0 else written)
    raw = encoder(kind, BINARY, True)(value)
    assert (len(raw), int.from_bytes(raw, "big", signed=True)) == (16, _unscaled(value))


def _unscaled(value: Decimal) -> int:
    sign, digits, _ = value.as_tuple()
    return (-1 if sign else 1) * int("".join(map(str, digits)))


def test_a_raw_number_is_never_cut() -> None:
    assert encoder(wire_type("numeric(10,2)"), BINARY, True)(Decimal("1.5")) == struct.pack("!q", 150)
    assert encoder(wire_type("numeric(19,2)"), BINARY, True)(Decimal(-1)) == (-100).to_bytes(16, "big", signed=True)
    with pytest.raises(StatementError, match=r"^the number 1\.125 does not fit the scale 2 that was described$"):
        encoder(wire_type("numeric(10,2)"), BINARY, True)(Decimal("1.125"))


@pytest.mark.parametrize(
    ("type", "value", "text"),
    [
        ("boolean", False, b"f"),
        ("real", struct.unpack("!f", struct.pack("!f", 1.1))[0], b"1.1"),
        ("real", 16_777_216.0, b"16777216"),
        ("double precision", 0.1 + 0.2, b"0.30000000000000004"),
        ("double precision", 1e300, b"1e+300"),
        ("double precision", float("-inf"), b"-Infinity"),
        ("numeric(38,0)", Decimal("1E+3"), b"1000"),
        ("date", date(1, 1, 1), b"0001-01-01"),
        ("time without time zone", time(1, 2, 3, 40), b"01:02:03.00004"),
        ("time with time zone", time(1, 2, 3, tzinfo=timezone(timedelta(hours=-3, minutes=-30))), b"01:02:03-03:30"),
        ("timestamp without time zone", datetime.fromisoformat("2020-01-02 03:04:05.100000"), b"2020-01-02 03:04:05.1"),
        (
            "timestamp with time zone",
            datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=1))),
            b"2019-12-31 23:00:00+00",
        ),
        ("interval day to second", timedelta(days=-1, hours=-3, seconds=-0.5), b"-1 day -03:00:00.5"),
        ("interval day to second", timedelta(days=2), b"2 days 00:00:00"),
        ("super", '{"a":1}', b'{"a":1}'),
        ("character varying(5)", "né", "né".encode()),
    ],
)
def test_values_as_text(type: str, value: object, text: bytes) -> None:
    assert encoder(wire_type(type), TEXT, False)(value) == text


@pytest.mark.parametrize(
    ("type", "value"),
    [
        ("smallint", -(2**15)),
        ("integer", 2**31 - 1),
        ("bigint", -(2**63)),
        ("double precision", 1.5e-300),
        ("boolean", True),
        ("date", date(9999, 12, 31)),
        ("date", date(1, 1, 1)),
        ("time without time zone", time(23, 59, 59, 999999)),
        ("timestamp without time zone", datetime.fromisoformat("0001-01-01 00:00:00.000001")),
        ("timestamp with time zone", datetime(2020, 1, 1, tzinfo=UTC)),
    ],
)
def test_binary_values_come_back_as_their_text(type: str, value: object) -> None:
    kind = wire_type(type)
    written, name = parameter(encoder(kind, BINARY, False)(value), kind.oid, BINARY)
    assert name == type
    assert written == {True: "true"}.get(value is True, str(value))


@pytest.mark.parametrize(
    ("data", "oid", "format", "bound"),
    [
        (None, 23, BINARY, (None, "integer")),
        (None, -1, BINARY, (None, None)),
        (b"it's", 705, TEXT, ("it's", None)),
        (b"x", 1043, BINARY, ("x", None)),
        (b"1.50", 1700, TEXT, ("1.50", "numeric(3,2)")),
        (b"-0.05", 1700, TEXT, ("-0.05", "numeric(2,2)")),
        (b"1e3", 1700, TEXT, ("1e3", "numeric(38,10)")),
        (b"\x00\xff", 17, BINARY, ("00ff", None)),
        (b"\\x00ff", 17, TEXT, ("00ff", None)),
        (b"5", 26, TEXT, ("5", "bigint")),
    ],
)
def test_parameters(data: bytes | None, oid: int, format: int, bound: tuple[str | None, str | None]) -> None:
    assert parameter(data, oid, format) == bound


def test_what_cannot_be_bound() -> None:
    with pytest.raises(StatementRefused, match=r"^binary parameters of the type 600 are not supported$"):
        parameter(b"\0" * 16, 600, BINARY)
    nan = struct.pack("!hhHh", 0, 0, 0xC000, 0)
    with pytest.raises(StatementError, match=r"^a number cannot be NaN$"):
        parameter(nan, 1700, BINARY)


@pytest.mark.parametrize(
    "type",
    ["smallint", "numeric(38,37)", "character varying(65535)", "character(4)", "varbyte(64000)", "super", "date"],
)
def test_types_there_and_back(type: str) -> None:
    kind = wire_type(type)
    assert type_text(kind.oid, kind.modifier) == type


def test_texts_without_a_length_are_the_longest() -> None:
    for oid in (1043, 25, 19, 705, 999_999):
        assert type_text(oid, -1) == "character varying(65535)"
