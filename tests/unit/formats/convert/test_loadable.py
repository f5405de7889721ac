"""A Parquet file that COPY would not take, made loadable."""

import datetime as dt
import decimal
import uuid
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tidegate.errors import FileRefused
from tidegate.formats.convert.loadable import write_loadable
from tidegate.formats.schema.footer import path_reader
from tidegate.formats.schema.inferred import InferredFile
from tidegate.formats.schema.parquet import infer_parquet
from tidegate.redshift.types import render

MOST, NANOSECONDS = 2**64 - 1, 1_700_000_000_123_456_789
NESTED = pa.list_(pa.struct([("at", pa.timestamp("ns")), ("u", pa.uint64())]))
COLUMNS = {
    "Id": pa.array([1, 2]),
    "u64": pa.array([MOST, None], pa.uint64()),
    "ns": pa.array([NANOSECONDS, None], pa.timestamp("ns")),
    "utc": pa.array([NANOSECONDS, None], pa.timestamp("ns", "UTC")),
    "uuid": pa.array([uuid.UUID(int=5).bytes, None], pa.uuid()),
    "time": pa.array([dt.time(1, 2, 3, 4), None], pa.time64("us")),
    "f16": pa.array([1.5, None], pa.float32()).cast(pa.float16()),
    "fixed": pa.array([b"abcd", None], pa.binary(4)),
    "nested": pa.array([[{"at": NANOSECONDS, "u": MOST}], None], NESTED),
    "text": pa.array(["ä", None]),
    "json": pa.array(['{"a":1}', None], pa.json_()),
}
MOMENT = dt.datetime(2023, 11, 14, 22, 13, 20, 123457)  # noqa: DTZ001 - the file's has no zone


def rewritten(folder: Path, table: pa.Table) -> InferredFile:
    source = folder / "a[1].parquet"
    pq.write_table(table, source)
    inferred = infer_parquet(path_reader(source), source.stat().st_size, "a.parquet")
    return write_loadable(source, folder / "b.parquet", inferred, "a.parquet", folder)


def test_every_type_that_copy_does_not_take_is_written_in_one_that_it_takes(tmp_path: Path) -> None:
    found = rewritten(tmp_path, pa.table(COLUMNS).replace_schema_metadata({"tidegate.key": '["id"]'}))
    assert {c.name: render(c.type) for c in found.columns} == {
        "Id": "BIGINT",
        "u64": "DECIMAL(36,0)",
        "ns": "TIMESTAMP",
        "utc": "TIMESTAMPTZ",
        "uuid": "VARCHAR(256)",
        "time": "VARCHAR(256)",
        "f16": "REAL",
        "fixed": "VARBYTE(64000)",
        "nested": "SUPER",
        "text": "VARCHAR(256)",
        "json": "SUPER",
    }
    assert (found.rows, found.keys, found.rewrites) == (2, ("Id",), ())
    with duckdb.connect() as engine:
        first, second = engine.execute(f"SELECT * EXCLUDE (utc) FROM '{tmp_path}/b.parquet'").fetchall()
    most = decimal.Decimal(MOST)
    assert first == (
        *(1, most, MOMENT, str(uuid.UUID(int=5)), "01:02:03.000004", 1.5, b"abcd"),
        *([{"at": MOMENT, "u": most}], "ä", '{"a":1}'),
    )
    assert second == (2, *[None] * 9)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pa.array([5], pa.duration("us")), "a.parquet: x cannot be rewritten: durations would be loaded as numbers"),
        (
            pa.array([decimal.Decimal(5)], pa.decimal256(50, 2)),
            "a.parquet: x cannot be rewritten: DECIMAL(50,2) is more than Redshift's numbers hold",
        ),
    ],
)
def test_what_would_become_something_else_is_refused(tmp_path: Path, column: pa.Array, said: str) -> None:
    with pytest.raises(FileRefused) as caught:
        rewritten(tmp_path, pa.table({"x": column}))
    assert caught.value.message == said
