"""A CSV file's dialect and types, proven over every row."""

import bz2
import gzip
import io

import pyarrow as pa
import pytest

from tidegate.errors import FileRefused, UsageError
from tidegate.formats.schema.csv import infer_csv
from tidegate.formats.schema.inferred import CsvDialect, InferredFile
from tidegate.model.route import FormatOptions
from tidegate.model.tables import SqlType, TypeKind
from tidegate.redshift.types import parse, render


def infer(data: str | bytes, options: FormatOptions | None = None) -> InferredFile:
    return infer_csv(io.BytesIO(data.encode() if isinstance(data, str) else data), "a.csv", options)


def schema(found: InferredFile) -> dict[str, str]:
    return {c.name: render(c.type) for c in found.columns}


def type_of(*values: str) -> str:
    (column,) = infer("".join(f"{value}\n" for value in ("value", *values)), FormatOptions(header=True)).columns
    return render(column.type)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "-2147483648", "2147483647"], "INTEGER"),
        (["1", "2147483648"], "BIGINT"),
        (["-9223372036854775808"], "BIGINT"),
        (["9223372036854775808"], "DECIMAL(19,0)"),
        (["9" * 38], "DECIMAL(38,0)"),
        (["9" * 39], "VARCHAR(256)"),
        (["1.10", "22"], "DECIMAL(4,2)"),
        ([".5"], "DECIMAL(2,1)"),
        (["1e5", "2.5"], "DOUBLE PRECISION"),
        (["1e5", "12345678901234567"], "VARCHAR(256)"),
        (["1e400"], "VARCHAR(256)"),
        (["007", "1"], "VARCHAR(256)"),
        (["+49"], "VARCHAR(256)"),
        (["NaN"], "VARCHAR(256)"),
        ([" 5"], "VARCHAR(256)"),
        (["true", "FALSE"], "BOOLEAN"),
        (["t", "f"], "VARCHAR(256)"),
        (["2024-02-29"], "DATE"),
        (["2023-02-29"], "VARCHAR(256)"),
        (["0000-01-01"], "VARCHAR(256)"),
        (["2024-02-29", "2024-02-29 10:00"], "TIMESTAMP"),
        (["2024-02-29T23:59:59.123456"], "TIMESTAMP"),
        (["2024-02-29 23:59:59.1234567"], "VARCHAR(256)"),
        (["2024-02-29T10:00:00Z", "2024-02-29 10:00:00+02:00"], "TIMESTAMPTZ"),
        (["2024-02-29 10:00:00", "2024-02-29 10:00:00Z"], "VARCHAR(256)"),
    ],
)
def test_values_decide_the_type(values: list[str], expected: str) -> None:
    assert type_of(*values) == expected


def test_thousand_separators_stay_text() -> None:
    assert schema(infer('n;m\n"1,000";1.000,5\n')) == {"n": "VARCHAR(256)", "m": "VARCHAR(256)"}


def test_the_last_of_many_rows_widens_the_type() -> None:
    many = "n,x\n" + "1,1\n" * 1_200_000
    assert schema(infer(many)) == {"n": "INTEGER", "x": "INTEGER"}
    found = infer(many + "3000000000,0.001\n")
    assert (schema(found), found.rows) == ({"n": "BIGINT", "x": "DECIMAL(4,3)"}, 1_200_001)
    assert schema(infer(many + "late,\n")) == {"n": "VARCHAR(256)", "x": "INTEGER"}


@pytest.mark.parametrize(
    ("data", "delimiter", "quote"),
    [
        ('id,name\n1,"x, y"\n', ",", '"'),
        ('id;name\r\n1;"a, \r\nb; c"\r\n', ";", '"'),
        ('id\tname\n1\tsay "ah"\n', "\t", '"'),
        ('id|name\n1|"he said ""x"""\n', "|", '"'),
        ("id,name\n1,'x, y'\n", ",", "'"),
        ("id,name\n1,it's\n2,don't\n", ",", '"'),
    ],
)
def test_the_dialect_is_told_by_the_beginning(data: str, delimiter: str, quote: str) -> None:
    found = infer(data)
    assert found.dialect == CsvDialect(delimiter, quote, header=True, encoding="utf-8")
    assert schema(found) == {"id": "INTEGER", "name": "VARCHAR(256)"}


def test_a_first_row_with_a_number_or_twice_the_same_name_is_no_header_unless_told() -> None:
    assert schema(infer("1,a\n2,b\n")) == {"column_1": "INTEGER", "column_2": "VARCHAR(256)"}
    assert infer("a,a\nb,c\n").rows == 2
    assert infer("a,b\nc,d\n").rows == 1
    assert infer("a,b\nc,d\n", FormatOptions(header=False)).rows == 2
    assert schema(infer("1,2\n3,4\n", FormatOptions(header=True))) == {"1": "INTEGER", "2": "INTEGER"}
    with pytest.raises(FileRefused, match="the columns 'a' and 'A' are one name on Redshift"):
        infer("a,A\n1,2\n", FormatOptions(header=True))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_tells_the_encoding(encoding: str) -> None:
    found = infer("id,name\n1,äß\n".encode(encoding))
    assert (schema(found), found.columns[1].longest) == ({"id": "INTEGER", "name": "VARCHAR(256)"}, 4)
    assert found.dialect is not None
    assert found.dialect.encoding == ("utf-16-le" if encoding == "utf-16" else "utf-8")


def test_latin_1_is_read_when_it_is_declared_and_else_refused_with_the_place() -> None:
    data = "id,name\n1,ä\n".encode("latin-1")
    assert infer(data, FormatOptions(encoding="latin-1")).columns[1].longest == 2
    with pytest.raises(FileRefused, match=r"^a\.csv is not UTF-8: byte 11 is 0xe4$"):
        infer(data)
    with pytest.raises(UsageError, match="'klingon' is no encoding"):
        infer(data, FormatOptions(encoding="klingon"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "a.csv is empty"),
        (b"\n\n", "a.csv is empty"),
        (b"id,n\n1,2\n3\n", "a.csv: row 3 has 1 fields, the first has 2"),
        (b"id,n\n1,2\n3,4,5\n", "a.csv: row 3 has 3 fields, the first has 2"),
        (b'id,n\n1,"x\n', 'a.csv has a quote " that is never closed, or stands alone in a field'),
        (b"id,n\n1,x\n2,y\x00z\n", "a.csv holds a NUL character in line 3"),
        (b"id,n\n1," + b"x" * 65_536 + b"\n", "a.csv: n has a text of 65536 bytes"),
        (gzip.compress(b"a,b\n" * 999, mtime=0)[:-20], "a.csv cannot be decompressed: Truncated compressed stream"),
    ],
)
def test_what_cannot_be_loaded_is_refused_by_name(data: bytes, said: str) -> None:
    with pytest.raises(FileRefused) as caught:
        infer(data)
    assert caught.value.message == said
    assert caught.value.hint


@pytest.mark.parametrize(
    "compress", [gzip.compress, bz2.compress, lambda data: pa.compress(data, codec="zstd", asbytes=True)]
)
def test_compressed_files_are_read_through(compress) -> None:  # type: ignore[no-untyped-def]
    assert schema(infer(compress(b"a,b\n1,x\n"))) == {"a": "INTEGER", "b": "VARCHAR(256)"}


def test_nothing_is_null_except_where_it_is_a_text_or_null_is_spelled() -> None:
    found = infer("n,s,e\n1,,\n,x,\n")
    assert [(c.name, c.nullable, c.undetermined) for c in found.columns] == [
        ("n", True, False),
        ("s", False, False),
        ("e", True, True),
    ]
    found = infer("n,s\n1,NA\nNA,x\n", FormatOptions(null_as="NA"))
    assert [(render(c.type), c.nullable, c.longest) for c in found.columns] == [
        ("INTEGER", True, None),
        ("VARCHAR(256)", True, 1),
    ]


def test_blank_lines_are_rows_of_a_single_column_only() -> None:
    assert infer("id\n1\n\n2\n").rows == 3
    assert infer("id,n\n1,2\n\n3,4\n").rows == 2


def test_declared_types_win_in_any_case_and_a_header_alone_has_no_rows() -> None:
    declared = {"ZIP": SqlType(TypeKind.CHAR, length=5)}
    found = infer_csv(io.BytesIO(b"zip,n\n12345,1\n"), "a.csv", types=declared)
    assert schema(found) == {"zip": "CHAR(5)", "n": "INTEGER"}
    texts = {"s": SqlType(TypeKind.VARCHAR), "n": SqlType(TypeKind.DATE)}
    found = infer_csv(io.BytesIO(b"s,n\n12345,2026-01-02\n7,\n"), "a.csv", types=texts)
    assert [(c.type, c.longest, c.nullable) for c in found.columns] == [
        (texts["s"], 5, False),
        (texts["n"], None, True),
    ]
    assert (infer("id,name\n").rows, schema(infer("id,name\n"))) == (0, {"id": "VARCHAR(1)", "name": "VARCHAR(1)"})


@pytest.mark.parametrize(
    ("wanted", "texts", "kind"),
    [
        ("DECIMAL(9,2)", ["1.23", "-.5", "+0012.100", "1234567", " 1.5 ", ""], "DECIMAL(9,2)"),
        ("DECIMAL(9,2)", ["1.23", "1.239"], "DECIMAL(4,3)"),
        ("DECIMAL(9,2)", ["12345678"], "INTEGER"),
        ("DECIMAL(9,2)", ["1e3"], "DOUBLE PRECISION"),
        ("DECIMAL(9,2)", ["1,000.00"], "VARCHAR(256)"),
        ("INTEGER", ["007", "+5", " 6 ", "999999999"], "INTEGER"),
        ("INTEGER", ["1", "2147483647"], "INTEGER"),
        ("INTEGER", ["2147483648"], "BIGINT"),
        ("SMALLINT", ["1", "1.5"], "DECIMAL(2,1)"),
        ("DATE", ["2026-01-02", ""], "DATE"),
        ("DATE", ["2026-01-02", "2026-01-02 10:00:00"], "TIMESTAMP"),
        ("DATE", ["02/01/2026"], "VARCHAR(256)"),
        ("TIMESTAMP", ["2026-01-02", "2026-01-02T10:00:00.123456"], "TIMESTAMP"),
        ("TIMESTAMP", ["2026-01-02T10:00:00.1234567"], "VARCHAR(256)"),
        ("TIMESTAMP", ["2026-01-02T10:00:00+05:00"], "TIMESTAMPTZ"),
        ("TIMESTAMPTZ", ["2026-01-02", "2026-01-02 10:00:00Z", "2026-01-02 10:00 +0530"], "TIMESTAMPTZ"),
        ("BOOLEAN", ["t", "0"], "BOOLEAN"),
        ("DOUBLE PRECISION", ["0.1234567890123456789"], "DOUBLE PRECISION"),
    ],
)
def test_a_type_that_is_given_is_left_where_it_would_lose_something(wanted: str, texts: list[str], kind: str) -> None:
    data = "x,y\n" + "".join(f'"{text}",0\n' for text in texts)
    found = infer_csv(io.BytesIO(data.encode()), "a.csv", types={"x": parse(wanted)})
    assert schema(found)["x"] == kind
    known = parse(wanted)
    trusting = infer_csv(io.BytesIO(data.encode()), "a.csv", types={"x": known}, trusted={known.kind})
    assert schema(trusting)["x"] == render(known)


def test_options_that_no_copy_takes_are_refused() -> None:
    with pytest.raises(UsageError, match="the delimiter '::' is not one ASCII character"):
        infer("a,b\n", FormatOptions(delimiter="::"))
    with pytest.raises(UsageError, match="the quote '«' is not one ASCII character"):
        infer("a,b\n", FormatOptions(quote="«"))
