"""A lake with a key: each object of an archive is encrypted with it, whoever wrote it."""

from dataclasses import dataclass, replace
from pathlib import Path

from tests.servers.emulator import Emulator
from tests.world import World, create_orders

from tidegate.config.settings import Aws, EmbeddedSettings, S3Settings, Settings
from tidegate.lake.base import Lake
from tidegate.lake.s3.driver import S3Lake
from tidegate.ledger.base import Ledger
from tidegate.ledger.sql import SqlLedger
from tidegate.warehouse.base import Warehouse
from tidegate.warehouse.embedded.driver import EmbeddedWarehouse


@dataclass
class BucketWorld(World):
    """An embedded warehouse whose lake is a bucket."""

    bucket: S3Settings | None = None

    @property
    def settings(self) -> Settings:
        assert self.bucket is not None
        local = super().settings
        assert isinstance(local.warehouse, EmbeddedSettings)
        return replace(local, warehouse=replace(local.warehouse, lake_root=None, s3=self.bucket.aws), lake=self.bucket)

    def ports(self, settings: Settings) -> tuple[Warehouse, Lake, Ledger]:
        assert isinstance(settings.warehouse, EmbeddedSettings)
        assert isinstance(settings.lake, S3Settings)
        return EmbeddedWarehouse(settings.warehouse), S3Lake(settings.lake), SqlLedger(settings.ledger)


def test_every_object_of_an_archive_is_encrypted_with_the_key(tmp_path: Path, aws_environment: Emulator) -> None:
    key = aws_environment.client("kms").create_key()["KeyMetadata"]["Arn"]
    aws = Aws(region=aws_environment.region, endpoint=aws_environment.endpoint)
    bucket = S3Settings(aws_environment.new_bucket(), "prod/", aws, key)
    world = BucketWorld(tmp_path, bucket=bucket)
    world.initialise()
    create_orders(world)
    assert world.archive().failures == ()
    listed = aws_environment.s3.list_objects_v2(Bucket=bucket.bucket)["Contents"]
    names = [each["Key"] for each in listed]
    assert {name.endswith(".parquet") for name in names} == {True, False}
    heads = [aws_environment.s3.head_object(Bucket=bucket.bucket, Key=name) for name in names]
    assert {head.get("SSEKMSKeyId") for head in heads} == {key}
    assert world.value("SELECT COUNT(*) FROM public.orders_all") == 60
