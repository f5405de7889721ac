"""`tidegate convert`."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from tests.cli.conftest import Cli

from tidegate.samples.orders import write_orders

RULES = ("--rule", "summary", "--rule", "items", "--rule", "flattened")
OUTPUTS = {"order_summary": "orders_summary", "order_items": "order_items", "order_flattened": "orders_flat"}
RULE = """
[[output]]
name = "sold"
rows = "items[]"
key = ["order", "line"]
[output.columns]
order = { path = "id", type = "BIGINT", required = true }
line = { path = "items[].n", type = "SMALLINT", required = true }
price = { path = "items[].price", type = "DECIMAL(6,2)" }
town = { path = "who.town", type = "VARCHAR(3)" }
"""


@pytest.fixture(scope="session")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("orders") / "shop"
    write_orders(folder, 300)
    return folder


def query(sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(":memory:") as engine:
        return engine.execute(sql).fetchall()


def test_the_orders_of_the_demo_become_the_files_that_the_demo_writes(cli: Cli, orders: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    lines = cli.ok("convert", orders / "orders.json", out, *RULES, "--json").documents
    for output, sample in OUTPUTS.items():
        mine, theirs = out / output / "orders.parquet", orders / f"{sample}.parquet"
        types = "SELECT column_name, column_type FROM (DESCRIBE FROM '{}')"
        assert query(types.format(mine)) == query(types.format(theirs))
        assert query(f"FROM '{mine}'") == query(f"FROM '{theirs}'")
    items = pq.read_metadata(orders / "order_items.parquet").num_rows
    assert lines[0] == {
        "message_type": "file",
        "source": str(orders / "orders.json"),
        "rows_in": 300,
        "outputs": [
            {"path": str(out / "order_summary" / "orders.parquet"), "rows_out": 300},
            {"path": str(out / "order_items" / "orders.parquet"), "rows_out": items},
            {"path": str(out / "order_flattened" / "orders.parquet"), "rows_out": items},
        ],
    }
    assert lines[1] == {"message_type": "result", "files": 1, "failed": 0, "rows_in": 300, "rows_out": 300 + 2 * items}
    assert pq.read_metadata(out / "order_items" / "orders.parquet").metadata[b"tidegate_key"] == b"order_id,line_number"


def test_a_rule_of_ones_own_says_rows_columns_and_types(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "rule.toml").write_text(RULE)
    (tmp_path / "a.json").write_text(
        '{"id":1,"who":{"town":"Ulm"},"items":[{"n":1,"price":1.10},{"n":2,"price":"2.500"}]}\n'
        '{"id":2,"items":[]}\n{"id":3,"items":[{"n":1}]}\n'
    )
    result = cli.ok(
        "convert", str(tmp_path / "a.json"), str(tmp_path / "a.parquet"), "--rule", str(tmp_path / "rule.toml")
    )
    assert result.stdout == (
        f"{tmp_path}/a.json: 3 records\n  {tmp_path}/a.parquet: 3 rows\n1 file, 3 records in, 3 rows out\n"
    )
    assert query(f"SELECT \"order\", line, price::VARCHAR, town FROM '{tmp_path}/a.parquet'") == [
        (1, 1, "1.10", "Ulm"),
        (1, 2, "2.50", "Ulm"),
        (3, 1, None, None),
    ]


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ('{"n":1.5}', "items[1].n: '1.5' does not fit SMALLINT"),
        ('{"n":40000}', "items[1].n: '40000' does not fit SMALLINT"),
        ('{"n":true}', "items[1].n: 'true' does not fit SMALLINT"),
        ('{"n":null}', "items[1].n is missing"),
        ('{"n":1,"price":1.005}', "items[1].price: '1.005' does not fit DECIMAL(6,2)"),
        ('{"n":1,"price":99999}', "items[1].price: '99999' does not fit DECIMAL(6,2)"),
        ('{"n":1,"price":"1,10"}', "items[1].price: '1,10' does not fit DECIMAL(6,2)"),
    ],
)
def test_a_value_that_does_not_fit_is_told_with_its_record_and_place(
    cli: Cli, tmp_path: Path, item: str, said: str
) -> None:
    (tmp_path / "rule.toml").write_text(RULE)
    (tmp_path / "a.json").write_text('{"id":1,"items":[]}\n{"id":2,"items":[{"n":1},' + item + "]}\n")
    result = cli("convert", str(tmp_path / "a.json"), str(tmp_path / "out"), "--rule", str(tmp_path / "rule.toml"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"error: {tmp_path}/a.json: record 2: {said}\nhint: " in result.stderr
    assert [path for path in tmp_path.rglob("*") if "parquet" in path.name] == []


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (
            '{"id":2,"day":"2020-01-02","at":"2020-01-02 10:00:00","items":[]}',
            "at: '2020-01-02 10:00:00' does not fit DATE",
        ),
        ('{"id":2,"items":[{"n":1}]}', "day is missing"),
        ('{"id":2,"day":"2020-01-02","items":[{"n":1.5}]}', "items[0].n: '1.5' does not fit SMALLINT"),
    ],
)
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_a_value_that_several_outputs_have_is_checked_in_whatever_order_they_stand(
    cli: Cli, tmp_path: Path, record: str, said: str, order: tuple[int, int, int]
) -> None:
    at = 'at = { path = "at", type = "DATE" }'
    outputs = [
        (
            "flat",
            "items[]",
            f'{at}\nday = {{ path = "day", type = "DATE" }}\nn = {{ path = "items[].n", type = "SMALLINT" }}',
        ),
        ("orders", "", f'{at}\nday = {{ path = "day", type = "DATE", required = true }}'),
        ("items", "items[]", 'n = { path = "items[].n", type = "SMALLINT" }'),
    ]
    (tmp_path / "rule.toml").write_text(
        "\n".join(
            f'[[output]]\nname = "{name}"\n' + (f'rows = "{rows}"\n' if rows else "") + f"[output.columns]\n{columns}"
            for name, rows, columns in (outputs[at] for at in order)
        )
    )
    (tmp_path / "a.json").write_text(f'{{"id":1,"day":"2020-01-01","items":[{{"n":1}}]}}\n{record}\n')
    result = cli("convert", tmp_path / "a.json", tmp_path / "out", "--rule", tmp_path / "rule.toml")
    assert result.exit_code == 2
    assert f"error: {tmp_path}/a.json: record 2: {said}\nhint: " in result.stderr


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ('"items":{"n":1}', 'items is no list: {"n": 1}'),
        ('"items":[{"n":1},7]', "items[1] is no object: 7"),
        ('"items":[],"who":"Ulm"', 'who is no object: "Ulm"'),
    ],
)
def test_another_shape_is_told_with_its_record_and_place(cli: Cli, tmp_path: Path, record: str, said: str) -> None:
    (tmp_path / "rule.toml").write_text(RULE)
    (tmp_path / "a.json").write_text('{"id":1}\n{"id":2,' + record + "}\n")
    result = cli("convert", tmp_path / "a.json", tmp_path / "out", "--rule", tmp_path / "rule.toml")
    assert result.exit_code == 2
    assert f"error: {tmp_path}/a.json: record 2: {said}\nhint: " in result.stderr


def test_files_of_a_folder_keep_their_places_and_a_bad_one_does_not_stop_the_others(cli: Cli, tmp_path: Path) -> None:
    source = tmp_path / "in"
    (source / "2024").mkdir(parents=True)
    (source / "2024" / "a.csv").write_text("id;price;zip\n1;1.50;007\n2;;008\n")
    (source / "b.ndjson").write_text('{"id":1,"tags":["x"]}\n')
    (source / "c.json").write_text('{"id":1}\n{"id":')
    (source / "notes.md").write_text("no data")
    result = cli("convert", str(source), str(tmp_path / "out"))
    assert result.exit_code == 5
    assert result.stdout.splitlines()[-1] == "2 files, 3 records in, 3 rows out"
    assert f"{source}/c.json: not converted: {source}/c.json: record 2 is no JSON" in result.stdout
    assert "error: 1 file could not be converted\nhint: Correct them and convert them again." in result.stderr
    assert query(f"FROM '{tmp_path}/out/2024/a.parquet'") == [(1, pytest.approx(1.5), "007"), (2, None, "008")]
    assert query(f"FROM '{tmp_path}/out/b.parquet'") == [(1, '["x"]')]
    assert sorted(path.name for path in (tmp_path / "out").rglob("*")) == ["2024", "a.parquet", "b.parquet"]


def test_encoding_and_delimiter_are_taken_as_told(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("id#name\n1#ä\n".encode("latin-1"))
    arguments = ("convert", tmp_path / "a.csv", tmp_path / "a.parquet", "--delimiter", "#")
    assert "a.csv is not UTF-8: byte 11 is 0xe4" in cli(*arguments).stderr
    cli.ok(*arguments, "--encoding", "latin-1")
    assert query(f"SELECT id, name FROM '{tmp_path}/a.parquet'") == [(1, "ä")]


def test_flattened_lists_are_files_of_their_own(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"id":1,"who":{"name":"x"},"items":[{"n":1},{"n":2}]}]')
    cli.ok("convert", str(tmp_path / "a.json"), str(tmp_path / "out"), "--flatten")
    assert query(f"SELECT id, who_name FROM '{tmp_path}/out/a.parquet'") == [(1, "x")]
    assert query(f"SELECT n FROM '{tmp_path}/out/a_items.parquet'") == [(1,), (2,)]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (["nowhere.json", "out"], 2, "there is no nowhere.json"),
        (["*.nothing", "out"], 2, "*.nothing has no file to convert"),
        (
            ["a.json", "out", "--rule", "nowhere.toml"],
            3,
            "the rule 'nowhere.toml' cannot be read: no such file or directory",
        ),
        (["a.json", "out", "--rule", "items", "--rule", "items"], 2, "two outputs are called order_items"),
        (["a.json", "one.parquet", *RULES], 2, "one.parquet is one file, but several are written"),
        (["a.json", "out", "--format", "xml"], 2, "--format xml: only json and csv are converted"),
        (["[ab].*", "out"], 2, "a.csv and a.json would both become a.parquet"),
        (["a.bin", "out"], 2, "a.bin is neither JSON nor CSV by its name"),
        (["a.csv", "out", "--rule", "summary"], 2, "a.csv has no column customer_id"),
    ],
)
def test_what_cannot_be_done_is_refused(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], exit_code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.json", "a.csv", "a.bin"):
        Path(name).write_text("order_id\n1\n")
    result = cli("convert", *arguments)
    assert result.exit_code == exit_code
    assert f"error: {said}\nhint: " in result.stderr


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("output = 1", "the rule has no [[output]]"),
        ("[[outputs]]", "the rule has the unknown key 'outputs'"),
        ('[[output]]\nname = "a"\n', "the output a has no columns"),
        ('[[output]]\nname = "../a"\n', "the output name '../a' cannot be that of a folder"),
        (
            '[[output]]\nname = "a"\nrows = "items"\n[output.columns]\nx = "INT"',
            "the output a: rows = 'items' is no list",
        ),
        ('[[output]]\nname = "a"\n[output.columns]\nx = "BLOB"', "the column x of a: 'BLOB' is not a Redshift type"),
        ('[[output]]\nname = "a"\n[output.columns]\nx = "TIME"', "the column x of a: nothing is converted to TIME"),
        ('[[output]]\nname = "a"\n[output.columns]\nx = {path = "a..b", type = "INT"}', "'a..b' is no path"),
    ],
)
def test_mistakes_in_a_rule_are_named(cli: Cli, tmp_path: Path, rule: str, said: str) -> None:
    path = tmp_path / "rule.toml"
    path.write_text(rule)
    (tmp_path / "a.json").write_text("{}")
    result = cli("convert", str(tmp_path / "a.json"), str(tmp_path / "out"), "--rule", str(path))
    assert result.exit_code == 3
    assert f"error: {path}: " in result.stderr
    assert said in result.stderr


def test_contradictions_between_columns_are_refused(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a":{"b":1},"l":[{"x":1}]}')
    for column, said in [
        (
            'p = "SUPER"\nq = {path = "p.b", type = "INT"}',
            "p.b is an object or a list for one column, a value for another",
        ),
        ('q = {path = "l[].x", type = "INT"}', "a: l[].x lies in a list, which has many values"),
    ]:
        (tmp_path / "rule.toml").write_text(f'[[output]]\nname = "a"\n[output.columns]\n{column}\n')
        result = cli("convert", str(tmp_path / "a.json"), str(tmp_path / "out"), "--rule", str(tmp_path / "rule.toml"))
        assert result.exit_code == 2
        assert f"error: {said}\n" in result.stderr


def test_a_killed_run_leaves_no_file_and_the_next_one_tidies_up(cli: Cli, orders: Path, tmp_path: Path) -> None:
    arguments = [str(orders / "orders.json"), str(tmp_path / "out"), *RULES]
    dying = (
        "import os, signal, sys\n"
        "os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from tidegate.cli.main import main\n"
        "main(['convert', *sys.argv[1:]])\n"
    )
    killed = subprocess.run([sys.executable, "-c", dying, *arguments], check=False, capture_output=True)
    assert killed.returncode == -9
    assert list((tmp_path / "out").rglob("*.parquet")) == []
    cli.ok("convert", *arguments)
    assert sorted(path.name for path in (tmp_path / "out").rglob("*") if path.is_file()) == ["orders.parquet"] * 3
