"""`watch`, `reconcile` and `backfill` from the command line."""

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.cli.conftest import Cli
from tests.unit.formats.events import shapes

ROUTES = """
[[load]]
match = "{table}/*.parquet"
batch_files = 2
"""


def put(folder: Path, *ids: int, seconds: int = 1_592_647_200) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"id": list(ids)}), folder)
    os.utime(folder, (seconds, seconds))


@pytest.fixture
def landing(cli: Cli) -> Cli:
    """An initialised warehouse with a route, and three files of `public.orders` in its lake, one of them bad."""
    cli.configure(ROUTES)
    cli.ok("init")
    put(cli.folder / "lake/orders/1.parquet", 1, 2)
    put(cli.folder / "lake/orders/2.parquet", 3, seconds=1_592_647_260)
    bad = cli.folder / "lake/orders/bad.parquet"
    bad.write_bytes(b"nonsense")
    os.utime(bad, (1_592_647_320, 1_592_647_320))
    return cli


def test_files_are_found_missing_loaded_and_then_agree(landing: Cli) -> None:
    orders = landing.folder / "lake/orders"
    found = landing("reconcile")
    assert (found.exit_code, found.stdout.splitlines()) == (
        6,
        [
            *(f"public.orders: {orders}/{name}.parquet was never loaded" for name in ("1", "2", "bad")),
            "0 files loaded, 3 missing",
        ],
    )
    loaded = landing("watch", "--once")
    assert (loaded.exit_code, loaded.stdout.splitlines()) == (
        5,
        [
            "public.orders: 3 rows of 2 files",
            "public.orders: 0 rows of 0 files",
            f"  quarantine: {orders}/bad.parquet: {orders}/bad.parquet is no Parquet file: it has only 8 bytes",
            "3 rows of 2 files loaded",
        ],
    )
    assert landing.ok("query", "SELECT SUM(id) FROM orders", "--json").document["rows"] == [[6]]
    after = landing("reconcile", "{table}/*.parquet", "--json")
    assert (after.exit_code, [d.get("kind") for d in after.documents]) == (6, ["quarantined", None])
    assert after.documents[-1] == {
        "message_type": "result",
        "loaded": 2,
        "missing": 0,
        "newer": 0,
        "quarantined": 1,
        "gone": 0,
        "stale": 0,
    }
    (landing.folder / "lake/orders/bad.parquet").unlink()
    assert landing.ok("reconcile").stdout == "2 files loaded\n"


def test_backfill_as_json(landing: Cli) -> None:
    (landing.folder / "lake/orders/bad.parquet").unlink()
    batch, total = landing.ok("backfill", "--since", "2020-06-20T10:01", "--json").documents
    assert batch == {
        "message_type": "batch",
        "route": "{table}/*.parquet",
        "table": "public.orders",
        "files": 1,
        "bytes": batch["bytes"],
        "batches": [batch["batches"][0]],
        "loaded": 1,
        "rows": 1,
        "skipped": 0,
        "quarantined": [],
        "metrics": {
            "FilesProcessed": 1,
            "DataRowsLoaded": 1,
            "ProcessingErrors": 0,
            "ExecutionDuration": batch["metrics"]["ExecutionDuration"],
            "DeadLetters": None,
        },
        "error": None,
    }
    assert total == {
        "message_type": "result",
        "files": 1,
        "rows": 1,
        "quarantined": 0,
        "failed": 0,
        "metrics": {name: value for name, value in batch["metrics"].items() if name != "DeadLetters"},
        "notifications": {"sent": 0, "failed": 0},
    }
    assert landing.ok("backfill").stdout.splitlines()[-1] == "2 rows of 1 file loaded"
    assert landing.ok("backfill").stdout == "0 rows of 0 files loaded\n"


def test_a_folder_outside_of_the_lake(landing: Cli, tmp_path: Path) -> None:
    put(tmp_path / "drop/stock/1.parquet", 9)
    put(tmp_path / "drop/note.txt.parquet", 9)
    loaded = landing.ok("watch", tmp_path / "drop", "--once")
    assert loaded.stdout.splitlines() == ["public.stock: 1 row of 1 file", "1 row of 1 file loaded"]
    assert f"{tmp_path}/drop/note.txt.parquet is not loaded: no route matches" in loaded.stderr
    assert landing.ok("reconcile", "--in", tmp_path / "drop").stdout == "1 file loaded\n"


def test_a_batch_that_fails_is_told_and_loaded_by_the_next_run(landing: Cli) -> None:
    (landing.folder / "lake/orders/bad.parquet").unlink()
    landing.ok("query", "CREATE VIEW public.orders AS SELECT 1 AS id")
    failed = landing("watch", "--once")
    assert failed.exit_code != 0
    assert "error: " in failed.stdout
    landing.ok("query", "DROP VIEW public.orders")
    assert landing.ok("watch", "--once").stdout.splitlines()[-1] == "3 rows of 2 files loaded"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("watch", "nowhere"), 2, "error: there is no folder {folder}/nowhere"),
        (("watch", "gs://bucket"), 2, "error: gs://bucket is neither a folder nor a queue"),
        (("watch", "sqs://bad name"), 2, "error: queue must be written as sqs://NAME?region=REGION"),
        (("reconcile", "nothing"), 3, "error: there is no route nothing"),
        (("backfill", "--since", "soon"), 2, "error: --since: 'soon' is not a time"),
    ],
)
def test_mistakes(landing: Cli, arguments: tuple[str, ...], code: int, message: str) -> None:
    outcome = landing(*arguments)
    assert (outcome.exit_code, outcome.stderr.splitlines()[0]) == (code, message.format(folder=landing.folder))


@pytest.mark.parametrize("command", ["watch", "reconcile", "backfill"])
def test_without_a_route_there_is_nothing_to_do(cli: Cli, command: str) -> None:
    cli.ok("init")
    outcome = cli(command)
    assert outcome.exit_code == 3
    assert outcome.stderr.splitlines() == [
        f"error: {cli.folder}/tidegate.toml has no [[load]]",
        "hint: Say in [[load]] which files go into which table.",
    ]


def test_an_event_in_a_file_is_loaded_by_the_routes(landing: Cli) -> None:
    orders = landing.folder / "lake/orders"
    event = landing.folder / "event.json"
    event.write_text(json.dumps(shapes.sqs(f"{orders}/1.parquet", "{", f"{orders}/bad.parquet")), encoding="utf-8")
    loaded = landing("load", "--event", event)
    assert (loaded.exit_code, loaded.stdout.splitlines()) == (
        5,
        [
            "public.orders: 2 rows of 1 file",
            f"  quarantine: {orders}/bad.parquet: {orders}/bad.parquet is no Parquet file: it has only 8 bytes",
            "2 rows of 1 file loaded",
        ],
    )
    assert "error: message m1: the event is '{', which is neither JSON nor an address" in loaded.stderr
    assert landing.ok("load", "--event", "-", stdin=f"{orders}/2.parquet\n").stdout.splitlines() == [
        "public.orders: 1 row of 1 file",
        "1 row of 1 file loaded",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--event", "nothing.json"), "error: cannot read nothing.json: no such file or directory"),
        (("--event", "-", "--table", "t"), "error: invalid value for --event: an event goes by the routes: give"),
        (("--event", "-"), "error: the event is 'by hand', which is neither JSON nor an address"),
        ((), "error: invalid value for PATH: name a file, a folder or an address"),
    ],
)
def test_events_that_are_none(landing: Cli, arguments: tuple[str, ...], message: str) -> None:
    outcome = landing("load", *arguments, stdin="by hand")
    assert outcome.exit_code == 2
    assert outcome.stderr.startswith(message)
