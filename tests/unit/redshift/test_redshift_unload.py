from dataclasses import fields, replace

import pytest

from tidegate.errors import UsageError
from tidegate.redshift.unload import OPTIONS, Unload, UnloadCompression, UnloadFormat, unload
from tidegate.warehouse.embedded.lexer import TokenKind, tokenize

PLAIN = Unload("SELECT 1", "s3://lake/x/")
TEXT, CSV, JSON, PARQUET = UnloadFormat.TEXT, UnloadFormat.CSV, UnloadFormat.JSON, UnloadFormat.PARQUET

MATRIX: dict[str, tuple[dict[str, object], str, set[UnloadFormat]]] = {
    "HEADER": ({"header": True}, "HEADER", {TEXT, CSV}),
    "DELIMITER": ({"delimiter": ";"}, "DELIMITER AS ';'", {TEXT, CSV}),
    "FIXEDWIDTH": ({"fixedwidth": (("a", 3), ("b", 4))}, "FIXEDWIDTH 'a:3,b:4'", {TEXT}),
    "ADDQUOTES": ({"add_quotes": True}, "ADDQUOTES", {TEXT}),
    "ESCAPE": ({"escape": True}, "ESCAPE", {TEXT}),
    "NULL AS": ({"null_as": "-"}, "NULL AS '-'", {TEXT, CSV}),
    "compression": ({"compression": UnloadCompression.GZIP}, "GZIP", {TEXT, CSV, JSON}),
    "ENCRYPTED": ({"encrypted": True, "kms_key_id": "k"}, "KMS_KEY_ID 'k' ENCRYPTED", {TEXT, CSV, JSON, PARQUET}),
    "ROWGROUPSIZE": ({"row_group_mb": 64}, "ROWGROUPSIZE AS 64 MB", {PARQUET}),
    "PARTITION BY": ({"partition_by": ("Day",)}, 'PARTITION BY ("day")', {TEXT, CSV, JSON, PARQUET}),
    "MANIFEST": ({"manifest": True}, "MANIFEST", {TEXT, CSV, JSON, PARQUET}),
    "MAXFILESIZE": ({"max_file_mb": 100}, "MAXFILESIZE AS 100 MB", {TEXT, CSV, JSON, PARQUET}),
    "PARALLEL": ({"parallel": False}, "PARALLEL OFF", {TEXT, CSV, JSON, PARQUET}),
    "CLEANPATH": ({"clean_path": True}, "CLEANPATH", {TEXT, CSV, JSON, PARQUET}),
    "ALLOWOVERWRITE": ({"allow_overwrite": True}, "ALLOWOVERWRITE", {TEXT, CSV, JSON, PARQUET}),
    "REGION": ({"region": "eu-west-1"}, "REGION AS 'eu-west-1'", {TEXT, CSV, JSON, PARQUET}),
    "EXTENSION": ({"extension": "txt"}, "EXTENSION 'txt'", {TEXT, CSV, JSON}),
}


@pytest.mark.parametrize("format", UnloadFormat)
@pytest.mark.parametrize("option", MATRIX)
def test_options_go_with_the_formats_that_the_guide_gives_them(option: str, format: UnloadFormat) -> None:
    change, text, formats = MATRIX[option]
    options = replace(PLAIN, format=format, **change)
    if format in formats:
        assert text in unload(options).split("\n")
        return
    with pytest.raises(UsageError) as error:
        unload(options)
    assert error.value.message == f"UNLOAD of {format} does not take {option}"
    others = ", ".join(f for f in UnloadFormat if f in formats)
    assert error.value.hint == f"Leave out {option}, or choose one of {others}."


def test_the_matrix_is_complete() -> None:
    assert set(MATRIX) == {option.name for option in OPTIONS} - {"FORMAT"}
    tested = {name for change, _, _ in MATRIX.values() for name in change}
    assert {field.name for field in fields(Unload)} - tested == {
        "select",
        "to",
        "iam_role",
        "format",
        "include",
        "verbose",
    }


def test_the_archives_statement() -> None:
    options = replace(
        PLAIN, partition_by=("tg_period",), manifest=True, verbose=True, parallel=True, max_file_mb=256, include=True
    )
    assert unload(options) == (
        "UNLOAD ('SELECT 1')\nTO 's3://lake/x/'\nIAM_ROLE default\nFORMAT AS PARQUET\n"
        'PARTITION BY ("tg_period") INCLUDE\nMANIFEST VERBOSE\nPARALLEL ON\nMAXFILESIZE AS 256 MB'
    )


def test_text_has_no_format_clause() -> None:
    assert unload(replace(PLAIN, format=TEXT)) == "UNLOAD ('SELECT 1')\nTO 's3://lake/x/'\nIAM_ROLE default"


def test_the_query_is_one_literal() -> None:
    query = "SELECT \"a\\b\", 'it''s', '\\\\N' FROM t"
    text = unload(replace(PLAIN, select=query))
    assert text.startswith("UNLOAD ('SELECT \"a\\\\b\", ''it''''s'', ''\\\\\\\\N'' FROM t')\n")
    assert [token.value for token in tokenize(text) if token.kind is TokenKind.STRING] == [query, "s3://lake/x/"]


def test_encryption_without_a_key_takes_the_buckets_own() -> None:
    assert "ENCRYPTED AUTO" in unload(replace(PLAIN, format=CSV, encrypted=True)).split("\n")


@pytest.mark.parametrize(
    ("role", "clause"),
    [
        ("default", "IAM_ROLE default"),
        ("DEFAULT", "IAM_ROLE default"),
        ("arn:aws:iam::1:role/a", "IAM_ROLE 'arn:aws:iam::1:role/a'"),
        ("arn:aws:iam::1:role/a,arn:aws-cn:iam::2:role/b", "IAM_ROLE 'arn:aws:iam::1:role/a,arn:aws-cn:iam::2:role/b'"),
    ],
)
def test_roles(role: str, clause: str) -> None:
    assert unload(replace(PLAIN, iam_role=role)).split("\n")[2] == clause


@pytest.mark.parametrize(
    "role", ["", "tidegate", "arn:aws:iam::1:user/a", "arn:aws:iam::1:role/a, arn:aws:iam::2:role/b"]
)
def test_other_roles_are_refused(role: str) -> None:
    with pytest.raises(UsageError) as error:
        unload(replace(PLAIN, iam_role=role))
    assert error.value.message == f"{role!r} is not an IAM role"


def test_a_chain_has_at_most_ten_roles() -> None:
    chain = [f"arn:aws:iam::1:role/{n}" for n in range(11)]
    assert "role/9'" in unload(replace(PLAIN, iam_role=",".join(chain[:10])))
    with pytest.raises(UsageError, match="is not an IAM role"):
        unload(replace(PLAIN, iam_role=",".join(chain)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"include": True}, "UNLOAD takes INCLUDE only with PARTITION BY"),
        ({"verbose": True}, "UNLOAD takes VERBOSE only with MANIFEST"),
        ({"kms_key_id": "k"}, "UNLOAD takes KMS_KEY_ID only with ENCRYPTED"),
        ({"encrypted": True}, "UNLOAD of PARQUET takes ENCRYPTED only with KMS_KEY_ID"),
        (
            {"allow_overwrite": True, "clean_path": True},
            "UNLOAD does not take ALLOWOVERWRITE together with CLEANPATH",
        ),
        (
            {"format": TEXT, "header": True, "fixedwidth": (("a", 1),)},
            "UNLOAD does not take HEADER together with FIXEDWIDTH",
        ),
        (
            {"format": TEXT, "delimiter": "|", "fixedwidth": (("a", 1),)},
            "UNLOAD does not take DELIMITER together with FIXEDWIDTH",
        ),
        ({"format": CSV, "delimiter": "||"}, "DELIMITER '||' is not one ASCII character"),
        ({"format": CSV, "delimiter": "é"}, "DELIMITER 'é' is not one ASCII character"),
        ({"format": CSV, "delimiter": ""}, "DELIMITER '' is not one ASCII character"),
        ({"format": CSV, "delimiter": "\n"}, "DELIMITER '\\n' is not one ASCII character"),
        ({"format": TEXT, "fixedwidth": (("a:b", 1),)}, "'a:b':1 is not a column of FIXEDWIDTH"),
        ({"format": TEXT, "fixedwidth": (("a", 0),)}, "'a':0 is not a column of FIXEDWIDTH"),
        ({"partition_by": ("day", "Day")}, 'the column "day" is listed twice'),
        ({"select": " \n"}, "the query of UNLOAD is empty"),
        ({"to": ""}, "the target of UNLOAD is empty"),
    ],
)
def test_combinations_that_redshift_refuses_are_not_written(change: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as error:
        unload(replace(PLAIN, **change))
    assert error.value.message == message
    assert error.value.hint


@pytest.mark.parametrize(
    ("format", "name", "option", "low", "high"),
    [
        (CSV, "max_file_mb", "MAXFILESIZE", 5, 6200),
        (PARQUET, "max_file_mb", "MAXFILESIZE", 32, 6200),
        (PARQUET, "row_group_mb", "ROWGROUPSIZE", 32, 128),
    ],
)
def test_sizes_have_bounds(format: UnloadFormat, name: str, option: str, low: int, high: int) -> None:
    for size in (low, high):
        assert f"{option} AS {size} MB" in unload(replace(PLAIN, format=format, **{name: size})).split("\n")
    for size in (low - 1, high + 1):
        with pytest.raises(UsageError) as error:
            unload(replace(PLAIN, format=format, **{name: size}))
        assert error.value.message == f"{option} {size} is outside its bounds"
        assert error.value.hint == f"{option} is {low} to {high} MB."
