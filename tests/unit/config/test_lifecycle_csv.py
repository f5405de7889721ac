"""Policies as AWS's data-lifecycle sample writes them."""

from pathlib import Path
from typing import Any

import pytest
from tests.unit.config.lifecycle_csv import HEADER, SAMPLE, file, row

from tidegate.config.lifecycle.convert import Converted, convert
from tidegate.config.lifecycle.rows import FIELDS, parse_csv, render_csv
from tidegate.config.settings import LakeSettings, S3Settings
from tidegate.errors import ConfigError
from tidegate.model.names import TableName
from tidegate.model.periods import Granularity
from tidegate.model.policy import Action, Compression, FileFormat, Policy, UnloadOptions

LAKE = S3Settings("redshift-data-test-vikas")


def converted(data: bytes, lake: LakeSettings | None = LAKE) -> list[Converted]:
    rows, problems = parse_csv(data, "rules.csv")
    assert problems == []
    return convert(rows, lake, frozenset({"tidegate"}))


def policy(lake: LakeSettings | None = LAKE, **cells: str) -> Policy:
    (found,) = converted(file(row(**cells)), lake)
    assert found.problem is None
    assert found.policy is not None
    return found.policy


def problem(**cells: str) -> str:
    (found,) = converted(file(row(**cells)))
    assert found.policy is None
    assert found.problem is not None
    return found.problem


def test_the_samples_own_file() -> None:
    unload = {"max_file_mb": 1000, "parallel": True, "partition_by": ("load_date",)}
    daily: dict[str, Any] = {"granularity": Granularity.DAILY, "retention": 90, "priority": 10}
    assert [c.policy for c in converted(SAMPLE)] == [
        *(
            Policy(
                TableName("test", f"ret_test_{n}"),
                "load_date",
                location=f"ret_test_{n}",
                unload=UnloadOptions(**unload),
                **daily,
            )
            for n in (1, 2, 3)
        ),
        Policy(
            TableName("test", "ret_test_4"),
            "load_date",
            Granularity.MONTHLY,
            3,
            priority=10,
            location="ret_test_4",
            unload=UnloadOptions(**unload, region="us-east-1"),
        ),
    ]
    assert [c.notes for c in converted(SAMPLE)] == [()] * 4


def test_columns_come_in_any_order_and_blank_ones_may_be_missing() -> None:
    data = b"update_delete_flag,Table_Name,schema_name,addquotes\n0,Orders,SALES,T\n"
    (found,) = converted(data)
    assert found.policy == Policy(
        TableName("sales", "orders"),
        None,
        action=Action.COPY,
        priority=0,
        unload=UnloadOptions(parallel=True, format=FileFormat.TEXT, add_quotes=True),
    )


@pytest.mark.parametrize(
    ("flag", "action"), [("0", Action.COPY), ("1", Action.PURGE), ("2", Action.ARCHIVE), (" 2 ", Action.ARCHIVE)]
)
def test_the_flag_is_the_action(flag: str, action: Action) -> None:
    assert policy(update_delete_flag=flag).action is action


@pytest.mark.parametrize(
    ("cell", "value"),
    [("", True), ("0", False), ("f", False), ("False", False), ("FALSE", False), ("1", True), ("T", True)],
)
def test_a_blank_parallel_is_on_as_documented(cell: str, value: bool) -> None:
    assert policy(parallel=cell).unload.parallel is value


@pytest.mark.parametrize(
    ("size", "megabytes"), [("1 gb", 1000), ("1GB", 1000), ("0.5 gb", 500), ("256 mb", 256), ("100", 100), ("", None)]
)
def test_sizes_are_decimal_and_plain_numbers_are_megabytes(size: str, megabytes: int | None) -> None:
    assert policy(max_filesize=size).unload.max_file_mb == megabytes


def test_options_of_text_and_csv() -> None:
    cells = {"header": "1", "delimiter": r"\t", "add_quotes": "t", "null_as": " \\N", "escape": "True"}
    text = policy(file_format="", compression="ZSTD", partition_column="region, load_date", **cells).unload
    assert text == UnloadOptions(
        1000, True, ("region", "load_date"), FileFormat.TEXT, True, "\t", True, " \\N", True, Compression.ZSTD
    )
    (csv,) = converted(file(row(file_format="CSV", **cells)))
    assert csv.policy is not None
    assert csv.policy.unload == UnloadOptions(
        1000, True, ("load_date",), FileFormat.CSV, True, "\t", False, " \\N", False
    )
    assert csv.notes == tuple(
        f"line 2, test.ret_test_1: {name} has no meaning, CSV quotes where it has to"
        for name in ("add_quotes", "escape")
    )


def test_names_fold_unless_the_server_would_not_take_them() -> None:
    assert policy(schema_name="Test", table_name='"My ""odd"" Table"').table == TableName("test", 'my "odd" table')
    assert policy(column_name="Load_Date").column == "load_date"


def test_where_the_path_lies() -> None:
    path = "s3://redshift-data-test-vikas/cold/ret_test_1/"
    assert policy(s3_path=path).location == "cold/ret_test_1"
    assert policy(S3Settings("redshift-data-test-vikas", "cold/"), s3_path=path).location == "ret_test_1"
    assert policy(s3_path="").location is None
    elsewhere = policy(S3Settings("other"), s3_path=path)
    assert (elsewhere.location, elsewhere.unload.target) == (None, path)


def test_a_local_lake_has_a_folder_for_the_path_and_says_so() -> None:
    (found,) = converted(file(row()), Path("/lake"))
    assert found.policy is not None
    assert found.policy.location == "redshift-data-test-vikas/ret_test_1"
    assert found.notes == (
        "line 2, test.ret_test_1: the lake is the folder /lake, so s3_path s3://redshift-data-test-vikas/ret_test_1 "
        "becomes redshift-data-test-vikas/ret_test_1 in it",
    )


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        ({"update_delete_flag": ""}, "update_delete_flag is blank, must be 0 (copy), 1 (purge) or 2 (archive)"),
        ({"update_delete_flag": "3"}, 'update_delete_flag is "3", must be 0 (copy), 1 (purge) or 2 (archive)'),
        ({"granularity_level": "weekly"}, 'granularity_level is "weekly", must be daily or monthly'),
        ({"granularity_level": ""}, "granularity_level is blank, must be daily or monthly"),
        ({"retention_period": "-1"}, 'retention_period is "-1", must be a whole number, 0 or more'),
        ({"retention_period": ""}, "retention_period is blank, must be a number of days or months"),
        ({"retention_period": "99999"}, 'retention_period is "99999", must be at most 36500 days'),
        ({"column_name": ""}, "column_name is blank, which update_delete_flag 2 needs"),
        ({"schema_name": "tidegate"}, 'schema_name is "tidegate", which is Tidegate\'s own schema'),
        ({"file_format": "orc"}, 'file_format is "orc", must be parquet, csv or blank'),
        ({"compression": "lzo"}, 'compression is "lzo", must be gzip, zstd, bzip2 or blank'),
        ({"header": "yup"}, 'header is "yup", must be 0, 1, f, t, false or true'),
        ({"file_format": "csv", "delimiter": "||"}, 'delimiter is "||", must be one ASCII character'),
        ({"file_format": "csv", "delimiter": '"'}, 'delimiter is "\\"", which CSV quotes with'),
        ({"max_filesize": "5 mb"}, 'max_filesize is "5 mb", must be whole megabytes from "32 MB" to "6200 MB"'),
        ({"priority": "high"}, 'priority is "high", must be a whole number'),
        ({"s3_path": "bucket/x"}, 's3_path is "bucket/x", must be written as s3://bucket/prefix'),
        (
            {"s3_path": "s3://redshift-data-test-vikas/_x"},
            's3_path is "s3://redshift-data-test-vikas/_x", each folder must begin with a letter or digit and hold '
            "only letters, digits, '.', '_' and '-'",
        ),
        ({"unload_region": "Mars"}, 'unload_region is "Mars", must be a region such as "eu-west-1"'),
        (
            {"column_name": "load date"},
            'column_name is "load date", must be a name, in double quotes if it holds more than letters, digits, "_" '
            'and "$"',
        ),
    ],
)
def test_what_cannot_be_is_one_sentence_a_row(cells: dict[str, str], text: str) -> None:
    assert problem(**cells) == f"line 2, test.ret_test_1: {text}".replace(
        "test.ret", cells.get("schema_name", "test") + ".ret"
    )


def test_blank_lines_before_the_header_are_passed_over() -> None:
    data = b"\xef\xbb\xbf\n,,\n" + file(row()).removeprefix(b"\xef\xbb\xbf")
    assert [(c.row.where, c.problem) for c in converted(data)] == [("line 4", None)]


def test_every_row_is_told_of() -> None:
    found = converted(file(row(priority="x", header="?"), row(table_name="b"), row(table_name="B")))
    assert [c.problem for c in found] == [
        'line 2, test.ret_test_1: priority is "x", must be a whole number; header is "?", must be 0, 1, f, t, false or '
        "true",
        None,
        "line 4, test.B: test.b has a rule in line 3 already",
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "rules.csv has no header"),
        (b"\xff\xfe", "rules.csv is not UTF-8 text at byte 0"),
        (b"schema_name,table_nam\n", "rules.csv has the unknown column 'table_nam', did you mean table_name?"),
        (b"schema_name,table_name\n", "rules.csv has no column update_delete_flag"),
        (b"addquotes,add_quotes\n", "rules.csv has the column add_quotes twice"),
        (HEADER.encode() + b'\n"test', "rules.csv, line 2 is not CSV: unexpected end of data"),
    ],
)
def test_a_file_that_is_none(data: bytes, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_csv(data, "rules.csv")
    assert caught.value.message == message
    assert caught.value.hint


def test_a_line_of_another_length_is_told_of_beside_the_others() -> None:
    rows, problems = parse_csv(file("a,b", "", row()), "rules.csv")
    assert [r.where for r in rows] == ["line 4"]
    assert problems == ["line 2: 2 values, the header has 20 columns"]


def test_rows_come_back_as_they_were_written() -> None:
    rows, _ = parse_csv(file(row(delimiter=",", null_as=' "x" ', checkpoint="2020-03-21")), "rules.csv")
    again, _ = parse_csv(render_csv(r.cells for r in rows), "again.csv")
    assert again == rows
    assert list(rows[0].cells) == list(FIELDS)


@pytest.mark.parametrize(("cell", "value"), [("", None), ("None", None), ("2020-03-21", "2020-03-21")])
def test_a_checkpoint_is_kept(cell: str, value: str | None) -> None:
    (found,) = converted(file(row(checkpoint=cell)))
    assert found.checkpoint == value
