"""`notify`, and what `load`, `watch` and `check` tell people elsewhere, by a webhook on loopback."""

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Cli
from tests.servers.inbox import Inbox

import tidegate
from tidegate.model.notification import Delivered

KINDS = '["upload", "success", "warning", "error"]'
ROUTES = '[[load]]\nmatch = "{table}/*.csv"\nbatch_files = 1\n'


@pytest.fixture
def told(cli: Cli, inbox: Inbox) -> Cli:
    """An initialised warehouse whose people have a webhook; its URL comes from the environment."""
    cli.monkeypatch.setenv("HOOK", inbox.url)
    cli.configure(f'[notify]\nurls = "${{HOOK}}"\non = {KINDS}\n[metrics]\nfile = "metrics.jsonl"\n{ROUTES}')
    cli.ok("init")
    return cli


def put(path: Path, text: str = "id\n1\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_a_message_goes_to_every_channel_whatever_is_asked_for(told: Cli, inbox: Inbox) -> None:
    sent = told.ok("notify", "Good morning\nAll is well.", "--kind", "success", "--json").document
    assert sent == {
        "message_type": "result",
        "channels": [{"channel": "json://***", "sent": True, "message": None, "hint": None}],
    }
    assert told.ok("notify", "hello").stdout == "sent to json://***\n"
    assert [(post["title"], post["message"]) for post in inbox.posts] == [
        ("SUCCESS: Good morning", "All is well."),
        ("", "WARNING: hello"),
    ]


def test_a_channel_that_takes_nothing_is_exit_code_7_with_its_reason(told: Cli, inbox: Inbox) -> None:
    inbox.status = 500
    failed = told("notify", "hello")
    assert (failed.exit_code, failed.stdout) == (7, "")
    assert failed.stderr.startswith("error: cannot send a message to json://***: Failed to send JSON POST notification")
    assert failed.stderr.endswith("hint: Check the URL in [notify], and that this machine may reach the service.\n")
    assert told("notify", "hello", "--json").document["channels"][0]["sent"] is False


def test_without_a_channel_there_is_nobody_to_tell(cli: Cli) -> None:
    nobody = cli("notify", "hello")
    assert nobody.exit_code == 3
    assert nobody.stderr.startswith(f"error: {cli.folder}/tidegate.toml names no channel\nhint: Set urls or sns_topic")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("hello", "--kind", "hint"), "'hint' is none of upload, success, warning, error"),
        ((" ",), "the message is empty"),
    ],
)
def test_a_mistake_in_the_call(told: Cli, arguments: tuple[str, ...], message: str) -> None:
    wrong = told("notify", *arguments)
    assert (wrong.exit_code, message in wrong.stderr) == (2, True)


def test_a_load_is_told_and_measured_and_its_secrets_are_not_shown(told: Cli, inbox: Inbox) -> None:
    put(told.folder / "in/1.csv")
    (told.folder / "in/bad.parquet").write_bytes(b"nonsense")
    loaded = told("load", told.folder / "in", "--table", "public.orders", "--json")
    document = loaded.documents[-1]
    assert (loaded.exit_code, document["notifications"]) == (5, {"sent": 3, "failed": 0})
    assert document["metrics"] == {
        "FilesProcessed": 1,
        "DataRowsLoaded": 1,
        "ProcessingErrors": 1,
        "ExecutionDuration": document["metrics"]["ExecutionDuration"],
        "DeadLetters": 1,
    }
    assert inbox.titles == [
        "UPLOAD: 2 files landed for public.orders",
        "SUCCESS: 1 row of 1 file loaded into public.orders",
        "ERROR: 1 file failed to load into public.orders",
    ]
    (line,) = (told.folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert {name: json.loads(line)[name] for name in document["metrics"]} == document["metrics"]
    shown = [told.ok("config", "check"), told.ok("config", "check", "--json"), told.ok("doctor"), loaded]
    assert [("json://***" in one.stdout) for one in shown] == [True, True, True, False]
    assert not any(secret in f"{one.stdout}{one.stderr}" for one in shown for secret in ("password1", "token77"))


def test_a_load_does_not_fail_with_its_channel(told: Cli, inbox: Inbox) -> None:
    inbox.status = 500
    put(told.folder / "in/1.csv")
    loaded = told.ok("load", told.folder / "in", "--table", "public.orders", "--json")
    assert loaded.document["notifications"] == {"sent": 0, "failed": 2}
    assert loaded.stderr.count("cannot send a message to json://***: ") == 2


def test_a_mistake_in_the_call_is_told_to_nobody_else(told: Cli, inbox: Inbox) -> None:
    assert told("load", "nowhere.csv", "--table", "public.orders").exit_code != 0
    assert inbox.posts == []


def test_a_watch_tells_what_it_loaded_once_of_each_kind(told: Cli, inbox: Inbox) -> None:
    for name in ("orders/1", "orders/2", "items/1"):
        put(told.folder / f"lake/{name}.csv")
    put(told.folder / "lake/items/bad.csv", "id\n1,2,3\n")
    watched = told("backfill", "--json")
    assert sorted(inbox.titles) == [
        "ERROR: 1 file failed to load into public.items",
        "SUCCESS: 3 rows of 3 files loaded into 2 tables",
        "UPLOAD: 4 files landed for 2 tables",
    ]
    assert watched.documents[-1]["notifications"] == {"sent": 3, "failed": 0}
    assert watched.documents[-1]["metrics"]["ProcessingErrors"] == 1


def test_who_stops_a_watch_is_told_of_what_it_did(told: Cli, inbox: Inbox) -> None:
    for number in (1, 2):
        put(told.folder / f"drop/orders/{number}.csv")
    with tidegate.open() as app:
        batches = app.watch(str(told.folder / "drop"), once=True)
        next(batches)
        assert inbox.posts == []
        batches.close()  # type: ignore[attr-defined]
        assert inbox.titles[1:] == ["SUCCESS: 1 row of 1 file loaded into public.orders"]
        assert app.notifications == Delivered(2, 0)


def test_without_a_digest_each_batch_is_told_of(told: Cli, inbox: Inbox) -> None:
    text = (told.folder / "tidegate.toml").read_text(encoding="utf-8")
    (told.folder / "tidegate.toml").write_text(text.replace("[notify]", '[notify]\ndigest = "0s"'), encoding="utf-8")
    for number in (1, 2):
        put(told.folder / f"lake/orders/{number}.csv")
    told.ok("backfill")
    assert [title[:8] for title in inbox.titles] == ["UPLOAD: ", "SUCCESS:"] * 2


def test_a_check_that_fails_is_told(told: Cli, inbox: Inbox) -> None:
    told.configure('[[check]]\ntable = "public.orders"\nchecks = [{ kind = "rows", least = 5 }]\n')
    told.ok("query", "CREATE TABLE public.orders AS SELECT 1 AS id")
    told("check")
    assert [(post["title"], post["message"].splitlines()[0]) for post in inbox.posts] == [
        ("ERROR: 1 check of 1 table failed", "public.orders: 1 rows are fewer than 5")
    ]
