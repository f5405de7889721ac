"""Every type there and back: hot, through the view, restored, and in the files as any reader of Parquet sees them."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.flows.tables import archive, create, policy, rows_of
from tests.world import World

from tidegate.model.names import TableName

WIDE = "9" * 38
TYPES = {
    "small": ("SMALLINT", ["-32768", "32767", "0"]),
    "whole": ("INTEGER", ["-2147483648", "2147483647"]),
    "big": ("BIGINT", ["-9223372036854775808", "9223372036854775807"]),
    "dec0": ("DECIMAL(38,0)", [WIDE, f"-{WIDE}", "0"]),
    "dec37": ("DECIMAL(38,37)", [f"9.{'9' * 37}", f"-0.{'0' * 36}1", "0"]),
    "dec18": ("DECIMAL(18,18)", [f"0.{'9' * 18}", f"-0.{'0' * 17}1"]),
    "single": ("REAL", ["1.1", "-3.4028235e38", "1.17549435e-38", "'NaN'", "'Infinity'", "'-Infinity'", "'-0.0'"]),
    "dbl": ("DOUBLE PRECISION", ["0.1", "-1.7976931348623157e308", "5e-324", "'NaN'", "'Infinity'", "'-0.0'"]),
    "yes": ("BOOLEAN", ["TRUE", "FALSE"]),
    "fixed": ("CHAR(8)", ["'abc'", "'abc     '", "'        '", "''", "'12345678'", "'  x'"]),
    "words": (
        "VARCHAR(400)",
        [
            *("''", "' '", "'NULL'", "'it''s \"so\"'", "'a\nb\r\n\tc'", "'\\\\n'"),
            *("'😀 é 漢 e\u0301'", f"'{'😀' * 100}'", "'x '"),
        ],
    ),
    "day": ("DATE", ["'0001-01-01'", "'9999-12-31'", "'1582-10-10'", "'2020-02-29'"]),
    "stamp": ("TIMESTAMP", ["'0001-01-01 00:00:00'", "'9999-12-31 23:59:59.999999'", "'2020-01-01 00:00:00.000001'"]),
    "zoned": (
        "TIMESTAMPTZ",
        ["'2020-03-29 02:30:00+01'", "'0002-01-01 00:00:00+00'", "'9999-12-30 23:59:59.999999+00'"],
    ),
    "clock": ("TIME", ["'00:00:00'", "'23:59:59.999999'", "'12:00:00.5'"]),
    "zclock": ("TIMETZ", ["'00:00:00+00'", "'23:59:59.999999+05:30'", "'12:00:00-08'"]),
    "free": (
        "SUPER",
        [
            "JSON_PARSE('{\"a\": [1, 2.50, null, \"x\"], \"B\": {\"c\": \"\"}}')",
            "JSON_PARSE('[]')",
            "JSON_PARSE('null')",
            "JSON_PARSE('\"text \\\\\" 😀\"')",
            "JSON_PARSE('12345678901234567890')",
            "JSON_PARSE('true')",
        ],
    ),
    "bytes": ("VARBYTE(64)", ["FROM_HEX('00ff0a27')", "FROM_HEX('')", "'abc'::VARBYTE"]),
}  # fmt: skip


@pytest.fixture
def typed(empty: World) -> World:
    """`public.typed`: a row of NULLs, then a row for every value of every type, NULL beside the others."""
    columns = ", ".join(f"{name} {kind}" for name, (kind, _) in TYPES.items())
    rows = [f"{n}, DATE '2020-01-15', {', '.join(values)}" for n, values in enumerate(_rows())]
    create(empty, "public.typed", f"id INTEGER, d DATE, {columns}", *rows)
    empty.policies = (policy("public.typed", "d"),)
    return empty


def _rows() -> list[list[str]]:
    longest = max(len(values) for _, values in TYPES.values())
    return [["NULL"] * len(TYPES)] + [
        [values[n] if n < len(values) else "NULL" for _, values in TYPES.values()] for n in range(longest)
    ]


def texts(world: World, relation: str) -> list[str]:
    """The rows as text, since NaN is not equal to itself and -0.0 is to 0.0."""
    return [repr(row) for row in rows_of(world, relation)]


def test_every_value_comes_back(typed: World) -> None:
    before = texts(typed, "public.typed")
    assert len(before) == len(_rows())
    archive(typed, "2020-06-20")
    assert texts(typed, "public.typed") == []
    assert texts(typed, "public.typed_all") == before
    assert typed.verify().differences == ()
    name = TableName("public", "typed")
    typed.restore(table=name, into="public.again")
    assert texts(typed, "public.again") == before
    typed.restore(table=name)
    assert texts(typed, "public.typed") == before
    assert texts(typed, "public.typed_all") == before


def stored(world: World, table: str) -> dict[str, list[Any]]:
    """The archived columns, read by pyarrow alone, in the order of `id`."""
    files = sorted((world.folder / "lake").glob(f"w*/public/{table}/tg_batch=*/tg_period=*/*.parquet"))
    assert files != []
    rows = [row for path in files for row in pq.read_table(path, partitioning=None).to_pylist()]
    rows.sort(key=lambda row: row["id"])
    return {name: [row[name] for row in rows] for name in rows[0]}


def test_pyarrow_reads_the_files_without_tidegate(typed: World) -> None:
    archive(typed, "2020-06-20")
    columns = stored(typed, "typed")
    assert list(columns) == ["id", "d", *TYPES]
    assert all(values[0] is None for name, values in columns.items() if name in TYPES)
    values = {name: [v for v in column[1:] if v is not None] for name, column in columns.items()}
    assert values["small"] == [-32768, 32767, 0]
    assert values["big"] == [-(2**63), 2**63 - 1]
    assert values["dec0"] == [Decimal(WIDE), Decimal(f"-{WIDE}"), 0]
    assert values["dec37"] == [Decimal(f"9.{'9' * 37}"), Decimal(f"-0.{'0' * 36}1"), 0]
    assert repr(values["dbl"]) == "[0.1, -1.7976931348623157e+308, 5e-324, nan, inf, -0.0]"
    assert values["yes"] == [True, False]
    assert values["fixed"] == ["abc", "abc", "", "", "12345678", "  x"]
    assert values["words"][:3] == ["", " ", "NULL"]
    assert values["words"][4] == "a\nb\r\n\tc"
    assert values["words"][7] == "😀" * 100
    assert values["day"][:2] == [date(1, 1, 1), date(9999, 12, 31)]
    assert [str(stamp) for stamp in values["stamp"]] == [
        "0001-01-01 00:00:00",
        "9999-12-31 23:59:59.999999",
        "2020-01-01 00:00:00.000001",
    ]
    assert str(values["zoned"][0]) == "2020-03-29 01:30:00"
    assert values["clock"] == ["00:00:00", "23:59:59.999999", "12:00:00.5"]
    assert [json.loads(text) for text in values["free"]][1:3] == [[], None]
    assert values["bytes"] == ["00ff0a27", "", "616263"]


LARGE = "REPEAT('😀', 16000)"


def test_values_that_fill_a_varchar(empty: World) -> None:
    create(empty, "public.large", "id INTEGER, d DATE, v VARCHAR(65535), b VARBYTE(32767)")
    empty.sql(
        f"INSERT INTO public.large SELECT 1, DATE '2020-01-15', {LARGE} || 'xyz', "
        "CAST(REPEAT('x', 32767) AS VARBYTE(32767))"
    )
    empty.policies = (policy("public.large", "d"),)
    before = rows_of(empty, "public.large")
    archive(empty, "2020-06-20")
    assert rows_of(empty, "public.large_all") == before
    empty.restore(table=empty.policies[0].table)
    assert rows_of(empty, "public.large") == before
