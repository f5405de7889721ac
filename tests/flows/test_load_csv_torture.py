"""CSV of every kind that occurs: loaded to exactly its values, or aside with a plain reason."""

import bz2
import gzip
import io
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from tests.flows.landing import TABLE, Land, appending, names
from tests.world import World

from tidegate.errors import FileRefused
from tidegate.flows.load.run import run_load
from tidegate.formats.schema.csv import infer_csv
from tidegate.model.names import TableName
from tidegate.model.route import FormatOptions


@pytest.fixture
def land(empty: World) -> Land:
    return Land(empty)


def zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, codec="zstd", asbytes=True))


def wide(columns: int) -> bytes:
    return b",".join(b"c%d" % n for n in range(columns)) + b"\n" + b",".join([b"1"] * columns) + b"\n"


PLAIN = [(1, "a"), (2, "b")]
LOADED: dict[str, tuple[bytes, list[tuple[Any, ...]]]] = {
    "quotes": (
        b'id,note\n1,"he said ""x"", ok"\n2,"a\nb"\n3,"c\r\nd"\n4,""\n5,\n6,"1,5"\n',
        [(1, 'he said "x", ok'), (2, "a\nb"), (3, "c\r\nd"), (4, ""), (5, ""), (6, "1,5")],
    ),
    "mark": (b"\xef\xbb\xbfid,note\n1,\xc3\xa4\n", [(1, "ä")]),
    "utf16": ('id,note\n1,"äü\n\U0001f600"\n2,\n'.encode("utf-16"), [(1, "äü\n\U0001f600"), (2, "")]),
    "utf16be": ("\ufeffid,note\r\n1,ä\r\n".encode("utf-16-be"), [(1, "ä")]),
    "thousands": (b'id,amount\n1,"1,000"\n2,"2,500.50"\n', [(1, "1,000"), (2, "2,500.50")]),
    "blanks": (b'id, note\n1, a \n2,"  b  "\n', [(1, " a "), (2, "  b  ")]),
    "tabs": (b"id\tnote\n1\ta, b\n2\t\n", [(1, "a, b"), (2, "")]),
    "semicolons": (b"id;note\n1;a,b\n2;c\n", [(1, "a,b"), (2, "c")]),
    "returns": (b"id,note\r1,a\r2,b\r", PLAIN),
    "returns_quoted": (b'id,note\r1,"a\rb"\r2,b\r', [(1, "a\rb"), (2, "b")]),
    "windows": (b"id,note\r\n1,a\r\n2,b\r\n", PLAIN),
    "no_end": (b"id,note\n1,a\n2,b", PLAIN),
    "blank_lines": (b"id,note\n1,a\n\n2,b\n\n", PLAIN),
    "one_column": (b"id\n1\n2\n", [(1,), (2,)]),
    "one_text": (b"name\nalpha\nbeta\n", [("alpha",), ("beta",)]),
    "longest": (b"id,note\n1," + b"x" * 65_535 + b"\n", [(1, "x" * 65_535)]),
    "backslashes": (b'id,note\n1,a\\b\n2,"c\\""d"\n3,\\N\n', [(1, "a\\b"), (2, 'c\\"d'), (3, None)]),
    "words": (b"id,note\n1,NULL\n2,\xe2\x80\xa8x\n3,a\x1ab\n", [(1, "NULL"), (2, "\u2028x"), (3, "a\x1ab")]),
    "zeros": (b"id,zip\n1,007\n2,10\n", [(1, "007"), (2, "10")]),
    "nothing": (b"id,x\n1,\n2,\n", [(1,), (2,)]),
    "a.gz": (gzip.compress(b"id,note\n1,a\n", mtime=0) + gzip.compress(b"2,b\n", mtime=0), PLAIN),
    "a.bz2": (bz2.compress(b"id,note\n1,a\n") + bz2.compress(b"2,b\n"), PLAIN),
    "a.zst": (zstd(b"id,note\n1,a\n") + zstd(b"2,b\n"), PLAIN),
    "packed_unsaid": (gzip.compress(b"id,note\n1,a\n2,b\n", mtime=0), PLAIN),
    "said_unpacked.gz": (b"id,note\n1,a\n2,b\n", PLAIN),
}


def test_what_can_be_read_is_loaded_to_exactly_its_values(land: Land) -> None:
    """Each into a table of its own."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    with land.world.context() as plain, plain.warehouse.session() as session:
        ctx = land.context(plain)
        for name, (data, _) in LOADED.items():
            stem, _, packed = name.partition(".")
            path = land.put(f"{stem}.csv{'.' if packed else ''}{packed}", data)
            table = TableName("public", f"t_{name.replace('.', '_')}")
            outcome = run_load(ctx, land.plan(ctx, appending(table=table), [path]))
            assert [q.reason for q in outcome.quarantined] == []
            found[name] = sorted(session.execute(f"SELECT * FROM {table}").rows)
    assert found == {name: rows for name, (_, rows) in LOADED.items()}
    assert list((land.world.folder / "lake" / "_tidegate").rglob("load/*/*")) == []


TOLD: dict[str, tuple[FormatOptions, bytes, list[tuple[Any, ...]]]] = {
    "latin": (FormatOptions(encoding="latin-1"), "id,note\n1,ä\n".encode("latin-1"), [(1, "ä")]),
    "windows": (FormatOptions(encoding="cp1252"), "id,note\n1,€\n".encode("cp1252"), [(1, "€")]),
    "unmarked": (FormatOptions(encoding="utf-16-le"), "id,note\n1,ä\n".encode("utf-16-le"), [(1, "ä")]),
    "unquoted": (FormatOptions(quote=""), b'id,note\n1,5" x\n2,a\\b\n', [(1, '5" x'), (2, "a\\b")]),
    "nulls": (FormatOptions(null_as="-"), b"id\n1\n-\n", [(1,), (None,)]),
}


def test_what_the_route_says_makes_it_readable(land: Land) -> None:
    for name, (options, data, rows) in TOLD.items():
        path = land.put(f"{name}.csv", data)
        route = replace(appending(table=TableName("public", name)), options=options)
        assert [q.reason for q in land.load(path, route=route).quarantined] == []
        assert land.rows(table=f"public.{name}") == rows


MANY = b"id,note\n" + b"".join(b"%d,abc%d\n" % (n, n * 7919) for n in range(5000))
PUT_ASIDE: dict[str, tuple[bytes, str]] = {
    "empty.csv": (b"", "{} is empty"),
    "lines.csv": (b"\r\n\n", "{} is empty"),
    "latin.csv": ("id,note\n1,ä\n".encode("latin-1"), "{} is not UTF-8: byte 11 is 0xe4"),
    "unmarked.csv": ("id,note\n1,a\n".encode("utf-16-le"), "{} holds a NUL character in line 1"),
    "nul.csv": (b"id,note\n1,a\x00b\n", "{} holds a NUL character in line 2"),
    "fewer.csv": (b"id,note\n1,a\n2\n", "{}: row 3 has 1 fields, the first has 2"),
    "more.csv": (b"id,note\n1,a\n2,b,c\n", "{}: row 3 has 3 fields, the first has 2"),
    "open.csv": (b'id,note\n1,"abc\n2,x\n', '{} has a quote " that is never closed, or stands alone in a field'),
    "inch.csv": (b'id,note\n1,5" long\n', '{} has a quote " that is never closed, or stands alone in a field'),
    "twice.csv": (b'id,note\n1,"abc\n2,"x\n', 'line 2 of {}: 2,"x'),
    "ends.csv": (b"id,note\n1,a\r\n2,b\n", "its lines end in different ways, or a quote stands alone in a field"),
    "long.csv": (b"id,note\n1," + b"x" * 65_536 + b"\n", "{}: note has a text of 65536 bytes"),
    "row.csv": (b"id,note\n1," + b"x" * 5_000_000 + b"\n", "{}: note has a text of 5000000 bytes"),
    "names.csv": (b"id,,note\n1,2,3\n", "the first line of {} does not look like names of columns"),
    "alike.csv": (b"id,ID\n1,2\n", "the first line of {} does not look like names of columns"),
    "holes.csv": (b"name\nalpha\n\nbeta\n", "{} has one column and 1 empty lines, which COPY leaves out"),
    "gaps.csv": (b"id\n1\n\n2\n", "{} has one column and 1 empty lines, which COPY leaves out"),
    "wide.csv": (wide(100_000), "{} has more than 1600 columns"),
    "half.csv.gz": (gzip.compress(MANY, mtime=0)[:9000], "{} cannot be decompressed: Truncated compressed stream"),
    "half.csv.bz2": (bz2.compress(MANY)[:-9], "{} cannot be decompressed: Truncated compressed stream"),
    "half.csv.zst": (zstd(MANY)[:-3], "{} cannot be decompressed: Truncated compressed stream"),
}


def test_what_cannot_be_read_goes_aside_with_its_reason_and_the_others_are_loaded(land: Land) -> None:
    for minute, (name, (data, _)) in enumerate(PUT_ASIDE.items()):
        land.put(name, data, minute)
    land.put("zgood.csv", b"id,note\n1,good\n", 59)
    outcome = land.load()
    assert (land.rows(), outcome.rows) == ([(1, "good")], 1)
    reasons = {names([q])[0]: q.reason for q in outcome.quarantined}
    assert sorted(reasons) == sorted(PUT_ASIDE)
    for name, (_, said) in PUT_ASIDE.items():
        assert said.format(land.folder / name) in reasons[name]
    assert all(q.hint for q in outcome.quarantined)


def test_a_header_alone_makes_no_table_and_adds_nothing_to_one_that_is_there(land: Land) -> None:
    path = land.put("a.csv", b"id,note\n")
    (told,) = land.load(path).quarantined
    assert told.reason == "no column of the file has a type, so public.sales cannot be made"
    land.world.sql(f"CREATE TABLE {TABLE} (id BIGINT, note VARCHAR(5))")
    land.put("a.csv", b"id,note,more\n", 1)
    outcome = land.load()
    assert (outcome.rows, outcome.files, land.rows(), land.loaded()) == (0, 1, [], [("a.csv", 0)])


def test_a_header_of_many_long_names_is_read_whole() -> None:
    names = [f"{n:0127}" for n in range(600)]
    data = ",".join(names) + "\n" + ",".join(["7"] * 600) + "\n"
    found = infer_csv(io.BytesIO(data.encode()), "a.csv", FormatOptions(header=True), most_columns=1600)
    assert ([column.name for column in found.columns], found.rows) == (names, 1)


class Endless:
    """A file of a hundred thousand columns without an end, and how much of it was read."""

    def __init__(self) -> None:
        self.read_bytes = 0
        self.left = b",".join(b"c%d" % n for n in range(100_000)) + b"\n"

    def read(self, size: int) -> bytes:
        self.left = self.left or b"1," * 99_999 + b"1\n"
        found, self.left = self.left[:size], self.left[size:]
        self.read_bytes += len(found)
        return found


def test_a_hundred_thousand_columns_are_refused_before_they_are_read() -> None:
    source = Endless()
    with pytest.raises(FileRefused, match=r"^a\.csv has more than 1600 columns$"):
        infer_csv(source, "a.csv", most_columns=1600)
    assert source.read_bytes < 2_000_000


def test_columns_that_are_added_file_by_file_end_where_a_table_does(land: Land) -> None:
    listed = ", ".join(f"k{n} INTEGER" for n in range(1599))
    land.world.sql(f"CREATE TABLE {TABLE} ({listed})")
    land.put("a.csv", b"k0,new,newer\n1,2,3\n")
    (told,) = land.load().quarantined
    assert told.reason == "public.sales would have 1601 columns, and a table has at most 1600"
