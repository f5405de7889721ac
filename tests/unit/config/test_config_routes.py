"""[[load]]: its defaults, its values, their order, and each mistake."""

import dataclasses
import re
from pathlib import Path

import pytest
from tests.unit.config.conftest import Load

from tidegate.config.load_schema import CopySection
from tidegate.config.routes import COPY_FORMATS
from tidegate.errors import ConfigError, UsageError
from tidegate.model.names import TableName
from tidegate.model.route import (
    CheckKind,
    CheckRule,
    Contract,
    FileFormat,
    FormatOptions,
    LoadMode,
    OnArchived,
    Route,
    Severity,
)
from tidegate.redshift.copy import Copy, CopyFormat, copy

ORDERS = TableName("public", "orders")


def test_the_least_route_appends(settings: Load) -> None:
    (route,) = settings('[[load]]\nmatch = "orders/*"\ntable = "orders"').routes
    assert route == Route("orders/*", ORDERS)


def test_a_key_means_upsert(settings: Load) -> None:
    (route,) = settings('[[load]]\nmatch = "orders/*"\ntable = "orders"\nkey = "order_id"').routes
    assert route == Route("orders/*", ORDERS, mode=LoadMode.UPSERT, key=("order_id",))


EVERYTHING = """
        [[load]]
        match = "in/*.csv"
        table = "public.orders"
        name_pattern = "^[0-9]+[.]csv$"
        mode = "upsert"
        key = ["order_id", "line"]
        version = "updated_at"
        format = "csv"
        options = { delimiter = ";", header = true, encoding = "UTF16", null_as = "-", quote = "'", columns.A = "int" }
        copy = { date_format = "auto", stat_update = false, comp_update = "OFF", trim_blanks = true }
        dist_key = "order_id"
        sort_key = ["order_date"]
        contract = "freeze"
        on_archived = "restore"
        checks = [
            { kind = "not_null", columns = "order_id", severity = "quarantine" },
            { kind = "range", columns = ["price"], least = 0, most = 9.5 },
            { kind = "range", columns = ["day"], least = 2020-01-01, most = "it's" },
            { kind = "values", columns = ["state"], values = ["open", 1] },
            { kind = "fresh", columns = ["at"], max_age = "36h", severity = "warn" },
            { kind = "rows", least = 1, fraction = 0.5 },
            { kind = "sql", expression = "price >= 0" },
        ]
        pre_sql = "DELETE FROM x WHERE y = ';'"
        post_sql = ["INSERT INTO log SELECT 1;", "ANALYZE x"]
        queue = "sqs://fast?region=eu-west-1"
        batch_files = 10
        batch_bytes = "1GB"
        batch_age = "2m"
        headroom = 2.0
    """
CARRIED = Route(
    match="in/*.csv",
    table=ORDERS,
    name_pattern="^[0-9]+[.]csv$",
    mode=LoadMode.UPSERT,
    key=("order_id", "line"),
    version="updated_at",
    format=FileFormat.CSV,
    options=FormatOptions(";", True, "UTF16", "-", "'", {"a": "int"}),
    copy={"comp_update": "OFF", "date_format": "auto", "stat_update": False, "trim_blanks": True},
    dist_key="order_id",
    sort_key=("order_date",),
    contract=Contract.FREEZE,
    on_archived=OnArchived.RESTORE,
    checks=(
        CheckRule(CheckKind.NOT_NULL, ("order_id",), severity=Severity.QUARANTINE),
        CheckRule(CheckKind.RANGE, ("price",), "0", "9.5"),
        CheckRule(CheckKind.RANGE, ("day",), "'2020-01-01'", "'it''s'"),
        CheckRule(CheckKind.VALUES, ("state",), values=("open", "1")),
        CheckRule(CheckKind.FRESH, ("at",), hours=36.0, severity=Severity.WARN),
        CheckRule(CheckKind.ROWS, least="1", fraction=0.5),
        CheckRule(CheckKind.SQL, expression="price >= 0"),
    ),
    pre_sql=("DELETE FROM x WHERE y = ';'",),
    post_sql=("INSERT INTO log SELECT 1;", "ANALYZE x"),
    queue="sqs://fast?region=eu-west-1",
    batch_files=10,
    batch_bytes=1_000_000_000,
    batch_seconds=120.0,
    headroom=2.0,
)


def test_every_key_is_carried_over(settings: Load) -> None:
    assert settings(EVERYTHING).routes == (CARRIED,)


def test_a_replaced_table_has_a_key_for_the_elements_of_its_lists(settings: Load) -> None:
    text = 'match = "x.json"\ntable = "t"\nmode = "replace"\nkey = "a"\noptions = { flatten = true }'
    assert settings(f"[[load]]\n{text}").routes[0].key == ("a",)


def test_the_most_specific_comes_first(settings: Load) -> None:
    matches = ["**/*.csv", "orders/*.csv", "orders/**/*.csv"]
    text = "\n".join(f'[[load]]\nmatch = "{match}"\ntable = "t"' for match in matches)
    text += '\n[[load]]\nmatch = "orders/*.csv"\nname_pattern = "^a"\ntable = "t"'
    assert [(r.match, r.name_pattern) for r in settings(text).routes] == [
        ("orders/*.csv", "^a"),
        ("orders/*.csv", None),
        ("orders/**/*.csv", None),
        ("**/*.csv", None),
    ]


MISTAKES = [
    ('match = "/x//y"', "match has an empty segment, or one that is . or .."),
    ('match = "../*.csv"', "match has an empty segment, or one that is . or .."),
    ('match = "orders/"', "match has an empty segment, or one that is . or .."),
    ('match = "a**/x"', "match holds ** beside other characters in 'a**'"),
    ('match = "orders/**"', "match ends with **, must end with the pattern of a file's name, such as **/*"),
    ('match = "**/**/x"', "match holds ** twice in a row"),
    ('match = "*{table}/x"', "match holds two wildcards without a character between them in '*{table}'"),
    ('match = "{name}/x"', "match holds {name}, known are {table} and {schema}"),
    ('match = "{table}/{table}.csv"', "match holds {table} twice"),
    ('match = "gs://b/x"', "match must be a path, or begin with s3://bucket/"),
    ('match = "s3://*/x"', "match must be a path, or begin with s3://bucket/"),
    ('match = "x/*.csv"', "table is missing, and match holds no {table}"),
    ('match = "{table}/*"\ntable = "t"', "table and {table} in match both say which table"),
    ('match = "{table}/*"\nname_pattern = "("', "name_pattern is not a regular expression: missing ), unterminated"),
    ('match = "x"\ntable = "tidegate.t"', "the schema tidegate is Tidegate's own, no files are loaded into it"),
    ('match = "x"\ntable = "t"\nmode = "upsert"', 'key is missing, which mode = "upsert" needs'),
    ('match = "x"\ntable = "t"\nmode = "merge"', 'mode is "merge", must be "append", "upsert", "replace" or "history"'),
    ('match = "x"\ntable = "t"\nmode = "history"\nversion = "v"', 'key is missing, which mode = "history" needs'),
    ('match = "x"\ntable = "t"\nmode = "history"\nkey = "a"', 'version is missing, which mode = "history" needs'),
    (
        'match = "x"\ntable = "t"\nmode = "history"\nkey = "a"\nversion = "Valid_From"',
        'version names valid_from, which mode = "history" fills itself',
    ),
    ('match = "x"\ntable = "t"\nmode = "append"\nkey = "a"', 'key needs mode = "upsert" or "history"'),
    ('match = "x.json"\ntable = "t"\nmode = "replace"\nkey = "a"', 'key needs mode = "upsert" or "history"'),
    ('match = "x"\ntable = "t"\nversion = "a"', 'version needs mode = "upsert" or "history"'),
    ('match = "x"\ntable = "t"\non_archived = "allow"', 'on_archived needs mode = "upsert" or "history"'),
    ('match = "x"\ntable = "t"\nkey = ["a", "A"]', "key names a column twice"),
    ('match = "x"\ntable = "t"\nkey = "a"\nversion = "a"', "version is a, which is part of the key"),
    ('match = "x"\ntable = "t"\nkeys = "a"', "unknown key keys, did you mean key?"),
    ('match = "x"\ntable = "t"\ncopy = { max_error = 5 }', "unknown key copy.max_error; known are accept_any_date"),
    (
        'match = "x.parquet"\ntable = "t"\ncopy = { truncate_columns = true }',
        'copy.truncate_columns is not taken by format = "parquet", only by "csv"',
    ),
    (
        'match = "x.json.gz"\ntable = "t"\noptions = { delimiter = ";" }',
        'options.delimiter is not taken by format = "json", only by "csv"',
    ),
    (
        'match = "x"\ntable = "t"\ncopy = { stat_update = false }',
        "format is missing, which copy.stat_update needs, since match does not end with one",
    ),
    ('match = "x.csv"\ntable = "t"\ncopy = { accept_any_date = true }', "copy.accept_any_date needs copy.date_format"),
    (
        'match = "x.csv"\ntable = "t"\ncopy = { comp_rows = 5, comp_update = "OFF" }',
        'copy.comp_rows is not taken together with copy.comp_update = "OFF"',
    ),
    (
        'match = "x"\ntable = "t"\nqueue = "fast"',
        "queue must be written as sqs://NAME?region=REGION, or be the URL of a queue",
    ),
    ('match = "x"\ntable = "t"\nqueue = "https://sqs.eu-west-1.amazonaws.com/"', "queue must end with the name of a"),
    ('match = "x"\ntable = "t"\nqueue = "sqs://q?regio=x"', "queue has the unknown option regio, did you mean region"),
    ('match = "x"\ntable = "t"\nbatch_files = 0', "batch_files is 0, must be 1 or more"),
    ('match = "x"\ntable = "t"\nheadroom = 0.5', "headroom is 0.5, must be 1 to 100"),
    ('match = "x"\ntable = "t"\nchecks = [{ kind = "not_null" }]', "checks number 1 has no columns, which kind"),
    (
        'match = "x"\ntable = "t"\nchecks = [{ kind = "range", columns = "a" }]',
        'checks number 1 has none of least, most, of which kind = "range" needs one',
    ),
    (
        'match = "x"\ntable = "t"\nchecks = [{ kind = "sql", expression = "a", columns = "a" }]',
        'checks number 1 has columns, which kind = "sql" does not take',
    ),
    (
        'match = "x"\ntable = "t"\nchecks = [{ kind = "sql", expression = "1=1) OR (1=1" }]',
        "checks number 1 has an expression with a parenthesis that is never opened",
    ),
    (
        'match = "x"\ntable = "t"\nchecks = [{ kind = "sql", expression = "(a > 1" }]',
        "checks number 1 has an expression with a parenthesis that is never closed",
    ),
    (
        'match = "x"\ntable = "t"\nchecks = [{ kind = "sql", expression = "a = \'x" }]',
        "checks number 1 has an expression with a quote that is never closed",
    ),
    (
        'match = "x"\ntable = "t"\nchecks = [{ kind = "sql", expression = "a > 1 -- b" }]',
        "checks number 1 has an expression with a semicolon or a comment",
    ),
    (
        'match = "x"\ntable = "t"\nchecks = [{ kind = "sql", expression = "a > 1; b" }]',
        "checks number 1 has an expression with a semicolon or a comment",
    ),
    (
        'match = "x"\ntable = "t"\nchecks = [{ kind = "range", columns = "a", least = 2, most = 1 }]',
        "checks number 1 has a least that is more than its most",
    ),
    (
        'match = "x"\ntable = "t"\nchecks = [{ kind = "range", columns = "a", least = 2, most = 1.5 }]',
        "checks number 1 has a least that is more than its most",
    ),
    (
        'match = "x"\ntable = "t"\nchecks = [{ kind = "range", columns = "a", least = nan }]',
        "checks number 1 has the least nan, must be a finite number",
    ),
    (
        'match = "x"\ntable = "t"\nchecks = [{ kind = "values", columns = "a", values = [-inf] }]',
        "checks number 1 has the value -inf, must be a finite number",
    ),
    (
        'match = "x"\ntable = "t"\nchecks = [{ kind = "unique", columns = ["a", "A"] }]',
        "checks number 1 names a column twice",
    ),
    (
        'match = "x"\ntable = "t"\nchecks = [{ kind = "rows", least = "1" }]',
        "checks number 1 has the least 1, must be a number of rows",
    ),
    ('match = "x"\ntable = "t"\npre_sql = "-- a\\n/* b */ truncate x"', "pre_sql has TRUNCATE, which cannot stand in"),
    ('match = "x"\ntable = "t"\npost_sql = "alter table a.b append from c"', "post_sql has ALTER TABLE"),
    ('match = "x"\ntable = "t"\npost_sql = "drop external table a"', "post_sql has DROP EXTERNAL, which cannot stand"),
    ('match = "x"\ntable = "t"\npre_sql = "delete from x; commit"', "pre_sql holds more than one statement, must be"),
    ('match = "x"\ntable = "t"\npre_sql = "-- nothing"', "pre_sql holds no statement"),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_a_mistake_is_one_sentence(settings: Load, tmp_path: Path, text: str, message: str) -> None:
    match = re.search('match = "(.*?)"', text)
    assert match is not None
    start = f"{tmp_path}/tidegate.toml: [[load]] {match[1]}: {message}"
    with pytest.raises(ConfigError, match=f"^{re.escape(start)}"):
        settings(f"[[load]]\n{text}")


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("a*/x", "*a/x", "[[load]] *a/x and a*/x match the same keys and are equally specific"),
        ("a*/x", "a*/x", "[[load]] a*/x is there twice"),
    ],
)
def test_a_tie_is_a_mistake(settings: Load, first: str, second: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        settings(f'[[load]]\nmatch = "{first}"\ntable = "t"\n[[load]]\nmatch = "{second}"\ntable = "u"')


def test_a_section_that_is_no_list_is_told(settings: Load) -> None:
    with pytest.raises(ConfigError, match=re.escape("a route must be a section that begins with [[load]]")):
        settings('[load]\nmatch = "x"')


VALUES = {
    "accept_inv_chars": "?",
    "comp_rows": 5,
    "comp_update": "ON",
    "date_format": "auto",
    "time_format": "auto",
}


@pytest.mark.parametrize("name", CopySection.model_fields)
def test_the_formats_of_an_option_are_those_of_copy(name: str) -> None:
    taken = set()
    for format in FileFormat:
        options = {name: VALUES.get(name, True)} | ({"date_format": "auto"} if name == "accept_any_date" else {})
        statement = dataclasses.replace(
            Copy(ORDERS, "s3://b/m", manifest=True, format=CopyFormat[format.name]), **options
        )
        try:
            text = copy(statement)
        except UsageError:
            continue
        if text != copy(dataclasses.replace(Copy(ORDERS, "s3://b/m", manifest=True), format=CopyFormat[format.name])):
            taken.add(format)
    json = {FileFormat.JSON} if name == "stat_update" else set()
    assert taken - {FileFormat.JSON} | json == COPY_FORMATS[name]
