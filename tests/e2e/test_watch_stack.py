"""Files that land in a bucket: told of by a queue, loaded once, and found again by a listing of the same bucket."""

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.cli.conftest import Cli
from tests.contract.arrivals.test_sqs import Queue
from tests.servers.emulator import Emulator
from tests.unit.formats.events import shapes

from tidegate.formats.events.landed import Landed

CONFIG = """
[warehouse]
url = "duckdb:///warehouse.duckdb"
[lake]
url = "s3://{bucket}/prod"
endpoint = "{endpoint}"
[[load]]
match = "in/{{table}}/*.parquet"
queue = "{queue}"
"""


def put(emulator: Emulator, bucket: str, name: str, *ids: int) -> Landed:
    """Write a file of `id`; returns what S3 would tell of it."""
    data = io.BytesIO()
    pq.write_table(pa.table({"id": list(ids)}), data)
    etag = emulator.s3.put_object(Bucket=bucket, Key=name, Body=data.getvalue())["ETag"].strip('"')
    return Landed(bucket, name, len(data.getvalue()), etag, sequencer="0055AED6DCD90281E5")


def test_a_file_by_event_by_listing_and_by_path_is_loaded_once(
    aws_environment: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator, queue = aws_environment, Queue(aws_environment)
    bucket = emulator.new_bucket()
    monkeypatch.chdir(tmp_path)
    text = CONFIG.format(bucket=bucket, endpoint=emulator.endpoint, queue=queue.address)
    (tmp_path / "tidegate.toml").write_text(text, encoding="utf-8")
    cli = Cli(tmp_path, monkeypatch)
    cli.ok("init")

    first = put(emulator, bucket, "prod/in/orders/a b+1.parquet", 1, 2)
    put(emulator, bucket, "prod/in/orders/2.parquet", 3)
    for event in (shapes.test_event(), shapes.s3(first), shapes.sns_envelope(shapes.s3(first)), shapes.bridge(first)):
        queue.send(event)
    assert cli.ok("watch", "--once").stdout.splitlines() == [
        "public.orders: 2 rows of 1 file",
        "2 rows of 1 file loaded",
    ]
    assert queue.counts() == (0, 0)

    missing = cli("reconcile", "--json")
    assert (missing.exit_code, [d["uri"] for d in missing.documents[:-1]]) == (
        6,
        [f"s3://{bucket}/prod/in/orders/2.parquet"],
    )
    assert cli.ok("backfill").stdout.splitlines()[-1] == "1 row of 1 file loaded"
    queue.send(json.dumps({"s3_uri": first.uri}))
    (again, _) = cli.ok("watch", "--once", "--json").documents
    assert (again["skipped"], again["rows"], queue.counts()) == (1, 0, (0, 0))
    assert cli.ok("reconcile").stdout == "2 files loaded\n"
    assert cli.ok("query", "SELECT SUM(id) FROM orders", "--json").document["rows"] == [[6]]
