from dataclasses import fields, replace

import pytest

from tidegate.errors import UsageError
from tidegate.model.names import TableName
from tidegate.redshift.copy import OPTIONS, CompUpdate, Copy, CopyCompression, CopyFormat, Encoding, copy

TEXT, CSV, JSON, AVRO = CopyFormat.TEXT, CopyFormat.CSV, CopyFormat.JSON, CopyFormat.AVRO
PARQUET, ORC = CopyFormat.PARQUET, CopyFormat.ORC
PLAIN = Copy(TableName("public", "orders"), "s3://lake/in/")
HEAD = 'COPY "public"."orders"\nFROM \'s3://lake/in/\'\nIAM_ROLE default'

ALL = set(CopyFormat)
ROWS = {TEXT, CSV, JSON, AVRO}

MATRIX: dict[str, tuple[dict[str, object], str, set[CopyFormat]]] = {
    "MANIFEST": ({"manifest": True}, "MANIFEST", ALL),
    "REGION": ({"region": "eu-west-1"}, "REGION AS 'eu-west-1'", ROWS),
    "compression": ({"compression": CopyCompression.LZOP}, "LZOP", {TEXT, CSV, JSON}),
    "DELIMITER": ({"delimiter": "'"}, "DELIMITER AS ''''", {TEXT, CSV}),
    "FIXEDWIDTH": ({"fixedwidth": (("a", 3), ("b", 4))}, "FIXEDWIDTH 'a:3,b:4'", {TEXT}),
    "ACCEPTANYDATE": ({"accept_any_date": True, "date_format": "auto"}, "ACCEPTANYDATE", ROWS),
    "ACCEPTINVCHARS": ({"accept_inv_chars": "?"}, "ACCEPTINVCHARS AS '?'", ALL),
    "BLANKSASNULL": ({"blanks_as_null": True}, "BLANKSASNULL", ROWS),
    "DATEFORMAT": ({"date_format": "MM-DD-YYYY"}, "DATEFORMAT AS 'MM-DD-YYYY'", ROWS),
    "EMPTYASNULL": ({"empty_as_null": True}, "EMPTYASNULL", ROWS),
    "ENCODING": ({"encoding": Encoding.UTF16}, "ENCODING AS UTF16", ROWS),
    "ESCAPE": ({"escape": True}, "ESCAPE", {TEXT}),
    "EXPLICIT_IDS": ({"explicit_ids": True}, "EXPLICIT_IDS", ALL),
    "FILLRECORD": ({"fill_record": True}, "FILLRECORD", {TEXT, CSV, PARQUET, ORC}),
    "IGNOREBLANKLINES": ({"ignore_blank_lines": True}, "IGNOREBLANKLINES", {TEXT, CSV}),
    "IGNOREHEADER": ({"ignore_header": 0}, "IGNOREHEADER AS 0", {TEXT, CSV, JSON}),
    "NULL AS": ({"null_as": "\\N"}, "NULL AS '\\\\N'", {TEXT, CSV}),
    "REMOVEQUOTES": ({"remove_quotes": True}, "REMOVEQUOTES", {TEXT}),
    "ROUNDEC": ({"round_dec": True}, "ROUNDEC", ROWS),
    "TIMEFORMAT": ({"time_format": "epochsecs"}, "TIMEFORMAT AS 'epochsecs'", ROWS),
    "TRIMBLANKS": ({"trim_blanks": True}, "TRIMBLANKS", ROWS),
    "TRUNCATECOLUMNS": ({"truncate_columns": True}, "TRUNCATECOLUMNS", ROWS),
    "COMPROWS": ({"comp_rows": 1000}, "COMPROWS 1000", ROWS),
    "COMPUPDATE": ({"comp_update": CompUpdate.PRESET}, "COMPUPDATE PRESET", ROWS),
    "IGNOREALLERRORS": ({"ignore_all_errors": True}, "IGNOREALLERRORS", ROWS),
    "MAXERROR": ({"max_error": 0}, "MAXERROR AS 0", ROWS),
    "NOLOAD": ({"no_load": True}, "NOLOAD", ROWS),
    "STATUPDATE": ({"stat_update": False}, "STATUPDATE OFF", ALL),
    "QUOTE": ({"quote": "'"}, "FORMAT AS CSV QUOTE AS ''''", {CSV}),
    "SERIALIZETOJSON": ({"serialize_to_json": True}, "FORMAT AS {} SERIALIZETOJSON", {PARQUET, ORC}),
    "the mapping 's3://b/p.json'": ({"mapping": "s3://b/p.json"}, "FORMAT AS {} 's3://b/p.json'", {JSON, AVRO}),
}


@pytest.mark.parametrize("format", CopyFormat)
@pytest.mark.parametrize("option", MATRIX)
def test_options_go_with_the_formats_that_the_guide_gives_them(option: str, format: CopyFormat) -> None:
    change, text, formats = MATRIX[option]
    options = replace(PLAIN, format=format, **change)
    if format in formats:
        assert text.format(format) in copy(options).split("\n")
        return
    with pytest.raises(UsageError) as error:
        copy(options)
    assert error.value.message == f"COPY of {format} does not take {option}"


def test_the_matrix_is_complete() -> None:
    assert {option.name for option in OPTIONS} <= set(MATRIX)
    tested = {name for change, _, _ in MATRIX.values() for name in change}
    assert {field.name for field in fields(Copy)} - tested == {"table", "source", "iam_role", "columns", "format"}


@pytest.mark.parametrize(
    ("format", "clauses"),
    [
        (TEXT, []),
        (CSV, ["FORMAT AS CSV"]),
        (JSON, ["FORMAT AS JSON 'auto'"]),
        (AVRO, ["FORMAT AS AVRO 'auto'"]),
        (PARQUET, ["FORMAT AS PARQUET"]),
        (ORC, ["FORMAT AS ORC"]),
    ],
)
def test_each_format_alone(format: CopyFormat, clauses: list[str]) -> None:
    assert copy(replace(PLAIN, format=format)) == "\n".join([HEAD, *clauses])


def test_columns_are_listed_in_file_order() -> None:
    text = copy(replace(PLAIN, table=TableName("pg_temp", "stage"), columns=("B", 'a"'), manifest=True))
    assert text == ('COPY "stage" ("b", "a""")\nFROM \'s3://lake/in/\'\nIAM_ROLE default\nFORMAT AS PARQUET\nMANIFEST')


def test_the_region_of_columnar_files_is_the_warehouses() -> None:
    with pytest.raises(UsageError) as error:
        copy(replace(PLAIN, region="eu-west-1"))
    assert error.value.hint == "The bucket must be in the region of the warehouse: leave out REGION."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": " "}, "COPY into public.orders has no source"),
        ({"columns": ("a", "A")}, 'the column "a" is listed twice'),
        (
            {"format": TEXT, "delimiter": ",", "fixedwidth": (("a", 1),)},
            "COPY does not take DELIMITER together with FIXEDWIDTH",
        ),
        (
            {"format": TEXT, "escape": True, "fixedwidth": (("a", 1),)},
            "COPY does not take ESCAPE together with FIXEDWIDTH",
        ),
        (
            {"format": TEXT, "remove_quotes": True, "fixedwidth": (("a", 1),)},
            "COPY does not take REMOVEQUOTES together with FIXEDWIDTH",
        ),
        (
            {"format": TEXT, "encoding": Encoding.UTF16BE, "fixedwidth": (("a", 1),)},
            "COPY does not take ENCODING UTF16BE together with FIXEDWIDTH",
        ),
        (
            {"format": CSV, "ignore_all_errors": True, "max_error": 5},
            "COPY does not take IGNOREALLERRORS together with MAXERROR",
        ),
        (
            {"format": CSV, "comp_rows": 5, "comp_update": CompUpdate.OFF},
            "COPY does not take COMPROWS together with COMPUPDATE OFF",
        ),
        ({"format": CSV, "accept_any_date": True}, "COPY takes ACCEPTANYDATE only with DATEFORMAT"),
        ({"format": CSV, "delimiter": "|~"}, "DELIMITER '|~' is not one ASCII character"),
        ({"format": CSV, "quote": "“"}, "QUOTE '“' is not one ASCII character"),
        ({"accept_inv_chars": "\x00"}, "ACCEPTINVCHARS '\\x00' is not one ASCII character"),
        ({"format": CSV, "max_error": 100_001}, "MAXERROR 100001 is outside its bounds"),
        ({"format": CSV, "max_error": -1}, "MAXERROR -1 is outside its bounds"),
        ({"format": CSV, "comp_rows": 0}, "COMPROWS 0 is outside its bounds"),
        ({"format": CSV, "ignore_header": -1}, "IGNOREHEADER -1 is outside its bounds"),
        ({"format": CSV, "date_format": "AUTO"}, "DATEFORMAT 'AUTO' is not in lower case"),
        ({"format": CSV, "time_format": "EpochSecs"}, "TIMEFORMAT 'EpochSecs' is not in lower case"),
        ({"format": CSV, "null_as": "\n"}, "NULL AS holds a line feed"),
        ({"format": JSON, "mapping": "AUTO"}, "'AUTO' is not a mapping of JSON"),
        ({"format": AVRO, "mapping": "noshred"}, "'noshred' is not a mapping of AVRO"),
        ({"iam_role": "x"}, "'x' is not an IAM role"),
    ],
)
def test_combinations_that_redshift_refuses_are_not_written(change: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as error:
        copy(replace(PLAIN, **change))
    assert error.value.message == message
    assert error.value.hint


@pytest.mark.parametrize("mapping", ["auto ignorecase", "noshred", "s3://lake/paths.json"])
def test_json_mappings(mapping: str) -> None:
    assert copy(replace(PLAIN, format=JSON, mapping=mapping)) == f"{HEAD}\nFORMAT AS JSON '{mapping}'"


def test_fixed_width_files_are_utf8() -> None:
    text = copy(replace(PLAIN, format=TEXT, encoding=Encoding.UTF8, fixedwidth=(("1", 4),)))
    assert text == f"{HEAD}\nFIXEDWIDTH '1:4'\nENCODING AS UTF8"
