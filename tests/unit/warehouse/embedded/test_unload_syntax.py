import pytest
from tests.unit.warehouse.embedded.loading import refused

from tidegate.errors import StatementError, StatementRefused
from tidegate.redshift.unload import UnloadFormat
from tidegate.warehouse.embedded import unload_syntax
from tidegate.warehouse.embedded.context import Statement
from tidegate.warehouse.embedded.unload_syntax import UnloadStatement


def parse(clauses: str, select: str = "'select 1 as a'") -> UnloadStatement:
    sql = f"UNLOAD ({select}) TO 'out/' {clauses}"
    return unload_syntax.parse(Statement("UNLOAD", sql))


def test_options_come_in_any_order() -> None:
    parsed = parse(
        "MAXFILESIZE AS 1.5 GB MANIFEST VERBOSE PARALLEL FALSE allowoverwrite ROWGROUPSIZE 64 MB "
        "PARTITION BY (b, \"C\") INCLUDE FORMAT AS PARQUET IAM_ROLE 'arn:aws:iam::1:role/x'"
    )

    options = parsed.options
    assert options.format is UnloadFormat.PARQUET
    assert (options.partition_by, options.include) == (("b", "c"), True)
    assert (options.manifest, options.verbose, options.parallel, options.allow_overwrite) == (True, True, False, True)
    assert options.row_group_mb == 64
    assert parsed.max_file_bytes == 1_472_000_000


def test_the_query_is_one_literal_with_doubled_quotes() -> None:
    assert parse("", "'select ''it'''").options.select == "select 'it'"
    assert parse("", "$$select 'it'$$").options.select == "select 'it'"


@pytest.mark.parametrize(("written", "size"), [("5", 32), ("32 MB", 32), ("200", 192), ("6.2 GB", 6176)])
def test_the_size_of_parquet_files_is_rounded_down_to_32_mb(written: str, size: int) -> None:
    assert parse(f"PARQUET MAXFILESIZE {written}").max_file_bytes == size * 1_000_000


def test_keys_and_credentials_are_taken_and_not_kept() -> None:
    for clause in ("ACCESS_KEY_ID 'a' SECRET_ACCESS_KEY 's3cret' SESSION_TOKEN 't'", "CREDENTIALS AS 'k=s3cret'"):
        assert "s3cret" not in repr(parse(f"{clause} CSV"))


@pytest.mark.parametrize(
    ("clauses", "message"),
    [
        ("PARQUET HEADER", "UNLOAD of PARQUET does not take HEADER"),
        ("PARQUET DELIMITER ','", "UNLOAD of PARQUET does not take DELIMITER"),
        ("PARQUET NULL AS 'x'", "UNLOAD of PARQUET does not take NULL AS"),
        ("PARQUET GZIP", "UNLOAD of PARQUET does not take compression"),
        ("CSV ADDQUOTES", "UNLOAD of CSV does not take ADDQUOTES"),
        ("CSV ESCAPE", "UNLOAD of CSV does not take ESCAPE"),
        ("CSV ROWGROUPSIZE 32", "UNLOAD of CSV does not take ROWGROUPSIZE"),
        ("CSV FIXEDWIDTH 'a:1'", "UNLOAD of CSV does not take FIXEDWIDTH"),
        ("ALLOWOVERWRITE CLEANPATH", "UNLOAD does not take ALLOWOVERWRITE together with CLEANPATH"),
        ("MAXFILESIZE 4.9", "UNLOAD: MAXFILESIZE 4.9 MB is outside its bounds"),
        ("MAXFILESIZE 6.3 GB", "UNLOAD: MAXFILESIZE 6300.0 MB is outside its bounds"),
        ("PARQUET ROWGROUPSIZE 31", "ROWGROUPSIZE 31 is outside its bounds"),
        ("JSON", "the embedded warehouse does not take FORMAT JSON in UNLOAD"),
        ("CSV REGION 'eu-west-1'", "the embedded warehouse does not take REGION in UNLOAD"),
        ("CSV ENCRYPTED AUTO", "the embedded warehouse does not take ENCRYPTED in UNLOAD"),
        ("PARQUET KMS_KEY_ID 'k' ENCRYPTED", "the embedded warehouse does not take ENCRYPTED in UNLOAD"),
        ("CSV BZIP2", "the embedded warehouse does not take BZIP2 in UNLOAD"),
        ("FIXEDWIDTH 'a:3,b:4'", "the embedded warehouse does not take FIXEDWIDTH in UNLOAD"),
    ],
)
def test_what_a_format_or_this_engine_does_not_take(clauses: str, message: str) -> None:
    with refused(StatementRefused, message):
        parse(clauses)


@pytest.mark.parametrize(
    ("clauses", "message"),
    [
        ("CSV FORMAT PARQUET", "UNLOAD: FORMAT is given twice"),
        ("GZIP ZSTD", "UNLOAD: the compression is given twice"),
        ("IAM_ROLE default CREDENTIALS 'x'", "UNLOAD: the authorization is given twice"),
        ("FORMAT ORC", "UNLOAD does not know the format ORC"),
        ("COMPUPDATE OFF", "UNLOAD does not know the option COMPUPDATE"),
        ("PARTITION BY ('b')", "syntax error in UNLOAD at or near \"'b'\" (position 50)"),
        ("DELIMITER", "syntax error in UNLOAD at the end"),
    ],
)
def test_what_is_not_an_unload(clauses: str, message: str) -> None:
    with refused(StatementError, message):
        parse(clauses)
