"""Inventory configurations: the emulator keeps none, so S3's answers are those of botocore's model, checked by it."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import Stubber

from tidegate.config.settings import Aws, S3Settings
from tidegate.errors import LakeUnreachable
from tidegate.lake.s3.clients import ProcessClients
from tidegate.lake.s3.failures import Failures
from tidegate.lake.s3.inventory import S3Configurations

SETTINGS = S3Settings("stock", "cold/", Aws(region="eu-central-1"))
ID = "tidegate-w1"
CONFIGURATION: dict[str, Any] = {
    "Id": ID,
    "IsEnabled": True,
    "IncludedObjectVersions": "All",
    "Schedule": {"Frequency": "Daily"},
    "OptionalFields": ["Size", "LastModifiedDate", "StorageClass", "ETag", "IntelligentTieringAccessTier"],
    "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::stock", "Format": "Parquet", "Prefix": "p"}},
    "Filter": {"Prefix": "cold/"},
}
GRANT = (
    "Grant the credentials s3:GetInventoryConfiguration and s3:PutInventoryConfiguration on the bucket, and let the "
    "policy of the destination bucket take the reports of s3.amazonaws.com."
)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """What S3 will answer; every answer has to be asked for."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    client = ProcessClients(SETTINGS, Failures(SETTINGS)).get()
    monkeypatch.setattr(ProcessClients, "get", lambda self: client)
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_one_configuration_is_put_by_its_id(s3: Stubber) -> None:
    parameters = {"Bucket": "stock", "Id": ID, "InventoryConfiguration": CONFIGURATION}
    s3.add_response("put_bucket_inventory_configuration", {}, parameters)
    S3Configurations(SETTINGS).write(CONFIGURATION)


def test_one_configuration_is_read_by_its_id(s3: Stubber) -> None:
    answer = {"InventoryConfiguration": CONFIGURATION}
    s3.add_response("get_bucket_inventory_configuration", answer, {"Bucket": "stock", "Id": ID})
    assert S3Configurations(SETTINGS).read(ID) == CONFIGURATION


def test_there_may_be_none(s3: Stubber) -> None:
    s3.add_client_error("get_bucket_inventory_configuration", "NoSuchConfiguration")
    s3.add_response("get_bucket_inventory_configuration", {}, {"Bucket": "stock", "Id": ID})
    assert S3Configurations(SETTINGS).read(ID) is None
    assert S3Configurations(SETTINGS).read(ID) is None


def test_what_to_grant_is_told(s3: Stubber) -> None:
    s3.add_client_error("get_bucket_inventory_configuration", "AccessDenied")
    s3.add_client_error("put_bucket_inventory_configuration", "AccessDenied")
    configurations = S3Configurations(SETTINGS)
    for action, call in (
        ("read", lambda: configurations.read(ID)),
        ("put", lambda: configurations.write(CONFIGURATION)),
    ):
        with pytest.raises(LakeUnreachable) as caught:
            call()
        expected = f"cannot {action} the inventory configuration '{ID}' in the lake {SETTINGS.uri!r}: access is denied"
        assert (caught.value.message, caught.value.hint) == (expected, GRANT)


def test_other_refusals_are_those_of_the_lake(s3: Stubber) -> None:
    s3.add_client_error("put_bucket_inventory_configuration", "InvalidS3DestinationBucket", "It is elsewhere.")
    with pytest.raises(LakeUnreachable, match=r"InvalidS3DestinationBucket: It is elsewhere$"):
        S3Configurations(SETTINGS).write(CONFIGURATION)
