"""Handlers of Lambda on S3, SNS and the Data API of the local Redshift."""

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.contract.arrivals.test_sqs import Queue
from tests.e2e.stack import Stack, StackWorld
from tests.servers.emulator import Emulator
from tests.unit.aws.lambdas import Context, lines
from tests.unit.formats.events import shapes

from tidegate.aws import load, s3_loader
from tidegate.errors import UsageError
from tidegate.formats.events.landed import Landed

CONFIG = """
[warehouse]
url = "redshift-serverless://{workgroup}/{database}?region={region}"
[lake]
url = "s3://{bucket}"
[ledger]
url = "sqlite:///tidegate.sqlite"
[[load]]
match = "{{table}}/*.parquet"
key = ["order_id"]
"""


def put(emulator: Emulator, bucket: str, key: str, columns: dict[str, Any]) -> Landed:
    """Write a file; returns what S3 would tell of it."""
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    etag = emulator.s3.put_object(Bucket=bucket, Key=key, Body=sink.getvalue())["ETag"].strip('"')
    return Landed(bucket, key, len(sink.getvalue()), etag, sequencer="0055AED6DCD90281E5")


def body(answer: dict[str, object]) -> dict[str, Any]:
    assert answer["statusCode"] == 200
    found: dict[str, Any] = json.loads(str(answer["body"]))
    return found


def topic_into(emulator: Emulator, queue: Queue) -> str:
    """The ARN of a new topic, whose messages come into the queue."""
    sns = emulator.client("sns")
    topic = str(sns.create_topic(Name=queue.name)["TopicArn"])
    known = queue.client.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["QueueArn"])["Attributes"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": known["QueueArn"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    queue.client.set_queue_attributes(QueueUrl=queue.url, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=known["QueueArn"])
    return topic


def subjects(queue: Queue) -> list[str]:
    """Subjects of all messages of a topic that came into a queue, sorted."""
    found: list[str] = []
    while messages := queue.client.receive_message(QueueUrl=queue.url, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(message["Body"])["Subject"] for message in messages]
    return sorted(found)


@pytest.fixture
def on_lambda(
    stack: Stack, aws_environment: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[StackWorld]:
    """A stack that boto3 finds by the variables that Lambda and its users set."""
    api = stack.ready["data_api"]
    for name, value in {
        "AWS_REGION": aws_environment.region,
        "AWS_ENDPOINT_URL": aws_environment.endpoint,
        "AWS_ENDPOINT_URL_REDSHIFT_DATA": api["endpoint"],
    }.items():
        monkeypatch.setenv(name, value)
    for name in [name for name in os.environ if name.startswith(("TIDEGATE_", "REDSHIFT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    yield StackWorld(tmp_path, stack=stack)
    for module in (load, s3_loader):
        while (name := module._apps.latest) is not None:
            module._apps.drop(name)


def test_a_swapped_handler_needs_its_old_variables_only_and_a_configuration_goes_on_from_there(
    on_lambda: StackWorld,
    aws_environment: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    emulator, bucket, queue = aws_environment, aws_environment.new_bucket(), Queue(aws_environment)
    assert on_lambda.stack is not None
    ready = on_lambda.stack.ready
    values = {"workgroup": ready["data_api"]["workgroup"], "database": ready["sql"]["database"]}
    for name, value in {
        "REDSHIFT_WORKGROUP": values["workgroup"],
        "REDSHIFT_DATABASE": values["database"],
        "REDSHIFT_IAM_ROLE_ARN": "arn:aws:iam::123456789012:role/copy",
        "SNS_TOPIC_ARN": topic_into(emulator, queue),
        "TIDEGATE_KEY_ORDERS": "order_id",
    }.items():
        monkeypatch.setenv(name, value)
    first = put(emulator, bucket, "orders/summary 1.parquet", {"order_id": ["o1", "o2"], "price": [1.5, 2.5]})
    bodies = [body(s3_loader.lambda_handler(shapes.s3(first), Context())) for _ in range(3)]
    assert [(one["rows"], one["skipped"], one["tables"]) for one in bodies] == [
        (2, 0, ["public.orders"]),
        (0, 1, ["public.orders"]),
        (0, 1, ["public.orders"]),
    ]
    log, metrics = lines(capsys)
    assert log[0]["message"].startswith("the warehouse was new: its control tables are made, as w")
    assert [(m["table"], m["DataRowsLoaded"], m["_aws"]["CloudWatchMetrics"][0]["Namespace"]) for m in metrics] == [
        ("public.orders", 2, "S3RedshiftPipeline")
    ]
    _one_by_one(emulator, bucket)
    _what_no_table_takes(put(emulator, bucket, "odd-name/1.parquet", {"id": [1]}), first)
    rows = sorted(on_lambda.sql("SELECT order_id, price FROM public.orders"))
    assert rows == [("o1", 1.5), ("o2", 3.0), ("o3", 4.0)]
    told = subjects(queue)
    assert [subject.partition(":")[0] for subject in told] == ["ERROR"] * 3 + ["SUCCESS"] * 3 + ["UPLOAD"] * 3
    assert {"ERROR: files that no table takes", "SUCCESS: by hand"} < set(told)

    config = on_lambda.folder / "tidegate.toml"
    config.write_text(CONFIG.format(**values, region=emulator.region, bucket=bucket), encoding="utf-8")
    monkeypatch.setenv("TIDEGATE_CONFIG", str(config))
    second = put(emulator, bucket, "orders/a b+1.parquet", {"order_id": ["o3", "o4"], "price": [5.0, 6.0]})
    assert load.handler(shapes.s3(first), Context()) == {"files": 0, "rows": 0, "skipped": 1, "quarantined": 0}
    event = shapes.sqs(shapes.s3(first), "{", shapes.sns_envelope(shapes.s3(second)), shapes.bridge(second))
    assert load.handler(event, Context()) == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert on_lambda.sql("SELECT COUNT(*), SUM(price) FROM public.orders") == [(4, 15.5)]


def _one_by_one(emulator: Emulator, bucket: str) -> None:
    """The functions beside the handler."""
    changed = put(emulator, bucket, "orders/2.parquet", {"order_id": ["o2", "o3"], "price": [3.0, 4.0]})
    assert s3_loader.process_parquet_file(bucket, changed.key, "orders") == {
        "table": "public.orders",
        "columns": [{"name": "order_id", "type": "VARCHAR(16)"}, {"name": "price", "type": "DOUBLE PRECISION"}],
        "rows": 2,
        "bytes": changed.size,
    }
    loaded = {"table": "public.orders", "status": "loaded", "rows": 2, "reason": ""}
    assert s3_loader.load_to_redshift(bucket, changed.key) == loaded
    assert s3_loader.load_to_redshift(bucket, changed.key) == {**loaded, "status": "already loaded", "rows": 0}
    emulator.s3.put_object(Bucket=bucket, Key="orders/bad.parquet", Body=b"PAR1 broken")
    bad = s3_loader.copy_data_to_redshift(bucket, "orders/bad.parquet", "orders")
    assert bad["status"] == "quarantined"
    assert str(bad["reason"]).startswith(f"s3://{bucket}/orders/bad.parquet is ")
    with pytest.raises(UsageError, match=r"^the key 'orders/' names no file$"):
        s3_loader.copy_data_to_redshift(bucket, "orders/", "orders")
    metadata = {"columns": [{"name": "a", "type": "INTEGER"}]}
    created = [s3_loader.create_redshift_table("new_table", metadata)["created"] for _ in range(2)]
    assert created == [True, False]
    s3_loader.send_notification("SUCCESS: by hand")


def _what_no_table_takes(odd: Landed, good: Landed) -> None:
    with pytest.raises(UsageError, match=r"^odd-name/1\.parquet: the table would be 'odd-name', which is no plain"):
        s3_loader.lambda_handler(shapes.s3(odd), Context())
    answer = s3_loader.lambda_handler(shapes.sqs(shapes.s3(odd), shapes.s3(good)), Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
