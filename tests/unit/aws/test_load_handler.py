"""The handler of landed files: what it loads, what it answers, what it raises, and what it keeps."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.cli.conftest import Cli
from tests.unit.aws.lambdas import Context, lines, log_lines
from tests.unit.formats.events import shapes

from tidegate.app import App, open_app
from tidegate.aws import load
from tidegate.aws.answers import failure
from tidegate.aws.load import handler
from tidegate.errors import ConfigError, PartialFailure, StillRunning, UsageError, WarehouseUnreachable
from tidegate.flows.landing.delivered import EventOutcome
from tidegate.formats.events.parse import parse_event


def put(folder: Path, name: str, *ids: int) -> str:
    """Write a file of `id` into the lake; returns its address."""
    path = folder / "lake/in" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"id": list(ids)}), path)
    return str(path)


def rows(cli: Cli, table: str) -> list[int]:
    return [row[0] for row in cli.ok("query", f"SELECT id FROM {table} ORDER BY id", "--json").document["rows"]]


def test_an_event_is_loaded_once_and_answered_by_what_was_done(
    landing: Cli, capsys: pytest.CaptureFixture[str]
) -> None:
    event = {"s3_uri": put(landing.folder, "orders/1.parquet", 1, 2)}
    assert handler(event, Context()) == {"files": 1, "rows": 2, "skipped": 0, "quarantined": 0}
    (line,), (metrics,) = lines(capsys)
    assert (line.pop("timestamp"), line.pop("batches")) != ("", [])
    assert line == {
        "level": "INFO",
        "message": "public.orders: 2 rows of 1 file",
        "request_id": "r-1",
        "table": "public.orders",
        "files": 1,
        "rows": 2,
        "skipped": 0,
        "quarantined": 0,
    }
    names = [metric["Name"] for metric in metrics["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
    assert names[:2] == ["FilesProcessed", "DataRowsLoaded"]
    assert (metrics["table"], metrics["FilesProcessed"], metrics["DataRowsLoaded"]) == ("public.orders", 1, 2)
    assert handler(event, Context()) == {"files": 0, "rows": 0, "skipped": 1, "quarantined": 0}
    assert rows(landing, "orders") == [1, 2]


def test_of_a_queue_only_messages_that_failed_come_again(landing: Cli, capsys: pytest.CaptureFixture[str]) -> None:
    landing.ok("query", "CREATE VIEW public.a_view AS SELECT 1 AS id")
    bad = landing.folder / "lake/in/orders/bad.parquet"
    good = put(landing.folder, "orders/1.parquet", 1)
    bad.write_bytes(b"nonsense")
    event = shapes.sqs(good, "no event", str(bad), put(landing.folder, "a_view/1.parquet", 1), shapes.test_event())
    assert handler(event, Context()) == {"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "m3"}]}
    told = [(line["level"], line["message"].partition(str(landing.folder))[0]) for line in log_lines(capsys)]
    assert ("WARNING", "") in told
    assert ("ERROR", "public.a_view is a view") in told
    assert sum(level == "ERROR" for level, _ in told) == 2
    assert rows(landing, "orders") == [1]
    assert handler(shapes.sqs(good), Context()) == {"batchItemFailures": []}


def test_a_fifo_queue_gets_all_from_the_first_that_failed_on(landing: Cli) -> None:
    one, two = put(landing.folder, "orders/1.parquet", 1), put(landing.folder, "orders/2.parquet", 2)
    answer = handler(shapes.sqs(one, "no event", two, fifo=True), Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "m2"}]}


def test_without_a_queue_a_failure_is_raised_so_that_lambda_tries_again(
    landing: Cli, capsys: pytest.CaptureFixture[str]
) -> None:
    landing.ok("query", "CREATE VIEW public.a_view AS SELECT 1 AS id")
    with pytest.raises(UsageError, match=r"^public\.a_view is a view$"):
        handler({"s3_uri": put(landing.folder, "a_view/1.parquet", 1)}, Context())
    with pytest.raises(UsageError, match=r"^the event has the fields name$"):
        handler({"name": "x"}, Context())
    assert [line["code"] for line in log_lines(capsys)] == ["usage", "usage"]


def test_several_failures_are_one_error() -> None:
    errors = (UsageError("public.v is a view", hint="Name a table."), UsageError("public.w is a view"))
    one = failure(EventOutcome(parse_event("/1"), (), errors, (0,)))
    assert isinstance(one, PartialFailure)
    assert (one.message, one.hint, one.__cause__) == (
        "2 parts of the event failed, the first: public.v is a view",
        "Name a table.",
        errors[0],
    )


def test_a_file_in_quarantine_is_no_failure(landing: Cli) -> None:
    bad = Path(put(landing.folder, "orders/bad.parquet", 1))
    bad.write_bytes(b"nonsense")
    assert handler({"s3_uri": str(bad)}, Context()) == {"files": 0, "rows": 0, "skipped": 0, "quarantined": 1}


@pytest.mark.parametrize("queued", [True, False])
def test_when_the_time_is_over_no_batch_begins(landing: Cli, queued: bool) -> None:
    path = put(landing.folder, "orders/1.parquet", 1)
    if queued:
        answer = handler(shapes.sqs(path), Context(seconds=0))
        assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    else:
        with pytest.raises(StillRunning, match="the time of the function ended"):
            handler({"s3_uri": path}, Context(seconds=0))
    assert handler({"s3_uri": path}, Context())["rows"] == 1


def test_an_app_is_kept_until_the_warehouse_cannot_be_reached(landing: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    event = {"s3_uri": put(landing.folder, "orders/1.parquet", 1)}
    name = str(landing.folder / "tidegate.toml")
    handler(event, Context())
    kept = load._apps._open[name]
    handler(event, Context())
    assert load._apps._open[name] is kept
    lost = WarehouseUnreachable("the warehouse is gone")

    def unreachable(app: App, event: object) -> None:
        raise lost

    with monkeypatch.context() as broken:
        broken.setattr(App, "load_event", unreachable)
        with pytest.raises(WarehouseUnreachable):
            handler(event, Context())
    assert name not in load._apps._open


def test_mistakes_of_the_function(landing: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as wrong:
        wrong.setenv("LOG_LEVEL", "loud")
        with pytest.raises(ConfigError, match=r"^LOG_LEVEL is 'loud'$"):
            handler({}, Context())
    monkeypatch.delenv("TIDEGATE_CONFIG")
    with pytest.raises(ConfigError, match=r"^there is no configuration file /var/task/tidegate\.toml$"):
        handler({}, Context())


def test_a_load_ends_where_the_time_of_its_caller_does(landing: Cli) -> None:
    path, left = put(landing.folder, "orders/1.parquet", 1), [100.0]
    with open_app(landing.folder / "tidegate.toml", time_left=lambda: left[0]) as app:
        (plan,) = app.plan_routed_loads(path)
        left[0] = 0.0
        with pytest.raises(StillRunning, match=r"^the time for this call is over$"):
            app.run_load(plan)
        left[0] = 100.0
        assert app.run_load(plan).rows == 1


@pytest.mark.parametrize("module", ["load", "s3_loader"])
def test_importing_a_handler_loads_nothing_heavy(module: str) -> None:
    heavy = "boto3 duckdb pyarrow pydantic sqlalchemy sqlglot typer"
    program = f"import sys, tidegate.aws.{module}; print([m for m in {heavy.split()!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
