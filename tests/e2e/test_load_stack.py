"""Files in a bucket become rows of the local Redshift, by the Data API: in the lake's bucket and in another one."""

import io
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.e2e.stack import StackWorld
from tests.faults.write_skew import interleave, statements_of
from tests.flows.landing import TABLE, appending, names, upserting
from tests.servers.emulator import Emulator

from tidegate.config.settings import S3Settings
from tidegate.flows.context import Context
from tidegate.flows.load.landing import Landing
from tidegate.flows.load.plan import LoadRequest, plan_load
from tidegate.flows.load.run import run_load
from tidegate.lake.s3.driver import S3Lake
from tidegate.model.loading import LoadOutcome
from tidegate.model.names import TableName
from tidegate.model.route import FormatOptions, Route
from tidegate.redshift.loaded import ALREADY_LOADED


def parquet(columns: dict[str, Any]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def loading(route: Route, *paths: str) -> Callable[[Context], LoadOutcome]:
    def load(plain: Context) -> LoadOutcome:
        assert isinstance(plain.settings.lake, S3Settings)
        aws = plain.settings.lake.aws

        def lake_at(address: str, region: str | None) -> S3Lake:
            return S3Lake(S3Settings(address.removeprefix("s3://").rstrip("/"), aws=aws))

        ctx = replace(plain, lake_at=lake_at, sleep=lambda seconds: None)
        return run_load(ctx, plan_load(ctx, LoadRequest(route, tuple(Landing(ctx).find(paths)))))

    return load


def load(world: StackWorld, route: Route, *paths: str) -> LoadOutcome:
    with world.context() as ctx:
        return loading(route, *paths)(ctx)


def load_statements(world: StackWorld, address: str) -> list[str]:
    """The transaction of a load into public.locked, planned and staged, with one row instead of its staging table."""
    load_one = loading(appending(table=TableName("public", "locked")), address)
    statements = statements_of(world, " load */", load_one)
    staged = next(sql for sql in statements if " INSERT INTO " in sql and "tg_stage" in sql)
    assert " LOCK " in statements[0]
    return ['INSERT INTO "public"."locked" ("id") SELECT 1' if sql == staged else sql for sql in statements]


def race(ctx: Context, first: list[str], second: list[str], table: str, *, wait: bool) -> tuple[list[str], object]:
    """Two loads that both planned the file before either loaded it: their errors, and the rows and files loaded."""
    ctx.warehouse.execute(f"CREATE TABLE IF NOT EXISTS public.{table} (id BIGINT)")
    first, second = ([sql.replace("locked", table) for sql in one] for one in (first, second))
    errors = interleave(ctx, first, second, wait=wait, first="INSERT INTO")
    files = f"SELECT COUNT(*) FROM tidegate.loaded_files WHERE table_name = 'public.{table}'"
    return errors, ctx.warehouse.execute(f"SELECT COUNT(*), ({files}) FROM public.{table}").rows[0]


@pytest.mark.parametrize("stack_world", ["data_api"], indirect=True)
def test_files_in_s3_become_rows_once(stack_world: StackWorld, aws_environment: Emulator) -> None:
    world, bucket = stack_world, aws_environment.new_bucket()
    world.initialise()
    s3 = aws_environment.s3

    def put(key: str, columns: dict[str, Any]) -> None:
        s3.put_object(Bucket=bucket, Key=key, Body=parquet(columns))

    put("in/o'1 +ü.parquet", {"id": [1, 2], "note": ["é" * 30, "b"]})
    put("in/2.parquet", {"id": [3, None], "note": ["c", "no key"]})
    for n in range(20):
        put(f"many/{n}.parquet", {"id": [n]})
    s3.put_object(Bucket=bucket, Key="in/broken.parquet", Body=b"PAR1 broken")
    address = f"s3://{bucket}/in/"
    first = load(world, upserting("id"), address)
    assert sorted(names(first.quarantined)) == ["2.parquet", "broken.parquet"]
    assert (first.rows, sum(batch.changed for batch in first.batches)) == (4, 3)
    assert sorted(world.sql(f"SELECT id, note FROM {TABLE}")) == [(1, "é" * 30), (2, "b"), (3, "c")]
    assert world.value("SELECT COUNT(*) FROM tidegate.loaded_files") == 2
    put("in/o'1 +ü.parquet", {"id": [2], "note": ["B"], "more": [1.5]})
    second = load(world, upserting("id"), address)
    assert (second.rows, len(second.already)) == (1, 1)
    assert sorted(world.sql(f"SELECT id, note, more FROM {TABLE}"))[1:] == [(2, "B", 1.5), (3, "c", None)]
    with world.context() as ctx:
        inside = ctx.lake.uri("incoming/a.parquet")
        ctx.lake.put("incoming/a.parquet", parquet({"id": [5]}))
    assert load(world, appending(), inside).rows == 1
    assert load(world, appending(), inside).rows == 0
    assert world.value(f"SELECT COUNT(*) FROM {TABLE}") == 4
    s3.put_object(Bucket=bucket, Key="json/a b.ndjson", Body=b'{"id": 6, "n": {"x": [1]}}\n{"id": 7}\n')
    nested = load(world, upserting("id"), f"s3://{bucket}/json/")
    assert (nested.rows, nested.quarantined) == (2, ())
    assert world.sql(f"SELECT id, JSON_SERIALIZE(n) FROM {TABLE} WHERE id > 5 ORDER BY 1") == [
        (6, '{"x":[1]}'),
        (7, None),
    ]
    flat = upserting("id", table=TableName("public", "carts"), options=FormatOptions(flatten=True))
    for body in (b'{"id": 1, "n": [1, 2]}\n{"id": 2, "n": [3]}', b'{"id": 1, "n": [4]}\n{"id": 3}'):
        s3.put_object(Bucket=bucket, Key="flat/a.json", Body=body)
        assert load(world, flat, f"s3://{bucket}/flat/").rows == 2
    assert sorted(world.sql("SELECT id, value FROM public.carts_n")) == [(1, 4), (2, 3)]
    many = load(world, appending(table=TableName("public", "many")), f"s3://{bucket}/many/")
    assert [(len(batch.files), batch.rows) for batch in many.batches] == [(20, 20)]
    put("wider/a.parquet", {"id": pa.array([Decimal("0.25")], pa.decimal128(12, 2))})
    wider = load(world, appending(table=TableName("public", "many")), f"s3://{bucket}/wider/")
    assert (wider.quarantined, len(wider.batches[0].statements)) == ((), 6)
    assert world.value("SELECT SUM(id) FROM public.many") == Decimal("190.25")
    first, second = (load_statements(replace(world, suffix=n), f"s3://{bucket}/many/0.parquet") for n in "ab")
    with world.context() as ctx:
        assert race(ctx, first, second, "locked", wait=False) == ([f"other: {ALREADY_LOADED}: 1"], (1, 1))
        unlocked = race(ctx, first[1:], second[1:], "unlocked", wait=True)
    assert unlocked == ([], (2, 2)), "under snapshot isolation only the LOCK tells them apart"
