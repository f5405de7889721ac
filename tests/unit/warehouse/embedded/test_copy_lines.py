import gzip
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from tests.unit.warehouse.embedded.loading import Place, place, refused

from tidegate.errors import StatementError, StatementRefused

__all__ = ["place"]


def load(place: Place, columns: str, content: str | bytes, options: str) -> list[tuple[object, ...]]:
    place.write("in", content)
    place.run("DROP TABLE IF EXISTS t", f"CREATE TABLE t ({columns})", f"COPY t FROM 'in' {options}")
    return place.rows("SELECT * FROM t")


def test_csv_as_redshift_reads_it(place: Place) -> None:
    assert load(
        place,
        "a INTEGER, b VARCHAR(20), c VARCHAR(5), d DATE",
        'a,b,c,d\n1,"x ""q"", y",\\N,2020-01-31\n,"two\nlines",,\n',
        "CSV IGNOREHEADER 1",
    ) == [(1, 'x "q", y', None, date(2020, 1, 31)), (None, "two\nlines", "", None)]


def test_text_has_pipes_and_knows_no_quotes(place: Place) -> None:
    assert load(place, "a INTEGER, b VARCHAR(9)", '1|"x"\n2|it\'s, so\n', "") == [(1, '"x"'), (2, "it's, so")]


def test_delimiter_quote_and_null_can_be_chosen(place: Place) -> None:
    assert load(
        place, "a INTEGER, b VARCHAR(9)", "1;%a;b%\nnone;none\n", "CSV QUOTE AS '%' DELIMITER ';' NULL AS 'none'"
    ) == [(1, "a;b"), (None, None)]
    assert load(place, "a INTEGER, b VARCHAR(9)", "1\tx\n", "DELIMITER '\\t'") == [(1, "x")]


def test_blanks_and_empties(place: Place) -> None:
    columns, content = "a INTEGER, b VARCHAR(9), c CHAR(4)", "1|  |\n2||x  \n"
    assert load(place, columns, content, "") == [(1, "  ", ""), (2, "", "x")]
    assert load(place, columns, content, "BLANKSASNULL") == [(1, None, ""), (2, "", "x")]
    assert load(place, columns, content, "EMPTYASNULL") == [(1, "  ", None), (2, None, "x")]
    assert load(place, columns, content, "TRIMBLANKS") == [(1, "", ""), (2, "", "x")]


@pytest.mark.parametrize(("option", "open"), [("GZIP", gzip.compress)])
def test_compressed_files(place: Place, option: str, open: type[bytes]) -> None:
    assert load(place, "a INTEGER, b INTEGER", open(b"1,2\n"), f"CSV {option}") == [(1, 2)]


@pytest.mark.parametrize("option", ["GZIP", "ZSTD"])
def test_compressed_files_that_were_unloaded(place: Place, option: str) -> None:
    place.run(
        "CREATE TABLE s (a INTEGER, b VARCHAR(5))",
        "INSERT INTO s VALUES (1, 'x'), (2, NULL), (3, '')",
        f"UNLOAD ('SELECT * FROM s') TO 'out/' CSV {option} NULL AS '\\N'",
        "CREATE TABLE t (a INTEGER, b VARCHAR(5))",
        f"COPY t FROM 'out/' CSV {option}",
    )
    assert place.rows("SELECT * FROM t ORDER BY a") == [(1, "x"), (2, None), (3, "")]


def test_decimals_are_cut_unless_roundec(place: Place) -> None:
    columns, content = "v DECIMAL(6,2), w DECIMAL(3,0)", "1.239|1.9\n-1.239|-.9\n.5|5\n1.|1.e1\n"
    cut = ["1.23 1", "-1.23 0", "0.50 5", "1.00 10"]
    rounded = ["1.24 2", "-1.24 -1", "0.50 5", "1.00 10"]
    for options, expected in (("", cut), ("ROUNDEC", rounded)):
        rows = load(place, columns, content, options)
        assert rows == [(Decimal(v), Decimal(w)) for v, w in (each.split() for each in expected)]


def test_booleans_numbers_and_times(place: Place) -> None:
    assert load(
        place,
        "b BOOLEAN, n BIGINT, r REAL, t TIMESTAMP, z TIMESTAMPTZ",
        "Yes|-9223372036854775808|5e-1|2020-01-01 10:00:00.123456|2020-01-01 10:00:00+02\n"
        "0|+7| 0.5 |2020-01-01T10:00:00|2020-01-01 10:00:00\n",
        "",
    ) == [
        (
            True,
            -(2**63),
            0.5,
            datetime.fromisoformat("2020-01-01T10:00:00.123456"),
            datetime(2020, 1, 1, 8, tzinfo=UTC),
        ),
        (False, 7, 0.5, datetime.fromisoformat("2020-01-01T10:00:00"), datetime(2020, 1, 1, 10, tzinfo=UTC)),
    ]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ("", "2020-01-31"),
        ("DATEFORMAT 'DD.MM.YYYY'", "31.01.2020"),
        ("DATEFORMAT AS 'MON DD, YYYY'", "Jan 31, 2020"),
        ("DATEFORMAT 'auto'", "01/31/2020"),
        ("DATEFORMAT 'auto'", "20200131"),
    ],
)
def test_dates(place: Place, options: str, field: str) -> None:
    assert load(place, "a INTEGER, d DATE", f"1|{field}\n", options) == [(1, date(2020, 1, 31))]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ("TIMEFORMAT 'DD.MM.YYYY HH:MI:SS'", "31.01.2020 10:20:30"),
        ("TIMEFORMAT 'MM/DD/YYYY HH12:MI:SS AM'", "01/31/2020 10:20:30 AM"),
        ("TIMEFORMAT 'auto'", "01/31/2020 10:20:30"),
        ("TIMEFORMAT 'epochsecs'", "1580466030"),
        ("TIMEFORMAT 'epochmillisecs'", "1580466030000"),
    ],
)
def test_timestamps(place: Place, options: str, field: str) -> None:
    at = datetime.fromisoformat("2020-01-31T10:20:30")
    assert load(place, "t TIMESTAMP, z TIMESTAMPTZ", f"{field}|{field}\n", options) == [(at, at.replace(tzinfo=UTC))]


def test_epochs_keep_microseconds(place: Place) -> None:
    assert load(place, "a INTEGER, t TIMESTAMP", "1|1580466030.123456\n", "TIMEFORMAT 'epochsecs'") == [
        (1, datetime.fromisoformat("2020-01-31T10:20:30.123456"))
    ]


def test_super_and_varbyte(place: Place) -> None:
    assert load(place, "j SUPER, b VARBYTE(4)", '{"a": [1]}|aBcD\n', "") == [('{"a":[1]}', "abcd")]


def test_fillrecord_adds_what_a_row_lacks(place: Place) -> None:
    columns, content = "a INTEGER, b VARCHAR(5), c DATE", "1,x,2020-01-01\n2\n"
    assert load(place, columns, content, "CSV FILLRECORD") == [(1, "x", date(2020, 1, 1)), (2, "", None)]
    assert load(place, columns, content, "CSV FILLRECORD EMPTYASNULL") == [(1, "x", date(2020, 1, 1)), (2, None, None)]


@pytest.mark.parametrize(("length", "kept"), [(9, "añb"), (4, "añb"), (3, "añ"), (2, "a"), (1, "a")])
def test_truncatecolumns_counts_bytes_and_cuts_no_character(place: Place, length: int, kept: str) -> None:
    assert load(place, f"a INTEGER, b VARCHAR({length})", "1|añb\n", "TRUNCATECOLUMNS") == [(1, kept)]


def test_options_without_meaning_here_are_taken(place: Place) -> None:
    options = "CSV COMPUPDATE OFF STATUPDATE ON MAXERROR AS 1 IGNOREBLANKLINES ENCODING UTF8 CREDENTIALS 'x'"
    assert load(place, "a INTEGER, b INTEGER", "1,2\n\n", options) == [(1, 2)]


def test_one_column_needs_ignoreblanklines(place: Place) -> None:
    with refused(
        StatementRefused, "the embedded warehouse cannot tell empty fields from empty lines in a file of one column"
    ):
        load(place, "a VARCHAR(5)", "x\n\ny\n", "CSV")
    assert load(place, "a VARCHAR(5)", "x\n\ny\n", "CSV IGNOREBLANKLINES") == [("x",), ("y",)]


@pytest.mark.parametrize(
    ("columns", "content", "reason"),
    [
        ("a INTEGER, b INTEGER", "1|2\n3|x\n", 'invalid value for column "b" (INTEGER): x in {file}'),
        ("a INTEGER, b INTEGER", "1|1.5\n", 'invalid value for column "b" (INTEGER): 1.5 in {file}'),
        ("a INTEGER, b SMALLINT", "1|32768\n", 'invalid value for column "b" (SMALLINT): 32768 in {file}'),
        ("a INTEGER, b DECIMAL(4,2)", "1|100.00\n", 'invalid value for column "b" (DECIMAL(4,2)): 100.00 in {file}'),
        ("a INTEGER, b DECIMAL(4,2)", "1|1.23x\n", 'invalid value for column "b" (DECIMAL(4,2)): 1.23x in {file}'),
        ("a INTEGER, b DATE", "1|31.01.2020\n", 'invalid value for column "b" (DATE): 31.01.2020 in {file}'),
        ("a INTEGER, b BOOLEAN", "1|maybe\n", 'invalid value for column "b" (BOOLEAN): maybe in {file}'),
        ("a INTEGER, b SUPER", "1|{{\n", 'invalid value for column "b" (SUPER): {{ in {file}'),
        (
            "a INTEGER, b SUPER",
            "1|[12345678901234.5678]\n",
            "a JSON number has more digits than a double holds, in {file}: write it as a string",
        ),
        ("a INTEGER, b INTEGER", "1|2\n3\n", "delimiter not found in line 2 of {file}: 2 columns expected, 1 found"),
        ("a INTEGER, b INTEGER", "1|2|3\n", "extra column(s) found in line 1 of {file}: 2 columns expected, 3 found"),
        ("a INTEGER NOT NULL, b INTEGER", "|2\n", 'cannot insert a NULL value into column "a"'),
    ],
)
def test_bad_rows_are_named_and_nothing_is_loaded(place: Place, columns: str, content: str, reason: str) -> None:
    place.run("CREATE TABLE t (x INTEGER)")
    with refused(StatementError, f"COPY into public.t: {reason.format(file=place.base / 'in')}"):
        load(place, columns, content.format(), "")
    assert place.rows("SELECT COUNT(*) FROM t") == [(0,)]


def test_bytes_that_are_not_utf8_are_refused(place: Place) -> None:
    with refused(
        StatementError,
        f"COPY into public.t: line 1 of {place.base / 'in'}: "
        "invalid unicode (byte sequence mismatch) detected. This file is not utf-8 encoded",
    ):
        load(place, "a INTEGER, b VARCHAR(9)", b"1,\xff\n", "CSV")


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("CSV REGION 'eu-west-1'", "REGION"),
        ("CSV ACCEPTINVCHARS", "ACCEPTINVCHARS"),
        ("ACCEPTANYDATE DATEFORMAT 'auto'", "ACCEPTANYDATE"),
        ("CSV MAXERROR 5", "MAXERROR 5"),
        ("CSV IGNOREALLERRORS", "IGNOREALLERRORS"),
        ("CSV NOLOAD", "NOLOAD"),
        ("CSV BZIP2", "BZIP2"),
        ("CSV LZOP", "LZOP"),
        ("ESCAPE", "ESCAPE"),
        ("REMOVEQUOTES", "REMOVEQUOTES"),
        ("CSV ENCODING UTF16", "ENCODING UTF16"),
        ("FIXEDWIDTH 'a:3'", "FIXEDWIDTH"),
        ("FORMAT ORC", "FORMAT ORC"),
        ("AVRO 'auto'", "FORMAT AVRO"),
        ("JSON 'noshred'", "the mapping 'noshred'"),
    ],
)
def test_what_this_engine_does_not_take(place: Place, option: str, name: str) -> None:
    with refused(StatementRefused, f"the embedded warehouse does not take {name} in COPY"):
        load(place, "a INTEGER, b INTEGER", "1,2\n", option)


def test_a_format_with_parts_that_are_not_read(place: Place) -> None:
    with refused(StatementRefused, "the embedded warehouse does not read 'D' in DATEFORMAT 'YYYY-D'"):
        load(place, "a INTEGER, d DATE", "1|2020-1\n", "DATEFORMAT 'YYYY-D'")
