"""Parked periods on S3: what a restore asks of the store, and what readers see."""

import time
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.test_requests_s3 import S3World
from tests.flows.parking import park
from tests.servers.emulator import Emulator
from tests.servers.proxy import running_proxy
from tests.world import ORDERS, create_orders

from tidegate.config.settings import Aws, S3Settings
from tidegate.flows.restore import run_restore
from tidegate.flows.restore_plan import RestoreRequest, plan_restore
from tidegate.model.outcome import RestoreOutcome

ALL = "SELECT COUNT(*), SUM(order_id) FROM public.orders_all"
JANUARY = date(2020, 1, 1)


def run(world: S3World, *, wait: bool = False, **options: Any) -> RestoreOutcome:
    """A wait looks every quarter of a second: the emulator thaws in two."""
    with world.context() as ctx:
        ctx = replace(ctx, sleep=lambda seconds: time.sleep(0.25))
        return run_restore(ctx, plan_restore(ctx, RestoreRequest(ORDERS, **options)), wait=wait)


def test_parked_periods_come_back_from_glacier(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    bucket = emulator.new_bucket()
    with running_proxy(emulator.endpoint) as proxy:
        lake = S3Settings(bucket, "prod/", Aws(region=emulator.region, endpoint=proxy.endpoint))
        direct = Aws(region=emulator.region, endpoint=emulator.endpoint)
        world = S3World(tmp_path, lake=lake, warehouse_s3=direct)
        create_orders(world)
        world.archive()
        world.clock.advance(days=1)
        for key in park(world):
            _move(emulator, bucket, f"prod/{key}")
        assert world.sql(ALL) == [(40, 1260)]
        proxy.clear()
        first = run(world, days=5)
        assert (first.states.waiting, first.states.thawing.files, first.rows) == (True, 2, 0)
        assert world.sql(ALL) == [(40, 1260)]
        second = run(world, days=5, wait=True)
        assert (second.states.waiting, second.states.thawed.files, second.rows) == (False, 2, 20)
        assert len([request for request in proxy.requests if "restore" in request.query]) == 2
        assert world.sql(ALL) == [(60, 1830)]
        proxy.clear()
        assert run(world, days=9).rows == 20
        assert [request for request in proxy.requests if "restore" in request.query] == []
        assert world.sql(ALL) == [(60, 1830)]
        found = emulator.s3.list_objects_v2(Bucket=bucket, Prefix="prod/w")["Contents"]
        classes = Counter(item["StorageClass"] for item in found if "parquet" in item["Key"])
        assert classes == {"GLACIER": 2, "STANDARD": 4}
        assert run(world, first=JANUARY, last=JANUARY).rows == 10
        assert world.sql(ALL) == [(60, 1830)]
        assert world.value("SELECT COUNT(*) FROM public.orders") == 50


def _move(emulator: Emulator, bucket: str, key: str) -> None:
    """What S3 does with a tagged object, some day."""
    body = emulator.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    emulator.s3.put_object(Bucket=bucket, Key=key, Body=body, StorageClass="GLACIER")
